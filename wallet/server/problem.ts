import { type Problem, type ProblemCode, problemStatus } from '#contract/wallet.ts';

/** What a handler answers in place of its response. A value: the world refuses things every day. */
export class Refusal {
  readonly code: ProblemCode;
  readonly detail: string | undefined;

  constructor(code: ProblemCode, detail?: string) {
    this.code = code;
    this.detail = detail;
  }
}

const titles: Readonly<Record<ProblemCode, string>> = {
  bad_request: 'The request is not of the right form',
  signature_missing: 'The request is not signed',
  signature_invalid: 'The signature does not fit the request',
  clock_skew: 'The clocks differ too much',
  request_replayed: 'The request was seen before',
  device_unknown: 'The device is not known here',
  device_revoked: 'The device was revoked',
  enrolment_code_invalid: 'The enrolment code is wrong, used or too old',
  binding_code_invalid: 'The binding code is wrong, used or too old',
  not_found: 'There is no such thing here',
  cancelled: 'The settlement was cancelled',
  not_refundable: 'The settlement can no longer be given back like this',
  body_too_large: 'The body is too large',
  unsupported_media_type: 'The body is not JSON',
  duplicate_mismatch: 'The id was used for something else',
  refund_exceeds_settlement: 'More would be given back than was settled',
  token_invalid: 'The code is not valid',
  token_expired: 'The code is too old',
  too_many_requests: 'Too many tries',
  internal: 'Something is wrong with this server',
  overloaded: 'This server is busy',
};

/** Problem details, RFC 9457. */
export function toProblem({ code, detail }: Refusal, serverTime: string): Problem {
  return {
    type: `urn:warikan:problem:${code}`,
    title: titles[code],
    status: problemStatus[code],
    code,
    ...(detail === undefined ? {} : { detail }),
    ...(code === 'clock_skew' ? { serverTime } : {}),
  };
}
