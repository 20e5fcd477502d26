import { z } from 'zod';
import { attemptIdSchema, tenderIdSchema } from './ids.ts';
import { type Money, moneySchema, roundToIncrement, roundingModeSchema, subtract } from './money.ts';
import { memberSchema } from './settlement.ts';

/**
 * One means of payment offered for a check. `amount` is the part of the check's total that it pays:
 * Σ amounts of a sale's tenders = its total.
 */
export const tenderSchema = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('cash'),
    tenderId: tenderIdSchema,
    amount: moneySchema,
    /** What cash rounding added to (or took from) `amount`; never part of the check. */
    rounding: moneySchema,
    tendered: moneySchema,
    /** `tendered − amount − rounding`. */
    change: moneySchema,
  }),
  z.object({
    type: z.literal('wallet'),
    tenderId: tenderIdSchema,
    amount: moneySchema,
    attemptId: attemptIdSchema,
    reference: z.string(),
    member: memberSchema,
  }),
]);
export type Tender = z.infer<typeof tenderSchema>;

/** The smallest coin: cash amounts are rounded to its multiples. 1 where no rounding is needed. */
export const cashRoundingSchema = z.object({ increment: z.int().positive(), rounding: roundingModeSchema });
export type CashRounding = z.infer<typeof cashRoundingSchema>;

/** What a customer has to hand over in cash for an amount due. */
export function cashDue(due: Money, { increment, rounding }: CashRounding): Money {
  return roundToIncrement(due, increment, rounding);
}

/**
 * How cash that is put on the counter is taken: enough of it closes the due amount with change and rounding,
 * less pays a part of it. What is enough but for the rounding up closes it unrounded: no tender exceeds what is due.
 */
export function takeCash(
  due: Money,
  tendered: Money,
  cashRounding: CashRounding,
): Pick<Extract<Tender, { type: 'cash' }>, 'amount' | 'rounding' | 'tendered' | 'change'> {
  const rounded = cashDue(due, cashRounding);
  const none = subtract(due, due);
  if (tendered.amount < Math.min(due.amount, rounded.amount)) {
    return { amount: tendered, rounding: none, tendered, change: none };
  }
  if (tendered.amount < rounded.amount) {
    return { amount: due, rounding: none, tendered, change: subtract(tendered, due) };
  }
  return { amount: due, rounding: subtract(rounded, due), tendered, change: subtract(tendered, rounded) };
}
