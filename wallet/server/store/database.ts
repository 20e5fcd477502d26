import assert from 'node:assert';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import Sqlite from 'better-sqlite3';
import { migrations } from './migrations.ts';

/** The wallet's SQLite file. One writer at a time; a commit is on the disk when it returns. */
export type Database = Sqlite.Database;

/** The file cannot be used as it is. The message is for the person who started the server. */
export class UnusableFile extends Error {
  override readonly name = 'UnusableFile';
}

/** "WKWL": tells our file from any other SQLite file, in its header. */
const APPLICATION_ID = 0x574b_574c;
const BUSY_TIMEOUT_MS = 5_000;
const SYNCHRONOUS_FULL = 2;
/** A long list of settlements changes more pages than SQLite keeps by itself, and would read them again from the file. */
const CACHE_KIB = 64 * 1_024;
/** 32 MB of journal before its pages are written to the file: the busiest of them are then written once for many commits. */
const CHECKPOINT_PAGES = 8_192;

/** Opens the file, making or migrating it. Throws {@link UnusableFile} for one that is foreign or from the future. */
export function openDatabase(path: string): Database {
  mkdirSync(dirname(path), { recursive: true });
  // Made here, so that the file and the journals that SQLite makes beside it are their owner's from the first byte.
  if (path !== ':memory:') closeSync(openSync(path, 'a', 0o600));
  const database = new Sqlite(path, { timeout: BUSY_TIMEOUT_MS });
  try {
    database.pragma('journal_mode = WAL');
    // NORMAL would lose the last commits with the power: an answer that was given must stay given.
    database.pragma('synchronous = FULL');
    database.pragma(`cache_size = -${CACHE_KIB}`);
    database.pragma(`wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
    assert(database.pragma('synchronous', { simple: true }) === SYNCHRONOUS_FULL, 'every commit reaches the disk');
    // Not while tables are made anew under the names of old ones; each migration is checked as a whole.
    database.pragma('foreign_keys = OFF');
    migrate(database, path);
    database.pragma('foreign_keys = ON');
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** A connection that cannot write, beside a running server. The file must be of this version. */
export function openReader(path: string): Database {
  const database = new Sqlite(path, { readonly: true, fileMustExist: true, timeout: BUSY_TIMEOUT_MS });
  const version = schemaVersion(database);
  if (version === migrations.length && applicationId(database) === APPLICATION_ID) return database;
  database.close();
  throw new UnusableFile(`${path} is not a wallet file of version ${migrations.length}.`);
}

function migrate(database: Database, path: string): void {
  const version = schemaVersion(database);
  const isNew = version === 0 && database.prepare('select count(*) from sqlite_schema').pluck().get() === 0;
  if (!isNew && applicationId(database) !== APPLICATION_ID) {
    throw new UnusableFile(`${path} is a database, but not a wallet's. Give the wallet a folder of its own.`);
  }
  if (version > migrations.length) {
    throw new UnusableFile(
      `${path} was written by a newer version of Warikan (its format is ${version}, this version knows up to ` +
        `${migrations.length}). Start the newer version; this one has changed nothing.`,
    );
  }
  migrations.forEach((sql, index) => {
    database
      .transaction(() => {
        // Looked at under the lock: another process may have migrated the file meanwhile.
        if (schemaVersion(database) > index) return;
        database.exec(sql);
        const loose = database.pragma('foreign_key_check');
        assert(Array.isArray(loose) && loose.length === 0, 'every row that a row names is still there');
        database.pragma(`application_id = ${APPLICATION_ID}`);
        database.pragma(`user_version = ${index + 1}`);
      })
      .immediate();
  });
}

function schemaVersion(database: Database): number {
  return Number(database.pragma('user_version', { simple: true }));
}

function applicationId(database: Database): number {
  return Number(database.pragma('application_id', { simple: true }));
}
