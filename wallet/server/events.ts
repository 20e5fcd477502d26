import { setTimeout as wait } from 'node:timers/promises';
import type { Selectable } from 'kysely';
import { z } from 'zod';
import type { WalletEvent } from '#contract/wallet.ts';
import type { Clock } from './call.ts';
import type { Books } from './store/books.ts';
import type { Schema } from './store/schema.ts';
import type { EventStream } from './stream.ts';

/**
 * What happened, for those who listen: the rows of the outbox, which are written in the commit of what they tell of.
 *
 * A stream reads its own rows by `seq`, which rises in commit order for each wallet and for each store, so that nothing
 * is missed between two readings, nor between two connections. When to read is a hint only: this process says that it
 * has committed something, and the end of the table is looked at now and then for what other processes did.
 */
export interface Events {
  /** Each resolves to a stream that begins after the event named when it is opened, or after the newest of now. */
  ofWallet(walletId: string): Promise<EventStream>;
  ofStore(storeId: string): Promise<EventStream>;
  ofCheck(storeId: string, checkId: string): Promise<EventStream>;
  /** This process has committed something. */
  wake(): void;
  /** Ends all reading. */
  close(): void;
}

export interface EventsOptions {
  readonly books: Books;
  readonly clock: Clock;
  readonly onError: (error: unknown) => void;
  /** How often the books are asked what other processes did. */
  readonly pollMs?: number;
}

interface Filter {
  readonly walletId?: string;
  readonly storeId?: string;
  readonly checkId?: string;
}

interface Listener {
  readonly filter: Filter;
  readonly send: (event: WalletEvent) => void;
  after: number;
  isOver: boolean;
  isReading: boolean;
  isBehind: boolean;
}

const POLL_MS = 500;
/** A listener reads on its own so often, whatever the hints say. */
const READ_ANYWAY_MS = 10_000;
const BATCH = 100;
/** More new rows than this, and everybody reads. */
const MAX_HINTS = 1_000;
/** So many of the newest numbers are looked at again: in PostgreSQL a lower one may be committed after a higher one. */
const LOOK_BACK = 500;
/** Between one look and the next, however much happens. */
const REST_MS = 25;
const KEEP_MS = 30 * 24 * 3_600_000;
const SWEEP_MS = 10 * 60_000;
const SWEEP_BATCH = 1_000;

const detailSchema = z.record(z.string(), z.unknown());

export function openEvents({ books, clock, onError, pollMs = POLL_MS }: EventsOptions): Events {
  const { db } = books;
  const lookBack = books.dialect === 'postgres' ? LOOK_BACK : 0;
  const listeners = new Set<Listener>();
  let isClosed = false;
  let isLooking = false;
  let hasNews = false;
  /** The highest number that was seen, and which of those just below it. */
  let tail = 0;
  let seen = new Set<number>();
  let readAnywayAtMs = 0;
  let poll: NodeJS.Timeout | undefined;
  const sweeping = setInterval(() => void sweep().catch(onError), SWEEP_MS).unref();

  function rowsOf({ walletId, storeId, checkId }: Filter) {
    return db
      .selectFrom('outbox')
      .$if(walletId !== undefined, (query) => query.where('wallet_id', '=', walletId ?? ''))
      .$if(storeId !== undefined, (query) => query.where('store_id', '=', storeId ?? ''))
      .$if(checkId !== undefined, (query) => query.where('check_id', '=', checkId ?? ''));
  }

  async function open(filter: Filter): Promise<EventStream> {
    const newest = await rowsOf(filter).select('seq').orderBy('seq', 'desc').limit(1).executeTakeFirst();
    return {
      type: 'stream',
      open: (afterId, send) => {
        const after = afterId !== undefined && /^\d{1,15}$/.test(afterId) ? Number(afterId) : (newest?.seq ?? 0);
        const listener = { filter, send, after, isOver: isClosed, isReading: false, isBehind: false };
        listeners.add(listener);
        poll ??= setInterval(look, pollMs).unref();
        void read(listener);
        return () => {
          listener.isOver = true;
          listeners.delete(listener);
          if (listeners.size > 0) return;
          clearInterval(poll);
          poll = undefined;
        };
      },
    };
  }

  /** Sends what is new to one listener. */
  async function read(listener: Listener): Promise<void> {
    listener.isBehind = true;
    if (listener.isReading) return;
    listener.isReading = true;
    try {
      while (listener.isBehind && !listener.isOver) {
        listener.isBehind = false;
        const rows = await rowsOf(listener.filter)
          .selectAll()
          .where('seq', '>', listener.after)
          .orderBy('seq')
          .limit(BATCH)
          .execute();
        if (rows.length === BATCH) listener.isBehind = true;
        for (const row of rows) {
          if (listener.isOver) return;
          listener.after = row.seq;
          listener.send(toEvent(row));
        }
      }
    } catch (error) {
      // It is read again before long.
      onError(error);
    } finally {
      listener.isReading = false;
    }
  }

  /** Finds out who has something new to read. */
  function look(): void {
    hasNews = true;
    if (isLooking || listeners.size === 0) return;
    isLooking = true;
    void hint()
      .catch(onError)
      .finally(() => (isLooking = false));
  }

  async function hint(): Promise<void> {
    while (hasNews && !isClosed) {
      hasNews = false;
      const rows = await db
        .selectFrom('outbox')
        .select(['seq', 'wallet_id', 'store_id'])
        .where('seq', '>', tail - lookBack)
        .orderBy('seq', 'desc')
        .limit(lookBack + MAX_HINTS)
        .execute();
      const fresh = rows.filter(({ seq }) => !seen.has(seq));
      tail = Math.max(tail, rows[0]?.seq ?? 0);
      seen = new Set(rows.map(({ seq }) => seq).filter((seq) => seq > tail - lookBack));
      const isMany = rows.length === lookBack + MAX_HINTS || clock.nowMs() >= readAnywayAtMs;
      if (isMany) readAnywayAtMs = clock.nowMs() + READ_ANYWAY_MS;
      const named = new Set(fresh.flatMap((row) => [row.wallet_id, row.store_id]));
      for (const listener of listeners) {
        const { walletId, storeId } = listener.filter;
        if (isMany || named.has(walletId ?? storeId ?? '')) void read(listener);
      }
      await wait(REST_MS, undefined, { ref: false });
    }
  }

  /** Forgets what is old, a few rows at a time: they are in the order of time, near enough. */
  async function sweep(): Promise<void> {
    const oldest = await db.selectFrom('outbox').select(['seq', 'at_ms']).orderBy('seq').limit(SWEEP_BATCH).execute();
    const old = oldest.filter((row) => row.at_ms < clock.nowMs() - KEEP_MS).map(({ seq }) => seq);
    if (old.length > 0 && !isClosed) await db.deleteFrom('outbox').where('seq', 'in', old).execute();
  }

  return {
    ofWallet: (walletId) => open({ walletId }),
    ofStore: (storeId) => open({ storeId }),
    ofCheck: (storeId, checkId) => open({ storeId, checkId }),
    wake: look,
    close: () => {
      isClosed = true;
      clearInterval(sweeping);
      clearInterval(poll);
      for (const listener of listeners) listener.isOver = true;
    },
  };
}

function toEvent(row: Selectable<Schema['outbox']>): WalletEvent {
  return {
    eventId: String(row.seq),
    type: row.type,
    at: new Date(row.at_ms).toISOString(),
    ...(row.ref_id === null ? {} : { refId: row.ref_id }),
    ...(row.check_id === null ? {} : { checkId: row.check_id }),
    ...(row.detail === null ? {} : { detail: detailSchema.parse(JSON.parse(row.detail)) }),
  };
}
