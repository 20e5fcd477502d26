import { expect, test } from 'vitest';
import { barcodeOf, makeCatalogue } from './goods.ts';
import { measured, meets, median, percentile } from './measure.ts';
import { compared } from './sandwich.ts';
import { catalogueSchema } from '#contract/catalogue.ts';

test('percentiles are samples, whatever their order', () => {
  const samples = Array.from({ length: 100 }, (_, index) => 100 - index);

  expect([percentile(samples, 0), median(samples), percentile(samples, 0.99), percentile(samples, 1)]).toEqual([
    1, 50, 99, 100,
  ]);
});

test('a row says what was measured against what, and whether the goal was met', () => {
  const { row, spread } = measured('durable tap', 900.04, 'per second', 1_000, 'ratio >= 0.75', [1, 2, 3]);

  expect({ row, spread, isMet: meets(row), isStricterMet: meets({ ...row, goal: 'ratio <= 0.75' }) }).toEqual({
    row: { name: 'durable tap', value: 900, unit: 'per second', baseline: 1_000, ratio: 0.9, goal: 'ratio >= 0.75' },
    spread: 'min / p50 / p95 / max 1 / 2 / 3 / 3 ms of 3',
    isMet: true,
    isStricterMet: false,
  });
});

test('a slice is compared with what was measured around it, and a disturbed one does not count', () => {
  const slices = [
    { before: 1_000, rate: 4_400, after: 1_200 },
    { before: 1_000, rate: 5_000, after: 1_000 },
    { before: 1_000, rate: 3_000, after: 1_000 },
    { before: 1_000, rate: 90_000, after: 200 },
  ];

  expect(compared('ledger', 'per second', slices, 'ratio >= 4')).toEqual({
    row: { name: 'ledger', value: 4_400, unit: 'per second', baseline: 1_100, ratio: 4, goal: 'ratio >= 4' },
    spread: 'ratio 3 to 5 of 3 rounds, 1 dropped',
  });
});

test('the bench sells a catalogue that the contract takes', () => {
  const catalogue = makeCatalogue(50);

  expect(catalogueSchema.safeParse(catalogue).success).toBe(true);
  expect(catalogue.products.at(-1)?.barcodes).toEqual([barcodeOf(49)]);
});
