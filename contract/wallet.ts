import { z } from 'zod';
import {
  checkViewSchema,
  consumptionLineSchema,
  adjustmentSchema,
  groupGuestSchema,
  groupPaymentViewSchema,
  groupResultSchema,
  groupSchema,
  allotmentViewSchema,
  personBalanceSchema,
} from './group.ts';
import {
  attemptIdSchema,
  checkIdSchema,
  refundIdSchema,
  storeIdSchema,
  terminalIdSchema,
  uuidV7Schema,
} from './ids.ts';
import { amountSchema, currencySchema, moneySchema } from './money.ts';
import {
  autoReloadSchema,
  methodKindSchema,
  operatorIdSchema,
  operatorSchema,
  reloadMethodSchema,
  reloadSchema,
} from './reload.ts';
import { fillPath, type Route } from './route.ts';
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
export type Caller = 'anyone' | 'terminal' | 'phone' | 'admin' | 'operator';

/** Stable error codes and the HTTP status that each travels with. */
export const problemStatus = {
  bad_request: 400,
  signature_missing: 401,
  signature_invalid: 401,
  clock_skew: 401,
  request_replayed: 401,
  device_unknown: 401,
  session_expired: 401,
  admin_token_invalid: 401,
  device_revoked: 403,
  terminal_not_approved: 403,
  device_key_required: 403,
  enrolment_code_invalid: 403,
  binding_code_invalid: 403,
  pin_wrong: 403,
  wallet_locked: 403,
  not_found: 404,
  method_not_allowed: 405,
  cancelled: 409,
  not_refundable: 409,
  pin_required: 409,
  pin_exists: 409,
  insufficient_funds: 409,
  nothing_open: 409,
  conflict: 409,
  body_too_large: 413,
  unsupported_media_type: 415,
  duplicate_mismatch: 422,
  refund_exceeds_settlement: 422,
  token_invalid: 422,
  token_expired: 422,
  limit_exceeded: 422,
  method_unknown: 422,
  group_invalid: 422,
  operator_refused: 422,
  too_many_requests: 429,
  internal: 500,
  operator_unavailable: 503,
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
  /** With `pin_wrong`: tries left before the wallet locks. */
  triesLeft: z.int().nonnegative().optional(),
});
export type Problem = z.infer<typeof problemSchema>;

/** An Ed25519 public key, 32 bytes, base64url. */
export const publicKeySchema = z.base64url().length(43);
/** Four to eight digits, the same for every settlement method. */
export const pinSchema = z
  .string()
  .regex(/^\d{4,8}$/)
  .meta({
    description:
      'Four to eight digits. One digit repeated and digits in sequence (1111, 1234, 4321) are refused when chosen.',
  });

/** How a customer presents the wallet. The last kind reloads from a registered method what a payment lacks. */
export const settlementMethodIdSchema = z.union([
  z.enum(['shown_code', 'contactless', 'store_code']),
  z.templateLiteral(['linked:', uuidV7Schema]),
]);
export type SettlementMethodId = z.infer<typeof settlementMethodIdSchema>;

export const settlementMethodSchema = z.object({
  method: settlementMethodIdSchema,
  /** Of a linked one: the payment means that it draws on, whose name stands where else the balance does. */
  linkedTo: z.object({ methodId: uuidV7Schema, displayName: z.string() }).optional(),
});

export const signingKeySchema = z.object({
  keyId: z.string().min(1).max(32),
  algorithm: z.literal('Ed25519'),
  publicKey: publicKeySchema,
  notBefore: z.iso.datetime(),
  notAfter: z.iso.datetime(),
});

/** What a terminal may accept without the network. Minor units of `currency`. */
export const offlinePolicySchema = z.object({
  currency: currencySchema,
  perSettlement: amountSchema.nonnegative(),
  /** With a manager's PIN. */
  perSettlementHard: amountSchema.nonnegative(),
  perCustomerPerDay: amountSchema.nonnegative(),
  /** Above it the phone signs the amount too. */
  twoWayAbove: amountSchema.nonnegative(),
  storedAmount: amountSchema.nonnegative(),
  storedCount: z.int().nonnegative(),
  oldestItemSeconds: z.int().positive(),
  keysMaxAgeSeconds: z.int().positive(),
  denyListMaxAgeSeconds: z.int().positive(),
});

const denyEntrySchema = z.object({ alias: z.string(), isDenied: z.boolean() });

/** One entry of the one history: every settlement method, reloads, refunds, repayments, and what others paid for me. */
export const historyEntrySchema = z.object({
  entryId: z.string(),
  at: z.iso.datetime(),
  kind: z.enum([
    'settlement',
    'cancel',
    'refund',
    'reload',
    'reload_reversal',
    'chargeback',
    'owed_paid',
    'repayment',
    'repayment_return',
    /** Another paid: no money of mine moved, my own share is in `share`. */
    'share',
  ]),
  /** What it did to the balance: positive into the wallet, negative out of it, 0 for a share. */
  amount: amountSchema,
  currency: currencySchema,
  /** My own consumption, of a group settlement or a share. */
  share: amountSchema.optional(),
  store: z.string().optional(),
  /** The other person or payment means. */
  counterpart: z.string().optional(),
  settlementMethod: z.string().optional(),
  reference: z.string().optional(),
  settlementId: z.string().optional(),
  groupPaymentId: z.string().optional(),
});
export type HistoryEntry = z.infer<typeof historyEntrySchema>;

/** A line of the store's ledger, for reconciliation against the terminals' own books. */
export const storeLedgerEntrySchema = z.object({
  kind: z.enum(['settlement', 'declined', 'cancel', 'refund']),
  id: z.string(),
  settlementId: z.string(),
  terminalId: z.string(),
  checkId: z.string().optional(),
  /** Minor units to the store; negative for what went back; 0 for a decline or an empty cancel. */
  amount: amountSchema,
  fee: amountSchema,
  currency: currencySchema.optional(),
  mode: z.enum(['online', 'offline']).optional(),
  reason: z.string().optional(),
  at: z.iso.datetime(),
});

/** What an event may tell of, and which row its `refId` names. */
const eventTypes = {
  settled: 'a settlement was booked: its id',
  declined: 'a settlement was declined: its id',
  cancelled: 'a settlement was undone: its id',
  refunded: 'something was given back: the refund',
  allotted: 'somebody paid for me: the allotment',
  allotment_changed: 'an allotment shrank or ended: its id',
  treated: 'what I owed was waived: the allotment',
  repaid: 'a repayment, told to both sides: its id',
  reloaded: 'a reload was credited: its id',
  reload_declined: 'a reload was declined: its id',
  reload_reversed: 'a reload went back: its id',
  charged_back: 'an operator took a reload back: its id',
  auto_reload_stopped: 'auto-reload gave up after declines: the last reload',
  check: "a check's guests, lines or state changed: the check",
  checked_in: 'a phone checked in at a table: the check-in',
  left: 'a phone left a table: the check-in',
} as const;
const eventTypeSchema = z
  .enum(Object.keys(eventTypes) as [keyof typeof eventTypes, ...(keyof typeof eventTypes)[]])
  .meta({
    description: Object.entries(eventTypes)
      .map(([type, meaning]) => `\`${type}\`: ${meaning}`)
      .join('; '),
  });

/**
 * What server-sent events carry in `data`; `id:` is what `Last-Event-ID` resumes from. An event says that something
 * happened and to which row; the row itself is read by its own route.
 */
export const walletEventSchema = z.object({
  eventId: z.string(),
  type: eventTypeSchema,
  at: z.iso.datetime(),
  refId: z.string().optional(),
  checkId: z.string().optional(),
  detail: z.record(z.string(), z.unknown()).optional(),
});
export type WalletEvent = z.infer<typeof walletEventSchema>;

export const terminalViewSchema = z.object({
  terminalId: terminalIdSchema,
  storeId: storeIdSchema,
  storeName: z.string(),
  name: z.string(),
  /** Both sides show it; the administrator compares them before approving. */
  fingerprint: z.string(),
  state: z.enum(['awaiting_approval', 'active', 'revoked']),
  enrolledAt: z.iso.datetime(),
});

const nothing = z.undefined();
const noParams = z.object({});
const noQuery = z.object({});
const pageQuery = z.object({
  cursor: z.string().max(200).optional(),
  limit: z.stringFormat('limit', /^[1-9]\d{0,2}$/).optional(),
});
const nextCursor = { /** Absent on the last page. */ nextCursor: z.string().optional() };
const settlementParams = z.object({ settlementId: attemptIdSchema });
const storeParams = z.object({ storeId: storeIdSchema });
const checkParams = z.object({ checkId: checkIdSchema });
const serverTime = z.iso.datetime();

/** An answer that is a stream of server-sent events: `text/event-stream`, each `data` a {@link walletEventSchema}. */
export const eventStreamSchema = z.literal('event-stream');

export const walletRoutes = {
  // ---- Terminals -------------------------------------------------------------------------------------------------
  enrolTerminal: route({
    method: 'POST',
    path: '/v1/terminals',
    summary:
      'Enrols a terminal by a single-use code: 10 minutes, 5 tries. It waits for approval where the code says so.',
    caller: 'anyone',
    params: noParams,
    query: noQuery,
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
      state: z.enum(['awaiting_approval', 'active']),
      fingerprint: z.string(),
      serverTime,
    }),
    status: 201,
    errors: ['enrolment_code_invalid', 'too_many_requests'],
  }),
  getTerminal: route({
    method: 'GET',
    path: '/v1/terminals/me',
    summary: 'Whether this terminal was approved; answered to one that waits, too.',
    caller: 'terminal',
    params: noParams,
    query: noQuery,
    request: nothing,
    response: terminalViewSchema,
    status: 200,
    errors: [],
  }),
  openSession: route({
    method: 'POST',
    path: '/v1/terminals/me/sessions',
    summary: 'Gives a 15-minute HMAC key for the requests that follow. Signed with the device key.',
    caller: 'terminal',
    params: noParams,
    query: noQuery,
    request: nothing,
    response: z.object({
      /** The `keyid` to sign with, `alg` hmac-sha256. */
      keyId: z.string(),
      /** 32 bytes, base64url. */
      secret: z.base64url().length(43),
      expiresAt: z.iso.datetime(),
      policy: z.object({ offline: offlinePolicySchema, settlementMethods: z.array(z.string()) }),
      denyListVersion: z.int().nonnegative(),
      serverTime,
    }),
    status: 201,
    errors: ['device_key_required'],
  }),
  listKeys: route({
    method: 'GET',
    path: '/v1/keys',
    summary: "The keys that sign customers' credentials, with their validity. Cacheable for 7 days.",
    caller: 'anyone',
    params: noParams,
    query: noQuery,
    request: nothing,
    response: z.object({ keys: z.array(signingKeySchema), serverTime }),
    status: 200,
    errors: [],
  }),
  getDenyList: route({
    method: 'GET',
    path: '/v1/deny-list',
    summary: 'Aliases that no terminal accepts, from a version on; all of them without one. Signed by the newest key.',
    caller: 'terminal',
    params: noParams,
    query: z.object({ since: z.stringFormat('version', /^\d{1,15}$/).optional() }),
    request: nothing,
    response: z.object({
      since: z.int().nonnegative(),
      version: z.int().nonnegative(),
      entries: z.array(denyEntrySchema),
      /** More than one answer holds: ask again from `version`. */
      hasMore: z.boolean(),
      issuedAt: z.iso.datetime(),
      keyId: z.string(),
      signature: z.base64url().meta({
        description:
          'Ed25519 by `keyId` over the UTF-8 of the JSON array ' +
          '["WRK1 deny-list", since, version, [[alias, isDenied], ...], issuedAt], without blanks.',
      }),
    }),
    status: 200,
    errors: [],
  }),
  resolveToken: route({
    method: 'POST',
    path: '/v1/tokens/resolve',
    summary: 'Who is this: does not consume the code.',
    caller: 'terminal',
    params: noParams,
    query: noQuery,
    request: z.object({ token: z.string().min(1).max(1_024), checkId: checkIdSchema.optional() }),
    response: memberSchema.extend({ offlineAllowance: moneySchema }),
    status: 200,
    errors: ['token_invalid', 'token_expired'],
  }),

  // ---- Checks and their guests -----------------------------------------------------------------------------------
  putMembers: route({
    method: 'PUT',
    path: '/v1/checks/{checkId}/members',
    summary: 'Everybody on the check: the whole list each time. Phones that checked in come back as proposed.',
    caller: 'terminal',
    params: checkParams,
    query: noQuery,
    request: z.object({
      /** What people call the check, for example `Table 5`. */
      label: z.string().min(1).max(64),
      tableId: uuidV7Schema.optional(),
      guests: z.array(groupGuestSchema).max(64),
      /** `closed` where the check is done or given up: phones no longer see it. */
      state: z.enum(['open', 'closed']).default('open'),
    }),
    response: checkViewSchema,
    status: 200,
    errors: ['not_found', 'token_invalid', 'group_invalid'],
  }),
  putConsumption: route({
    method: 'PUT',
    path: '/v1/checks/{checkId}/consumption',
    summary: 'Who consumed what so far: the whole list each time. Phones then show it; nothing is owed yet.',
    caller: 'terminal',
    params: checkParams,
    query: noQuery,
    request: z.object({
      currency: currencySchema,
      lines: z.array(consumptionLineSchema).max(500),
      adjustments: z.array(adjustmentSchema).max(20).default([]),
    }),
    response: z.object({ checkId: checkIdSchema, lines: z.int().nonnegative() }),
    status: 200,
    errors: ['not_found', 'group_invalid'],
  }),
  getCheck: route({
    method: 'GET',
    path: '/v1/checks/{checkId}',
    summary: 'The check as the server holds it, with those who checked in by phone.',
    caller: 'terminal',
    params: checkParams,
    query: noQuery,
    request: nothing,
    response: checkViewSchema,
    status: 200,
    errors: ['not_found'],
  }),
  previewSplit: route({
    method: 'POST',
    path: '/v1/checks/{checkId}/split-preview',
    summary: 'The shares as they would be booked. Books nothing.',
    caller: 'terminal',
    params: checkParams,
    query: noQuery,
    request: z.object({ amount: moneySchema, group: groupSchema }),
    response: groupResultSchema,
    status: 200,
    errors: ['group_invalid', 'token_invalid'],
  }),
  checkEvents: route({
    method: 'GET',
    path: '/v1/checks/{checkId}/events',
    summary: 'Server-sent events of one check: a member joined by phone, left.',
    caller: 'terminal',
    params: checkParams,
    query: noQuery,
    request: nothing,
    response: eventStreamSchema,
    status: 200,
    errors: ['not_found'],
  }),
  storeEvents: route({
    method: 'GET',
    path: '/v1/stores/{storeId}/events',
    summary: "Server-sent events of all the store's checks and tables.",
    caller: 'terminal',
    params: storeParams,
    query: noQuery,
    request: nothing,
    response: eventStreamSchema,
    status: 200,
    errors: ['not_found'],
  }),
  putTable: route({
    method: 'PUT',
    path: '/v1/tables/{tableId}',
    summary:
      'Names a table of the store and gives its code, which guests read with their phones. The same code each time.',
    caller: 'terminal',
    params: z.object({ tableId: uuidV7Schema }),
    query: noQuery,
    request: z.object({ name: z.string().min(1).max(64) }),
    response: z.object({ tableId: uuidV7Schema, name: z.string(), tableCode: z.string() }),
    status: 200,
    errors: ['not_found'],
  }),
  putNotice: route({
    method: 'PUT',
    path: '/v1/notices/{noticeId}',
    summary: 'A notice of the store. A group that came before is shown the one that fits what it consumed.',
    caller: 'terminal',
    params: z.object({ noticeId: uuidV7Schema }),
    query: noQuery,
    request: z.object({
      title: z.string().min(1).max(80),
      body: z.string().min(1).max(400),
      /** Looked for in the names and item ids of what the group had. */
      keywords: z.array(z.string().min(1).max(40)).max(20),
      until: z.iso.datetime(),
    }),
    response: z.object({ noticeId: uuidV7Schema }),
    status: 200,
    errors: ['duplicate_mismatch'],
  }),

  // ---- Settlements -----------------------------------------------------------------------------------------------
  putSettlement: route({
    method: 'PUT',
    path: '/v1/settlements/{settlementId}',
    summary: 'Books a settlement, or says why not. The same id and body: the same answer, for ever.',
    caller: 'terminal',
    params: settlementParams,
    query: noQuery,
    request: settlementRequestSchema,
    response: settlementSchema,
    status: 200,
    errors: ['duplicate_mismatch', 'cancelled', 'group_invalid'],
  }),
  putSettlements: route({
    method: 'POST',
    path: '/v1/settlements/batch',
    summary: 'Up to 100 items that were accepted offline, under one signature of the device key, answered one by one.',
    caller: 'terminal',
    params: noParams,
    query: noQuery,
    request: z.object({
      items: z
        .array(settlementRequestSchema.extend({ settlementId: attemptIdSchema }))
        .min(1)
        .max(100),
    }),
    response: z.object({
      items: z.array(
        z.object({
          settlementId: attemptIdSchema,
          settlement: settlementSchema.optional(),
          /** In place of the settlement. */
          problem: problemSchema.optional(),
        }),
      ),
    }),
    status: 200,
    errors: ['device_key_required'],
  }),
  getSettlement: route({
    method: 'GET',
    path: '/v1/settlements/{settlementId}',
    summary: 'The same answer again: the way out of an unknown outcome.',
    caller: 'terminal',
    params: settlementParams,
    query: noQuery,
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
    query: noQuery,
    request: nothing,
    response: settlementSchema,
    status: 200,
    errors: ['not_found', 'not_refundable', 'device_key_required'],
  }),
  putRefund: route({
    method: 'PUT',
    path: '/v1/settlements/{settlementId}/refunds/{refundId}',
    summary:
      'Gives back the whole or a part. Σ refunds never exceeds what was settled; allotments shrink with their lines.',
    caller: 'terminal',
    params: settlementParams.extend({ refundId: refundIdSchema }),
    query: noQuery,
    request: refundRequestSchema,
    response: refundSchema,
    status: 200,
    errors: ['not_found', 'not_refundable', 'refund_exceeds_settlement', 'duplicate_mismatch', 'group_invalid'],
  }),
  listStoreLedger: route({
    method: 'GET',
    path: '/v1/stores/{storeId}/ledger',
    summary:
      'Every settlement, decline, cancel and refund of the store in the order of booking, for reconciliation. Rows of the ' +
      'last seconds may come on a later page: a page without entries and with the cursor that was asked means "later".',
    caller: 'terminal',
    params: storeParams,
    query: pageQuery.extend({ from: z.iso.datetime().optional(), to: z.iso.datetime().optional() }),
    request: nothing,
    response: z.object({ entries: z.array(storeLedgerEntrySchema), ...nextCursor, serverTime }),
    status: 200,
    errors: ['not_found'],
  }),
  getStore: route({
    method: 'GET',
    path: '/v1/stores/{storeId}',
    summary: 'What a shop is called and which settlement methods it accepts.',
    caller: 'anyone',
    params: storeParams,
    query: noQuery,
    request: nothing,
    response: z.object({ storeId: storeIdSchema, name: z.string(), settlementMethods: z.array(z.string()) }),
    status: 200,
    errors: ['not_found'],
  }),

  // ---- Wallets and phones ----------------------------------------------------------------------------------------
  openWallet: route({
    method: 'POST',
    path: '/v1/wallets',
    summary: "Opens a wallet and binds the phone that asks, by the phone's own key.",
    caller: 'anyone',
    params: noParams,
    query: noQuery,
    request: z.object({
      name: z.string().trim().min(1).max(64),
      publicKey: publicKeySchema,
      /** Which set of limits holds, for example `JP`. The server's own where it is left out. */
      jurisdiction: z.string().min(2).max(16).optional(),
    }),
    response: z.object({ walletId: uuidV7Schema, deviceId: z.string(), keyId: z.string(), serverTime }),
    status: 201,
    errors: ['too_many_requests'],
  }),
  bindPhone: route({
    method: 'POST',
    path: '/v1/devices',
    summary: "Binds a phone to a wallet by a single-use code; the phone's key never leaves it.",
    caller: 'anyone',
    params: noParams,
    query: noQuery,
    request: z.object({
      bindingCode: z.string().min(1).max(64),
      publicKey: publicKeySchema,
      name: z.string().max(64).optional(),
    }),
    response: z.object({ deviceId: z.string(), keyId: z.string(), serverTime }),
    status: 201,
    errors: ['binding_code_invalid', 'too_many_requests'],
  }),
  makeBindingCode: route({
    method: 'POST',
    path: '/v1/wallet/binding-codes',
    summary: 'A code that binds another phone to this wallet: 10 minutes, 5 tries. Asks for the PIN.',
    caller: 'phone',
    params: noParams,
    query: noQuery,
    request: z.object({ pin: pinSchema }),
    response: z.object({ bindingCode: z.string(), expiresAt: z.iso.datetime() }),
    status: 201,
    errors: ['pin_wrong', 'pin_required', 'wallet_locked'],
  }),
  listPhones: route({
    method: 'GET',
    path: '/v1/wallet/devices',
    summary: "The wallet's phones.",
    caller: 'phone',
    params: noParams,
    query: noQuery,
    request: nothing,
    response: z.object({
      devices: z.array(
        z.object({ deviceId: z.string(), name: z.string(), boundAt: z.iso.datetime(), isThisOne: z.boolean() }),
      ),
    }),
    status: 200,
    errors: [],
  }),
  removePhone: route({
    method: 'DELETE',
    path: '/v1/wallet/devices/{deviceId}',
    summary: 'A phone that was lost or sold pays no more: its alias goes on the deny list.',
    caller: 'phone',
    params: z.object({ deviceId: uuidV7Schema }),
    query: noQuery,
    request: nothing,
    response: z.object({ deviceId: z.string() }),
    status: 200,
    errors: ['not_found'],
  }),
  getWallet: route({
    method: 'GET',
    path: '/v1/wallet',
    summary: "The customer's balance, settlement methods, reload methods, allowance and limits.",
    caller: 'phone',
    params: noParams,
    query: noQuery,
    request: nothing,
    response: z.object({
      walletId: z.string(),
      /** How other members' phones and this one refer to the person. */
      personRef: z.string(),
      name: z.string(),
      balance: moneySchema,
      /** balance - what is reserved for offline settlements. */
      available: moneySchema,
      owed: moneySchema,
      settlementMethod: settlementMethodIdSchema,
      settlementMethods: z.array(settlementMethodSchema),
      reloadMethods: z.array(reloadMethodSchema),
      autoReload: autoReloadSchema.optional(),
      offlineAllowance: z.object({
        chosen: moneySchema,
        /** What is reserved now. */
        reserved: moneySchema,
        max: moneySchema,
      }),
      pin: z.object({ isSet: z.boolean(), isLocked: z.boolean(), retryAt: z.iso.datetime().optional() }),
      limits: z.object({
        perPayment: moneySchema,
        perDay: moneySchema,
        perMonth: moneySchema,
        maxBalance: moneySchema,
        reloadMin: moneySchema,
        reloadMax: moneySchema,
      }),
      /** The newest event of this wallet: where a stream begins. */
      lastEventId: z.string(),
      serverTime,
    }),
    status: 200,
    errors: [],
  }),
  putPin: route({
    method: 'PUT',
    path: '/v1/wallet/pin',
    summary: 'Chooses the PIN, one for every settlement method; changing it asks for the old one.',
    caller: 'phone',
    params: noParams,
    query: noQuery,
    request: z.object({ pin: pinSchema, currentPin: pinSchema.optional() }),
    response: z.object({ isSet: z.literal(true) }),
    status: 200,
    errors: ['pin_wrong', 'pin_exists', 'wallet_locked'],
  }),
  putSettlementMethod: route({
    method: 'PUT',
    path: '/v1/wallet/settlement-method',
    summary: 'Makes a settlement method the current one.',
    caller: 'phone',
    params: noParams,
    query: noQuery,
    request: z.object({ method: settlementMethodIdSchema }),
    response: settlementMethodSchema,
    status: 200,
    errors: ['method_unknown'],
  }),
  putOfflineAllowance: route({
    method: 'PUT',
    path: '/v1/wallet/offline-allowance',
    summary:
      'How much is reserved for shops without a network. Less holds once the codes that promise more have run out.',
    caller: 'phone',
    params: noParams,
    query: noQuery,
    request: z.object({ amount: moneySchema }),
    response: z.object({ chosen: moneySchema, reserved: moneySchema }),
    status: 200,
    errors: ['limit_exceeded', 'wallet_locked'],
  }),
  issueCredential: route({
    method: 'POST',
    path: '/v1/wallet/codes',
    summary:
      'With the PIN: a signed credential, from which the phone makes a fresh code every 30 seconds, offline too.',
    caller: 'phone',
    params: noParams,
    query: noQuery,
    request: z.object({ pin: pinSchema, method: settlementMethodIdSchema }),
    response: z.object({
      credential: z.base64url(),
      method: settlementMethodIdSchema,
      offlineAllowance: moneySchema,
      notAfter: z.iso.datetime(),
      serverTime,
    }),
    status: 200,
    errors: ['pin_wrong', 'pin_required', 'wallet_locked', 'method_unknown'],
  }),
  listHistory: route({
    method: 'GET',
    path: '/v1/wallet/history',
    summary: 'One list over all settlement methods, reloads, refunds, repayments and shares; latest first.',
    caller: 'phone',
    params: noParams,
    query: pageQuery,
    request: nothing,
    response: z.object({ entries: z.array(historyEntrySchema), ...nextCursor }),
    status: 200,
    errors: [],
  }),
  walletEvents: route({
    method: 'GET',
    path: '/v1/wallet/events',
    summary: 'Server-sent events of this wallet; `Last-Event-ID` resumes without a gap.',
    caller: 'phone',
    params: noParams,
    query: z.object({ lastEventId: z.stringFormat('event id', /^\d{1,15}$/).optional() }),
    request: nothing,
    response: eventStreamSchema,
    status: 200,
    errors: [],
  }),

  // ---- Reloading -------------------------------------------------------------------------------------------------
  listOperators: route({
    method: 'GET',
    path: '/v1/operators',
    summary: 'Whose payment means can be registered.',
    caller: 'phone',
    params: noParams,
    query: noQuery,
    request: nothing,
    response: z.object({ operators: z.array(operatorSchema) }),
    status: 200,
    errors: [],
  }),
  addReloadMethod: route({
    method: 'POST',
    path: '/v1/wallet/reload-methods',
    summary: 'Registers a payment means of some operator. The same means again is still one, and the answer says so.',
    caller: 'phone',
    params: noParams,
    query: noQuery,
    request: z.object({
      operatorId: operatorIdSchema,
      kind: methodKindSchema,
      /** What the operator gave the customer for this; exchanged at once. Never a card number. */
      setupToken: z.string().min(1).max(256),
    }),
    response: z.object({ method: reloadMethodSchema, wasRegistered: z.boolean() }),
    status: 201,
    errors: ['method_unknown', 'operator_refused', 'operator_unavailable'],
  }),
  removeReloadMethod: route({
    method: 'DELETE',
    path: '/v1/wallet/reload-methods/{methodId}',
    summary: 'Removes a payment means; what it reloaded stays in the history.',
    caller: 'phone',
    params: z.object({ methodId: uuidV7Schema }),
    query: noQuery,
    request: nothing,
    response: z.object({ methodId: uuidV7Schema }),
    status: 200,
    errors: ['not_found'],
  }),
  putReload: route({
    method: 'PUT',
    path: '/v1/wallet/reloads/{reloadId}',
    summary:
      "Asks the method's operator and credits once it has approved: at once, or later where the answer is unknown.",
    caller: 'phone',
    params: z.object({ reloadId: uuidV7Schema }),
    query: noQuery,
    request: z.object({ methodId: uuidV7Schema, amount: moneySchema }),
    response: reloadSchema,
    status: 200,
    errors: ['method_unknown', 'limit_exceeded', 'duplicate_mismatch', 'wallet_locked'],
  }),
  getReload: route({
    method: 'GET',
    path: '/v1/wallet/reloads/{reloadId}',
    summary: 'What became of a reload.',
    caller: 'phone',
    params: z.object({ reloadId: uuidV7Schema }),
    query: noQuery,
    request: nothing,
    response: reloadSchema,
    status: 200,
    errors: ['not_found'],
  }),
  putAutoReload: route({
    method: 'PUT',
    path: '/v1/wallet/auto-reload',
    summary: 'Reloads by itself when the balance falls below a threshold, within daily and monthly caps.',
    caller: 'phone',
    params: noParams,
    query: noQuery,
    request: autoReloadSchema,
    response: autoReloadSchema,
    status: 200,
    errors: ['method_unknown', 'limit_exceeded'],
  }),
  operatorWebhook: route({
    method: 'POST',
    path: '/v1/operators/{operatorId}/webhooks',
    summary: "An operator's word on one authorisation, signed by the operator. The same one again changes nothing.",
    caller: 'operator',
    params: z.object({ operatorId: operatorIdSchema }),
    query: noQuery,
    request: z.object({
      webhookId: z.string().min(1).max(64),
      type: z.enum([
        'authorisation.captured',
        'authorisation.declined',
        'authorisation.reversed',
        'authorisation.charged_back',
      ]),
      authorisationId: uuidV7Schema,
      amount: moneySchema,
      reason: z.string().max(64).optional(),
      at: z.iso.datetime(),
      sequence: z.int().nonnegative(),
    }),
    response: z.object({ isAccepted: z.literal(true) }),
    status: 200,
    errors: ['not_found', 'conflict'],
  }),

  // ---- Groups ----------------------------------------------------------------------------------------------------
  checkIn: route({
    method: 'POST',
    path: '/v1/check-ins',
    summary:
      "Joins a table's check by reading its code; a check that is opened at the table later finds the guest there.",
    caller: 'phone',
    params: noParams,
    query: noQuery,
    request: z.object({ tableCode: z.string().min(1).max(128) }),
    response: z.object({
      checkInId: uuidV7Schema,
      storeId: storeIdSchema,
      store: z.string(),
      table: z.string(),
      /** Absent while nothing was opened at the table. */
      checkId: checkIdSchema.optional(),
      settlementMethods: z.array(z.string()),
    }),
    status: 201,
    errors: ['not_found'],
  }),
  leaveCheckIn: route({
    method: 'DELETE',
    path: '/v1/check-ins/{checkInId}',
    summary: 'Leaves the table again.',
    caller: 'phone',
    params: z.object({ checkInId: uuidV7Schema }),
    query: noQuery,
    request: nothing,
    response: z.object({ checkInId: uuidV7Schema }),
    status: 200,
    errors: ['not_found'],
  }),
  listWalletChecks: route({
    method: 'GET',
    path: '/v1/wallet/checks',
    summary: 'The open checks that this customer is on, with their own part of the consumption so far.',
    caller: 'phone',
    params: noParams,
    query: noQuery,
    request: nothing,
    response: z.object({
      checks: z.array(
        z.object({
          checkId: checkIdSchema.optional(),
          checkInId: uuidV7Schema.optional(),
          store: z.string(),
          label: z.string(),
          people: z.int().nonnegative(),
          /** Of this customer alone. */
          share: moneySchema.optional(),
          items: groupPaymentViewSchema.shape.items,
        }),
      ),
      notices: z.array(z.object({ noticeId: uuidV7Schema, store: z.string(), title: z.string(), body: z.string() })),
    }),
    status: 200,
    errors: [],
  }),
  listGroupPayments: route({
    method: 'GET',
    path: '/v1/wallet/group-payments',
    summary: 'Who paid how much for whom, where and for which items; only what concerns this customer.',
    caller: 'phone',
    params: noParams,
    query: pageQuery,
    request: nothing,
    response: z.object({ groupPayments: z.array(groupPaymentViewSchema), ...nextCursor }),
    status: 200,
    errors: [],
  }),
  getGroupPayment: route({
    method: 'GET',
    path: '/v1/wallet/group-payments/{groupPaymentId}',
    summary: 'One of them. Whoever was not in the group is told that there is none.',
    caller: 'phone',
    params: z.object({ groupPaymentId: attemptIdSchema }),
    query: noQuery,
    request: nothing,
    response: groupPaymentViewSchema,
    status: 200,
    errors: ['not_found'],
  }),
  listBalances: route({
    method: 'GET',
    path: '/v1/wallet/balances',
    summary: 'What is open between this customer and each other person, net.',
    caller: 'phone',
    params: noParams,
    query: noQuery,
    request: nothing,
    response: z.object({ people: z.array(personBalanceSchema) }),
    status: 200,
    errors: [],
  }),
  treat: route({
    method: 'POST',
    path: '/v1/group-payments/{groupPaymentId}/treat',
    summary: 'The payer waives what is open: of everybody, or of some.',
    caller: 'phone',
    params: z.object({ groupPaymentId: attemptIdSchema }),
    query: noQuery,
    request: z.object({ allotmentIds: z.array(uuidV7Schema).max(64).default([]) }),
    response: groupPaymentViewSchema,
    status: 200,
    errors: ['not_found'],
  }),
  putRepayment: route({
    method: 'PUT',
    path: '/v1/allotments/{allotmentId}/repayments/{repaymentId}',
    summary: 'Pays back what the payer bore, in whole or in part, from the wallet and with the PIN.',
    caller: 'phone',
    params: z.object({ allotmentId: uuidV7Schema, repaymentId: uuidV7Schema }),
    query: noQuery,
    request: z.object({ amount: moneySchema, pin: pinSchema }),
    response: z.object({ allotment: allotmentViewSchema, balance: moneySchema }),
    status: 200,
    errors: [
      'not_found',
      'pin_wrong',
      'pin_required',
      'wallet_locked',
      'insufficient_funds',
      'nothing_open',
      'duplicate_mismatch',
    ],
  }),

  // ---- Administration --------------------------------------------------------------------------------------------
  adminOverview: route({
    method: 'GET',
    path: '/v1/admin/overview',
    summary: 'Stores, terminals and operators, and the most that offline acceptance can lose right now.',
    caller: 'admin',
    params: noParams,
    query: noQuery,
    request: nothing,
    response: z.object({
      stores: z.array(z.object({ storeId: storeIdSchema, name: z.string(), settlementMethods: z.array(z.string()) })),
      terminals: z.array(terminalViewSchema),
      operators: z.array(operatorSchema.extend({ url: z.string() })),
      wallets: z.int().nonnegative(),
      /** Per currency: aliases that can pay offline × active terminals × cap per alias - what is reserved for them. */
      offlineExposure: z.array(
        z.object({ currency: currencySchema, bound: amountSchema, reserved: amountSchema, aliases: z.int() }),
      ),
      serverTime,
    }),
    status: 200,
    errors: [],
  }),
  adminOpenStore: route({
    method: 'PUT',
    path: '/v1/admin/stores/{storeId}',
    summary: 'Opens a store, or changes its name, its accepted methods, its fee, its offline limits.',
    caller: 'admin',
    params: storeParams,
    query: noQuery,
    request: z.object({
      name: z.string().trim().min(1).max(64),
      settlementMethods: z.array(z.string().min(1).max(64)).max(20).optional(),
      /** What the store pays of each settlement, rounded down: numerator/denominator. */
      fee: z.object({ numerator: z.int().min(0).max(10_000), denominator: z.literal(10_000) }).optional(),
      offlinePolicy: offlinePolicySchema.partial().optional(),
    }),
    response: z.object({ storeId: storeIdSchema, name: z.string() }),
    status: 200,
    errors: [],
  }),
  adminMakeEnrolmentCode: route({
    method: 'POST',
    path: '/v1/admin/stores/{storeId}/enrolment-codes',
    summary: 'A code that enrols one terminal in the store: 10 minutes, 5 tries.',
    caller: 'admin',
    params: storeParams,
    query: noQuery,
    request: z.object({ isApproved: z.boolean().default(false) }),
    response: z.object({ enrolmentCode: z.string(), expiresAt: z.iso.datetime() }),
    status: 201,
    errors: ['not_found'],
  }),
  adminApproveTerminal: route({
    method: 'POST',
    path: '/v1/admin/terminals/{terminalId}/approve',
    summary: 'Lets an enrolled terminal work, once its fingerprint was compared.',
    caller: 'admin',
    params: z.object({ terminalId: terminalIdSchema }),
    query: noQuery,
    request: z.object({ fingerprint: z.string().max(64) }),
    response: terminalViewSchema,
    status: 200,
    errors: ['not_found', 'conflict'],
  }),
  adminRevokeTerminal: route({
    method: 'POST',
    path: '/v1/admin/terminals/{terminalId}/revoke',
    summary: 'From now on its key and its sessions sign nothing.',
    caller: 'admin',
    params: z.object({ terminalId: terminalIdSchema }),
    query: noQuery,
    request: nothing,
    response: terminalViewSchema,
    status: 200,
    errors: ['not_found'],
  }),
  adminPutOperator: route({
    method: 'PUT',
    path: '/v1/admin/operators/{operatorId}',
    summary: 'Adds a payment-means operator by its address and key, or changes them.',
    caller: 'admin',
    params: z.object({ operatorId: operatorIdSchema }),
    query: noQuery,
    request: z.object({
      name: z.string().min(1).max(64),
      url: z.url(),
      publicKey: publicKeySchema,
      kinds: z.array(methodKindSchema).min(1).max(8),
    }),
    response: operatorSchema,
    status: 200,
    errors: [],
  }),
  adminReconcileOperator: route({
    method: 'GET',
    path: '/v1/admin/operators/{operatorId}/reconciliation',
    summary: "Our reloads of one UTC day against the operator's settlement file, line by line in four buckets.",
    caller: 'admin',
    params: z.object({ operatorId: operatorIdSchema }),
    query: z.object({ date: z.iso.date() }),
    request: nothing,
    response: z.object({
      date: z.iso.date(),
      matched: z.object({ count: z.int(), amount: amountSchema }),
      oursOnly: z.array(z.object({ reloadId: z.string(), amount: amountSchema, currency: currencySchema })),
      theirsOnly: z.array(z.object({ reloadId: z.string(), amount: amountSchema, currency: currencySchema })),
      amountDiffers: z.array(
        z.object({ reloadId: z.string(), ours: amountSchema, theirs: amountSchema, currency: currencySchema }),
      ),
    }),
    status: 200,
    errors: ['not_found', 'operator_unavailable'],
  }),
  adminMakeBindingCode: route({
    method: 'POST',
    path: '/v1/admin/wallets/{walletId}/binding-codes',
    summary: 'For a customer who lost the only phone and proved who they are: a code that binds a new one.',
    caller: 'admin',
    params: z.object({ walletId: uuidV7Schema }),
    query: noQuery,
    request: nothing,
    response: z.object({ bindingCode: z.string(), expiresAt: z.iso.datetime() }),
    status: 201,
    errors: ['not_found'],
  }),
  adminUnlockWallet: route({
    method: 'POST',
    path: '/v1/admin/wallets/{walletId}/unlock',
    summary: 'After the customer proved who they are: unlocks the wallet, and forgets the PIN where that is asked for.',
    caller: 'admin',
    params: z.object({ walletId: uuidV7Schema }),
    query: noQuery,
    request: z.object({ forgetPin: z.boolean().default(false) }),
    response: z.object({ walletId: uuidV7Schema }),
    status: 200,
    errors: ['not_found'],
  }),
} as const;

export type WalletRoutes = typeof walletRoutes;
export type RouteName = keyof WalletRoutes;
export type RouteParams<Name extends RouteName> = z.infer<WalletRoutes[Name]['params']>;
export type RouteQuery<Name extends RouteName> = z.infer<WalletRoutes[Name]['query']>;
/** What a caller sends: what has a default may be left out. */
export type RouteRequest<Name extends RouteName> = z.input<WalletRoutes[Name]['request']>;
/** What a handler is given. */
export type RouteInput<Name extends RouteName> = z.output<WalletRoutes[Name]['request']>;
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
  'session_expired',
  'terminal_not_approved',
] as const satisfies readonly ProblemCode[];

/** What only the device key may sign: it names who did it, for whoever must be shown that later. */
export const deviceKeyRoutes: readonly RouteName[] = ['openSession', 'cancelSettlement', 'putSettlements'];

/** The path of a route with its parameters filled in and escaped. */
export function pathOf<Name extends RouteName>(
  name: Name,
  params: RouteParams<Name>,
  query: RouteQuery<Name> = {} as RouteQuery<Name>,
): string {
  return fillPath(walletRoutes[name].path, params, query);
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

function route<
  Params extends z.ZodType,
  Query extends z.ZodType,
  Request extends z.ZodType,
  Response extends z.ZodType,
>(
  definition: Route<Caller, ProblemCode, Params, Query, Request, Response>,
): Route<Caller, ProblemCode, Params, Query, Request, Response> {
  return definition;
}
