import { z } from 'zod';
import { attemptIdSchema, checkIdSchema, refundIdSchema } from './ids.ts';
import { moneySchema } from './money.ts';

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

/** What a settlement asks for. What makes two bodies "the same": check, amount, currency, payer and group. */
export const settlementRequestSchema = z.object({
  checkId: checkIdSchema,
  amount: moneySchema,
  /** The customer's code as it was read: `WRK1:` and base45. Single use. */
  token: z.string().min(1).max(1_024),
  /** When the terminal read the code, by its own clock. */
  capturedAt: z.iso.datetime(),
  mode: z.enum(['online', 'offline']),
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

export const refundRequestSchema = z.object({ amount: moneySchema, reason: z.string().max(200).optional() });
export const refundSchema = z.object({
  refundId: refundIdSchema,
  settlementId: attemptIdSchema,
  amount: moneySchema,
  /** Σ refunds of the settlement, this one included. Never more than was settled. */
  refunded: moneySchema,
  bookedAt: z.iso.datetime(),
});
export type RefundRequest = z.infer<typeof refundRequestSchema>;
export type Refund = z.infer<typeof refundSchema>;
