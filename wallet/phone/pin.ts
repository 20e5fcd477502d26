import type { Problem, ProblemCode } from '#contract/wallet.ts';

/** What became of something that asked for the PIN: one set of words for every screen that does. */
export type PinOutcome =
  | { readonly type: 'done' }
  | { readonly type: 'wrong'; readonly triesLeft: number | undefined }
  | { readonly type: 'locked' }
  /** Too many wrong tries without the network: what was stored here is gone. */
  | { readonly type: 'emptied' }
  /** Without the network, and nothing is stored for this method. */
  | { readonly type: 'notStored' }
  | { readonly type: 'noAnswer' }
  | { readonly type: 'refused'; readonly code: ProblemCode };

export const PIN_PATTERN = /^\d{4,8}$/;
export const PIN_MIN_DIGITS = 4;
export const PIN_MAX_DIGITS = 8;

export function outcomeOf(problem: Problem): PinOutcome {
  if (problem.code === 'pin_wrong') return { type: 'wrong', triesLeft: problem.triesLeft };
  if (problem.code === 'wallet_locked') return { type: 'locked' };
  return { type: 'refused', code: problem.code };
}

/** The server did not judge it: worth another try, or the way without the network. */
export function isPassing(code: ProblemCode): boolean {
  return code === 'overloaded' || code === 'internal' || code === 'too_many_requests' || code === 'request_replayed';
}
