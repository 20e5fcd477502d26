import { encodeCode, proofSigningInput, STEP_SECONDS, stepAt } from '#contract/token.ts';
import type { Problem } from '#contract/wallet.ts';
import { type Ask, fromBase64Url, makeKey, openClient, signEd25519, toBase64Url } from './client.ts';
import type { BoundWallet, MovementView, Storage, WalletView } from './storage.ts';

/** What the screen shows. */
export type PhoneState =
  | { readonly type: 'opening' }
  /** No wallet is bound here: the customer types a binding code. */
  | {
      readonly type: 'unbound';
      readonly isBinding: boolean;
      readonly problem?: 'code' | 'network' | 'revoked' | 'unsupported';
    }
  | {
      readonly type: 'bound';
      readonly view: WalletView | undefined;
      readonly code: ShownCode | undefined;
      readonly isOnline: boolean;
      /** The movement that has just come in, for a moment. */
      readonly news: MovementView | undefined;
      /** The stored credential ran out while the network was away: no code can be shown. */
      readonly isExpired: boolean;
    };

export interface ShownCode {
  readonly text: string;
  /** By this phone's clock. */
  readonly untilMs: number;
}

export interface Phone {
  readonly state: () => PhoneState;
  readonly listen: (onChange: () => void) => () => void;
  readonly bind: (code: string) => Promise<void>;
  /** Asks the server now; otherwise every few seconds while the page is seen. */
  readonly refresh: () => Promise<void>;
  /** Forgets the wallet on this phone. */
  readonly forget: () => Promise<void>;
}

const POLL_MS = 3_000;
const NEWS_MS = 6_000;
/** A new credential is fetched when less than this is left of the old one. */
const RENEW_BELOW_MS = 36 * 3_600_000;
const CURRENT_WALLET = 'wallet';

/**
 * The customer's side of the wallet: binds, keeps the balance in view, and makes a new code every half minute from the
 * stored credential, with or without the network.
 */
export function openPhone(storage: Storage, page: Window): Phone {
  const client = openClient(page.location.origin);
  const listeners = new Set<() => void>();
  let state: PhoneState = { type: 'opening' };
  let wallet: BoundWallet | undefined;
  let isRefreshing = false;
  let codeTimer = 0;
  let newsTimer = 0;

  function show(next: PhoneState): void {
    state = next;
    for (const listen of listeners) listen();
  }

  function change(next: Partial<Extract<PhoneState, { type: 'bound' }>>): void {
    if (state.type === 'bound') show({ ...state, ...next });
  }

  const serverNowMs = (): number => Date.now() + (wallet?.aheadMs ?? 0);

  function askAs(bound: BoundWallet): Ask {
    return client.as({ keyId: bound.keyId, privateKey: bound.privateKey, nowMs: serverNowMs });
  }

  async function take(bound: BoundWallet): Promise<void> {
    wallet = bound;
    page.sessionStorage.setItem(CURRENT_WALLET, bound.keyId);
    show({ type: 'bound', view: bound.view, code: undefined, isOnline: true, news: undefined, isExpired: false });
    await makeCode();
    await refresh();
  }

  /** One code for what is left of this half minute, then the next. */
  async function makeCode(): Promise<void> {
    page.clearTimeout(codeTimer);
    const { credential } = wallet ?? {};
    if (wallet === undefined || credential === undefined) return;
    if (serverNowMs() > credential.notAfterMs) {
      change({ code: undefined, isExpired: true });
      return;
    }
    const counted = await storage.change(wallet.keyId, (stored) => ({ ...stored, counter: stored.counter + 1 }));
    if (counted === undefined) return;
    const step = stepAt(serverNowMs());
    const input = proofSigningInput(credential.bytes, counted.counter, step);
    const proof = await signEd25519(wallet.privateKey, input);
    const text = encodeCode({ credential: credential.bytes, counter: counted.counter, step, proof });
    const untilMs = (step + 1) * STEP_SECONDS * 1_000 - wallet.aheadMs;
    change({ code: { text, untilMs }, isExpired: false });
    page.clearTimeout(codeTimer);
    codeTimer = page.setTimeout(() => void makeCode(), Math.max(0, untilMs - Date.now()) + 20);
  }

  async function remember(update: (stored: BoundWallet) => BoundWallet): Promise<void> {
    if (wallet === undefined) return;
    wallet = (await storage.change(wallet.keyId, update)) ?? wallet;
  }

  async function refresh(): Promise<void> {
    const bound = wallet;
    if (bound === undefined || isRefreshing) return;
    isRefreshing = true;
    try {
      const answer = await askAs(bound)('getWallet', {});
      if (wallet?.keyId !== bound.keyId) return;
      if (answer === undefined) return change({ isOnline: false });
      if (!answer.ok) return await heed(answer.problem);
      const { serverTime, ...rest } = answer.value;
      const before = bound.view;
      const view: WalletView = { ...rest, asOfMs: Date.now() };
      const aheadMs = Date.parse(serverTime) - Date.now();
      // Half a step of drift is not worth a new code; a clock that is wrong by more is.
      const isDrifted = Math.abs(aheadMs - bound.aheadMs) > 5_000;
      await remember((stored) => ({ ...stored, view, aheadMs: isDrifted ? aheadMs : stored.aheadMs }));
      const news = before === undefined ? undefined : newest(before, view);
      change({ view, isOnline: true, ...(news === undefined ? {} : { news }) });
      if (news !== undefined) {
        page.clearTimeout(newsTimer);
        newsTimer = page.setTimeout(() => change({ news: undefined }), NEWS_MS);
      }
      const isRenewed = await renewCredential(bound);
      // A code that has paid is spent: the next customer of this screen is this one again.
      if (isRenewed || isDrifted || news?.kind === 'settlement') await makeCode();
    } finally {
      isRefreshing = false;
    }
  }

  async function renewCredential(bound: BoundWallet): Promise<boolean> {
    const { credential } = wallet ?? {};
    if (credential !== undefined && credential.notAfterMs - serverNowMs() > RENEW_BELOW_MS) return false;
    const answer = await askAs(bound)('issueCredential', {});
    if (!answer?.ok || wallet?.keyId !== bound.keyId) return false;
    const bytes = fromBase64Url(answer.value.credential);
    const notAfterMs = Date.parse(answer.value.notAfter);
    await remember((stored) => ({ ...stored, credential: { bytes, notAfterMs } }));
    return true;
  }

  /** A wrong clock is mended and asked again; a phone that was revoked has nothing more to show. */
  async function heed(problem: Problem): Promise<void> {
    if (problem.code === 'clock_skew' && problem.serverTime !== undefined) {
      const aheadMs = Date.parse(problem.serverTime) - Date.now();
      await remember((stored) => ({ ...stored, aheadMs }));
      return;
    }
    if (problem.code === 'device_revoked' || problem.code === 'device_unknown') {
      await forgetWallet();
      show({ type: 'unbound', isBinding: false, problem: 'revoked' });
      return;
    }
    change({ isOnline: false });
  }

  async function bind(code: string): Promise<void> {
    show({ type: 'unbound', isBinding: true });
    const known = await storage.findPending(code);
    const key = known ?? { code, ...(await makeKey()) };
    if (known === undefined) await storage.putPending(key);
    const publicKey = toBase64Url(key.publicKey);
    const answer = await client.ask('bindPhone', {}, { bindingCode: code, publicKey });
    if (answer === undefined) return show({ type: 'unbound', isBinding: false, problem: 'network' });
    await storage.forgetPending(code);
    if (!answer.ok) return show({ type: 'unbound', isBinding: false, problem: 'code' });
    const bound: BoundWallet = {
      keyId: answer.value.keyId,
      privateKey: key.privateKey,
      boundAtMs: Date.now(),
      counter: 0,
      aheadMs: Date.parse(answer.value.serverTime) - Date.now(),
    };
    await storage.put(bound);
    await take(bound);
  }

  async function forgetWallet(): Promise<void> {
    page.clearTimeout(codeTimer);
    if (wallet !== undefined) await storage.forget(wallet.keyId);
    page.sessionStorage.removeItem(CURRENT_WALLET);
    wallet = undefined;
  }

  async function open(): Promise<void> {
    const code = new URLSearchParams(page.location.hash.slice(1)).get('bind');
    if (code !== null) {
      // Out of the address bar, where somebody might read or share it.
      page.history.replaceState(undefined, '', page.location.pathname);
      return bind(code);
    }
    const current = page.sessionStorage.getItem(CURRENT_WALLET);
    const bound = (current === null ? undefined : await storage.find(current)) ?? (await storage.latest());
    if (bound === undefined) show({ type: 'unbound', isBinding: false });
    else await take(bound);
  }

  const refreshIfSeen = (): void => {
    if (page.document.visibilityState === 'visible') void refresh();
  };
  page.setInterval(refreshIfSeen, POLL_MS);
  page.document.addEventListener('visibilitychange', () => {
    refreshIfSeen();
    // Timers sleep with the screen: what is shown again must be fresh.
    if (page.document.visibilityState === 'visible' && state.type === 'bound') {
      if (state.code !== undefined && state.code.untilMs <= Date.now()) void makeCode();
    }
  });
  page.addEventListener('online', refreshIfSeen);
  page.addEventListener('offline', () => change({ isOnline: false }));
  page.addEventListener('hashchange', () => {
    if (page.location.hash.includes('bind=')) void open();
  });
  void open().catch(() => show({ type: 'unbound', isBinding: false, problem: 'unsupported' }));

  return {
    state: () => state,
    listen: (onChange) => {
      listeners.add(onChange);
      return () => listeners.delete(onChange);
    },
    bind: (code) => bind(code).catch(() => show({ type: 'unbound', isBinding: false, problem: 'unsupported' })),
    refresh,
    forget: async () => {
      await forgetWallet();
      show({ type: 'unbound', isBinding: false });
    },
  };
}

/** The latest movement, if it was not there before. */
function newest(before: WalletView, after: WalletView): MovementView | undefined {
  const [latest] = after.movements;
  const [known] = before.movements;
  if (latest === undefined || JSON.stringify(latest) === JSON.stringify(known)) return undefined;
  return latest;
}
