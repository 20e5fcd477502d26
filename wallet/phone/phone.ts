import type { Client } from './client.ts';
import { makeKey, toBase64Url } from './keys.ts';
import type { BoundWallet, Storage } from './storage.ts';
import { openWallet, type Wallet } from './wallet.ts';

/** Which wallet this page shows, if any. */
export type PhoneState =
  | { readonly type: 'opening' }
  /** No wallet is bound here: the customer opens one, or types a binding code. */
  | { readonly type: 'unbound'; readonly isBusy: boolean; readonly problem?: BindProblem }
  | { readonly type: 'bound'; readonly wallet: Wallet };

type BindProblem = 'code' | 'network' | 'busy' | 'revoked' | 'unknown' | 'unsupported';

export interface Phone {
  readonly state: () => PhoneState;
  readonly listen: (onChange: () => void) => () => void;
  /** Opens a new wallet in the customer's name. */
  readonly open: (name: string) => Promise<void>;
  /** Binds this phone to a wallet that is there already. */
  readonly bind: (code: string) => Promise<void>;
  /** Forgets the wallet on this phone, key and all. */
  readonly forget: () => Promise<void>;
}

export interface PhoneOptions {
  readonly storage: Storage;
  readonly client: Client;
  readonly page: Window;
}

/** Each tab stays with its customer: the demo has six of them. */
const CURRENT_WALLET = 'wallet';
/** Under which a new wallet's key waits for the answer. */
const OPENING = 'opening';

export function openPhone({ storage, client, page }: PhoneOptions): Phone {
  const listeners = new Set<() => void>();
  let state: PhoneState = { type: 'opening' };

  function show(next: PhoneState): void {
    if (state.type === 'bound') state.wallet.close();
    state = next;
    for (const listen of listeners) listen();
  }

  function refuse(problem: BindProblem): void {
    show({ type: 'unbound', isBusy: false, problem });
  }

  function take(bound: BoundWallet): void {
    page.sessionStorage.setItem(CURRENT_WALLET, bound.keyId);
    const wallet = openWallet({ bound, storage, client, page, onGone: (why) => void drop(why) });
    show({ type: 'bound', wallet });
  }

  async function keep(keyId: string, privateKey: CryptoKey, serverTime: string): Promise<void> {
    const nowMs = Date.now();
    const bound = { keyId, privateKey, boundAtMs: nowMs, counter: 0, aheadMs: Date.parse(serverTime) - nowMs };
    await storage.put(bound);
    take(bound);
  }

  /** The key that was sent before under this name, or a new one: a lost answer is asked for with the same key. */
  async function pendingKey(name: string) {
    const known = await storage.findPending(name);
    const key = known ?? { code: name, ...(await makeKey()) };
    if (known === undefined) await storage.putPending(key);
    return key;
  }

  async function bind(code: string): Promise<void> {
    show({ type: 'unbound', isBusy: true });
    const { privateKey, publicKey } = await pendingKey(code);
    const request = { bindingCode: code, publicKey: toBase64Url(publicKey), name: nameOfThisPhone(page.navigator) };
    const answer = await client.ask('bindPhone', {}, request);
    if (answer === undefined) return refuse('network');
    await storage.forgetPending(code);
    if (!answer.ok) return refuse(answer.problem.code === 'binding_code_invalid' ? 'code' : 'busy');
    await keep(answer.value.keyId, privateKey, answer.value.serverTime);
  }

  async function open(name: string): Promise<void> {
    show({ type: 'unbound', isBusy: true });
    const { privateKey, publicKey } = await pendingKey(OPENING);
    const answer = await client.ask('openWallet', {}, { name, publicKey: toBase64Url(publicKey) });
    if (answer === undefined) return refuse('network');
    await storage.forgetPending(OPENING);
    if (!answer.ok) return refuse('busy');
    await keep(answer.value.keyId, privateKey, answer.value.serverTime);
  }

  async function drop(problem: BindProblem | undefined): Promise<void> {
    if (state.type === 'bound' && problem !== 'unknown') await storage.forget(state.wallet.keyId);
    page.sessionStorage.removeItem(CURRENT_WALLET);
    show({ type: 'unbound', isBusy: false, ...(problem === undefined ? {} : { problem }) });
  }

  async function start(): Promise<void> {
    const code = /^#bind=(.+)$/.exec(page.location.hash)?.[1];
    if (code !== undefined) {
      // Out of the address bar, where somebody might read or share it.
      page.history.replaceState(undefined, '', page.location.pathname);
      return bind(decodeURIComponent(code));
    }
    const current = page.sessionStorage.getItem(CURRENT_WALLET);
    const bound = (current === null ? undefined : await storage.find(current)) ?? (await storage.latest());
    if (bound === undefined) show({ type: 'unbound', isBusy: false });
    else take(bound);
  }

  page.addEventListener('hashchange', () => {
    if (page.location.hash.startsWith('#bind=')) void start().catch(() => refuse('unsupported'));
  });
  void start().catch(() => refuse('unsupported'));

  return {
    state: () => state,
    listen: (onChange) => {
      listeners.add(onChange);
      return () => listeners.delete(onChange);
    },
    open: (name) => open(name).catch(() => refuse('unsupported')),
    bind: (code) => bind(code).catch(() => refuse('unsupported')),
    forget: () => drop(undefined),
  };
}

/** What the wallet's list of phones calls this one, for example `Android`. */
function nameOfThisPhone({ userAgent }: Navigator): string {
  const known = ['iPhone', 'iPad', 'Android', 'Windows', 'Macintosh', 'Linux'];
  return known.find((name) => userAgent.includes(name)) ?? 'Phone';
}
