import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { TaxClass } from '#contract/catalogue.ts';
import { type RoundingMode, divideRounded, money, roundingModes } from '#contract/money.ts';
import { taxesOf } from '#contract/tax.ts';

const standard = taxClass('standard', 10, true);
const reduced = taxClass('reduced', 8, true);
const added = taxClass('added', 10, false);
const perCheck = { rounding: 'down', roundedPer: 'check' } as const;

describe('taxes of a check', () => {
  test('stand in one row per class, in the order of first appearance, inside prices or on top of them', () => {
    const amounts = [line(reduced, 1_080), line(standard, 1_100), line(added, 1_000), line(reduced, 540)];
    expect(table(amounts, perCheck)).toEqual([
      ['reduced', 1_500, 120, 1_620],
      ['standard', 1_000, 100, 1_100],
      ['added', 1_000, 100, 1_100],
    ]);
  });

  test('are rounded once per rate, or once per line where the store says so', () => {
    const amounts = [line(standard, 105), line(standard, 105), line(standard, 105)];
    // 9.54… each: 28.63… together.
    expect(table(amounts, perCheck)).toEqual([['standard', 287, 28, 315]]);
    expect(table(amounts, { rounding: 'down', roundedPer: 'line' })).toEqual([['standard', 288, 27, 315]]);
    expect(table(amounts, { rounding: 'halfUp', roundedPer: 'line' })).toEqual([['standard', 285, 30, 315]]);
  });

  test('are rounded once for two classes of one rate, and shared between their rows', () => {
    const newspapers = taxClass('newspapers', 8, true);
    const sameRate: TaxClass = { ...newspapers, taxClassId: 'other', rate: { numerator: 800, denominator: 10_000 } };
    const amounts = [line(reduced, 106), line(newspapers, 106), line(sameRate, 106)];
    // 7.85… each, which would make 21 when rounded apart: 23.55… together.
    const rows = table(amounts, perCheck);
    expect(rows.map(([id]) => id)).toEqual(['reduced', 'newspapers', 'other']);
    expect(rows.map(([, , tax]) => tax).toSorted((a, b) => a - b)).toEqual([7, 8, 8]);
  });

  test('keep lines apart that were sold under an older rate of the same class', () => {
    const raised = taxClass('standard', 12, true);
    expect(table([line(standard, 1_100), line(raised, 1_120)], perCheck)).toEqual([
      ['standard', 1_000, 100, 1_100],
      ['standard', 1_000, 120, 1_120],
    ]);
  });

  test('are nothing where nothing is taxed', () => {
    expect(table([], perCheck)).toEqual([]);
    expect(table([line(taxClass('free', 0, true), 500), line(standard, 0)], perCheck)).toEqual([
      ['free', 500, 0, 500],
      ['standard', 0, 0, 0],
    ]);
  });

  test('come to what exact fractions say, whatever the lines, classes and rounding', () => {
    const classes = [
      standard,
      reduced,
      added,
      taxClass('low', 8, false),
      taxClass('odd', 7.7, true),
      taxClass('twin', 10, true),
    ];
    const amount = fc.record({ taxClass: fc.constantFrom(...classes), yen: fc.oneof(fc.nat(2_000), fc.nat(10 ** 11)) });
    const setting = fc.record({
      rounding: fc.constantFrom(...roundingModes),
      roundedPer: fc.constantFrom('check' as const, 'line' as const),
    });
    fc.assert(
      fc.property(fc.array(amount, { maxLength: 12 }), setting, (lines, { rounding, roundedPer }) => {
        const rows = taxesOf(
          lines.map((each) => line(each.taxClass, each.yen)),
          { rounding, roundedPer },
          'JPY',
        );
        for (const {
          net,
          tax,
          gross,
          taxClass: { taxClassId, isIncluded },
        } of rows) {
          const sold = lines.filter((each) => each.taxClass.taxClassId === taxClassId);
          const total = sold.reduce((sum, { yen }) => sum + yen, 0);
          expect(net.amount + tax.amount).toBe(gross.amount);
          expect(isIncluded ? gross.amount : net.amount).toBe(total);
          expect(tax.amount).toBeGreaterThanOrEqual(0);
        }
        // Each rate, inside or on top, by itself: the classes of one rate are rounded as one.
        for (const { rate, isIncluded } of classes) {
          const isSame = (other: TaxClass) =>
            other.isIncluded === isIncluded &&
            other.rate.numerator === rate.numerator &&
            other.rate.denominator === rate.denominator;
          const parts = lines.filter((each) => isSame(each.taxClass)).map(({ yen }) => yen);
          const taxed = roundedPer === 'line' ? parts : [parts.reduce((sum, yen) => sum + yen, 0)];
          const expected = taxed.reduce((sum, yen) => sum + exactTax(yen, rate, isIncluded, rounding), 0);
          const found = rows.filter((row) => isSame(row.taxClass)).reduce((sum, { tax }) => sum + tax.amount, 0);
          expect(found).toBe(expected);
        }
      }),
      { numRuns: 500 },
    );
  });
});

/** Inside a price, tax = price − price ÷ (1 + rate); on top, price × rate. Here as fractions of whole numbers. */
function exactTax(yen: number, rate: TaxClass['rate'], isIncluded: boolean, rounding: RoundingMode): number {
  const [n, d] = [BigInt(rate.numerator), BigInt(rate.denominator)];
  const price = BigInt(yen);
  return isIncluded
    ? divideRounded(price * (d + n) - price * d, d + n, rounding)
    : divideRounded(price * n, d, rounding);
}

function table(amounts: Parameters<typeof taxesOf>[0], setting: Parameters<typeof taxesOf>[1]) {
  return taxesOf(amounts, setting, 'JPY').map(
    (row) => [row.taxClass.taxClassId, row.net.amount, row.tax.amount, row.gross.amount] as const,
  );
}

function line(of: TaxClass, yen: number) {
  return { taxClass: of, amount: money(yen, 'JPY') };
}

function taxClass(taxClassId: string, percent: number, isIncluded: boolean): TaxClass {
  return {
    taxClassId,
    name: taxClassId,
    rate: { numerator: Math.round(percent * 10), denominator: 1_000 },
    isIncluded,
    mark: '',
  };
}
