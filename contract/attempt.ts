import { z } from 'zod';
import { attemptIdSchema, checkIdSchema, tenderIdSchema } from './ids.ts';
import { moneySchema } from './money.ts';
import { declineReasonSchema, memberSchema } from './settlement.ts';

/**
 * One try to pay by wallet, as the terminal knows it.
 *
 * created → sent → approved | declined | unknown; unknown → approved | declined | cancelling; cancelling → cancelled.
 * The row and its id are stored before the request leaves; the id is the idempotency key for ever.
 */

/** An answer that is not there after this time makes the outcome unknown. */
export const answerTimeoutMs = 5_000;
/** Waits between the questions about an unknown outcome; the last one repeats. */
export const inquiryDelaysMs = [1_000, 2_000, 4_000, 5_000] as const;
/** After this long the cashier may choose: keep asking, or cancel. */
export const inquiryLimitMs = 45_000;

export const attemptDeclineSchema = z.enum([
  ...declineReasonSchema.options,
  /** The request certainly never left this terminal: nothing was charged. */
  'wallet_unreachable',
  /** The server refused the request itself, for example an unregistered terminal. */
  'request_refused',
]);

/** What the last question about an unknown outcome brought. */
export const inquiryAnswerSchema = z.enum(['none', 'notFound', 'unreachable', 'refused']);

const common = {
  attemptId: attemptIdSchema,
  checkId: checkIdSchema,
  tenderId: tenderIdSchema,
  amount: moneySchema,
  createdAt: z.iso.datetime(),
};

export const attemptSchema = z.discriminatedUnion('state', [
  z.object({ state: z.literal('created'), ...common }),
  z.object({ state: z.literal('sent'), ...common }),
  z.object({
    state: z.literal('unknown'),
    ...common,
    unknownSince: z.iso.datetime(),
    /** From here on cancelling is offered. */
    limitAt: z.iso.datetime(),
    questions: z.int().nonnegative(),
    lastAnswer: inquiryAnswerSchema,
  }),
  z.object({ state: z.literal('approved'), ...common, reference: z.string(), member: memberSchema }),
  z.object({ state: z.literal('declined'), ...common, reason: attemptDeclineSchema, detail: z.string() }),
  z.object({ state: z.literal('cancelling'), ...common, tries: z.int().nonnegative() }),
  z.object({ state: z.literal('cancelled'), ...common }),
]);

export type Attempt = z.infer<typeof attemptSchema>;
export type AttemptState = Attempt['state'];
export type AttemptDecline = z.infer<typeof attemptDeclineSchema>;
export type InquiryAnswer = z.infer<typeof inquiryAnswerSchema>;

/** While this holds, nobody may try to take money for the same check again. */
export function isUnresolved(attempt: { readonly state: AttemptState }): boolean {
  return ['created', 'sent', 'unknown', 'cancelling'].includes(attempt.state);
}
