import { z } from 'zod';
import { uuidV7Schema } from './ids.ts';
import { amountSchema, currencySchema, moneySchema } from './money.ts';
import { methodKindSchema, operatorIdSchema } from './reload.ts';
import { fillPath, type Route } from './route.ts';

/**
 * The HTTP contract of a payment-means operator, version 1: who runs the cards, accounts or points that reloads draw on.
 *
 * One route table. Every call but `GET /v1/info` is signed by the wallet server (RFC 9421, Ed25519); webhooks go the other
 * way, signed by the operator. In both directions the `keyid` is the signer's public key itself, base64url. JSON, money in
 * whole minor units, times as RFC 3339 UTC. The id of an authorisation is made by the wallet server and is its idempotency
 * key for ever; `POST /v1/tokens` takes an `Idempotency-Key` instead. Errors are problem+json (RFC 9457).
 *
 * What a simulating operator does, by the last two digits of an amount in minor units:
 *
 *     01  declined, do_not_honour          06  pending, then captured: told by webhook
 *     02  declined, insufficient_funds     07  pending, then declined: told by webhook
 *     03  declined, expired                08  captured; webhooks come twice, and the later ones first
 *     04  captured, after 3 s              09  captured, charged back a little later
 *     05  captured, the answer never comes 10  503 once, then captured
 *
 * Any other amount is simply captured. An operator that does not simulate has no such amounts.
 */
type OperatorCaller = 'anyone' | 'wallet';

/** Stable error codes and the HTTP status that each travels with. */
export const operatorProblemStatus = {
  bad_request: 400,
  signature_missing: 401,
  signature_invalid: 401,
  clock_skew: 401,
  request_replayed: 401,
  device_unknown: 401,
  not_found: 404,
  not_capturable: 409,
  body_too_large: 413,
  unsupported_media_type: 415,
  duplicate_mismatch: 422,
  card_number_refused: 422,
  kind_unknown: 422,
  internal: 500,
  overloaded: 503,
  unavailable: 503,
} as const;
export type OperatorProblemCode = keyof typeof operatorProblemStatus;

export const operatorProblemSchema = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  code: z.enum(Object.keys(operatorProblemStatus) as [OperatorProblemCode, ...OperatorProblemCode[]]),
  detail: z.string().optional(),
});
export type OperatorProblem = z.infer<typeof operatorProblemSchema>;

/** Stands for a customer's means at the operator; worth nothing to anybody but this wallet server. */
const meansTokenSchema = z.string().regex(/^[A-Za-z0-9_-]{16,64}$/);

/** What a customer typed, or what the operator's own page handed to the phone. Never a card number. */
export const setupTokenSchema = z.string().min(4).max(256);

export const meansSchema = z.object({
  token: meansTokenSchema,
  kind: methodKindSchema,
  /** How the customer knows it: `Kaze card ••4711`. */
  displayName: z.string().min(1).max(64),
  /** The same means has the same fingerprint at this operator, whoever registers it. */
  fingerprint: z.string().min(16).max(64),
});
export type Means = z.infer<typeof meansSchema>;

export const authorisationStates = [
  'authorised',
  'captured',
  'declined',
  'pending',
  'reversed',
  'charged_back',
] as const;
export type AuthorisationState = (typeof authorisationStates)[number];

export const authorisationSchema = z.object({
  authorisationId: uuidV7Schema,
  state: z.enum(authorisationStates),
  /** With `declined`: `do_not_honour`, `insufficient_funds`, `expired`, `means_removed`. */
  reason: z.string().min(1).max(64).optional(),
  /** Not there for an id that was reversed before it was ever seen. */
  amount: moneySchema.optional(),
  /** When it came into this state. */
  at: z.iso.datetime(),
});
export type Authorisation = z.infer<typeof authorisationSchema>;

const MAX_AMOUNT = 1_000_000_000_000;
const chargeSchema = z.object({ amount: amountSchema.positive().max(MAX_AMOUNT), currency: currencySchema }).readonly();

export const authoriseSchema = z.object({
  token: meansTokenSchema,
  amount: chargeSchema,
  /** True to capture in the same step; without it the money is only set aside. */
  capture: z.boolean().optional(),
});
export type Authorise = z.infer<typeof authoriseSchema>;

export const webhookTypes = [
  'authorisation.captured',
  'authorisation.declined',
  'authorisation.reversed',
  'authorisation.charged_back',
] as const;

/**
 * POSTed to the wallet server's `/v1/operators/{operatorId}/webhooks` until it answers 2xx: at least once, in any order. A
 * higher sequence is the later word.
 */
export const operatorWebhookSchema = z.object({
  /** The same for every delivery of one event. */
  webhookId: uuidV7Schema,
  type: z.enum(webhookTypes),
  authorisationId: uuidV7Schema,
  amount: moneySchema,
  /** With `authorisation.declined`. */
  reason: z.string().min(1).max(64).optional(),
  at: z.iso.datetime(),
  sequence: z.int().positive(),
});
export type OperatorWebhook = z.infer<typeof operatorWebhookSchema>;

/** One movement of money of one day. */
export const settlementFileRowSchema = z.object({
  sequence: z.int().positive(),
  authorisationId: uuidV7Schema,
  type: z.enum(['captured', 'reversed', 'charged_back']),
  amount: moneySchema,
  at: z.iso.datetime(),
});
export type SettlementFileRow = z.infer<typeof settlementFileRowSchema>;

/** A page of a day's movements; the totals are the whole day's, one for each currency. */
export const settlementFileSchema = z.object({
  operatorId: operatorIdSchema,
  date: z.iso.date(),
  rows: z.array(settlementFileRowSchema),
  totals: z.array(
    z.object({
      currency: currencySchema,
      count: z.int().nonnegative(),
      captured: amountSchema,
      reversed: amountSchema,
      chargedBack: amountSchema,
      /** captured − reversed − charged back: what the operator owes the wallet for this day. */
      net: amountSchema,
    }),
  ),
  /** Ask again with it for the next page; not there on the last one. */
  nextCursor: z.string().optional(),
});
export type SettlementFile = z.infer<typeof settlementFileSchema>;

export const operatorInfoSchema = z.object({
  operatorId: operatorIdSchema,
  name: z.string().min(1).max(64),
  kinds: z.array(z.object({ kind: methodKindSchema, label: z.string().min(1).max(64) })),
  /** What a customer types to register a means, in a sentence. */
  hint: z.string().max(200),
  /** Signs this operator's webhooks: Ed25519, 32 bytes, base64url. */
  webhookKey: z.base64url().length(43),
  simulates: z.boolean(),
});
export type OperatorInfo = z.infer<typeof operatorInfoSchema>;

const nothing = z.undefined();
const noParams = z.object({});
const noQuery = z.object({});
const authorisationParams = z.object({ authorisationId: uuidV7Schema });

export const operatorRoutes = {
  getInfo: route({
    method: 'GET',
    path: '/v1/info',
    summary: 'Who this operator is, what kinds of means it runs, and the key of its webhooks.',
    caller: 'anyone',
    params: noParams,
    query: noQuery,
    request: nothing,
    response: operatorInfoSchema,
    status: 200,
    errors: [],
  }),
  createToken: route({
    method: 'POST',
    path: '/v1/tokens',
    summary: 'Turns what a customer typed into a token of their means. A card number is refused and kept nowhere.',
    caller: 'wallet',
    params: noParams,
    query: noQuery,
    request: z.object({ setupToken: setupTokenSchema, kind: methodKindSchema }),
    response: meansSchema,
    status: 201,
    errors: ['card_number_refused', 'kind_unknown', 'duplicate_mismatch'],
  }),
  deleteToken: route({
    method: 'DELETE',
    path: '/v1/tokens/{token}',
    summary: 'Forgets a means: from now on it pays nothing. Asked twice, it answers the same.',
    caller: 'wallet',
    params: z.object({ token: meansTokenSchema }),
    query: noQuery,
    request: nothing,
    response: z.object({ token: meansTokenSchema }),
    status: 200,
    errors: ['not_found'],
  }),
  putAuthorisation: route({
    method: 'PUT',
    path: '/v1/authorisations/{authorisationId}',
    summary: 'Asks for money. The same id and body: the same answer, or what has become of it since.',
    caller: 'wallet',
    params: authorisationParams,
    query: noQuery,
    request: authoriseSchema,
    response: authorisationSchema,
    status: 200,
    errors: ['duplicate_mismatch', 'unavailable'],
  }),
  captureAuthorisation: route({
    method: 'POST',
    path: '/v1/authorisations/{authorisationId}/capture',
    summary: 'Takes the money that was set aside.',
    caller: 'wallet',
    params: authorisationParams,
    query: noQuery,
    request: nothing,
    response: authorisationSchema,
    status: 200,
    errors: ['not_found', 'not_capturable'],
  }),
  getAuthorisation: route({
    method: 'GET',
    path: '/v1/authorisations/{authorisationId}',
    summary: 'What became of it: the way out of an unknown outcome.',
    caller: 'wallet',
    params: authorisationParams,
    query: noQuery,
    request: nothing,
    response: authorisationSchema,
    status: 200,
    errors: ['not_found'],
  }),
  reverseAuthorisation: route({
    method: 'POST',
    path: '/v1/authorisations/{authorisationId}/reverse',
    summary: 'Gives the money back or lets it go. An id never seen is blocked for good.',
    caller: 'wallet',
    params: authorisationParams,
    query: noQuery,
    request: nothing,
    response: authorisationSchema,
    status: 200,
    errors: [],
  }),
  getSettlementFile: route({
    method: 'GET',
    path: '/v1/settlement-file',
    summary: "Every movement of money of one UTC day, in the operator's order, with totals.",
    caller: 'wallet',
    params: noParams,
    query: z.object({
      date: z.iso.date(),
      cursor: z
        .string()
        .regex(/^\d{1,15}$/)
        .optional(),
    }),
    request: nothing,
    response: settlementFileSchema,
    status: 200,
    errors: [],
  }),
} as const;

type OperatorRoutes = typeof operatorRoutes;
export type OperatorRouteName = keyof OperatorRoutes;
export type OperatorParams<Name extends OperatorRouteName> = z.infer<OperatorRoutes[Name]['params']>;
export type OperatorQuery<Name extends OperatorRouteName> = z.infer<OperatorRoutes[Name]['query']>;
export type OperatorRequest<Name extends OperatorRouteName> = z.infer<OperatorRoutes[Name]['request']>;
export type OperatorResponse<Name extends OperatorRouteName> = z.infer<OperatorRoutes[Name]['response']>;

/** The path of an operator's route, filled in. */
export function operatorPath<Name extends OperatorRouteName>(
  name: Name,
  params: OperatorParams<Name>,
  query?: OperatorQuery<Name>,
): string {
  return fillPath(operatorRoutes[name].path, params, query);
}

/**
 * Whether a text is what a card has printed on it: 13 to 19 digits, spaces and hyphens apart, with a Luhn check digit
 * (ISO/IEC 7812-1, annex B). Such a text is refused at every door: no card number ever comes into these systems.
 */
export function looksLikeCardNumber(text: string): boolean {
  const digits = text.replaceAll(/[\s-]/g, '');
  if (!/^\d{13,19}$/.test(digits)) return false;
  const sum = Array.from(digits)
    .toReversed()
    .map((digit, place) => Number(digit) * (place % 2 === 0 ? 1 : 2))
    .reduce((total, value) => total + (value > 9 ? value - 9 : value), 0);
  return sum % 10 === 0;
}

function route<
  Params extends z.ZodType,
  Query extends z.ZodType,
  Request extends z.ZodType,
  Response extends z.ZodType,
>(
  definition: Route<OperatorCaller, OperatorProblemCode, Params, Query, Request, Response>,
): Route<OperatorCaller, OperatorProblemCode, Params, Query, Request, Response> {
  return definition;
}
