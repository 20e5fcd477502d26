import { z } from 'zod';
import { categoryIdSchema, modifierSchema, taxClassSchema } from './catalogue.ts';
import { lineIdSchema, productIdSchema } from './ids.ts';
import { moneySchema, ratioSchema } from './money.ts';

/** What was asked for: Order → LineItem → Modifier. */

export const quantityMax = 9_999;
export const lineItemsMax = 500;

const reasonSchema = z.string().trim().min(1).max(120);

export const discountSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('rate'), rate: ratioSchema, reason: reasonSchema }),
  z.object({ type: z.literal('amount'), amount: moneySchema, reason: reasonSchema }),
]);

/**
 * One line as it was sold: name, price and tax class are copies, so a later change of the catalogue changes no bill.
 */
export const lineItemSchema = z.object({
  lineId: lineIdSchema,
  /** Absent for an open amount. */
  productId: productIdSchema.optional(),
  categoryId: categoryIdSchema.optional(),
  name: z.string().min(1).max(120),
  quantity: z.int().min(1).max(quantityMax),
  /** Without modifiers. */
  unitPrice: moneySchema,
  /** What the catalogue said, where a person overrode it. */
  listPrice: moneySchema.optional(),
  modifiers: z.array(modifierSchema).max(40),
  discount: discountSchema.optional(),
  note: z.string().max(200).optional(),
  taxClass: taxClassSchema,
  /** A voided line stays on the bill, struck through, and counts for nothing. */
  isVoided: z.boolean(),
});

export type Discount = z.infer<typeof discountSchema>;
export type LineItem = z.infer<typeof lineItemSchema>;
