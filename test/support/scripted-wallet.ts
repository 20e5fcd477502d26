import assert from 'node:assert';
import { attemptIdSchema } from '#contract/ids.ts';
import type { Settlement, SettlementRequest } from '#contract/settlement.ts';
import type { WalletLink } from '#contract/terminal.ts';
import { type ProblemCode, problemStatus } from '#contract/wallet.ts';
import type { Clock } from '#main/terminal/clock.ts';
import type { WalletPort, WalletReply } from '#main/terminal/paying/wallet-port.ts';
import { settled, tillOpensMs } from './till-clock.ts';

/** One request that the till made. The test says what becomes of it, and when. */
export interface WalletCall {
  readonly errand: 'settle' | 'inquire' | 'cancel';
  readonly attemptId: string;
  readonly body: SettlementRequest | undefined;
  readonly atMs: number;
  reply(reply: WalletReply): Promise<void>;
}

export interface ScriptedWallet extends WalletPort {
  /** Every request so far, in order. */
  readonly calls: readonly WalletCall[];
  /** The latest request, which must be for this. */
  last(errand: WalletCall['errand']): WalletCall;
  setLink(link: WalletLink): void;
  setReady(notReady: string | undefined): void;
}

export function openScriptedWallet(clock: Pick<Clock, 'monotonic'>): ScriptedWallet {
  const calls: WalletCall[] = [];
  const listeners: ((link: WalletLink) => void)[] = [];
  let notReady: string | undefined;

  const call = (errand: WalletCall['errand'], attemptId: string, body?: SettlementRequest): Promise<WalletReply> =>
    new Promise((resolve) => {
      calls.push({
        errand,
        attemptId,
        body,
        atMs: clock.monotonic(),
        async reply(reply) {
          resolve(reply);
          await settled();
        },
      });
    });

  return {
    calls,
    settle: (attemptId, body) => call('settle', attemptId, body),
    inquire: (attemptId) => call('inquire', attemptId),
    cancel: (attemptId) => call('cancel', attemptId),
    notReady: () => notReady,
    onLink(listener) {
      listeners.push(listener);
      listener({ state: 'online', since: new Date(tillOpensMs).toISOString() });
    },
    close: () => undefined,
    last(errand) {
      const latest = calls.at(-1);
      assert(latest?.errand === errand, `the latest request is ${latest?.errand ?? 'none'}, not ${errand}`);
      return latest;
    },
    setLink(link) {
      for (const listener of listeners) listener(link);
    },
    setReady(next) {
      notReady = next;
    },
  };
}

export const member = { memberRef: 'm-haru', maskedName: 'Haru •••a', settlementMethod: 'balance' };

export function approved(call: WalletCall, amount = 0): WalletReply {
  const settlement: Settlement = {
    ...booked(call, amount),
    state: 'approved',
    reference: 'ABCD-1234',
    member,
    refunded: { amount: 0, currency: 'JPY' },
  };
  return { type: 'settlement', settlement };
}

export function declined(call: WalletCall): WalletReply {
  const detail = 'The balance is too low.';
  return {
    type: 'settlement',
    settlement: { ...booked(call, 0), state: 'declined', reason: 'insufficient_funds', detail },
  };
}

export function cancelled(call: WalletCall, wasBooked = false): WalletReply {
  const settlementId = attemptIdSchema.parse(call.attemptId);
  const cancelledAt = new Date(tillOpensMs).toISOString();
  return { type: 'settlement', settlement: { state: 'cancelled', settlementId, cancelledAt, wasBooked } };
}

export function problem(code: ProblemCode): WalletReply {
  return { type: 'problem', problem: { type: 'about:blank', title: code, status: problemStatus[code], code } };
}

export const noAnswer: WalletReply = { type: 'noAnswer', detail: 'ECONNRESET' };
export const notSent: WalletReply = { type: 'notSent', detail: 'ECONNREFUSED' };

/** @param amount where the call does not say it itself: an inquiry */
function booked({ attemptId, body }: WalletCall, amount: number) {
  return {
    settlementId: attemptIdSchema.parse(attemptId),
    checkId: body?.checkId ?? anyCheck,
    amount: body?.amount ?? { amount, currency: 'JPY' },
    bookedAt: new Date(tillOpensMs).toISOString(),
  };
}

const anyCheck = '019ab000-0000-7000-8000-000000000000' as SettlementRequest['checkId'];
