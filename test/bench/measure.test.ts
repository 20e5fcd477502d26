import { expect, test } from 'vitest';
import { barcodeOf, makeCatalogue } from './goods.ts';
import { measured, meets, median, percentile } from './measure.ts';
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
    spread: '1 / 2 / 3 / 3 ms of 3',
    isMet: true,
    isStricterMet: false,
  });
});

test('the bench sells a catalogue that the contract takes', () => {
  const catalogue = makeCatalogue(50);

  expect(catalogueSchema.safeParse(catalogue).success).toBe(true);
  expect(catalogue.products.at(-1)?.barcodes).toEqual([barcodeOf(49)]);
});
