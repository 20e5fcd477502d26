import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { money, roundingModes } from '#contract/money.ts';
import { cashDue, takeCash } from '#contract/tender.ts';

const swiss = { increment: 5, rounding: 'halfUp' } as const;
const francs = (amount: number) => money(amount, 'CHF');

describe('taking cash', () => {
  test.each([
    // due, tendered → amount, rounding, change
    [1_000, 1_000, 1_000, 0, 0],
    [1_000, 2_000, 1_000, 0, 1_000],
    [1_000, 400, 400, 0, 0],
    [498, 500, 498, 2, 0],
    [498, 1_000, 498, 2, 500],
    [502, 500, 502, -2, 0],
    [502, 501, 502, -2, 1],
    [502, 300, 300, 0, 0],
    [2, 0, 2, -2, 0],
    // Enough for the due amount, not for the rounded one: it is paid as it is, never more than is due.
    [498, 498, 498, 0, 0],
    [498, 499, 498, 0, 1],
  ])(
    'of a due amount of %i, %i tendered pays %i, rounded by %i, with %i change',
    (due, tendered, amount, rounding, change) => {
      expect(takeCash(francs(due), francs(tendered), swiss)).toEqual({
        amount: francs(amount),
        rounding: francs(rounding),
        tendered: francs(tendered),
        change: francs(change),
      });
    },
  );

  test('accounts for every coin and never takes more than is due', () => {
    const coin = fc.constantFrom(1, 5, 10, 50, 100);
    fc.assert(
      fc.property(
        fc.nat(10_000),
        fc.nat(20_000),
        coin,
        fc.constantFrom(...roundingModes),
        (due, tendered, increment, rounding) => {
          const taken = takeCash(francs(due), francs(tendered), { increment, rounding });
          expect(taken.tendered.amount - taken.amount.amount - taken.rounding.amount).toBe(taken.change.amount);
          expect(taken.change.amount).toBeGreaterThanOrEqual(0);
          expect(taken.amount.amount).toBeLessThanOrEqual(due);
          expect(Math.abs(taken.rounding.amount)).toBeLessThan(increment);
          if (tendered >= cashDue(francs(due), { increment, rounding }).amount) expect(taken.amount.amount).toBe(due);
          else if (taken.amount.amount < due) expect(taken.change.amount).toBe(0);
        },
      ),
    );
  });

  test('asks for a multiple of the smallest coin', () => {
    expect([1, 2, 3, 5, 7, 8].map((due) => cashDue(francs(due), swiss).amount)).toEqual([0, 0, 5, 5, 5, 10]);
    expect(cashDue(money(123, 'JPY'), { increment: 1, rounding: 'down' })).toEqual(money(123, 'JPY'));
  });
});
