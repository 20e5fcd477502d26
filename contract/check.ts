import { z } from 'zod';
import { attemptSchema } from './attempt.ts';
import { checkIdSchema, orderIdSchema, saleIdSchema, staffIdSchema } from './ids.ts';
import {
  type Currency,
  type Money,
  add,
  allocate,
  compare,
  money,
  moneySchema,
  multiply,
  subtract,
  sum,
  times,
  zero,
} from './money.ts';
import { type Discount, type LineItem, discountSchema, lineItemSchema } from './order.ts';
import { type TaxSetting, type TaxTotal, taxTotalSchema, taxesOf } from './tax.ts';
import { type Tender, tenderSchema } from './tender.ts';

/**
 * What is to be paid (screens say "bill").
 *
 * open → (parked ↔ open) → paying → closed | voided. While `paying`, lines are frozen; it closes, as a sale, in the
 * same commit in which its tenders come to sum to its total.
 */
export const checkStateSchema = z.enum(['open', 'parked', 'paying', 'closed', 'voided']);

export const totalsSchema = z.object({
  /** Lines before any discount, as priced. */
  subtotal: moneySchema,
  /** Line and check discounts together, not negative. */
  discount: moneySchema,
  taxes: z.array(taxTotalSchema),
  /** What is to be paid. */
  total: moneySchema,
  itemCount: z.int().nonnegative(),
});

export const checkSchema = z.object({
  checkId: checkIdSchema,
  orderId: orderIdSchema,
  state: checkStateSchema,
  /** A name to find a parked bill by, for example `window seat`. */
  label: z.string().max(40).optional(),
  lines: z.array(lineItemSchema),
  /** What each line comes to after its own discount, in the order of the lines. Nothing for a voided line. */
  lineTotals: z.array(moneySchema),
  discount: discountSchema.optional(),
  note: z.string().max(200).optional(),
  totals: totalsSchema,
  tenders: z.array(tenderSchema),
  due: moneySchema,
  /** The latest wallet attempt on this check. */
  attempt: attemptSchema.optional(),
  canUndo: z.boolean(),
  openedAt: z.iso.datetime(),
  openedBy: staffIdSchema,
  saleId: saleIdSchema.optional(),
});

export type CheckState = z.infer<typeof checkStateSchema>;
export type Totals = z.infer<typeof totalsSchema>;
export type Check = z.infer<typeof checkSchema>;

/** What lines and discounts come to. Pure: the terminal books it, screens may preview with it. */
export function totalsOf(
  lines: readonly LineItem[],
  discount: Discount | undefined,
  setting: TaxSetting,
  currency: Currency,
): Totals {
  const sold = lines.filter((line) => !line.isVoided);
  const lineTotals = sold.map((line) => lineTotal(line));
  const afterLines = sum(lineTotals, currency);
  const checkDiscount = discountOf(afterLines, discount);
  const shares =
    checkDiscount.amount > 0
      ? allocate(
          checkDiscount,
          lineTotals.map(({ amount }) => Math.max(amount, 0)),
        )
      : [];
  const taxes = taxesOf(
    sold.map((line, index) => ({
      taxClass: line.taxClass,
      amount: subtract(lineTotals[index] ?? zero(currency), shares[index] ?? zero(currency)),
    })),
    setting,
    currency,
  );
  const subtotal = sum(sold.map(lineSubtotal), currency);
  return {
    subtotal,
    discount: add(subtract(subtotal, afterLines), checkDiscount),
    taxes,
    total: sum(
      taxes.map(({ gross }) => gross),
      currency,
    ),
    itemCount: sold.reduce((count, line) => count + line.quantity, 0),
  };
}

/** Quantity × (unit price + modifiers), before the line's own discount. Never below zero. */
export function lineSubtotal(line: LineItem): Money {
  const { currency } = line.unitPrice;
  if (line.isVoided) return zero(currency);
  const unit = line.modifiers.reduce((price, modifier) => price + modifier.price, line.unitPrice.amount);
  return times(money(Math.max(unit, 0), currency), line.quantity);
}

export function lineTotal(line: LineItem): Money {
  const subtotal = lineSubtotal(line);
  return subtract(subtotal, discountOf(subtotal, line.discount));
}

/** What a discount takes off an amount: never more than the amount itself. A rate is rounded half up, once. */
export function discountOf(amount: Money, discount: Discount | undefined): Money {
  if (!discount) return zero(amount.currency);
  const wanted = discount.type === 'rate' ? multiply(amount, discount.rate, 'halfUp') : discount.amount;
  return compare(wanted, amount) > 0 ? amount : money(Math.max(wanted.amount, 0), amount.currency);
}

export function dueOf(total: Money, tenders: readonly Tender[]): Money {
  return subtract(
    total,
    sum(
      tenders.map(({ amount }) => amount),
      total.currency,
    ),
  );
}

/** The row of the tax table that a printed receipt needs for each class. */
export type { TaxTotal };
