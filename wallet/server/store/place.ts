import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../call.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { openPostgresLedger } from '../ledger/postgres.ts';
import { openSqliteLedger } from '../ledger/sqlite.ts';
import { type Books, openSqliteBooks } from './books.ts';
import { openDatabase, openReader, UnusableFile } from './database.ts';
import { openPostgresBooks } from './postgres.ts';
import type { News } from './postgres-news.ts';
import { type SignerChanges, watchPostgres, watchSqlite } from './signer-changes.ts';

/** Where the books are: a folder, or a PostgreSQL that has them for several servers. */
export interface BooksPlace {
  readonly data: string | undefined;
  readonly databaseUrl: string | undefined;
}

/** What a server works on. Closing closes all of it. */
export interface ServedBooks {
  readonly books: Books;
  readonly ledger: Ledger;
  readonly changes: SignerChanges;
  /** Of books that other servers share: what they tell. */
  readonly news?: News;
  close(): Promise<void>;
}

/** @param onTrouble a connection to the database broke while nobody used it */
export async function serveBooks(
  place: BooksPlace,
  clock: Clock,
  onTrouble: (error: Error) => void,
): Promise<ServedBooks> {
  if (place.databaseUrl !== undefined) {
    const books = await openPostgresBooks(place.databaseUrl, { onTrouble });
    const changes = watchPostgres(place.databaseUrl, clock);
    return {
      books,
      ledger: openPostgresLedger(books),
      changes,
      news: books.news,
      close: () => closeBoth(books, changes),
    };
  }
  const books = openSqliteBooks(openDatabase(pathOf(place)));
  const changes = watchSqlite(books.database);
  return { books, ledger: openSqliteLedger(books), changes, close: () => closeBoth(books, changes) };
}

/** For a task at the keyboard, beside a running server. A reader of a file cannot write, and the file must be there. */
export async function openBooks(place: BooksPlace, { isReader }: { readonly isReader: boolean }): Promise<Books> {
  if (place.databaseUrl !== undefined) return openPostgresBooks(place.databaseUrl);
  const path = pathOf(place);
  if (!isReader) return openSqliteBooks(openDatabase(path));
  if (!existsSync(path)) throw new UnusableFile(`There is no wallet in ${place.data ?? ''}.`);
  return openSqliteBooks(openReader(path));
}

async function closeBoth(books: Books, changes: SignerChanges): Promise<void> {
  await changes.close();
  await books.close();
}

function pathOf({ data }: BooksPlace): string {
  if (data === undefined) throw new UnusableFile('--data DIR says where the books are.');
  mkdirSync(data, { recursive: true, mode: 0o700 });
  return join(data, 'wallet.sqlite');
}
