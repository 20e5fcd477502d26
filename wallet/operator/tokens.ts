import { createHash } from 'node:crypto';
import type { Means } from '#contract/operator.ts';
import type { Database } from './database.ts';

/** Customers' means, each known by a token that is made up and a fingerprint that is not. */
export interface Tokens {
  /**
   * A new token for what a customer typed; with an idempotency key the same one again. `mismatch` where the key was used
   * for something else.
   */
  create(request: NewMeans): Means | 'mismatch';
  /** False where there never was such a token. */
  remove(token: string, nowMs: number): boolean;
  /** Whether it may still pay. */
  isUsable(token: string): boolean;
}

interface NewMeans {
  readonly kind: Means['kind'];
  readonly setupToken: string;
  readonly idempotencyKey: string | undefined;
  readonly nowMs: number;
}

export interface TokenOptions {
  readonly database: Database;
  readonly operatorName: string;
  readonly fingerprint: (text: string) => string;
  readonly random: (bytes: number) => Uint8Array;
}

const TOKEN_BYTES = 18;
const FINGERPRINT_CHARACTERS = 22;
/** Ends of the number that a customer would find on the means. */
const SHOWN_DIGITS = 4;
const labels: Readonly<Record<Means['kind'], string>> = {
  card: 'card',
  bank_account: 'account',
  carrier: 'phone bill',
  cash_point: 'cash point',
};

export function openTokens({ database, operatorName, fingerprint, random }: TokenOptions): Tokens {
  const sql = prepare(database);
  const create = database.transaction(({ kind, setupToken, idempotencyKey, nowMs }: NewMeans): Means | 'mismatch' => {
    const typed = setupToken.trim().toLowerCase();
    const requestHash = fingerprint(`request\n${kind}\n${typed}`);
    const seen = idempotencyKey === undefined ? undefined : sql.findByKey.get(idempotencyKey);
    if (seen !== undefined) return seen.request_hash === requestHash ? toMeans(seen) : 'mismatch';
    const row: TokenRow = {
      id: Buffer.from(random(TOKEN_BYTES)).toString('base64url'),
      idempotency_key: idempotencyKey ?? null,
      request_hash: requestHash,
      kind,
      fingerprint: fingerprint(`means\n${kind}\n${typed}`).slice(0, FINGERPRINT_CHARACTERS),
      display_name: `${operatorName} ${labels[kind]} •••• ${endingOf(requestHash)}`,
      made_at_ms: nowMs,
    };
    sql.insert.run(row);
    return toMeans(row);
  });

  return {
    create: (request) => create.immediate(request),
    remove: (token, nowMs) => sql.find.get(token) !== undefined && sql.remove.run(nowMs, token).changes === 1,
    isUsable: (token) => sql.find.get(token)?.removed_at_ms === null,
  };
}

interface TokenRow {
  readonly id: string;
  readonly idempotency_key: string | null;
  readonly request_hash: string;
  readonly kind: Means['kind'];
  readonly fingerprint: string;
  readonly display_name: string;
  readonly made_at_ms: number;
}

function toMeans(row: TokenRow): Means {
  return { token: row.id, kind: row.kind, displayName: row.display_name, fingerprint: row.fingerprint };
}

function endingOf(hash: string): string {
  const digits = createHash('sha256').update(hash).digest().readUInt32BE(0) % 10 ** SHOWN_DIGITS;
  return String(digits).padStart(SHOWN_DIGITS, '0');
}

function prepare(database: Database) {
  return {
    find: database.prepare<[string], TokenRow & { readonly removed_at_ms: number | null }>(
      'select * from token where id = ?',
    ),
    findByKey: database.prepare<[string], TokenRow>('select * from token where idempotency_key = ?'),
    insert: database.prepare<TokenRow>(
      `insert into token (id, idempotency_key, request_hash, kind, fingerprint, display_name, made_at_ms)
       values (@id, @idempotency_key, @request_hash, @kind, @fingerprint, @display_name, @made_at_ms)`,
    ),
    remove: database.prepare<[number, string]>(
      'update token set removed_at_ms = coalesce(removed_at_ms, ?) where id = ?',
    ),
  };
}
