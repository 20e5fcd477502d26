import pg from 'pg';
import type { Clock } from '../call.ts';
import type { Database } from './database.ts';

/** Tells whether another process may have changed who signs: an approval and a revocation hold at once, everywhere. */
export interface SignerChanges {
  /** Another number whenever somebody else may have changed something. Undefined while that cannot be known. */
  epoch(): number | undefined;
  close(): Promise<void>;
}

/** For whoever has the books to himself, or wants to ask each time. */
export const unknownChanges: SignerChanges = { epoch: () => undefined, close: async () => {} };

/** SQLite counts what other connections have committed to the file. */
export function watchSqlite(database: Database): SignerChanges {
  const version = database.prepare<[], number>('pragma data_version').pluck();
  return { epoch: () => version.get(), close: async () => {} };
}

const CHANNEL = 'warikan_signer';
const PING_MS = 1_000;
/** A wire that was silent for so long may be cut: nothing is believed until it speaks again. */
const SILENCE_MS = 4_000;

/**
 * Triggers of the database tell this channel when a terminal's or a phone's row changes. While the connection is down, or
 * may be, there is no epoch and every request asks the database.
 */
export function watchPostgres(url: string, clock: Clock): SignerChanges {
  let epoch = 0;
  let heardAtMs = -Infinity;
  let client: pg.Client | undefined;
  let isClosed = false;

  async function connect(): Promise<void> {
    const fresh = new pg.Client({
      connectionString: url,
      application_name: 'warikan signers',
      connectionTimeoutMillis: SILENCE_MS,
      query_timeout: SILENCE_MS,
      keepAlive: true,
    });
    client = fresh;
    fresh.on('error', () => drop(fresh));
    fresh.on('end', () => drop(fresh));
    fresh.on('notification', () => (epoch += 1));
    await fresh.connect();
    await fresh.query(`listen ${CHANNEL}`);
  }

  function drop(dropped: pg.Client): void {
    if (client !== dropped) return;
    client = undefined;
    heardAtMs = -Infinity;
  }

  async function ping(): Promise<void> {
    if (isClosed) return;
    const askedAtMs = clock.nowMs();
    try {
      if (client === undefined) {
        await connect();
        // What happened while nobody listened is not known.
        epoch += 1;
      } else await client.query('select 1');
      heardAtMs = askedAtMs;
    } catch {
      const broken = client;
      if (broken !== undefined) {
        drop(broken);
        void broken.end().catch(() => {});
      }
    }
    if (!isClosed) next = setTimeout(() => void ping(), PING_MS).unref();
  }

  let next: NodeJS.Timeout | undefined;
  void ping();
  return {
    epoch: () => (Math.abs(clock.nowMs() - heardAtMs) < SILENCE_MS ? epoch : undefined),
    close: async () => {
      isClosed = true;
      clearTimeout(next);
      await client?.end().catch(() => {});
    },
  };
}
