import fc from 'fast-check';
import { expect, test } from 'vitest';
import { money } from '#contract/money.ts';
import { nextNotes } from '#renderer/cash-keys.ts';

const yen = [10_000, 5_000, 2_000, 1_000, 500, 100, 50, 10, 5, 1];

test.each([
  [1_234, [1_250, 1_300, 1_500, 2_000, 5_000, 10_000]],
  [340, [400, 500, 1_000, 2_000, 5_000, 10_000]],
  [12_340, [12_400, 12_500, 13_000, 14_000, 15_000, 20_000]],
  [9_999, [10_000]],
  [10_000, []],
])('for ¥%i the keys are the next notes above it', (due, keys) => {
  expect(nextNotes(money(due, 'JPY'), yen).map(({ amount }) => amount)).toEqual(keys);
});

test('dollars come as bills and quarters', () => {
  const keys = nextNotes(money(1_234, 'USD'), [10_000, 5_000, 2_000, 1_000, 500, 100, 25, 10, 5, 1]);

  expect(keys.map(({ amount }) => amount)).toEqual([1_250, 1_300, 1_500, 2_000, 5_000, 10_000]);
});

test('every key is more than is due, no key comes twice, and they rise', () => {
  fc.assert(
    fc.property(fc.integer({ min: -100, max: 1_000_000 }), (due) => {
      const keys = nextNotes(money(due, 'JPY'), yen).map(({ amount }) => amount);
      return (
        keys.length <= 6 &&
        keys.every((key, index) => key > due && key > (keys[index - 1] ?? 0)) &&
        (due > 0 || keys.length === 0)
      );
    }),
  );
});
