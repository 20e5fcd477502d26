import { type Problem, type ProblemCode, problemStatus } from '#contract/wallet.ts';

interface Extra {
  /** With `pin_wrong`. */
  readonly triesLeft?: number;
  /** With 429 and 503: when it is worth coming again. */
  readonly retryAfterSeconds?: number;
}

/** What a handler answers in place of its response. A value: the world refuses things every day. */
export class Refusal {
  readonly code: ProblemCode;
  readonly detail: string | undefined;
  readonly extra: Extra;

  constructor(code: ProblemCode, detail?: string, extra: Extra = {}) {
    this.code = code;
    this.detail = detail;
    this.extra = extra;
  }
}

const titles: Readonly<Record<ProblemCode, string>> = {
  bad_request: 'The request is not of the right form',
  signature_missing: 'The request is not signed',
  signature_invalid: 'The signature does not fit the request',
  clock_skew: 'The clocks differ too much',
  request_replayed: 'The request was seen before',
  device_unknown: 'The device is not known here',
  session_expired: 'The session is over',
  admin_token_invalid: 'The administrator’s token is not valid',
  device_revoked: 'The device was revoked',
  terminal_not_approved: 'The terminal waits for an administrator’s approval',
  device_key_required: 'Only the device’s own key may sign this',
  enrolment_code_invalid: 'The enrolment code is wrong, used or too old',
  binding_code_invalid: 'The binding code is wrong, used or too old',
  pin_wrong: 'The PIN is wrong',
  wallet_locked: 'The wallet is locked',
  not_found: 'There is no such thing here',
  method_not_allowed: 'This is not asked like that',
  cancelled: 'The settlement was cancelled',
  not_refundable: 'The settlement can no longer be given back like this',
  pin_required: 'The wallet has no PIN yet',
  pin_exists: 'The wallet has a PIN already',
  insufficient_funds: 'The balance is too low',
  nothing_open: 'Nothing is open, or less than that',
  conflict: 'It does not fit what is there',
  body_too_large: 'The body is too large',
  unsupported_media_type: 'The body is not JSON',
  duplicate_mismatch: 'The id was used for something else',
  refund_exceeds_settlement: 'More would be given back than was settled',
  token_invalid: 'The code is not valid',
  token_expired: 'The code is too old',
  limit_exceeded: 'The amount is above a limit',
  method_unknown: 'There is no such method',
  group_invalid: 'The group does not add up',
  operator_refused: 'The operator of the payment means refused',
  too_many_requests: 'Too many tries',
  internal: 'Something is wrong with this server',
  operator_unavailable: 'The operator of the payment means cannot be reached',
  overloaded: 'This server is busy',
};

/** Problem details, RFC 9457. */
export function toProblem({ code, detail, extra }: Refusal, serverTime: string): Problem {
  return {
    type: `urn:warikan:problem:${code}`,
    title: titles[code],
    status: problemStatus[code],
    code,
    ...(detail === undefined ? {} : { detail }),
    ...(code === 'clock_skew' ? { serverTime } : {}),
    ...(extra.triesLeft === undefined ? {} : { triesLeft: extra.triesLeft }),
  };
}
