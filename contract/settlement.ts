import { z } from 'zod';
import { groupResultSchema, groupSchema } from './group.ts';
import { attemptIdSchema, checkIdSchema, refundIdSchema } from './ids.ts';
import { amountSchema, moneySchema } from './money.ts';

/** Why the wallet server did not book a settlement. Stable codes: screens and other languages build on them. */
export const declineReasons = [
  'insufficient_funds',
  'limit_exceeded',
  'wallet_locked',
  'token_invalid',
  'token_expired',
  'token_replayed',
  'credential_revoked',
  'currency_mismatch',
] as const;
export const declineReasonSchema = z.enum(declineReasons);
export type DeclineReason = z.infer<typeof declineReasonSchema>;

/** What a settlement asks for. What makes two bodies "the same": terminal, check, amount, currency, payer and group. */
export const settlementRequestSchema = z.object({
  checkId: checkIdSchema,
  amount: moneySchema,
  /** The customer's code as it was read: `WRK1:` and base45. Single use. */
  token: z.string().min(1).max(1_024),
  /** When the terminal read the code, by its own clock. */
  capturedAt: z.iso.datetime(),
  /** `offline`: the terminal accepted it alone, and the server judges it by when it was read. */
  mode: z.enum(['online', 'offline']),
  /** Of a table whose bill one member pays for others, frozen when paying began. */
  group: groupSchema.optional(),
});
export type SettlementRequest = z.infer<typeof settlementRequestSchema>;

/** The person behind a code, as much of them as a shop may know. */
export const memberSchema = z.object({
  /** Pairwise: the same person has another reference in another shop. */
  memberRef: z.string().min(1).max(64),
  /** For example `Haru •••a`. */
  maskedName: z.string().min(1).max(64),
  settlementMethod: z.string().min(1).max(64),
});
export type Member = z.infer<typeof memberSchema>;

const bookedFields = {
  settlementId: attemptIdSchema,
  checkId: checkIdSchema,
  amount: moneySchema,
  bookedAt: z.iso.datetime(),
};

/** The wallet server's word on a settlement. Each is final but `approved`, which a cancel turns into `cancelled`. */
export const settlementSchema = z.discriminatedUnion('state', [
  z.object({
    state: z.literal('approved'),
    ...bookedFields,
    /** Short reference that a person can read out, printed on the receipt. */
    reference: z.string().min(1).max(32),
    member: memberSchema,
    refunded: moneySchema,
    /** Only where more than one person was on the bill. */
    group: groupResultSchema.optional(),
  }),
  z.object({ state: z.literal('declined'), ...bookedFields, reason: declineReasonSchema, detail: z.string() }),
  z.object({
    state: z.literal('cancelled'),
    settlementId: attemptIdSchema,
    cancelledAt: z.iso.datetime(),
    /** False where no money had moved: the id was declined or never seen, and is now blocked for good. */
    wasBooked: z.boolean(),
  }),
]);
export type Settlement = z.infer<typeof settlementSchema>;

/** A line that is given back, whole or in part; its consumers' allotments shrink with it. */
export const refundLineSchema = z.object({
  lineId: z.string().min(1).max(64),
  /** Minor units of the line's own amount; the whole of what is left of it where it is left out. */
  amount: amountSchema.positive().optional(),
});
export const refundRequestSchema = z.object({
  amount: moneySchema,
  reason: z.string().max(200).optional(),
  /** Of a group settlement. Without it every share shrinks in proportion. */
  lines: z.array(refundLineSchema).min(1).max(500).optional(),
});
export const refundSchema = z.object({
  refundId: refundIdSchema,
  settlementId: attemptIdSchema,
  amount: moneySchema,
  /** Σ refunds of the settlement, this one included. Never more than was settled. */
  refunded: moneySchema,
  bookedAt: z.iso.datetime(),
  /** By how much each guest's share fell. */
  shrunk: z.array(z.object({ guestId: z.string(), amount: amountSchema })).optional(),
});
export type RefundRequest = z.infer<typeof refundRequestSchema>;
export type Refund = z.infer<typeof refundSchema>;
