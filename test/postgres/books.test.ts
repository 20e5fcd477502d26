import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openPostgres, type PostgresServer } from '#test/support/postgres.ts';
import { openPostgresBooks, UnusableDatabase } from '#wallet/server/store/postgres.ts';

let server: PostgresServer;
beforeAll(async () => {
  server = await openPostgres({ inMemory: true });
});
afterAll(() => server.remove());

async function ask<Row extends pg.QueryResultRow>(url: string, sql: string): Promise<Row[]> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    return (await client.query<Row>(sql)).rows;
  } finally {
    await client.end();
  }
}

function pick<T>(list: readonly T[], index: number): T {
  const one = list[index % list.length];
  if (one === undefined) throw new Error('the list is not empty');
  return one;
}

test('servers that start at the same moment make the tables once', async () => {
  const url = await server.createDatabase('together');

  const all = await Promise.all(Array.from({ length: 5 }, () => openPostgresBooks(url)));

  const kinds = await Promise.all(
    all.map(({ db }) => db.selectFrom('account').select('kind').orderBy('kind').execute()),
  );
  await Promise.all(all.map((books) => books.close()));
  const special = [{ kind: 'fees' }, { kind: 'issuer' }, { kind: 'receivable' }];
  expect(kinds).toEqual(Array.from({ length: 5 }, () => special));
  expect(await ask(url, 'select number::int from warikan_migration')).toEqual([{ number: 1 }]);
});

test('a database from the future is refused and left as it is', async () => {
  const url = await server.createDatabase('future');
  await (await openPostgresBooks(url)).close();
  await ask(url, 'insert into warikan_migration (number) values (1000)');

  await expect(openPostgresBooks(url)).rejects.toThrow(/newer version of Warikan \(its format is 1000,/);
  await expect(openPostgresBooks(url)).rejects.toThrow(UnusableDatabase);
});

test('a database that somebody else uses is refused and left as it is', async () => {
  const url = await server.createDatabase('foreign_one');
  await ask(url, 'create table customer (id int)');

  await expect(openPostgresBooks(url)).rejects.toThrow('This database has tables, but not a wallet’s.');

  const tables = await ask(url, `select relname from pg_class where relnamespace = 'public'::regnamespace`);
  expect(tables).toEqual([{ relname: 'customer' }]);
});

test.each(['off', 'local', 'remote_write'])(
  'a database whose commits are not durable is refused: %s',
  async (setting) => {
    const url = await server.createDatabase(`commit_${setting}`);
    await ask(url, `alter database commit_${setting} set synchronous_commit = '${setting}'`);

    await expect(openPostgresBooks(url)).rejects.toThrow(`synchronous_commit = ${setting}`);
  },
);

test('a database in another encoding is refused', async () => {
  await ask(server.url, `create database latin encoding 'LATIN1' template template0`);

  await expect(openPostgresBooks(server.url.replace(/wallet$/, 'latin'))).rejects.toThrow('encoding is LATIN1');
});

test('two servers that change what each other reads do so one after the other', async () => {
  const url = await server.createDatabase('alone');
  const all = await Promise.all([openPostgresBooks(url), openPostgresBooks(url)]);
  const count = 20;

  // Each adds one to what it read: seen apart, some would be lost.
  const additions = Array.from({ length: count }, (_, index) =>
    pick(all, index).write(async (trx) => {
      const { total } = await trx
        .selectFrom('account')
        .select((expression) => expression.fn.sum<number>('spent_day').as('total'))
        .executeTakeFirstOrThrow();
      await trx
        .updateTable('account')
        .set({ spent_day: total + 1 })
        .where('kind', '=', 'fees')
        .execute();
    }),
  );
  await Promise.all(additions);

  expect(await ask(url, `select spent_day::int as n from account where kind = 'fees'`)).toEqual([{ n: count }]);
  await Promise.all(all.map((books) => books.close()));
});

test('what throws inside of a transaction undoes it', async () => {
  const url = await server.createDatabase('undone');
  const books = await openPostgresBooks(url);

  const work = books.write(async (trx) => {
    await trx.updateTable('account').set({ spent_day: 7 }).execute();
    throw new Error('a reason');
  });

  await expect(work).rejects.toThrow('a reason');
  expect(await books.db.selectFrom('account').select('id').where('spent_day', '=', 7).execute()).toEqual([]);
  await books.close();
});

test('a commit in one server is news in another, and not in itself', async () => {
  const url = await server.createDatabase('news');
  const [here, there] = await Promise.all([openPostgresBooks(url), openPostgresBooks(url)]);
  const heardHere: string[] = [];
  const listens = Promise.withResolvers<void>();
  const heard = Promise.withResolvers<void>();
  here.news.listen(() => heardHere.push('here'));
  // The first call says that the wire is up.
  let isUp = false;
  there.news.listen(() => {
    if (isUp) heard.resolve();
    isUp = true;
    listens.resolve();
  });
  await listens.promise;
  await expect.poll(() => heardHere.length).toBe(1);

  here.news.tell();

  await heard.promise;
  expect(heardHere).toEqual(['here']);
  await Promise.all([here.close(), there.close()]);
});
