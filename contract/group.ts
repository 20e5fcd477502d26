import { z } from 'zod';
import { attemptIdSchema, checkIdSchema, storeIdSchema, uuidV7Schema } from './ids.ts';
import { amountSchema, currencySchema, moneySchema } from './money.ts';

/**
 * A table whose bill one guest pays for others: who was there, who consumed what, and what the payer bore for whom.
 *
 * The terminal sends the frozen group with the settlement; the server computes the shares with `split.ts`, and its
 * figures win. Own share + Σ allotments + walk-ins' shares = the amount settled, to the minor unit.
 */

/** Chosen by the terminal, the same as long as the check lives. */
export const guestIdSchema = z.string().min(1).max(64);

/**
 * A person on a check. A member is named by one of: the reference from resolving their code, the alias of a credential
 * that was read without the network, or the code itself. With none of them it is a walk-in, of whom nothing is known.
 */
export const groupGuestSchema = z
  .object({
    guestId: guestIdSchema,
    memberRef: z.string().min(1).max(64).optional(),
    alias: z.string().min(1).max(32).optional(),
    token: z.string().min(1).max(1_024).optional(),
  })
  .refine(({ memberRef, alias, token }) => [memberRef, alias, token].filter((name) => name !== undefined).length <= 1, {
    error: 'a guest is named in one way',
  });

/** What somebody consumed. Without consumers it is shared by every guest. */
export const consumptionLineSchema = z.object({
  lineId: z.string().min(1).max(64),
  itemId: z.string().max(64).optional(),
  name: z.string().min(1).max(120),
  quantity: z.int().positive().default(1_000).meta({
    description: 'Thousandths, so that 0.75 kg is 750 and one coffee is 1000.',
  }),
  unitPrice: amountSchema.optional(),
  amount: amountSchema.meta({
    description: 'What the line adds to the bill, its own discount taken off. Negative for what was given back.',
  }),
  consumers: z
    .array(z.object({ guestId: guestIdSchema, weight: z.int().min(1).max(1_000_000).default(1) }))
    .max(64)
    .default([]),
});

/** Of the whole check, shared in proportion to each guest's lines. */
export const adjustmentSchema = z.object({
  kind: z.enum(['discount', 'serviceCharge', 'tax', 'tip', 'rounding']),
  amount: amountSchema,
});

export const groupSchema = z.object({
  guests: z.array(groupGuestSchema).min(1).max(64),
  lines: z.array(consumptionLineSchema).max(500),
  adjustments: z.array(adjustmentSchema).max(20).default([]),
  payer: guestIdSchema,
  /** For whom this settlement pays; everybody, where it is left out. */
  covers: z.array(guestIdSchema).min(1).max(64).optional(),
  /** Shares that people agreed on: they stand, and the rest is split. */
  fixed: z
    .array(z.object({ guestId: guestIdSchema, amount: amountSchema.nonnegative() }))
    .max(64)
    .optional(),
  /** Who bears the odd unit: the payer, or whoever has the largest fraction. */
  remainder: z.enum(['payer', 'fair']).default('payer'),
});
export type Group = z.infer<typeof groupSchema>;
export type GroupGuest = z.infer<typeof groupGuestSchema>;
export type ConsumptionLine = z.infer<typeof consumptionLineSchema>;

/** One guest of a group, as a shop may see them. */
export const groupShareSchema = z.object({
  guestId: guestIdSchema,
  role: z.enum(['payer', 'member', 'walkIn']),
  memberRef: z.string().optional(),
  maskedName: z.string().optional(),
  /** What this guest bears by consumption. */
  share: amountSchema,
  /** Of members other than the payer. */
  allotmentId: uuidV7Schema.optional(),
});

/** The server's figures, which win and are printed. */
export const groupResultSchema = z.object({
  /** A person can read it out; stands on the receipt and on every phone. */
  groupReference: z.string(),
  payer: guestIdSchema,
  currency: currencySchema,
  ownShare: amountSchema.meta({
    description: "What the payer consumed. With the walk-ins' share and Σ allotments: the amount.",
  }),
  walkInShare: amountSchema.meta({ description: 'What guests without a wallet consumed: the payer bears it.' }),
  shares: z.array(groupShareSchema),
});
export type GroupResult = z.infer<typeof groupResultSchema>;
export type GroupShare = z.infer<typeof groupShareSchema>;

export const memberOnCheckSchema = z.object({
  guestId: guestIdSchema,
  /** Absent for a walk-in. */
  memberRef: z.string().optional(),
  maskedName: z.string().optional(),
  /** How they came: read by the terminal, or by their own phone at the table. */
  source: z.enum(['terminal', 'phone']),
  /** A phone that checked in at the table and that the terminal has not taken up (yet). */
  isProposed: z.boolean(),
});
export type MemberOnCheck = z.infer<typeof memberOnCheckSchema>;

export const checkViewSchema = z.object({
  checkId: checkIdSchema,
  storeId: storeIdSchema,
  label: z.string(),
  tableId: uuidV7Schema.optional(),
  state: z.enum(['open', 'paid', 'closed']),
  members: z.array(memberOnCheckSchema),
});
export type CheckView = z.infer<typeof checkViewSchema>;

/** What one member sees of one line: their own part of it. */
export const consumedItemSchema = z.object({
  name: z.string(),
  quantity: z.int(),
  amount: amountSchema,
  sharedBy: z.int().positive().meta({ description: 'By how many it was shared; 1 where it was theirs alone.' }),
});

export const allotmentViewSchema = z.object({
  allotmentId: uuidV7Schema,
  /** The other person: the one who owes for the payer, the payer for the one who owes. */
  counterpart: z.string(),
  counterpartRef: z.string(),
  amount: moneySchema,
  repaid: moneySchema,
  treated: moneySchema,
  open: moneySchema,
  status: z.enum(['advance', 'treated', 'settled', 'cancelled']),
});
export type AllotmentView = z.infer<typeof allotmentViewSchema>;

/** A group payment as one of its members may see it: what concerns them, and nothing of the others' consumption. */
export const groupPaymentViewSchema = z.object({
  groupPaymentId: attemptIdSchema,
  groupReference: z.string(),
  role: z.enum(['payer', 'member']),
  state: z.enum(['valid', 'cancelled']),
  store: z.string(),
  at: z.iso.datetime(),
  /** The payer's name, masked; the reader's own role tells whether that is "you". */
  payer: z.string(),
  payerRef: z.string(),
  total: moneySchema,
  /** The reader's own share of the bill. */
  ownShare: moneySchema,
  items: z.array(consumedItemSchema),
  /** For the payer: one for each other member. For a member: their own. */
  allotments: z.array(allotmentViewSchema),
});
export type GroupPaymentView = z.infer<typeof groupPaymentViewSchema>;

/** What two people have between them, over all their meals together. */
export const personBalanceSchema = z.object({
  personRef: z.string(),
  name: z.string(),
  currency: currencySchema,
  /** What I paid for them, and they for me, treats included. */
  paidForThem: amountSchema,
  paidByThem: amountSchema,
  treatedThem: amountSchema,
  treatedByThem: amountSchema,
  /** Still open in each direction. */
  theyOwe: amountSchema,
  iOwe: amountSchema,
  /** theyOwe - iOwe: positive where the balance is in my favour. */
  net: amountSchema,
});
export type PersonBalance = z.infer<typeof personBalanceSchema>;
