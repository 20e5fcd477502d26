import {
  CompiledQuery,
  type DatabaseConnection,
  Kysely,
  type SqliteDatabase,
  SqliteDialect,
  SqliteDriver,
  type SqliteStatement,
  type Transaction,
} from 'kysely';
import type { Database } from './database.ts';
import type { Schema } from './schema.ts';

/**
 * One handle on the books that is the same for both databases, for everything but the ledger's hot path: a query is
 * written once.
 *
 * Inside of `write` only the transaction that it hands in may be used. On SQLite there is one connection, so `db` and the
 * ledger wait there until the transaction is over: waiting for one of them inside of it would be for ever.
 */
export interface Books {
  /** For reading, and for a change that is one statement. */
  readonly db: Kysely<Schema>;
  readonly dialect: 'sqlite' | 'postgres';
  /**
   * Several statements, committed together or not at all, alone as far as they can tell. What `work` throws undoes it
   * and is thrown again. `work` may run more than once where another server stood in its way, so it changes nothing else.
   */
  write<T>(work: (trx: Transaction<Schema>) => Promise<T>): Promise<T>;
  /** What is under way must be over. Nothing works afterwards. */
  close(): Promise<void>;
}

export interface SqliteBooks extends Books {
  readonly dialect: 'sqlite';
  readonly database: Database;
  /** Runs once no transaction of `db` is open, and lets none begin before it returns. For prepared statements. */
  alone<T>(work: () => T): Promise<T>;
}

/** Both ways to the file share one connection. Closing the books closes the file. */
export function openSqliteBooks(database: Database): SqliteBooks {
  const db = new Kysely<Schema>({ dialect: new Dialect(database) });
  return {
    db,
    dialect: 'sqlite',
    database,
    write: (work) => db.transaction().execute(work),
    alone: (work) => db.connection().execute(async () => work()),
    close: async () => {
      await db.destroy();
      // Kysely closes only what it has used.
      database.close();
    },
  };
}

/** More different queries than the server has. */
const MAX_PREPARED = 512;

class Dialect extends SqliteDialect {
  readonly #database: Database;

  constructor(database: Database) {
    super({ database });
    this.#database = database;
  }

  override createDriver(): SqliteDriver {
    return new Driver(this.#database);
  }
}

class Driver extends SqliteDriver {
  readonly #begin: CompiledQuery;

  constructor(database: Database) {
    super({ database: prepareOnce(database) });
    // "Immediate": the write lock is taken before the first read, so what is read is still true when it is written,
    // though the command line writes beside the server. A reader's connection can only begin the plain way.
    this.#begin = CompiledQuery.raw(database.readonly ? 'begin' : 'begin immediate');
  }

  override async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(this.#begin);
  }
}

/** Kysely prepares every query anew; the text tells that it is the same one. */
function prepareOnce(database: Database): SqliteDatabase {
  const prepared = new Map<string, SqliteStatement>();
  return {
    close: () => void database.close(),
    prepare: (sql) => {
      const known = prepared.get(sql);
      if (known !== undefined) return known;
      if (prepared.size >= MAX_PREPARED) prepared.clear();
      const statement: SqliteStatement = database.prepare<unknown[]>(sql);
      prepared.set(sql, statement);
      return statement;
    },
  };
}
