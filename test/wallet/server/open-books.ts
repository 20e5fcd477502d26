import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import pg from 'pg';
import type { Ledger } from '#wallet/server/ledger/ledger.ts';
import { openPostgresLedger } from '#wallet/server/ledger/postgres.ts';
import { openSqliteLedger } from '#wallet/server/ledger/sqlite.ts';
import { type Books, openSqliteBooks } from '#wallet/server/store/books.ts';
import { openDatabase } from '#wallet/server/store/database.ts';
import { openPostgresBooks } from '#wallet/server/store/postgres.ts';

/** Empty books for one test: a file of its own, or a database of its own in the PostgreSQL that was named. */
export interface OpenBooks {
  readonly books: Books;
  readonly ledger: Ledger;
  /** Closes them and takes them away. */
  close(): Promise<void>;
}

/** `postgres://…`: the suites over the server then run on PostgreSQL. */
const url = process.env['WARIKAN_TEST_DATABASE'];

export async function openBooks(folder: string): Promise<OpenBooks> {
  if (url !== undefined) return openInPostgres(url);
  const books = openSqliteBooks(openDatabase(join(folder, 'wallet.sqlite')));
  return { books, ledger: openSqliteLedger(books), close: () => books.close() };
}

async function openInPostgres(server: string): Promise<OpenBooks> {
  const name = `test_${randomBytes(8).toString('hex')}`;
  await administer(server, `create database ${name}`);
  const own = new URL(server);
  own.pathname = `/${name}`;
  const books = await openPostgresBooks(own.href);
  return {
    books,
    ledger: openPostgresLedger(books),
    close: async () => {
      await books.close();
      await administer(server, `drop database ${name}`);
    },
  };
}

async function administer(server: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: server });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
