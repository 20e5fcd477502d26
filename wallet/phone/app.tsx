import { type SubmitEvent, type JSX, useEffect, useState, useSyncExternalStore } from 'react';
import { toDecimalString } from '#contract/money.ts';
import { STEP_SECONDS } from '#contract/token.ts';
import type { Phone, PhoneState, ShownCode } from './phone.ts';
import { QrCode } from './qr-code.tsx';
import type { MovementView } from './storage.ts';
import { type Language, words, type Words } from './words.ts';

const LANGUAGE = 'language';
const ANSWER_MS = 4_000;

export function App({ phone }: { phone: Phone }): JSX.Element {
  const state = useSyncExternalStore(phone.listen, phone.state);
  const [language, setLanguage] = useLanguage();
  const text = words[language];
  const other: Language = language === 'en' ? 'ja' : 'en';

  return (
    <div className="page">
      <header>
        <span className="brand">
          <Mark />
          Warikan {text.wallet}
        </span>
        <button type="button" className="quiet" lang={other} onClick={() => setLanguage(other)}>
          {text.otherLanguage}
        </button>
      </header>
      <main>
        {state.type === 'opening' && <p className="loading">{text.loading}</p>}
        {state.type === 'unbound' && <Bind state={state} text={text} onBind={phone.bind} />}
        {state.type === 'bound' && <Wallet state={state} text={text} language={language} onForget={phone.forget} />}
      </main>
    </div>
  );
}

function Bind(props: {
  state: Extract<PhoneState, { type: 'unbound' }>;
  text: Words;
  onBind: (code: string) => Promise<void>;
}): JSX.Element {
  const { state, text, onBind } = props;
  const [code, setCode] = useState('');
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    void onBind(code.trim());
  };
  return (
    <form className="card bind" onSubmit={submit}>
      <h1>{text.bindTitle}</h1>
      <p>{text.bindText}</p>
      <label htmlFor="code">{text.bindLabel}</label>
      <input
        id="code"
        value={code}
        onChange={(event) => setCode(event.target.value.toUpperCase())}
        placeholder="K7QF-3MZPXW"
        autoComplete="off"
        autoCapitalize="characters"
        spellCheck={false}
        maxLength={16}
        required
      />
      <p className="problem" role="alert">
        {state.problem === undefined ? '' : text.problems[state.problem]}
      </p>
      <button type="submit" className="primary" disabled={state.isBinding || code.trim() === ''}>
        {state.isBinding ? text.binding : text.bindAction}
      </button>
    </form>
  );
}

function Wallet(props: {
  state: Extract<PhoneState, { type: 'bound' }>;
  text: Words;
  language: Language;
  onForget: () => Promise<void>;
}): JSX.Element {
  const { state, text, language, onForget } = props;
  const { view, code, news } = state;
  const time = new Intl.DateTimeFormat(language, { hour: '2-digit', minute: '2-digit' });
  return (
    <>
      <section className="card balance" aria-label={text.balance}>
        <p className="name">{view?.name ?? '\u00a0'}</p>
        <p className="amount">{view === undefined ? '–' : formatMoney(view.balance, language)}</p>
        <p className="as-of">
          {state.isOnline || view === undefined ? text.balance : text.asOf(time.format(view.asOfMs))}
        </p>
      </section>

      <p className="news" role="status" data-kind={news?.kind}>
        {news !== undefined && <News movement={news} text={text} language={language} />}
      </p>

      <section className="card code" aria-label={text.code}>
        {!state.isOnline && <p className="offline">{text.offline}</p>}
        {state.isExpired ? (
          <p className="problem">{text.expired}</p>
        ) : code === undefined ? (
          <div className="qr waiting" />
        ) : (
          <>
            <QrCode text={code.text} label={text.code} />
            <Countdown code={code} text={text} />
          </>
        )}
        <p className="hint">{text.showAtTill}</p>
      </section>

      <section aria-labelledby="latest">
        <h2 id="latest">{text.latest}</h2>
        {view?.movements.length === 0 && <p className="empty">{text.nothingYet}</p>}
        <ul className="movements">
          {view?.movements.map((movement, index) => (
            <Movement
              key={`${movement.at} ${view.movements.length - index}`}
              movement={movement}
              text={text}
              language={language}
            />
          ))}
        </ul>
      </section>
      <Forget text={text} onForget={onForget} />
    </>
  );
}

function News({ movement, text, language }: { movement: MovementView; text: Words; language: Language }): JSX.Element {
  const { amount, currency, store } = movement;
  const money = formatMoney({ amount: Math.abs(amount), currency }, language);
  return (
    <>
      <Tick />
      <span>
        <strong>{amount < 0 ? text.paid(money) : text.received(money)}</strong>
        {store !== undefined && <small>{store}</small>}
      </span>
    </>
  );
}

/** What is left of the half minute, as a bar and in seconds. The bar is one animation: nothing is painted from here. */
function Countdown({ code, text }: { code: ShownCode; text: Words }): JSX.Element {
  const [nowMs, setNowMs] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNowMs(Date.now()), 500);
    return () => clearInterval(timer);
  }, []);
  const leftMs = Math.max(0, code.untilMs - nowMs);
  const share = Math.min(1, leftMs / (STEP_SECONDS * 1_000));
  return (
    <div className="countdown">
      <progress max={1} value={share} aria-hidden="true" />
      <span>{text.nextIn(Math.ceil(leftMs / 1_000))}</span>
    </div>
  );
}

function Movement(props: { movement: MovementView; text: Words; language: Language }): JSX.Element {
  const { movement, text, language } = props;
  const { amount, currency, kind, store } = movement;
  const when = new Intl.DateTimeFormat(language, {
    month: 'short',
    day: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
  });
  const sign = amount > 0 ? '+' : '−';
  return (
    <li data-kind={kind}>
      <span className="kind" aria-hidden="true">
        {amount > 0 ? '↓' : '↑'}
      </span>
      <span className="what">
        {store ?? text[kind]}
        <small>
          {store === undefined ? '' : `${text[kind]} · `}
          {when.format(new Date(movement.at))}
        </small>
      </span>
      <span className="money">
        {sign}
        {formatMoney({ amount: Math.abs(amount), currency }, language)}
      </span>
    </li>
  );
}

/** Two taps: the money stays in the wallet, but only a new code brings it back to this phone. */
function Forget({ text, onForget }: { text: Words; onForget: () => Promise<void> }): JSX.Element {
  const [isAsked, setIsAsked] = useState(false);
  useEffect(() => {
    if (!isAsked) return undefined;
    const timer = setTimeout(() => setIsAsked(false), ANSWER_MS);
    return () => clearTimeout(timer);
  }, [isAsked]);
  return (
    <button type="button" className="quiet forget" onClick={() => (isAsked ? void onForget() : setIsAsked(true))}>
      {isAsked ? text.forgetSure : text.forget}
    </button>
  );
}

function Mark(): JSX.Element {
  return (
    <svg viewBox="0 0 64 64" width="28" height="28" aria-hidden="true">
      <rect width="64" height="64" rx="15" fill="var(--act)" />
      <path
        d="M14 20l8 26 10-22 10 22 8-26"
        fill="none"
        stroke="var(--on-act)"
        strokeWidth="6"
        strokeLinecap="round"
        strokeLinejoin="round"
      />
    </svg>
  );
}

function Tick(): JSX.Element {
  return (
    <svg viewBox="0 0 24 24" width="28" height="28" aria-hidden="true">
      <path
        d="M4 12.5l5.5 5.5L20 6.5"
        fill="none"
        stroke="currentColor"
        strokeWidth="3"
        strokeLinecap="round"
        strokeLinejoin="round"
      />
    </svg>
  );
}

function useLanguage(): [Language, (language: Language) => void] {
  const [language, setLanguage] = useState<Language>(() => {
    const chosen = localStorage.getItem(LANGUAGE) ?? navigator.language;
    return chosen.startsWith('ja') ? 'ja' : 'en';
  });
  useEffect(() => {
    document.documentElement.lang = language;
  }, [language]);
  return [
    language,
    (next) => {
      localStorage.setItem(LANGUAGE, next);
      setLanguage(next);
    },
  ];
}

function formatMoney(money: { readonly amount: number; readonly currency: string }, language: Language): string {
  const formatter = new Intl.NumberFormat(language, {
    style: 'currency',
    currency: money.currency,
    currencyDisplay: 'narrowSymbol',
  });
  // A decimal string is formatted exactly; a number would be a float.
  const text = formatter.format(toDecimalString(money) as `${number}`);
  // The wide yen sign brings a hole of its own, beside large figures most of all.
  return text.replace('￥', '¥');
}
