import assert from 'node:assert';
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { Kysely, PostgresDialect } from 'kysely';
import pg from 'pg';
import type { Books } from './books.ts';
import { postgresMigrations } from './postgres-migrations.ts';
import { type News, openNews } from './postgres-news.ts';
import type { Schema } from './schema.ts';

/** The books in PostgreSQL. Any number of server processes may share them. */
export interface PostgresBooks extends Books {
  readonly dialect: 'postgres';
  /** Connections of the ledger's own, so that its commits never wait behind a long list that somebody reads. */
  readonly lanes: pg.Pool;
  /** All the others, which `db` uses too. */
  readonly pool: pg.Pool;
  /** What servers over the same database tell each other. */
  readonly news: News;
}

/** The database cannot be used as it is. The message is for the person who started the server. */
export class UnusableDatabase extends Error {
  override readonly name = 'UnusableDatabase';
}

export interface PostgresOptions {
  /** Called where a connection that nobody was using broke. The next query opens another. */
  readonly onTrouble?: (error: Error) => void;
}

/** One list is written while the next one is judged; a third would wait for the same processors. */
export const LANES = 2;
const MAX_CONNECTIONS = 8;
const CONNECT_TIMEOUT_MS = 5_000;
/** Far beyond the longest honest query, reading all books but for one: a report sets its own. */
const STATEMENT_TIMEOUT_MS = 60_000;
/** Nobody holds a wallet's row for longer: who waits in vain is told so, and the others of the list are booked. */
const LOCK_TIMEOUT_MS = 2_000;
/** A server that froze in the middle of a transaction loses it, and others go on. */
const IDLE_TIMEOUT_MS = 10_000;
const OLDEST_VERSION = 130_000;
const WRITE_TRIES = 20;
/** Any number: it only has to be the same in every server. */
const MIGRATION_LOCK = 0x574b_574c;

/**
 * Connects, makes or migrates the tables, and makes sure that a commit is on the disk when it returns. Several servers
 * may start at once. Throws {@link UnusableDatabase} for a database that is foreign, from the future or not durable.
 *
 * @param url `postgres://user:password@host:port/database`
 */
export async function openPostgresBooks(url: string, options: PostgresOptions = {}): Promise<PostgresBooks> {
  const connect = { ...CONNECTION, connectionString: url };
  await prepareDatabase(connect);
  const pool = openPool({ ...connect, max: MAX_CONNECTIONS }, options);
  // Kept though nobody pays for a while: what a connection has learnt to plan is lost with it.
  const lanes = openPool({ ...connect, max: LANES, lock_timeout: LOCK_TIMEOUT_MS, idleTimeoutMillis: 0 }, options);
  const news = openNews(pool, connect, randomUUID());
  const db = new Kysely<Schema>({ dialect: new PostgresDialect({ pool }) });
  return {
    db,
    dialect: 'postgres',
    lanes,
    pool,
    news,
    async write(work) {
      for (let tries = 1; ; tries++) {
        try {
          return await db.transaction().setIsolationLevel('serializable').execute(work);
        } catch (error) {
          if (tries === WRITE_TRIES || !isRolledBack(error)) throw error;
          // Not all at the same moment once more.
          await pause(tries * tries);
        }
      }
    },
    close: async () => {
      await news.close();
      await Promise.all([db.destroy(), lanes.end()]);
      // Kysely closes only what it has used.
      if (!pool.ended) await pool.end();
    },
  };
}

/** Whether the database itself says that nothing of the transaction happened because another one stood in its way. */
export function isRolledBack(error: unknown): boolean {
  // serialization_failure, deadlock_detected
  return ['40001', '40P01'].includes(codeOf(error));
}

/**
 * Whether the connection or the database went away, perhaps after a commit: the same may be asked again. By the classes of
 * SQLSTATE: connection exception, insufficient resources, operator intervention.
 */
export function isLost(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = codeOf(error);
  return (
    ['08', '53', '57P'].some((family) => code.startsWith(family)) ||
    ['ECONNRESET', 'ECONNREFUSED', 'EPIPE', 'ETIMEDOUT'].includes(code) ||
    /^(Connection terminated|timeout exceeded when trying to connect|Query read timeout)/.test(error.message)
  );
}

/** SQLSTATE of the database, or the system's code of a connection that broke; empty where there is none. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

const CONNECTION: pg.PoolConfig = {
  application_name: 'warikan',
  connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
  statement_timeout: STATEMENT_TIMEOUT_MS,
  idle_in_transaction_session_timeout: IDLE_TIMEOUT_MS,
  // A server that vanished without a word is noticed.
  query_timeout: STATEMENT_TIMEOUT_MS + CONNECT_TIMEOUT_MS,
  keepAlive: true,
  types: { getTypeParser: parserOf },
};

function parserOf(type: number, format?: 'text' | 'binary'): (value: string) => unknown {
  const isNumber = type === pg.types.builtins.INT8 || type === pg.types.builtins.NUMERIC;
  if (isNumber && format !== 'binary') return toNumber;
  return pg.types.getTypeParser(type, format ?? 'text') as (value: string) => unknown;
}

/** Minor units and milliseconds fit: the contract's amounts do, and sums of them are checked here. */
function toNumber(text: string): number {
  const value = Number(text);
  assert(!Number.isInteger(value) || Number.isSafeInteger(value), 'a number out of the books is exact');
  return value;
}

function openPool(config: pg.PoolConfig, { onTrouble = () => {} }: PostgresOptions): pg.Pool {
  const pool = new pg.Pool(config);
  // Without listeners, a connection that breaks while nobody waits for its answer would end the process: one of the
  // pool's for those that lie idle, one of each connection's own for the time that somebody has it.
  pool.on('error', onTrouble);
  pool.on('connect', (client) => client.on('error', () => {}));
  return pool;
}

async function prepareDatabase(config: pg.ClientConfig): Promise<void> {
  const client = new pg.Client(config);
  await client.connect();
  try {
    await checkSettings(client);
    await client.query('select pg_advisory_lock($1)', [MIGRATION_LOCK]);
    await migrate(client);
  } finally {
    // Closing the connection gives the lock back.
    await client.end();
  }
}

async function checkSettings(client: pg.Client): Promise<void> {
  const { rows } = await client.query<Record<'version' | 'commit' | 'fsync' | 'encoding', string>>(
    `select current_setting('server_version_num') as version, current_setting('synchronous_commit') as commit,
       current_setting('fsync') as fsync, current_setting('server_encoding') as encoding`,
  );
  const [settings] = rows;
  assert(settings !== undefined, 'a server tells its settings');
  if (Number(settings.version) < OLDEST_VERSION) {
    throw new UnusableDatabase(`PostgreSQL 13 or newer is needed; this one is ${settings.version}.`);
  }
  // "local" and "remote_write" would lose answers with a machine, "off" with every power cut.
  if (!['on', 'remote_apply'].includes(settings.commit) || settings.fsync !== 'on') {
    throw new UnusableDatabase(
      `PostgreSQL would confirm commits that are not on the disk (synchronous_commit = ${settings.commit}, fsync = ` +
        `${settings.fsync}). Both must be on: an answer that was given must stay given.`,
    );
  }
  if (settings.encoding !== 'UTF8') {
    throw new UnusableDatabase(`The database's encoding is ${settings.encoding}; make it anew with UTF8.`);
  }
}

async function migrate(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ own: string | null; relations: number }>(
    `select to_regclass('warikan_migration')::text as own,
       (select count(*) from pg_class
        where relnamespace = current_schema()::regnamespace and relkind in ('r', 'p', 'v', 'm', 'S')) as relations`,
  );
  const [found] = rows;
  assert(found !== undefined, 'a count has a row');
  if (found.own === null && found.relations > 0) {
    throw new UnusableDatabase('This database has tables, but not a wallet’s. Give the wallet a database of its own.');
  }
  const version = found.own === null ? 0 : await readVersion(client);
  if (version > postgresMigrations.length) {
    throw new UnusableDatabase(
      `This database was written by a newer version of Warikan (its format is ${version}, this version knows up to ` +
        `${postgresMigrations.length}). Start the newer version; this one has changed nothing.`,
    );
  }
  for (const [index, sql] of postgresMigrations.slice(version).entries()) {
    const number = version + index + 1;
    await client.query('begin');
    if (number === 1) await client.query('create table warikan_migration (number bigint primary key)');
    await client.query(sql);
    await client.query('insert into warikan_migration (number) values ($1)', [number]);
    await client.query('commit');
  }
}

async function readVersion(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ number: number }>(
    'select coalesce(max(number), 0) as number from warikan_migration',
  );
  return rows[0]?.number ?? 0;
}
