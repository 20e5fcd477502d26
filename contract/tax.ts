import { z } from 'zod';
import { type TaxClass, taxClassSchema } from './catalogue.ts';
import {
  type Money,
  type RoundingMode,
  add,
  allocate,
  divideRounded,
  money,
  moneySchema,
  roundingModeSchema,
  subtract,
  sum,
} from './money.ts';

/**
 * Taxes of a check.
 *
 * Japan's qualified invoice rule allows one rounding per rate per invoice, so the default sums the lines of a rate
 * first and rounds once; `perLine` rounds each line, as some other jurisdictions ask.
 */
export const taxSettingSchema = z.object({
  rounding: roundingModeSchema,
  roundedPer: z.enum(['check', 'line']),
});
export type TaxSetting = z.infer<typeof taxSettingSchema>;

/** One row of the tax table: all lines of one tax class, at one rate. `net + tax = gross`. */
export const taxTotalSchema = z.object({
  taxClass: taxClassSchema,
  net: moneySchema,
  tax: moneySchema,
  gross: moneySchema,
});
export type TaxTotal = z.infer<typeof taxTotalSchema>;

export interface TaxedAmount {
  readonly taxClass: TaxClass;
  /** After all discounts: with tax where the class is inclusive, without it where it is exclusive. */
  readonly amount: Money;
}

/**
 * The tax table, one row per tax class in the order of first appearance. A class whose rate was changed while a bill
 * was open has a row for each rate.
 *
 * Where tax is rounded once per check, classes of the same rate, inside the price or on top of it alike, are rounded
 * together, and the tax is allocated to their rows.
 */
export function taxesOf(amounts: readonly TaxedAmount[], setting: TaxSetting, currency: string): TaxTotal[] {
  const rows = rowsOf(amounts, currency);
  const taxes = new Map<Row, Money>();
  for (const sameRate of Map.groupBy(rows, ({ taxClass }) => rateKey(taxClass)).values()) {
    for (const [row, tax] of taxesOfRate(sameRate, setting, currency)) taxes.set(row, tax);
  }
  return rows.map((row) => {
    const { taxClass, amount } = row;
    const tax = taxes.get(row) ?? subtract(amount, amount);
    return taxClass.isIncluded
      ? { taxClass, net: subtract(amount, tax), tax, gross: amount }
      : { taxClass, net: amount, tax, gross: add(amount, tax) };
  });
}

/** All that is taxed alike and shown in one row. */
interface Row {
  readonly taxClass: TaxClass;
  readonly parts: readonly Money[];
  readonly amount: Money;
}

function rowsOf(amounts: readonly TaxedAmount[], currency: string): Row[] {
  const alike = Map.groupBy(amounts, ({ taxClass }) => `${rateKey(taxClass)} ${taxClass.taxClassId}`);
  return [...alike.values()].flatMap((group) => {
    const [first] = group;
    const parts = group.map(({ amount }) => amount);
    return first ? [{ taxClass: first.taxClass, parts, amount: sum(parts, currency) }] : [];
  });
}

function taxesOfRate(rows: readonly Row[], setting: TaxSetting, currency: string): (readonly [Row, Money])[] {
  const taxed = (row: Row, amounts: readonly Money[]): Money =>
    sum(
      amounts.map((amount) => taxOf(amount, row.taxClass, setting.rounding)),
      currency,
    );
  const [first] = rows;
  if (!first || setting.roundedPer === 'line') return rows.map((row) => [row, taxed(row, row.parts)]);
  const whole = sum(
    rows.map(({ amount }) => amount),
    currency,
  );
  const shares = allocate(
    taxed(first, [whole]),
    rows.map(({ amount }) => Math.max(amount.amount, 0)),
  );
  return rows.map((row, index) => [row, shares[index] ?? subtract(whole, whole)]);
}

/** Equal for classes of the same rate, however the ratio is written, that are included in prices alike. */
function rateKey({ rate: { numerator, denominator }, isIncluded }: TaxClass): string {
  const divisor = greatestCommonDivisor(Math.abs(numerator), denominator);
  return `${numerator / divisor}/${denominator / divisor} ${isIncluded ? 'inside' : 'on top'}`;
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}

/** `amount × r` on top of a net amount; `amount × r / (1 + r)` inside a gross one. */
function taxOf(amount: Money, { rate, isIncluded }: TaxClass, rounding: RoundingMode): Money {
  const divisor = isIncluded ? rate.denominator + rate.numerator : rate.denominator;
  return money(
    divideRounded(BigInt(amount.amount) * BigInt(rate.numerator), BigInt(divisor), rounding),
    amount.currency,
  );
}
