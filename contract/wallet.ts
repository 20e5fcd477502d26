import { z } from 'zod';
import { attemptIdSchema, checkIdSchema, refundIdSchema, storeIdSchema, terminalIdSchema } from './ids.ts';
import { amountSchema, currencySchema, moneySchema } from './money.ts';
import {
  memberSchema,
  refundRequestSchema,
  refundSchema,
  settlementRequestSchema,
  settlementSchema,
} from './settlement.ts';

/**
 * The wallet's HTTP contract, version 1: one route table.
 *
 * The server's handlers, the terminal's client, the phone and the OpenAPI 3.1 page all come from it. JSON in UTF-8;
 * money as whole minor units with their currency; times as RFC 3339 UTC; ids of money rows are UUIDv7 made by the
 * caller, and each is the idempotency key of its row for ever. Errors are problem+json (RFC 9457) with a stable `code`.
 */
export type Caller = 'anyone' | 'terminal' | 'phone';

/** Stable error codes and the HTTP status that each travels with. */
export const problemStatus = {
  bad_request: 400,
  signature_missing: 401,
  signature_invalid: 401,
  clock_skew: 401,
  request_replayed: 401,
  device_unknown: 401,
  device_revoked: 403,
  enrolment_code_invalid: 403,
  binding_code_invalid: 403,
  not_found: 404,
  cancelled: 409,
  not_refundable: 409,
  body_too_large: 413,
  unsupported_media_type: 415,
  duplicate_mismatch: 422,
  refund_exceeds_settlement: 422,
  token_invalid: 422,
  token_expired: 422,
  too_many_requests: 429,
  internal: 500,
  overloaded: 503,
} as const;
export type ProblemCode = keyof typeof problemStatus;
export const problemCodeSchema = z.enum(Object.keys(problemStatus) as [ProblemCode, ...ProblemCode[]]);

export const problemSchema = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  code: problemCodeSchema,
  detail: z.string().optional(),
  /** With `clock_skew`: what the server's clock says, so that the caller can measure its own. */
  serverTime: z.iso.datetime().optional(),
});
export type Problem = z.infer<typeof problemSchema>;

/** An Ed25519 public key, 32 bytes, base64url. */
export const publicKeySchema = z.base64url().length(43);

export const signingKeySchema = z.object({
  keyId: z.string().min(1).max(32),
  algorithm: z.literal('Ed25519'),
  publicKey: publicKeySchema,
  notBefore: z.iso.datetime(),
  notAfter: z.iso.datetime(),
});

export interface Route<Params extends z.ZodType, Request extends z.ZodType, Response extends z.ZodType> {
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE';
  /** With `{name}` for each path parameter. */
  readonly path: string;
  readonly summary: string;
  readonly caller: Caller;
  readonly params: Params;
  readonly request: Request;
  readonly response: Response;
  readonly status: 200 | 201;
  readonly errors: readonly ProblemCode[];
}

const nothing = z.undefined();
const noParams = z.object({});
const settlementParams = z.object({ settlementId: attemptIdSchema });

export const walletRoutes = {
  enrolTerminal: route({
    method: 'POST',
    path: '/v1/terminals',
    summary: 'Enrols a terminal by a single-use code: 10 minutes, 5 tries.',
    caller: 'anyone',
    params: noParams,
    request: z.object({
      enrolmentCode: z.string().min(1).max(32),
      publicKey: publicKeySchema,
      name: z.string().min(1).max(64),
    }),
    response: z.object({
      terminalId: terminalIdSchema,
      storeId: storeIdSchema,
      storeName: z.string(),
      /** What the terminal signs its requests with: the `keyid` of RFC 9421. */
      keyId: z.string(),
      serverTime: z.iso.datetime(),
    }),
    status: 201,
    errors: ['enrolment_code_invalid', 'too_many_requests'],
  }),
  listKeys: route({
    method: 'GET',
    path: '/v1/keys',
    summary: "The keys that sign customers' credentials, with their validity. Cacheable for 7 days.",
    caller: 'anyone',
    params: noParams,
    request: nothing,
    response: z.object({ keys: z.array(signingKeySchema), serverTime: z.iso.datetime() }),
    status: 200,
    errors: [],
  }),
  resolveToken: route({
    method: 'POST',
    path: '/v1/tokens/resolve',
    summary: 'Who is this: does not consume the code.',
    caller: 'terminal',
    params: noParams,
    request: z.object({ token: z.string().min(1).max(1_024), checkId: checkIdSchema.optional() }),
    response: memberSchema.extend({ offlineAllowance: moneySchema }),
    status: 200,
    errors: ['token_invalid', 'token_expired'],
  }),
  putSettlement: route({
    method: 'PUT',
    path: '/v1/settlements/{settlementId}',
    summary: 'Books a settlement, or says why not. The same id and body: the same answer, for ever.',
    caller: 'terminal',
    params: settlementParams,
    request: settlementRequestSchema,
    response: settlementSchema,
    status: 200,
    errors: ['duplicate_mismatch', 'cancelled'],
  }),
  getSettlement: route({
    method: 'GET',
    path: '/v1/settlements/{settlementId}',
    summary: 'The same answer again: the way out of an unknown outcome.',
    caller: 'terminal',
    params: settlementParams,
    request: nothing,
    response: settlementSchema,
    status: 200,
    errors: ['not_found'],
  }),
  cancelSettlement: route({
    method: 'POST',
    path: '/v1/settlements/{settlementId}/cancel',
    summary: 'Undoes a settlement. An id never seen is blocked for good. Only this answer makes an attempt "not paid".',
    caller: 'terminal',
    params: settlementParams,
    request: nothing,
    response: settlementSchema,
    status: 200,
    errors: ['not_found', 'not_refundable'],
  }),
  putRefund: route({
    method: 'PUT',
    path: '/v1/settlements/{settlementId}/refunds/{refundId}',
    summary: 'Gives back the whole or a part. Σ refunds never exceeds what was settled.',
    caller: 'terminal',
    params: settlementParams.extend({ refundId: refundIdSchema }),
    request: refundRequestSchema,
    response: refundSchema,
    status: 200,
    errors: ['not_found', 'not_refundable', 'refund_exceeds_settlement', 'duplicate_mismatch'],
  }),
  bindPhone: route({
    method: 'POST',
    path: '/v1/devices',
    summary: "Binds a phone to a wallet by a single-use code; the phone's key never leaves it.",
    caller: 'anyone',
    params: noParams,
    request: z.object({ bindingCode: z.string().min(1).max(64), publicKey: publicKeySchema }),
    response: z.object({ deviceId: z.string(), keyId: z.string(), serverTime: z.iso.datetime() }),
    status: 201,
    errors: ['binding_code_invalid', 'too_many_requests'],
  }),
  getWallet: route({
    method: 'GET',
    path: '/v1/wallet',
    summary: "The customer's own balance and latest movements.",
    caller: 'phone',
    params: noParams,
    request: nothing,
    response: z.object({
      name: z.string(),
      balance: moneySchema,
      movements: z.array(
        z.object({
          at: z.iso.datetime(),
          kind: z.enum(['settlement', 'refund', 'cancel', 'reload']),
          /** Positive into the wallet, negative out of it. */
          amount: amountSchema,
          currency: currencySchema,
          store: z.string().optional(),
        }),
      ),
      serverTime: z.iso.datetime(),
    }),
    status: 200,
    errors: [],
  }),
  issueCredential: route({
    method: 'POST',
    path: '/v1/wallet/codes',
    summary: 'A signed credential, from which the phone makes a fresh code every 30 seconds, without the network too.',
    caller: 'phone',
    params: noParams,
    request: nothing,
    response: z.object({ credential: z.base64url(), notAfter: z.iso.datetime(), serverTime: z.iso.datetime() }),
    status: 200,
    errors: [],
  }),
} as const;

export type WalletRoutes = typeof walletRoutes;
export type RouteName = keyof WalletRoutes;
export type RouteParams<Name extends RouteName> = z.infer<WalletRoutes[Name]['params']>;
export type RouteRequest<Name extends RouteName> = z.infer<WalletRoutes[Name]['request']>;
export type RouteResponse<Name extends RouteName> = z.infer<WalletRoutes[Name]['response']>;

/** Errors that every route may answer with, beside its own. */
export const commonProblems = [
  'bad_request',
  'body_too_large',
  'unsupported_media_type',
  'too_many_requests',
  'internal',
  'overloaded',
] as const satisfies readonly ProblemCode[];

/** Errors of every route that asks for a signature. */
export const signatureProblems = [
  'signature_missing',
  'signature_invalid',
  'clock_skew',
  'request_replayed',
  'device_unknown',
  'device_revoked',
] as const satisfies readonly ProblemCode[];

/** The path of a route with its parameters filled in and escaped. */
export function pathOf<Name extends RouteName>(name: Name, params: RouteParams<Name>): string {
  const values: Readonly<Record<string, string>> = params;
  return walletRoutes[name].path.replace(/\{(\w+)\}/g, (_, key: string) => encodeURIComponent(values[key] ?? ''));
}

export type Answer<Name extends RouteName> =
  { readonly ok: true; readonly value: RouteResponse<Name> } | { readonly ok: false; readonly problem: Problem };

/** Reads an HTTP answer by the route's own shapes. Undefined where it is neither the response nor a problem. */
export function parseAnswer<Name extends RouteName>(
  name: Name,
  status: number,
  body: unknown,
): Answer<Name> | undefined {
  if (status >= 200 && status < 300) {
    const parsed = walletRoutes[name].response.safeParse(body);
    return parsed.success ? { ok: true, value: parsed.data as RouteResponse<Name> } : undefined;
  }
  const problem = problemSchema.safeParse(body);
  return problem.success ? { ok: false, problem: problem.data } : undefined;
}

function route<Params extends z.ZodType, Request extends z.ZodType, Response extends z.ZodType>(
  definition: Route<Params, Request, Response>,
): Route<Params, Request, Response> {
  return definition;
}
