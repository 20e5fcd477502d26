import assert from 'node:assert';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import Sqlite from 'better-sqlite3';

/** The operator's SQLite file. One writer; a commit is on the disk when it returns. */
export type Database = Sqlite.Database;

/** The file cannot be used as it is. The message is for the person who started the server. */
export class UnusableFile extends Error {
  override readonly name = 'UnusableFile';
}

/** "WKOP": tells our file from any other SQLite file, in its header. */
const APPLICATION_ID = 0x574b_4f50;
const BUSY_TIMEOUT_MS = 5_000;
const SYNCHRONOUS_FULL = 2;

/** Numbered from 1 by their place. Never changed once released: a new one corrects an old one. */
const migrations: readonly string[] = [
  `
  -- A customer's means. What they typed is not here: only a keyed hash of it, by which the same means is known again.
  create table token (
    id text primary key,
    idempotency_key text unique,
    request_hash text not null,
    kind text not null,
    fingerprint text not null,
    display_name text not null,
    made_at_ms integer not null,
    removed_at_ms integer
  ) strict, without rowid;

  -- One row for each id that was ever named, whatever became of it.
  create table authorisation (
    id text primary key check (length(id) = 36),
    -- What makes a second request the same one. Null for an id that was reversed before it was ever seen.
    request_hash text,
    token text,
    amount integer check (amount > 0),
    currency text check (length(currency) = 3),
    state text not null
      check (state in ('authorised', 'captured', 'declined', 'pending', 'reversed', 'charged_back')),
    reason text,
    changed_at_ms integer not null,
    -- What a simulation lets become of it, and when.
    next_state text,
    next_reason text,
    next_at_ms integer,
    check ((request_hash is null) = (amount is null) and (amount is null) = (currency is null)),
    check (request_hash is not null or state = 'reversed'),
    check ((state = 'declined') = (reason is not null)),
    check ((next_state is null) = (next_at_ms is null))
  ) strict, without rowid;
  create index authorisation_due on authorisation (next_at_ms) where next_at_ms is not null;

  -- What happened, written in the commit in which it happened: the webhooks that are still to be delivered, and for
  -- good the settlement file.
  create table event (
    sequence integer primary key autoincrement,
    webhook_id text not null unique,
    authorisation_id text not null references authorisation (id),
    type text not null check (type in ('captured', 'declined', 'reversed', 'charged_back')),
    amount integer not null check (amount > 0),
    currency text not null,
    reason text,
    -- Whether money moved: not so where what is reversed was only set aside.
    moved integer not null check (moved = 0 or (moved = 1 and type <> 'declined')),
    at_ms integer not null,
    -- Told twice and out of order, on purpose.
    is_shuffled integer not null check (is_shuffled in (0, 1)),
    attempts integer not null default 0,
    -- Null once the wallet server has confirmed it.
    due_at_ms integer
  ) strict;
  create index event_due on event (due_at_ms) where due_at_ms is not null;
  create index event_of_day on event (at_ms) where moved = 1;
  `,
];

/** Opens the file, making or migrating it. Throws {@link UnusableFile} for one that is foreign or from the future. */
export function openDatabase(path: string): Database {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  // Made here, so that the file and the journals that SQLite makes beside it are their owner's from the first byte.
  closeSync(openSync(path, 'a', 0o600));
  const database = new Sqlite(path, { timeout: BUSY_TIMEOUT_MS });
  try {
    database.pragma('journal_mode = WAL');
    database.pragma('synchronous = FULL');
    database.pragma('foreign_keys = ON');
    assert(database.pragma('synchronous', { simple: true }) === SYNCHRONOUS_FULL, 'every commit reaches the disk');
    migrate(database, path);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function migrate(database: Database, path: string): void {
  const version = Number(database.pragma('user_version', { simple: true }));
  const isNew = version === 0 && database.prepare('select count(*) from sqlite_schema').pluck().get() === 0;
  if (!isNew && Number(database.pragma('application_id', { simple: true })) !== APPLICATION_ID) {
    throw new UnusableFile(`${path} is a database, but not an operator's. Give the operator a folder of its own.`);
  }
  if (version > migrations.length) {
    throw new UnusableFile(`${path} was written by a newer version of this server. This one has changed nothing.`);
  }
  migrations.slice(version).forEach((sql, index) => {
    database.transaction(() => {
      database.exec(sql);
      database.pragma(`application_id = ${APPLICATION_ID}`);
      database.pragma(`user_version = ${version + index + 1}`);
    })();
  });
}
