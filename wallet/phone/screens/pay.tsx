import { type JSX, useEffect, useState } from 'react';
import { STEP_SECONDS } from '#contract/token.ts';
import { useHost, useList, useText, useWallet } from '../context.tsx';
import type { CodeSession, ShownCode } from '../codes.ts';
import { kindOf, methodIcons, methodName } from '../methods.ts';
import { Icon } from '../parts/icon.tsx';
import { PinPad } from '../parts/pin-pad.tsx';
import { QrCode } from '../parts/qr-code.tsx';
import { Screen } from '../parts/screen.tsx';
import type { News } from '../news.ts';
import { TableScan } from './table-scan.tsx';

/** Any settlement method: the PIN, then the code, then what became of it. */
export function Pay(): JSX.Element {
  const { router } = useHost();
  const { t } = useText();
  const { wallet, state } = useWallet();
  const { view, code } = state;
  const checks = useList('checks');
  const outcome = useOutcome(state.news);
  const isPaid = outcome?.type === 'entry';
  useEffect(() => wallet.hideCode, [wallet]);
  useEffect(() => {
    if (!isPaid) return;
    wallet.hideCode();
    wallet.dismissNews();
  }, [wallet, isPaid]);
  const method = view?.settlementMethod ?? 'shown_code';
  const name = methodName(t, view, method);
  const place = checks.value?.checks[0];

  if (outcome?.type === 'entry') return <Paid news={outcome} />;
  if (code !== undefined) {
    return (
      <Screen title={methodName(t, view, code.method)} parent="">
        <Code session={code} asked={method} place={place} isDeclined={outcome?.type === 'declined'} />
        <button type="button" className="quiet centre" onClick={() => router.back('')}>
          {t.pay.hide}
        </button>
      </Screen>
    );
  }
  if (method === 'store_code' && state.isOnline && checks.state !== 'loading' && place === undefined) {
    return (
      <Screen title={name} parent="">
        <TableScan />
      </Screen>
    );
  }
  return (
    <Screen title={name} parent="">
      <PinPad title={t.pin.enter} note={t.pin.same} onPin={(pin) => wallet.showCode(method, pin)} />
    </Screen>
  );
}

function Code(props: {
  session: CodeSession;
  asked: CodeSession['method'];
  place: { readonly store: string; readonly label: string } | undefined;
  isDeclined: boolean;
}): JSX.Element {
  const { session, asked, place, isDeclined } = props;
  const { t } = useText();
  const { state } = useWallet();
  const { code, method, isOffline } = session;
  const name = methodName(t, state.view, method);
  useWakefulness();
  return (
    <section className="card code" aria-label={t.pay.code}>
      <p className="code-name">
        <Icon name={methodIcons[kindOf(method)]} />
        {method === 'contactless' ? t.pay.contactless : t.pay.hint}
      </p>
      {method === 'contactless' && <p className="hint">{t.pay.noNfc}</p>}
      {method === 'store_code' && place !== undefined && (
        <p className="code-place">{t.pay.at(`${place.store} · ${place.label}`)}</p>
      )}
      {code === undefined ? <div className="qr waiting" /> : <QrCode text={code.text} label={t.pay.code} />}
      <Countdown code={code} />
      <p className="code-says" role="status">
        {isDeclined ? (
          <strong className="bad">{t.pay.declined}</strong>
        ) : isOffline ? (
          <span className="warn">{method === asked ? t.pay.offline : t.pay.offlineMethod(name)}</span>
        ) : (
          <span className="brightness">
            <Icon name="sun" size={18} /> {t.pay.brightness}
          </span>
        )}
      </p>
    </section>
  );
}

/** What is left of the half minute, as a bar and in seconds. Nobody is read the seconds aloud. */
function Countdown({ code }: { code: ShownCode | undefined }): JSX.Element {
  const { t } = useText();
  const [nowMs, setNowMs] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNowMs(Date.now()), 500);
    return () => clearInterval(timer);
  }, []);
  const leftMs = Math.max(0, (code?.untilMs ?? 0) - nowMs);
  return (
    <div className="countdown">
      <progress max={1} value={Math.min(1, leftMs / (STEP_SECONDS * 1_000))} aria-hidden="true" />
      <span>{t.pay.newIn(Math.ceil(leftMs / 1_000))}</span>
    </div>
  );
}

function Paid({ news }: { news: Extract<News, { type: 'entry' }> }): JSX.Element {
  const { router } = useHost();
  const { t, format } = useText();
  const { amount, currency, store, share } = news.entry;
  return (
    <Screen title={t.pay.paid} parent="">
      <section className="card paid" role="status">
        <span className="paid-sign">
          <Icon name="check" size={44} />
        </span>
        <p className="paid-amount">{format.money({ amount: Math.abs(amount), currency })}</p>
        <p className="paid-where">{store}</p>
        {share !== undefined && <p className="hint">{t.history.share(format.money({ amount: share, currency }))}</p>}
      </section>
      {news.entry.groupPaymentId !== undefined && (
        <a className="secondary" href={`#/groups/${news.entry.groupPaymentId}`}>
          {t.groups.others}
        </a>
      )}
      <button type="button" className="primary" onClick={() => router.back('')}>
        {t.done}
      </button>
    </Screen>
  );
}

/** What became of a payment while this screen was there: it stays when the news have passed. */
function useOutcome(news: News | undefined): News | undefined {
  const [before] = useState(news?.newsId);
  const [outcome, setOutcome] = useState<News>();
  const isPayment = news?.type === 'declined' || (news?.type === 'entry' && news.entry.kind === 'settlement');
  if (isPayment && news.newsId !== before && news.newsId !== outcome?.newsId) setOutcome(news);
  return outcome;
}

/** The screen stays lit while a code is on it, where the browser can do that. */
function useWakefulness(): void {
  useEffect(() => {
    let lock: { release(): Promise<void> } | undefined;
    let isOver = false;
    const take = async (): Promise<void> => {
      if (!('wakeLock' in navigator)) return;
      lock = await navigator.wakeLock.request('screen').catch(() => undefined);
      if (isOver) await lock?.release();
    };
    void take();
    return () => {
      isOver = true;
      void lock?.release();
    };
  }, []);
}
