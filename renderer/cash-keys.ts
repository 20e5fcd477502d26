import { type Money, money } from '#contract/money.ts';

/** At most this many keys beside "exact": two rows of three. */
const keysMax = 6;

/**
 * What a customer is likely to put down for an amount, smallest first: for each note and coin the next multiple of it
 * above the amount. Where that is too many, the small coins go: nobody counts out one more yen to be handed none.
 *
 * @param due what is due in cash, already rounded
 * @param denominations minor units, the largest first
 */
export function nextNotes(due: Money, denominations: readonly number[]): Money[] {
  if (due.amount <= 0) return [];
  const above = denominations.map((unit) => Math.ceil(due.amount / unit) * unit).filter((sum) => sum > due.amount);
  const [...sums] = new Set(above);
  return sums
    .sort((a, b) => b - a)
    .slice(0, keysMax)
    .reverse()
    .map((sum) => money(sum, due.currency));
}
