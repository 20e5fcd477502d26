import type { z } from 'zod';
import type { StoreId } from '#contract/ids.ts';
import type { storeLedgerEntrySchema } from '#contract/wallet.ts';
import { comparePlaces, type Cursor, type Page } from './cursor.ts';
import type { Books } from './store/books.ts';

type StoreLedgerEntry = z.infer<typeof storeLedgerEntrySchema>;

export interface StoreLedgerQuery {
  readonly storeId: StoreId;
  /** From this instant on, and before that one. */
  readonly fromMs: number | undefined;
  readonly toMs: number | undefined;
  readonly after: Cursor | undefined;
  readonly limit: number;
  readonly nowMs: number;
}

/**
 * How much later than its time stamp a row may appear: it waited for a lock, or another server's clock is behind. Only
 * what is older may end a page that another one follows, so that nothing appears behind a cursor.
 */
const LATE_MS = 10_000;
const SETTLEMENT = 0;
const CANCEL = 1;
const REFUND = 2;

/** Everything that a store's terminals asked to be booked, in the order of booking, a page at a time. */
export async function readStoreLedger(books: Books, query: StoreLedgerQuery): Promise<Page<StoreLedgerEntry>> {
  const { fromMs = 0, toMs = Number.MAX_SAFE_INTEGER, limit, nowMs } = query;
  const read = [await readSettlements(books, query), await readCancels(books, query), await readRefunds(books, query)];
  const found = read
    .flat()
    .filter(({ place }) => place.atMs >= fromMs && place.atMs < toMs)
    .toSorted((a, b) => comparePlaces(a.place, b.place));
  if (found.length <= limit) return { entries: found.map(({ entry }) => entry), next: undefined };
  const sure = found.slice(0, limit).filter(({ place }) => place.atMs <= nowMs - LATE_MS);
  // Where not one is sure yet, the same page is asked for once more, a little later.
  const start: Cursor = query.after ?? { atMs: fromMs, rank: 0, id: LOWEST_ID };
  return { entries: sure.map(({ entry }) => entry), next: sure.at(-1)?.place ?? start };
}

interface Found {
  readonly place: Cursor;
  readonly entry: StoreLedgerEntry;
}

const LOWEST_ID = '00000000-0000-0000-0000-000000000000';

async function readSettlements({ db }: Books, query: StoreLedgerQuery): Promise<Found[]> {
  const [fromMs, fromId] = startOf(query, SETTLEMENT);
  const rows = await db
    .selectFrom('settlement')
    .selectAll()
    .where('store_id', '=', query.storeId)
    .where('booked_at_ms', '<', query.toMs ?? Number.MAX_SAFE_INTEGER)
    .where((is) =>
      is.or([is('booked_at_ms', '>', fromMs), is.and([is('booked_at_ms', '=', fromMs), is('id', '>', fromId)])]),
    )
    .orderBy('booked_at_ms')
    .orderBy('id')
    .limit(query.limit + 1)
    .execute();
  return rows.map((row) => ({
    place: { atMs: row.booked_at_ms ?? 0, rank: SETTLEMENT, id: row.id },
    entry: {
      kind: row.was_booked === 1 ? 'settlement' : 'declined',
      id: row.id,
      settlementId: row.id,
      terminalId: row.terminal_id,
      ...(row.check_id === null ? {} : { checkId: row.check_id }),
      amount: row.was_booked === 1 ? (row.amount ?? 0) : 0,
      fee: row.was_booked === 1 ? row.fee : 0,
      ...(row.currency === null ? {} : { currency: row.currency }),
      ...(row.mode === null ? {} : { mode: row.mode }),
      ...(row.was_booked === 1 || row.reason === null ? {} : { reason: row.reason }),
      at: new Date(row.booked_at_ms ?? 0).toISOString(),
    },
  }));
}

/** Of cancels, those too that moved nothing: the id is blocked. */
async function readCancels({ db }: Books, query: StoreLedgerQuery): Promise<Found[]> {
  const [fromMs, fromId] = startOf(query, CANCEL);
  const rows = await db
    .selectFrom('settlement')
    .selectAll()
    .where('store_id', '=', query.storeId)
    .where('cancelled_at_ms', 'is not', null)
    .where('cancelled_at_ms', '<', query.toMs ?? Number.MAX_SAFE_INTEGER)
    .where((is) =>
      is.or([is('cancelled_at_ms', '>', fromMs), is.and([is('cancelled_at_ms', '=', fromMs), is('id', '>', fromId)])]),
    )
    .orderBy('cancelled_at_ms')
    .orderBy('id')
    .limit(query.limit + 1)
    .execute();
  return rows.map((row) => ({
    place: { atMs: row.cancelled_at_ms ?? 0, rank: CANCEL, id: row.id },
    entry: {
      kind: 'cancel',
      id: row.id,
      settlementId: row.id,
      terminalId: row.terminal_id,
      ...(row.check_id === null ? {} : { checkId: row.check_id }),
      amount: row.was_booked === 1 ? -(row.amount ?? 0) : 0,
      fee: row.was_booked === 1 ? negative(row.fee) : 0,
      ...(row.currency === null ? {} : { currency: row.currency }),
      at: new Date(row.cancelled_at_ms ?? 0).toISOString(),
    },
  }));
}

async function readRefunds({ db }: Books, query: StoreLedgerQuery): Promise<Found[]> {
  const [fromMs, fromId] = startOf(query, REFUND);
  const rows = await db
    .selectFrom('transfer')
    .innerJoin('refund', 'refund.id', 'transfer.id')
    .innerJoin('settlement', 'settlement.id', 'refund.settlement_id')
    .select(['refund.id', 'refund.settlement_id', 'refund.terminal_id', 'refund.amount', 'refund.currency'])
    .select(['settlement.check_id', 'transfer.booked_at_ms'])
    .where('transfer.debit_account', '=', query.storeId)
    .where('transfer.kind', '=', 'refund')
    .where('transfer.booked_at_ms', '<', query.toMs ?? Number.MAX_SAFE_INTEGER)
    .where((is) =>
      is.or([
        is('transfer.booked_at_ms', '>', fromMs),
        is.and([is('transfer.booked_at_ms', '=', fromMs), is('transfer.id', '>', fromId)]),
      ]),
    )
    .orderBy('transfer.booked_at_ms')
    .orderBy('transfer.id')
    .limit(query.limit + 1)
    .execute();
  return rows.map((row) => ({
    place: { atMs: row.booked_at_ms, rank: REFUND, id: row.id },
    entry: {
      kind: 'refund',
      id: row.id,
      settlementId: row.settlement_id,
      terminalId: row.terminal_id,
      ...(row.check_id === null ? {} : { checkId: row.check_id }),
      amount: -row.amount,
      fee: 0,
      currency: row.currency,
      at: new Date(row.booked_at_ms).toISOString(),
    },
  }));
}

/** After which row of one kind the page begins: of the cursor's instant, kinds before its own were all given. */
function startOf({ after, fromMs }: StoreLedgerQuery, rank: number): readonly [atMs: number, id: string] {
  if (after === undefined) return [fromMs ?? 0, LOWEST_ID];
  if (rank === after.rank) return [after.atMs, after.id];
  return rank < after.rank ? [after.atMs + 1, LOWEST_ID] : [after.atMs, LOWEST_ID];
}

function negative(amount: number): number {
  return amount === 0 ? 0 : -amount;
}
