import { createHash } from 'node:crypto';
import type { Selectable, Transaction } from 'kysely';
import type { Money } from '#contract/money.ts';
import type { ReloadView } from '#contract/reload.ts';
import type { Books } from '../store/books.ts';
import type { Schema } from '../store/schema.ts';

/** One row of `reload`: written before the operator is asked, moved from state to state, never deleted. */
export type ReloadRow = Selectable<Schema['reload']>;
export type ReloadState = ReloadRow['state'];

/** The operator may yet take the money, or has, and the wallet does not have it. */
export const openStates = ['requested', 'authorising', 'unknown', 'captured'] as const satisfies ReloadState[];
/** Of those: before the operator has said. */
export const unsaidStates = ['requested', 'authorising', 'unknown'] as const satisfies ReloadState[];

export async function findReload(books: Books, reloadId: string): Promise<ReloadRow | undefined> {
  return books.db.selectFrom('reload').selectAll().where('id', '=', reloadId).executeTakeFirst();
}

/** Moves a row on if it is still in one of these states. Whoever comes second is told false. */
export async function moveReload(
  handle: Pick<Books['db'], 'updateTable'>,
  reloadId: string,
  from: readonly ReloadState[],
  change: Partial<Pick<ReloadRow, 'state' | 'reason' | 'next_inquiry_at_ms' | 'settled_at_ms'>>,
): Promise<boolean> {
  const { numUpdatedRows } = await handle
    .updateTable('reload')
    .set(change)
    .where('id', '=', reloadId)
    .where('state', 'in', [...from])
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

/** Takes a row that is due, so that no other server asks about it meanwhile. */
export async function claimReload(books: Books, row: ReloadRow, untilMs: number): Promise<boolean> {
  const { numUpdatedRows } = await books.db
    .updateTable('reload')
    .set({ next_inquiry_at_ms: untilMs, inquiries: row.inquiries + 1 })
    .where('id', '=', row.id)
    .where('next_inquiry_at_ms', '=', row.next_inquiry_at_ms)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

export async function listDueReloads(books: Books, nowMs: number, limit: number): Promise<readonly ReloadRow[]> {
  return books.db
    .selectFrom('reload')
    .selectAll()
    .where('next_inquiry_at_ms', '<=', nowMs)
    .orderBy('next_inquiry_at_ms')
    .limit(limit)
    .execute();
}

export async function nextDueMs(books: Books): Promise<number | undefined> {
  const row = await books.db
    .selectFrom('reload')
    .select('next_inquiry_at_ms as at')
    .where('next_inquiry_at_ms', 'is not', null)
    .orderBy('next_inquiry_at_ms')
    .limit(1)
    .executeTakeFirst();
  return row?.at ?? undefined;
}

/** What a wallet reloaded or may yet have reloaded since then, and how much of all is still open. */
export async function sumReloads(
  trx: Transaction<Schema>,
  walletId: string,
  sinceMs: number,
  cause?: ReloadRow['cause'],
): Promise<number> {
  const rows = await trx
    .selectFrom('reload')
    .select('amount')
    .where('wallet_id', '=', walletId)
    .where('requested_at_ms', '>=', sinceMs)
    .where('state', 'not in', ['declined', 'reversed'])
    .$if(cause !== undefined, (query) => query.where('cause', '=', cause ?? 'auto'))
    .execute();
  return rows.reduce((total, { amount }) => total + amount, 0);
}

export async function listOpenReloads(
  trx: Transaction<Schema>,
  walletId: string,
): Promise<readonly { readonly amount: number; readonly cause: ReloadRow['cause'] }[]> {
  return trx
    .selectFrom('reload')
    .select(['amount', 'cause'])
    .where('wallet_id', '=', walletId)
    .where('state', 'in', [...openStates])
    .execute();
}

/** Two reloads with one id are the same where this is: wallet, means, amount and currency. */
export function hashReload(walletId: string, methodId: string, amount: Money): string {
  return createHash('sha256')
    .update(JSON.stringify([walletId, methodId, amount.amount, amount.currency]))
    .digest('base64url');
}

/** @param balance of the wallet, where the reload was credited just now */
export function toView(row: ReloadRow, balance?: number): ReloadView {
  const { state, currency } = row;
  const at = row.settled_at_ms;
  return {
    reloadId: row.id,
    methodId: row.method_id,
    state:
      state === 'requested' || state === 'authorising' || state === 'unknown' || state === 'captured'
        ? 'pending'
        : state,
    amount: { amount: row.amount, currency },
    cause: row.cause,
    ...(state === 'declined' ? { reason: reasonOf(row.reason) } : {}),
    requestedAt: new Date(row.requested_at_ms).toISOString(),
    ...(at === null ? {} : { settledAt: new Date(at).toISOString() }),
    ...(balance === undefined ? {} : { balance: { amount: balance, currency } }),
  };
}

/** An operator may have more reasons than the contract. */
export function reasonOf(reason: string | null | undefined): NonNullable<ReloadView['reason']> {
  switch (reason) {
    case 'insufficient_funds':
    case 'do_not_honour':
    case 'expired':
    case 'limit_exceeded':
    case 'operator_unavailable':
      return reason;
    default:
      return 'other';
  }
}
