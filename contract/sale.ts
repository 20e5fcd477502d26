import { z } from 'zod';
import { totalsSchema } from './check.ts';
import { checkIdSchema, orderIdSchema, saleIdSchema, staffIdSchema } from './ids.ts';
import { moneySchema } from './money.ts';
import { discountSchema, lineItemSchema } from './order.ts';
import { tenderSchema } from './tender.ts';

/** A check closed and paid: immutable, numbered, in the journal (ARTS: RetailTransaction). */
export const saleSchema = z.object({
  saleId: saleIdSchema,
  /** `<terminal>-<sequence>`, gapless per terminal, for example `01-000042`. */
  number: z.string(),
  sequence: z.int().positive(),
  checkId: checkIdSchema,
  orderId: orderIdSchema,
  closedAt: z.iso.datetime(),
  /** The day that the sale is booked to, in the store's time zone. */
  businessDate: z.iso.date(),
  staffId: staffIdSchema,
  staffName: z.string(),
  lines: z.array(lineItemSchema),
  lineTotals: z.array(moneySchema),
  discount: discountSchema.optional(),
  note: z.string().optional(),
  totals: totalsSchema,
  tenders: z.array(tenderSchema).min(1),
});

export const saleSummarySchema = z.object({
  saleId: saleIdSchema,
  number: z.string(),
  closedAt: z.iso.datetime(),
  total: moneySchema,
  itemCount: z.int().nonnegative(),
  tenderTypes: z.array(z.enum(['cash', 'wallet'])),
  staffName: z.string(),
  /** Change to hand out, where cash was taken. */
  change: moneySchema,
});

export type Sale = z.infer<typeof saleSchema>;
export type SaleSummary = z.infer<typeof saleSummarySchema>;
