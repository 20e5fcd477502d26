import { parseItem } from 'structured-headers';
import { z } from 'zod';
import { type RouteName, walletRoutes } from '#contract/wallet.ts';
import { Refusal } from '../problem.ts';

/** A request's parts as its route wants them. */
export interface Input {
  readonly params: unknown;
  readonly query: unknown;
  readonly body: unknown;
}

interface Sent {
  readonly params: unknown;
  readonly query: unknown;
  readonly body: Buffer;
  readonly idempotencyKey: string | string[] | undefined;
}

const SMALL_BODY_BYTES = 16 * 1_024;
/** A table of 64 guests and 500 lines. */
const GROUP_BODY_BYTES = 512 * 1_024;
/** A hundred of those that were accepted offline; a group among them is rare. */
const BATCH_BODY_BYTES = 1_024 * 1_024;
const utf8 = new TextDecoder('utf-8', { fatal: true });

const largeBodies: Partial<Readonly<Record<RouteName, number>>> = {
  putMembers: GROUP_BODY_BYTES,
  putConsumption: GROUP_BODY_BYTES,
  previewSplit: GROUP_BODY_BYTES,
  putSettlement: GROUP_BODY_BYTES,
  putSettlements: BATCH_BODY_BYTES,
  putRefund: GROUP_BODY_BYTES,
};

/** The most that a route's body may be. */
export function bodyBytesOf(name: RouteName): number {
  return largeBodies[name] ?? SMALL_BODY_BYTES;
}

/** Reads requests of one route. */
export function openParser(name: RouteName): (sent: Sent) => Input | Refusal {
  const { params, query, request, path } = walletRoutes[name];
  const strictQuery = z.strictObject(query.shape);
  const hasBody = !request.safeParse(undefined).success;
  const lastParam = Array.from(path.matchAll(/\{(\w+)\}/g), ([, key = '']) => key).at(-1);
  return (sent) => {
    const parsedParams = params.safeParse(sent.params);
    if (!parsedParams.success) return new Refusal('bad_request', describe('path', parsedParams.error.issues));
    const parsedQuery = strictQuery.safeParse(sent.query);
    if (!parsedQuery.success) return new Refusal('bad_request', describe('query', parsedQuery.error.issues));
    if (!isWellFormed(sent.query)) return new Refusal('bad_request', 'query: characters that no text has');
    if (sent.idempotencyKey !== undefined) {
      const id = lastParam === undefined ? undefined : (sent.params as Readonly<Record<string, unknown>>)[lastParam];
      const mismatch = checkIdempotencyKey(sent.idempotencyKey, id);
      if (mismatch !== undefined) return new Refusal('bad_request', mismatch);
    }
    // A route that asks for no body takes no notice of one.
    if (!hasBody) return { params: parsedParams.data, query: parsedQuery.data, body: undefined };
    const json = parseJson(sent.body);
    if (json instanceof Refusal) return json;
    const parsedBody = request.safeParse(json);
    if (!parsedBody.success) return new Refusal('bad_request', describe('body', parsedBody.error.issues));
    return { params: parsedParams.data, query: parsedQuery.data, body: parsedBody.data };
  };
}

function parseJson(bytes: Buffer): unknown {
  try {
    const text = utf8.decode(bytes);
    const json: unknown = JSON.parse(text);
    // Only an escape can write a character that no text has: not one that UTF-8 knows, or one that databases refuse.
    if (text.includes('\\u') && !isWellFormed(json)) {
      return new Refusal('bad_request', 'The body has characters that no text has.');
    }
    return json;
  } catch {
    return new Refusal('bad_request', 'The body is not JSON in UTF-8.');
  }
}

/** No half of a surrogate pair and no NUL, in keys neither. */
function isWellFormed(value: unknown): boolean {
  const waiting: unknown[] = [value];
  while (waiting.length > 0) {
    const next = waiting.pop();
    if (typeof next === 'string') {
      if (!next.isWellFormed() || next.includes('\0')) return false;
    } else if (typeof next === 'object' && next !== null) {
      for (const [key, child] of Object.entries(next)) waiting.push(key, child);
    }
  }
  return true;
}

/**
 * The header's draft says: a structured-field string. The ids in our paths are idempotency keys already, so it can only
 * say the same once more; where a path has none, it is read and means nothing.
 *
 * @returns what is wrong
 */
function checkIdempotencyKey(header: string | string[], id: unknown): string | undefined {
  const wrong = 'Idempotency-Key: not the id in the path, as a string in quotes';
  try {
    const [key] = parseItem(String(header));
    if (typeof key !== 'string') return wrong;
    return id === undefined || key === id ? undefined : wrong;
  } catch {
    return wrong;
  }
}

/** Where it is wrong and why, never what was sent: that may be a customer's code. */
function describe(
  part: string,
  issues: readonly { readonly path: readonly PropertyKey[]; readonly code?: string }[],
): string {
  return issues
    .slice(0, 3)
    .map(({ path, code }) => `${[part, ...path.map(String)].join('.')}: ${code ?? 'invalid'}`)
    .join('; ');
}
