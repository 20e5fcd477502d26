import { type Attempt, isUnresolved } from '#contract/attempt.ts';
import type { Check } from '#contract/check.ts';
import type { Money } from '#contract/money.ts';
import type { Prompt } from '#contract/terminal.ts';

/** What the pay screen is about, derived from the terminal alone: a reload at any moment shows the same. */
export type PayStage =
  /** Cash or wallet; `last` is what became of the attempt before, where it paid nothing or a part. */
  | { readonly type: 'choosing'; readonly last: Attempt | undefined }
  | { readonly type: 'waiting'; readonly amount: Money }
  /** Nobody may take money for this bill. */
  | { readonly type: 'unresolved'; readonly attempt: Attempt };

/**
 * Whether the pay screen is up. A try that failed gives the bill back to the lines, but the cashier still has to read
 * why and choose another way, so the screen stays until they go back themselves.
 */
export function isPayShown(check: Check | null, readAttemptId: Attempt['attemptId'] | undefined): boolean {
  if (check?.state === 'paying') return true;
  const { attempt } = check ?? {};
  return (
    check?.state === 'open' &&
    (attempt?.state === 'declined' || attempt?.state === 'cancelled') &&
    attempt.attemptId !== readAttemptId
  );
}

export function stageOf(check: Pick<Check, 'checkId' | 'attempt'>, prompt: Prompt): PayStage {
  const { attempt } = check;
  if (attempt && isUnresolved(attempt)) return { type: 'unresolved', attempt };
  if (prompt.purpose === 'wallet' && prompt.checkId === check.checkId)
    return { type: 'waiting', amount: prompt.amount };
  return { type: 'choosing', last: attempt };
}
