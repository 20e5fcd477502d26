import type { Problem, ProblemCode } from '#contract/wallet.ts';

/** What became of something that asked for the PIN: one set of words for every screen that does. */
export type PinOutcome =
  | { readonly type: 'done' }
  | { readonly type: 'wrong'; readonly triesLeft: number | undefined }
  | { readonly type: 'locked' }
  /** After several wrong ones the wallet looks at no PIN for some seconds. */
  | { readonly type: 'wait' }
  /** Too many wrong tries without the network: what was stored here is gone. */
  | { readonly type: 'emptied' }
  /** Without the network, and nothing is stored for this method. */
  | { readonly type: 'notStored' }
  | { readonly type: 'noAnswer' }
  | { readonly type: 'refused'; readonly code: ProblemCode };

export const PIN_MIN_DIGITS = 4;
export const PIN_MAX_DIGITS = 8;

export function outcomeOf(problem: Problem): PinOutcome {
  if (problem.code === 'pin_wrong') return { type: 'wrong', triesLeft: problem.triesLeft };
  if (problem.code === 'wallet_locked') return { type: 'locked' };
  if (problem.code === 'too_many_requests') return { type: 'wait' };
  return { type: 'refused', code: problem.code };
}

/** The server did not judge it: worth another try, or the way without the network. */
export function isPassing(code: ProblemCode): boolean {
  return code === 'overloaded' || code === 'internal' || code === 'request_replayed';
}

/** `1111`, `1234`, `9876`, `7890`: what a thief tries first. The server refuses them too. */
export function isObvious(pin: string): boolean {
  const steps = Array.from(pin.slice(1), (digit, index) => (Number(digit) - Number(pin[index]) + 10) % 10);
  return [0, 1, 9].some((step) => steps.every((one) => one === step));
}
