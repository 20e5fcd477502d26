import { sql, type Transaction } from 'kysely';
import type { Books } from './store/books.ts';
import type { Schema } from './store/schema.ts';

/** Aliases that no terminal accepts, even where it cannot ask. Each change has a version, by which a delta is asked. */
export interface DenyList {
  /** From now on. Nothing happens to one that is on the list. */
  add(alias: string, reason: DenyReason, atMs: number): Promise<void>;
  /** The same inside of a transaction that has more to say. */
  addIn(trx: Transaction<Schema>, alias: string, reason: DenyReason, atMs: number): Promise<void>;
}

type DenyReason = 'phone_removed' | 'token_replayed';

export function openDenyList(books: Books): DenyList {
  async function addIn(trx: Transaction<Schema>, alias: string, reason: DenyReason, atMs: number): Promise<void> {
    // Versions must appear in their order, or a reader between two commits would miss one. SQLite has one writer anyway.
    if (books.dialect === 'postgres') await sql`lock table deny_list in exclusive mode`.execute(trx);
    const last = await trx
      .selectFrom('deny_list')
      .select('is_denied')
      .where('alias', '=', alias)
      .orderBy('version', 'desc')
      .limit(1)
      .executeTakeFirst();
    if (last?.is_denied === 1) return;
    await trx.insertInto('deny_list').values({ alias, is_denied: 1, reason, at_ms: atMs }).execute();
  }
  return {
    add: (alias, reason, atMs) => books.write((trx) => addIn(trx, alias, reason, atMs)),
    addIn,
  };
}
