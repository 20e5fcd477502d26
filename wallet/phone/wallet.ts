import { attemptIdSchema } from '#contract/ids.ts';
import type { Money } from '#contract/money.ts';
import type {
  Answer,
  Problem,
  RouteName,
  RouteParams,
  RouteRequest,
  RouteResponse,
  SettlementMethodId,
  WalletEvent,
} from '#contract/wallet.ts';
import type { Client } from './client.ts';
import { type CodeSession, openCodes } from './codes.ts';
import { openEvents } from './events.ts';
import { signEd25519 } from './keys.ts';
import { type AllLists, type ListName, openLists } from './lists.ts';
import { type News, openNews } from './news.ts';
import { openPay } from './pay.ts';
import type { PinOutcome } from './pin.ts';
import { openReloads, type ReloadProgress } from './reloads.ts';
import { openRepayments, type RepaymentRequest, type RepaymentTask } from './repayments.ts';
import type { BoundWallet, Storage } from './storage.ts';

/** What the screens show of one bound wallet. */
export interface WalletState {
  readonly view: RouteResponse<'getWallet'> | undefined;
  /** When that was heard, by this phone's clock. */
  readonly asOfMs: number | undefined;
  readonly isOnline: boolean;
  readonly news: News | undefined;
  readonly code: CodeSession | undefined;
  readonly lists: AllLists;
  readonly reloads: readonly ReloadProgress[];
  readonly unknownRepayments: readonly RepaymentTask[];
  readonly lostRepayments: readonly RepaymentTask[];
}

export interface Wallet {
  readonly keyId: string;
  state(): WalletState;
  listen(onChange: () => void): () => void;
  /** Asks the server now. It happens by itself whenever the server says that something happened. */
  refresh(): Promise<void>;
  watch(name: ListName): () => void;
  more(name: 'history' | 'groups'): Promise<void>;
  /** One call of the contract; the screens are brought up to date when it was answered. */
  act<Name extends RouteName>(
    name: Name,
    params: RouteParams<Name>,
    body?: RouteRequest<Name>,
  ): Promise<Answer<Name> | undefined>;
  /** One shared bill, which need not be in the list. */
  find(groupPaymentId: string): Promise<Answer<'getGroupPayment'> | undefined>;
  /** Makes a method the current one, here at once and at the server when it can be reached. */
  choose(method: SettlementMethodId): Promise<void>;
  /** Shows a code of a method: online by the server, else from what is stored under the PIN. */
  showCode(method: SettlementMethodId, pin: string): Promise<PinOutcome>;
  hideCode(): void;
  changePin(pin: string, currentPin: string | undefined): Promise<PinOutcome>;
  /** How long the wallet looks at no PIN, as far as this phone has heard. At least 1. */
  pinWaitSeconds(): number;
  reload(methodId: string, amount: Money): Promise<void>;
  dismissReload(reloadId: string): void;
  repay(request: RepaymentRequest, pin: string): Promise<PinOutcome>;
  dismissNews(): void;
  close(): void;
}

export interface WalletOptions {
  readonly bound: BoundWallet;
  readonly storage: Storage;
  readonly client: Client;
  readonly page: Window;
  /** The server has taken this phone off, or does not know it. */
  readonly onGone: (why: 'revoked' | 'unknown') => void;
}

const POLL_MS = 4_000;
const POLL_BESIDE_STREAM_MS = 60_000;
/** A drift below this is not worth a new code. */
const DRIFT_MS = 5_000;

export function openWallet({ bound, storage, client, page, onGone }: WalletOptions): Wallet {
  const { keyId, privateKey } = bound;
  const listeners = new Set<() => void>();
  let { aheadMs } = bound;
  let view = bound.view;
  let asOfMs = bound.viewAsOfMs;
  let isOnline = page.navigator.onLine;
  let isStreaming = false;
  let isRefreshing = false;
  let isAskedAgain = false;
  let isClosed = false;
  let lastAskedMs = 0;
  let snapshot: WalletState | undefined;

  function changed(): void {
    snapshot = undefined;
    for (const listen of listeners) listen();
  }

  const { ask, listen } = client.as({ keyId, privateKey, nowMs: () => Date.now() + aheadMs });
  const shared = { keyId, storage, ask, onChange: changed, onDone: () => void refresh(), page };
  const lists = openLists(shared);
  const reloads = openReloads(shared);
  const repayments = openRepayments(shared);
  const codes = openCodes({
    count: async () => (await storage.change(keyId, (kept) => ({ ...kept, counter: kept.counter + 1 })))?.counter,
    sign: (message) => signEd25519(privateKey, message),
    aheadMs: () => aheadMs,
    onChange: changed,
    page,
  });
  const pay = openPay({ keyId, storage, ask, codes, nowMs: () => Date.now() + aheadMs, view: () => view });
  const news = openNews({
    isTold: (entryId) => reloads.all().some(({ reloadId }) => reloadId === entryId),
    onNews: (next) => {
      // A code that has paid, or was refused, is spent.
      if (next.type === 'declined' || (next.type === 'entry' && next.entry.kind === 'settlement')) void codes.renew();
    },
    onChange: changed,
    page,
  });
  const events = openEvents({
    listen,
    page,
    onEvent: (event) => void hear(event),
    onLink: (isOpen) => {
      isStreaming = isOpen;
      if (!isOpen) void refresh();
    },
  });

  function setOnline(next: boolean): void {
    if (isOnline === next) return;
    isOnline = next;
    changed();
  }

  async function hear(event: WalletEvent): Promise<void> {
    news.hear(event);
    await refresh();
    await reloads.resume();
  }

  async function refresh(): Promise<void> {
    if (isClosed) return;
    if (isRefreshing) {
      isAskedAgain = true;
      return;
    }
    isRefreshing = true;
    lastAskedMs = Date.now();
    try {
      await Promise.all([refreshView(), refreshHistory(), ...lists.watched().filter(isNotHistory).map(lists.load)]);
    } finally {
      isRefreshing = false;
    }
    if (!isAskedAgain) return;
    isAskedAgain = false;
    await refresh();
  }

  async function refreshView(): Promise<void> {
    const answer = await ask('getWallet', {});
    if (isClosed) return;
    if (answer === undefined) return setOnline(false);
    if (!answer.ok) return heed(answer.problem);
    const { serverTime, lastEventId } = answer.value;
    const drift = Date.parse(serverTime) - Date.now();
    const isDrifted = Math.abs(drift - aheadMs) > DRIFT_MS;
    if (isDrifted) aheadMs = drift;
    [view, asOfMs, isOnline] = [answer.value, Date.now(), true];
    changed();
    if (isDrifted) await codes.renew();
    if (page.document.visibilityState === 'visible') events.start(lastEventId);
    const kept = { view: answer.value, viewAsOfMs: asOfMs, aheadMs };
    await storage.change(keyId, (stored) => ({ ...stored, ...kept }));
    await pay.synchronise();
  }

  async function refreshHistory(): Promise<void> {
    const before = lists.all().history.value?.rows;
    await lists.load('history');
    news.compare(before, lists.all().history.value?.rows ?? [], Date.now() + aheadMs);
  }

  /** A wrong clock is mended and asked again; a phone that was taken off has nothing more to show. */
  async function heed(problem: Problem): Promise<void> {
    if (problem.code === 'clock_skew' && problem.serverTime !== undefined) {
      const drift = Date.parse(problem.serverTime) - Date.now();
      isAskedAgain = Math.abs(drift - aheadMs) > DRIFT_MS;
      aheadMs = drift;
      await storage.change(keyId, (stored) => ({ ...stored, aheadMs }));
    } else if (problem.code === 'device_revoked') onGone('revoked');
    // Perhaps it is the server that lost its books: the key stays, for when it has found them.
    else if (problem.code === 'device_unknown') onGone('unknown');
    else setOnline(false);
  }

  const isSeen = (): boolean => page.document.visibilityState === 'visible';
  const tick = (): void => {
    const everyMs = isStreaming ? POLL_BESIDE_STREAM_MS : POLL_MS;
    if (isSeen() && Date.now() - lastAskedMs >= everyMs) void refresh();
  };
  const onVisibility = (): void => {
    if (!isSeen()) return events.stop();
    void refresh();
    // Timers sleep with the screen: what is shown again must be fresh.
    const { code } = codes.session() ?? {};
    if (code !== undefined && code.untilMs <= Date.now()) void codes.renew();
  };
  const onNetwork = (): void => void refresh().then(reloads.resume).then(repayments.resume);
  const onNoNetwork = (): void => setOnline(false);
  const ticker = page.setInterval(tick, POLL_MS / 4);
  page.document.addEventListener('visibilitychange', onVisibility);
  page.addEventListener('online', onNetwork);
  page.addEventListener('offline', onNoNetwork);
  void lists.load('history').then(refresh);

  return {
    keyId,
    state: () =>
      (snapshot ??= {
        view: view === undefined ? undefined : { ...view, settlementMethod: pay.chosen() ?? view.settlementMethod },
        asOfMs,
        isOnline,
        news: news.current(),
        code: codes.session(),
        lists: lists.all(),
        reloads: reloads.all(),
        unknownRepayments: repayments.open(),
        lostRepayments: repayments.lost(),
      }),
    listen: (onChange) => {
      listeners.add(onChange);
      return () => listeners.delete(onChange);
    },
    refresh,
    watch: lists.watch,
    more: lists.more,
    act: async (name, params, body) => {
      const answer = await ask(name, params, body);
      if (answer !== undefined) await refresh();
      else setOnline(false);
      return answer;
    },
    find: async (id) => {
      const groupPaymentId = attemptIdSchema.safeParse(id).data;
      return groupPaymentId === undefined ? undefined : ask('getGroupPayment', { groupPaymentId });
    },
    choose: async (method) => {
      pay.choose(method);
      changed();
      await pay.synchronise();
      await refresh();
    },
    showCode: async (method, pin) => {
      const outcome = await pay.showCode(method, pin);
      // When it may be tried again stands in the wallet.
      if (outcome.type === 'locked' || outcome.type === 'wait') await refreshView();
      return outcome;
    },
    hideCode: codes.stop,
    changePin: async (pin, currentPin) => {
      const outcome = await pay.changePin(pin, currentPin);
      await refresh();
      return outcome;
    },
    pinWaitSeconds: () => {
      const leftMs = Date.parse(view?.pin.retryAt ?? '') - Date.now() - aheadMs;
      return Math.max(1, Math.ceil((Number.isNaN(leftMs) ? 0 : leftMs) / 1_000));
    },
    reload: reloads.start,
    dismissReload: reloads.dismiss,
    repay: repayments.pay,
    dismissNews: news.dismiss,
    close: () => {
      isClosed = true;
      page.clearInterval(ticker);
      news.dismiss();
      page.document.removeEventListener('visibilitychange', onVisibility);
      page.removeEventListener('online', onNetwork);
      page.removeEventListener('offline', onNoNetwork);
      events.stop();
      codes.stop();
      reloads.close();
    },
  };
}

function isNotHistory(name: ListName): boolean {
  return name !== 'history';
}
