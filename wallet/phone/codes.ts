import { encodeCode, proofSigningInput, STEP_SECONDS, stepAt } from '#contract/token.ts';
import type { SettlementMethodId } from '#contract/wallet.ts';
import type { Credential } from './vault.ts';

/** A code on the screen, from the PIN until it has paid or somebody puts it away. */
export interface CodeSession {
  readonly method: SettlementMethodId;
  /** Undefined while the next one is made. */
  readonly code: ShownCode | undefined;
  /** The credential was opened here, without the network. */
  readonly isOffline: boolean;
}

export interface ShownCode {
  readonly text: string;
  /** By this phone's clock. */
  readonly untilMs: number;
}

/** Makes a code every half minute from one credential, with or without the network. */
export interface Codes {
  start(credential: Credential, isOffline: boolean): Promise<void>;
  /** At once a fresh one: the last was spent, or its time is over because the screen slept. */
  renew(): Promise<void>;
  stop(): void;
  session(): CodeSession | undefined;
}

export interface CodesOptions {
  /** Counts up in the storage and gives the new counter; undefined where the wallet is gone from here. */
  readonly count: () => Promise<number | undefined>;
  readonly sign: (message: Uint8Array) => Promise<Uint8Array>;
  /** How far the server's clock is ahead of this phone's. */
  readonly aheadMs: () => number;
  readonly onChange: () => void;
  readonly page: Window;
}

/** A phone that was left lying shows no code any more. */
const MAX_SESSION_MS = 5 * 60_000;
const LATER_MS = 20;

export function openCodes({ count, sign, aheadMs, onChange, page }: CodesOptions): Codes {
  let credential: Credential | undefined;
  let session: CodeSession | undefined;
  let endsAtMs = 0;
  let timer = 0;

  function show(next: CodeSession | undefined): void {
    session = next;
    onChange();
  }

  function stop(): void {
    page.clearTimeout(timer);
    credential = undefined;
    if (session !== undefined) show(undefined);
  }

  async function make(): Promise<void> {
    page.clearTimeout(timer);
    const from = credential;
    if (from === undefined) return;
    const nowMs = Date.now() + aheadMs();
    if (Date.now() >= endsAtMs || nowMs >= from.notAfterMs) return stop();
    // Written down before anybody can see the code: no counter is ever shown twice.
    const counter = await count();
    if (counter === undefined) return stop();
    const step = stepAt(nowMs);
    const proof = await sign(proofSigningInput(from.bytes, counter, step));
    if (credential !== from || session === undefined) return;
    const untilMs = (step + 1) * STEP_SECONDS * 1_000 - aheadMs();
    show({ ...session, code: { text: encodeCode({ credential: from.bytes, counter, step, proof }), untilMs } });
    page.clearTimeout(timer);
    timer = page.setTimeout(() => void make(), Math.max(0, untilMs - Date.now()) + LATER_MS);
  }

  return {
    start: async (next, isOffline) => {
      credential = next;
      endsAtMs = Date.now() + MAX_SESSION_MS;
      show({ method: next.method, code: undefined, isOffline });
      await make();
    },
    renew: make,
    stop,
    session: () => session,
  };
}
