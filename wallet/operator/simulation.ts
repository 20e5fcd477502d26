import type { Money } from '#contract/money.ts';
import type { AuthorisationState } from '#contract/operator.ts';

/**
 * What becomes of an amount. A simulation reads it off the last two digits of the minor units, by the table in
 * contract/operator.ts; without one every amount is plain.
 */
export interface Behaviour {
  readonly state: Extract<AuthorisationState, 'captured' | 'declined' | 'pending'>;
  /** With `declined`. */
  readonly reason?: string;
  /** Of a pending one: what it comes to. */
  readonly next?: {
    readonly state: Extract<AuthorisationState, 'captured' | 'declined'>;
    readonly reason?: string;
    readonly afterMs: number;
  };
  readonly chargedBackAfterMs?: number;
  /** How the answer to the first request is given. */
  readonly answer?: 'slow' | 'withheld';
  readonly isShuffled?: boolean;
  /** The first request is answered 503 and leaves nothing behind. */
  readonly isOutOnce?: boolean;
}

/** How long things take. Tests hand in shorter ones. */
export interface Delays {
  /** Before the answer to an amount that ends in 04. */
  readonly slowMs: number;
  /** Before the connection is cut in place of the answer to one that ends in 05: longer than any caller waits. */
  readonly withheldMs: number;
  /** Until a pending one is decided. */
  readonly pendingMs: number;
  /** From the capture to the chargeback of one that ends in 09. */
  readonly chargeBackMs: number;
}

export const defaultDelays: Delays = { slowMs: 3_000, withheldMs: 30_000, pendingMs: 4_000, chargeBackMs: 15_000 };

const PLAIN: Behaviour = { state: 'captured' };

export function behaviourOf({ amount }: Money, delays: Delays): Behaviour {
  switch (amount % 100) {
    case 1:
      return { state: 'declined', reason: 'do_not_honour' };
    case 2:
      return { state: 'declined', reason: 'insufficient_funds' };
    case 3:
      return { state: 'declined', reason: 'expired' };
    case 4:
      return { ...PLAIN, answer: 'slow' };
    case 5:
      return { ...PLAIN, answer: 'withheld' };
    case 6:
      return { state: 'pending', next: { state: 'captured', afterMs: delays.pendingMs } };
    case 7:
      return { state: 'pending', next: { state: 'declined', reason: 'do_not_honour', afterMs: delays.pendingMs } };
    case 8:
      return { ...PLAIN, isShuffled: true };
    case 9:
      return { ...PLAIN, chargedBackAfterMs: delays.chargeBackMs };
    case 10:
      return { ...PLAIN, isOutOnce: true };
    default:
      return PLAIN;
  }
}
