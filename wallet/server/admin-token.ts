import { createHash, timingSafeEqual } from 'node:crypto';
import type { Books } from './store/books.ts';

/** Bearer tokens of administrators: shown once, when the command line makes them; the books keep a hash. */

const TOKEN_BYTES = 32;
/** `wka_` tells a scanner for leaked secrets, and a person, what it is. */
const TOKEN = /^wka_[A-Za-z0-9_-]{43}$/;
const MAX_TOKENS = 100;

export async function makeAdminToken(
  { db }: Books,
  made: { readonly id: string; readonly name: string; readonly random: Uint8Array; readonly atMs: number },
): Promise<string> {
  const token = `wka_${Buffer.from(made.random).subarray(0, TOKEN_BYTES).toString('base64url')}`;
  await db
    .insertInto('admin_token')
    .values({
      id: made.id,
      name: made.name,
      token_hash: hashOf(token),
      made_at_ms: made.atMs,
      revoked_at_ms: null,
    })
    .execute();
  return token;
}

/** The token's id. All that are in use are compared, each in constant time, so nothing tells how close a guess came. */
export async function findAdminToken({ db }: Books, token: string): Promise<string | undefined> {
  if (!TOKEN.test(token)) return undefined;
  const given = hashOf(token);
  const rows = await db
    .selectFrom('admin_token')
    .select(['id', 'token_hash'])
    .where('revoked_at_ms', 'is', null)
    .orderBy('made_at_ms', 'desc')
    .limit(MAX_TOKENS)
    .execute();
  return rows.filter((row) => timingSafeEqual(row.token_hash, given))[0]?.id;
}

/** False where nobody of that name has one. */
export async function revokeAdminTokens({ db }: Books, name: string, atMs: number): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('admin_token')
    .set({ revoked_at_ms: atMs })
    .where('name', '=', name)
    .where('revoked_at_ms', 'is', null)
    .executeTakeFirstOrThrow();
  return numUpdatedRows > 0n;
}

function hashOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
