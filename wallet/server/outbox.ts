import type { Transaction } from 'kysely';
import type { Books } from './store/books.ts';
import type { Schema } from './store/schema.ts';

/** An event about a check or a table, which is written in the commit of what it tells of. */
export interface CheckEvent {
  readonly type: 'check' | 'checked_in' | 'left';
  readonly walletId?: string;
  readonly storeId?: string;
  readonly checkId?: string | undefined;
  readonly refId: string;
  /** Small, and nothing that must not be read over somebody's shoulder. */
  readonly detail?: Readonly<Record<string, unknown>>;
}

/**
 * Writes events of one store and of wallets. In PostgreSQL it waits for whoever else writes events of the same store or
 * wallet, so that their numbers rise in the order of the commits: whoever reads on from a number misses nothing.
 */
export async function writeEvents(
  { dialect }: Books,
  trx: Transaction<Schema>,
  storeId: string,
  events: readonly CheckEvent[],
  atMs: number,
): Promise<void> {
  if (events.length === 0) return;
  if (dialect === 'postgres') {
    // As the ledger does, wallets in the order of their ids; a store's row is not in the way of its settlements.
    await trx.selectFrom('store').select('id').where('id', '=', storeId).forNoKeyUpdate().execute();
    const walletIds = events.flatMap(({ walletId }) => walletId ?? []);
    if (walletIds.length > 0) {
      await trx.selectFrom('account').select('id').where('id', 'in', walletIds).orderBy('id').forUpdate().execute();
    }
  }
  await trx
    .insertInto('outbox')
    .values(
      events.map((event) => ({
        type: event.type,
        wallet_id: event.walletId ?? null,
        store_id: event.storeId ?? null,
        check_id: event.checkId ?? null,
        ref_id: event.refId,
        detail: event.detail === undefined ? null : JSON.stringify(event.detail),
        at_ms: atMs,
      })),
    )
    .execute();
}
