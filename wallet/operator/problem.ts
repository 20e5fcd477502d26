import { type OperatorProblem, type OperatorProblemCode, operatorProblemStatus } from '#contract/operator.ts';

/** What a handler answers in place of its response. A value: the world refuses things every day. */
export class Refusal {
  readonly code: OperatorProblemCode;
  readonly detail: string | undefined;

  constructor(code: OperatorProblemCode, detail?: string) {
    this.code = code;
    this.detail = detail;
  }
}

const titles: Readonly<Record<OperatorProblemCode, string>> = {
  bad_request: 'The request is not of the right form',
  signature_missing: 'The request is not signed',
  signature_invalid: 'The signature does not fit the request',
  clock_skew: 'The clocks differ too much',
  request_replayed: 'The request was seen before',
  device_unknown: 'The wallet server is not known here',
  not_found: 'There is no such thing here',
  not_capturable: 'There is nothing set aside that could be captured',
  body_too_large: 'The body is too large',
  unsupported_media_type: 'The body is not JSON',
  duplicate_mismatch: 'The id was used for something else',
  card_number_refused: 'A card number is not taken here',
  kind_unknown: 'There is no such kind of means here',
  internal: 'Something is wrong with this server',
  overloaded: 'This server is busy',
  unavailable: 'This operator is out of order',
};

/** Problem details, RFC 9457. */
export function toProblem({ code, detail }: Refusal): OperatorProblem {
  return {
    type: `urn:warikan:operator-problem:${code}`,
    title: titles[code],
    status: operatorProblemStatus[code],
    code,
    ...(detail === undefined ? {} : { detail }),
  };
}
