import { z } from 'zod';
import { type TaxClass, taxClassSchema } from './catalogue.ts';
import {
  type Money,
  type RoundingMode,
  add,
  divideRounded,
  money,
  moneySchema,
  roundingModeSchema,
  zero,
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

/** One row of the tax table: all lines of one tax class. `net + tax = gross`. */
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

/** The tax table, one row per tax class in the order of first appearance. */
export function taxesOf(amounts: readonly TaxedAmount[], setting: TaxSetting, currency: string): TaxTotal[] {
  const classes = new Map<string, { taxClass: TaxClass; parts: Money[] }>();
  for (const { taxClass, amount } of amounts) {
    const row = classes.get(taxClass.taxClassId) ?? { taxClass, parts: [] };
    row.parts.push(amount);
    classes.set(taxClass.taxClassId, row);
  }
  return [...classes.values()].map(({ taxClass, parts }) => {
    const amount = add(zero(currency), ...parts);
    const taxed = setting.roundedPer === 'check' ? [amount] : parts;
    const tax = add(zero(currency), ...taxed.map((part) => taxOf(part, taxClass, setting.rounding)));
    return taxClass.isIncluded
      ? { taxClass, net: money(amount.amount - tax.amount, currency), tax, gross: amount }
      : { taxClass, net: amount, tax, gross: add(amount, tax) };
  });
}

/** `amount × r` on top of a net amount; `amount × r / (1 + r)` inside a gross one. */
function taxOf(amount: Money, { rate, isIncluded }: TaxClass, rounding: RoundingMode): Money {
  const divisor = isIncluded ? rate.denominator + rate.numerator : rate.denominator;
  return money(
    divideRounded(BigInt(amount.amount) * BigInt(rate.numerator), BigInt(divisor), rounding),
    amount.currency,
  );
}
