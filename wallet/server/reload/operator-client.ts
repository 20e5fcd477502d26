import type { z } from 'zod';
import {
  type OperatorParams,
  operatorPath,
  operatorProblemSchema,
  type OperatorQuery,
  type OperatorRequest,
  type OperatorResponse,
  type OperatorRouteName,
  operatorRoutes,
  operatorWebhookSchema,
  type SettlementFileRow,
} from '#contract/operator.ts';
import { signRequest } from '#contract/signature.ts';
import type { Clock } from '../call.ts';
import { keyPairFromSeed, type ServerKeys } from '../keys.ts';
import type { OperatorPort, PortResult } from './operator-port.ts';

/** An operator's server, by the contract of contract/operator.ts. */
export interface OperatorClientOptions {
  /** For example `https://operator.example`. */
  readonly url: string;
  readonly key: RequestKey;
  readonly clock: Clock;
  readonly random: (bytes: number) => Uint8Array;
  /** Ends every call that is on its way: what it would have heard is asked for after the next start. */
  readonly closing: AbortSignal;
}

/** What this server signs its calls to operators with: each operator is told the public key. */
export interface RequestKey {
  /** Base64url: also the `keyid`. */
  readonly publicKey: string;
  readonly sign: (message: Uint8Array) => Uint8Array;
}

const TIMEOUT_MS = 5_000;
const MAX_ANSWER_BYTES = 1_024 * 1_024;
const MAX_PAGES = 1_000;
const NONCE_BYTES = 16;
const UNKNOWN = { type: 'unknown' } as const;

/** Follows from the server's secret, so that several servers over one database sign alike. */
export function requestKeyOf(keys: ServerKeys): RequestKey {
  const { publicKey, sign } = keyPairFromSeed(keys.blind('operator requests', ''));
  return { publicKey: Buffer.from(publicKey).toString('base64url'), sign };
}

export function openOperatorClient(options: OperatorClientOptions): OperatorPort {
  const call = openCall(options);

  async function settlementFile(date: string): Promise<PortResult<readonly SettlementFileRow[]>> {
    const rows: SettlementFileRow[] = [];
    let cursor: string | undefined;
    for (let page = 0; page < MAX_PAGES; page++) {
      const query = { date, ...(cursor === undefined ? {} : { cursor }) };
      const result = await call('getSettlementFile', {}, { query });
      if (result.type !== 'success') return result;
      rows.push(...result.value.rows);
      cursor = result.value.nextCursor;
      if (cursor === undefined) return { type: 'success', value: rows };
    }
    return UNKNOWN;
  }

  return {
    tokenise: ({ methodId, kind, setupToken }) =>
      call('createToken', {}, { body: { kind, setupToken }, idempotencyKey: methodId }),
    forget: async (token) => {
      const result = await call('deleteToken', { token });
      return result.type === 'success' ? { type: 'success', value: undefined } : result;
    },
    authorise: ({ authorisationId, token, amount }) =>
      call('putAuthorisation', { authorisationId }, { body: { token, amount, capture: true } }),
    capture: (authorisationId) => call('captureAuthorisation', { authorisationId }),
    inquire: (authorisationId) => call('getAuthorisation', { authorisationId }),
    reverse: (authorisationId) => call('reverseAuthorisation', { authorisationId }),
    parseWebhook: (body) => {
      const parsed = operatorWebhookSchema.safeParse(body);
      return parsed.success ? { type: 'success', value: parsed.data } : { type: 'failure', code: 'bad_request' };
    },
    settlementFile,
  };
}

function openCall({ url: base, key, clock, random, closing }: OperatorClientOptions) {
  return async <Name extends OperatorRouteName>(
    name: Name,
    params: OperatorParams<Name>,
    sent: {
      readonly body?: OperatorRequest<Name>;
      readonly query?: OperatorQuery<Name>;
      readonly idempotencyKey?: string;
    } = {},
  ): Promise<PortResult<OperatorResponse<Name>>> => {
    const { method, response: shape } = operatorRoutes[name];
    const url = base + operatorPath(name, params, sent.query);
    const body = sent.body === undefined ? undefined : JSON.stringify(sent.body);
    const signed = await signRequest({
      method,
      url,
      body,
      idempotencyKey: sent.idempotencyKey,
      keyId: key.publicKey,
      created: Math.floor(clock.nowMs() / 1_000),
      nonce: Buffer.from(random(NONCE_BYTES)).toString('base64url'),
      sign: key.sign,
    });
    try {
      const response = await fetch(url, {
        method,
        headers: { ...signed, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
        ...(body === undefined ? {} : { body }),
        redirect: 'error',
        signal: AbortSignal.any([AbortSignal.timeout(TIMEOUT_MS), closing]),
      });
      const json: unknown = JSON.parse(await readBounded(response));
      return readAnswer(shape, response.status, json) as PortResult<OperatorResponse<Name>>;
    } catch {
      // Not there, too slow, cut off, or not JSON: whether it was heard is not known.
      return UNKNOWN;
    }
  };
}

/** Only the operator's own refusal is a failure; whatever stands between may answer 5xx, or something else altogether. */
function readAnswer(shape: z.ZodType, status: number, json: unknown): PortResult<unknown> {
  if (status >= 200 && status < 300) {
    const parsed = shape.safeParse(json);
    return parsed.success ? { type: 'success', value: parsed.data } : UNKNOWN;
  }
  const problem = operatorProblemSchema.safeParse(json);
  if (!problem.success || status < 400 || status >= 500) return UNKNOWN;
  return { type: 'failure', code: problem.data.code };
}

async function readBounded(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength;
    if (size > MAX_ANSWER_BYTES) throw new Error('an operator answered more than is read');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
