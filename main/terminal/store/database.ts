import Sqlite from 'better-sqlite3';
import { Refused } from '../refused.ts';
import { migrations } from './migrations/index.ts';
import type { Query } from './sql.ts';

/** A handle that can only read. */
export interface Reader {
  all(query: Query): unknown[];
  one(query: Query): unknown;
}

/** A handle that lives as long as one transaction. */
export interface Writer extends Reader {
  /** The number of rows changed. */
  run(query: Query): number;
}

export interface TerminalDatabase extends Reader {
  readonly path: string;
  /**
   * One transaction: everything or nothing, on the disk when this returns (WAL, `synchronous=FULL`).
   * A disk that is full or failing is a `Refused` with `storageFailed`: nothing was changed.
   */
  write<Result>(work: (writer: Writer) => Result): Result;
  close(): void;
}

/** The file was written by a newer Warikan. It is left untouched. */
export class FutureFile extends Error {
  constructor(path: string, found: number, known: number) {
    super(
      `${path} was written by a newer version of Warikan (format ${found}, this version knows ${known}). ` +
        'Nothing was changed. Start the newer version, or choose another folder with --data.',
    );
    this.name = 'FutureFile';
  }
}

/** The file is no database of a terminal, or is damaged. It is left untouched. */
export class UnreadableFile extends Error {
  constructor(path: string, detail: string) {
    super(
      `${path} cannot be read as a terminal's database (${detail}). Nothing was changed. Restore it from a backup.`,
    );
    this.name = 'UnreadableFile';
  }
}

/** WAL pages before SQLite moves them into the main file: about 8 MiB, so that a busy hour rarely waits for it. */
const checkpointPages = 2_000;
const busyTimeoutMs = 2_000;

/** Opens the terminal's database, bringing an older one up to date. `:memory:` gives an empty one. */
export function openDatabase(path: string): TerminalDatabase {
  const connection = connect(path, false);
  try {
    // Before anything is written: even the change to WAL would touch a file of a newer version.
    const version = refuseFuture(connection, path);
    if (version === 0) refuseForeign(connection, path);
    connection.pragma('journal_mode = WAL');
    connection.pragma('synchronous = FULL');
    connection.pragma('foreign_keys = ON');
    connection.pragma(`wal_autocheckpoint = ${checkpointPages}`);
    migrate(connection, version);
  } catch (error) {
    connection.close();
    throw readable(error, path);
  }
  return wrap(connection, path);
}

/** Opens an existing database for reading only, for example beside a running terminal. */
export function openDatabaseForReading(path: string): Reader & { close(): void } {
  const connection = connect(path, true);
  try {
    refuseFuture(connection, path);
  } catch (error) {
    connection.close();
    throw readable(error, path);
  }
  return wrap(connection, path);
}

function connect(path: string, isReadOnly: boolean): Sqlite.Database {
  try {
    return new Sqlite(path, { readonly: isReadOnly, fileMustExist: isReadOnly, timeout: busyTimeoutMs });
  } catch (error) {
    throw readable(error, path);
  }
}

function migrate(connection: Sqlite.Database, version: number): void {
  for (const [index, migration] of migrations.entries()) {
    if (index < version) continue;
    connection.transaction(() => {
      connection.exec(migration);
      connection.pragma(`user_version = ${index + 1}`);
    })();
  }
}

function refuseFuture(connection: Sqlite.Database, path: string): number {
  const version = Number(connection.pragma('user_version', { simple: true }));
  if (version > migrations.length) throw new FutureFile(path, version, migrations.length);
  return version;
}

/** A file without our format number is ours only where it is empty. */
function refuseForeign(connection: Sqlite.Database, path: string): void {
  const tables = connection.prepare<[], { count: number }>('SELECT count(*) AS count FROM sqlite_schema').get();
  if (tables?.count !== 0) throw new UnreadableFile(path, 'it belongs to another program');
}

function wrap(connection: Sqlite.Database, path: string): TerminalDatabase {
  const statements = new Map<string, Sqlite.Statement>();
  const prepare = (text: string): Sqlite.Statement => {
    const known = statements.get(text);
    if (known) return known;
    const statement = connection.prepare(text);
    statements.set(text, statement);
    return statement;
  };
  const reader: Reader = {
    all: ({ text, values }) => prepare(text).all(...values),
    one: ({ text, values }) => prepare(text).get(...values),
  };
  const writer: Writer = {
    ...reader,
    run: ({ text, values }) => prepare(text).run(...values).changes,
  };
  const transaction = connection.transaction((work: () => unknown) => work());
  return {
    path,
    ...reader,
    write(work) {
      try {
        return transaction.immediate(() => work(writer)) as ReturnType<typeof work>;
      } catch (error) {
        throw isStorageFailure(error) ? new Refused({ reason: 'storageFailed', detail: error.message }) : error;
      }
    },
    close: () => {
      connection.close();
    },
  };
}

/** The disk's own failures: full, failing, read-only or gone. All else is a bug and stays one. */
function isStorageFailure(error: unknown): error is Error {
  return error instanceof Sqlite.SqliteError && /^SQLITE_(FULL|IOERR|READONLY|CANTOPEN|BUSY)/.test(error.code);
}

function readable(error: unknown, path: string): unknown {
  return error instanceof Sqlite.SqliteError && error instanceof Error
    ? new UnreadableFile(path, error.message)
    : error;
}
