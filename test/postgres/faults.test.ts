import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { openPostgres, type PostgresServer } from '#test/support/postgres.ts';
import { newId, seedBank, settlementOf } from '#test/support/small-bank.ts';
import { openBookkeeper } from '#wallet/server/group-commit.ts';
import { ISSUER_ACCOUNT, type Ledger, type Settle } from '#wallet/server/ledger/ledger.ts';
import { openPostgresLedger } from '#wallet/server/ledger/postgres.ts';
import { openPostgresBooks, type PostgresBooks } from '#wallet/server/store/postgres.ts';

const undo: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  for (const one of undo.splice(0).toReversed()) await one();
});

let shared: PostgresServer;
let databases = 0;
beforeAll(async () => {
  shared = await openPostgres({ inMemory: true });
});
afterAll(() => shared.remove());

async function connect(url: string): Promise<{ readonly books: PostgresBooks; readonly ledger: Ledger }> {
  const books = await openPostgresBooks(url);
  undo.push(() => books.close());
  return { books, ledger: openPostgresLedger(books) };
}

/** Wallets with 1,000 each, and stores. */
async function furnish(
  { books, ledger }: { readonly books: PostgresBooks; readonly ledger: Ledger },
  counts: { readonly wallets: number; readonly stores: number },
): Promise<{ readonly wallets: readonly string[]; readonly stores: readonly string[] }> {
  const wallets = Array.from({ length: counts.wallets }, newId);
  const stores = Array.from({ length: counts.stores }, newId);
  await seedBank(books, wallets, stores);
  const amount = { amount: 1_000, currency: 'JPY' };
  await ledger.book(
    wallets.map((walletId) => ({
      type: 'reload',
      reloadId: newId(),
      walletId,
      fromAccount: ISSUER_ACCOUNT,
      amount,
      atMs: 0,
    })),
  );
  return { wallets, stores };
}

test('the same id from 64 callers of two servers is one settlement, and 64 times the same answer', async () => {
  const url = await shared.createDatabase(`faults_${++databases}`);
  const servers = await Promise.all([connect(url), connect(url)]);
  const [first, second] = servers;
  const { wallets, stores } = await furnish(first, { wallets: 1, stores: 1 });
  const command = settlementOf({ walletId: wallets[0] ?? '', storeId: stores[0], amount: 100 });

  // Alone as well as together: not only lists meet, but transactions.
  const keepers = servers.map(({ ledger }) => openBookkeeper(ledger));
  const together = Array.from({ length: 56 }, (_, index) => keepers[index % 2]?.book(command));
  const alone = Array.from({ length: 8 }, async (_, index) => (await servers[index % 2]?.ledger.book([command]))?.[0]);
  const answers = await Promise.all([...together, ...alone]);

  expect(answers[0]).toMatchObject({ type: 'settlement', settlement: { state: 'approved' } });
  expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
  const { settlements, faults } = await second.ledger.readBooks();
  expect({ count: settlements.length, faults }).toEqual({ count: 1, faults: [] });
  expect(await first.ledger.readBalance(wallets[0] ?? '')).toMatchObject({ balance: 900 });
});

test('the same id of two customers at two servers is booked for one of them', async () => {
  const url = await shared.createDatabase(`faults_${++databases}`);
  const servers = await Promise.all([connect(url), connect(url)]);
  const { wallets, stores } = await furnish(servers[0], { wallets: 40, stores: 1 });
  const pairs = Array.from({ length: 20 }, (_, index) => {
    const one = settlementOf({ walletId: wallets[2 * index] ?? '', storeId: stores[0], amount: 100 });
    const other = settlementOf({ walletId: wallets[2 * index + 1] ?? '', storeId: stores[0], amount: 100 });
    return [one, { ...other, settlementId: one.settlementId }] as const;
  });

  const [ours, theirs] = await Promise.all([
    servers[0].ledger.book(pairs.map(([one]) => one)),
    // In the other order: each waits for what the other has just written.
    servers[1].ledger.book(pairs.map(([, other]) => other).toReversed()),
  ]);

  const types = pairs.map((_, index) => [ours[index]?.type, theirs.toReversed()[index]?.type].toSorted(byText));
  expect(types).toEqual(pairs.map(() => ['refused', 'settlement']));
  const { settlements, faults } = await servers[0].ledger.readBooks();
  expect({ count: settlements.length, faults }).toEqual({ count: pairs.length, faults: [] });
});

const poison: readonly (readonly [string, (good: Settle) => Settle])[] = [
  ['an amount of nothing', (good) => ({ ...good, amount: { ...good.amount, amount: 0 } })],
  ['an amount below zero', (good) => ({ ...good, amount: { ...good.amount, amount: -5 } })],
  ['an amount that no number holds', (good) => ({ ...good, amount: { ...good.amount, amount: 2 ** 63 } })],
  ['an amount in halves', (good) => ({ ...good, amount: { ...good.amount, amount: 1.5 } })],
  ['an id that is none', (good) => ({ ...good, checkId: 'x","y' as Settle['checkId'] })],
  ['a text with a zero byte', (good) => ({ ...good, payer: { ...good.payer, alias: 'a\0b' } })],
  ['a fee above the amount', (good) => ({ ...good, fee: 10_000 })],
];

test.each(poison)('%s in a list is refused alone, and its neighbours are booked', async (_, spoil) => {
  const url = await shared.createDatabase(`faults_${++databases}`);
  const server = await connect(url);
  const { wallets, stores } = await furnish(server, { wallets: 8, stores: 1 });
  const commands = wallets.map((walletId) => settlementOf({ walletId, storeId: stores[0], amount: 100 }));
  const spoilt = commands.map((command, index) => (index === 3 ? spoil(command) : command));
  const keeper = openBookkeeper(server.ledger);

  const answers = await Promise.allSettled(spoilt.map((command) => keeper.book(command)));

  expect(answers.map(({ status }) => status)).toEqual(
    answers.map((__, index) => (index === 3 ? 'rejected' : 'fulfilled')),
  );
  const { settlements, sum, faults } = await server.ledger.readBooks();
  expect({ count: settlements.length, sum, faults }).toEqual({ count: 7, sum: 0, faults: [] });
});

test('nobody waits for a store: customers of one store pay while another of its payments is not committed yet', async () => {
  const url = await shared.createDatabase(`faults_${++databases}`);
  const server = await connect(url);
  const { wallets, stores } = await furnish(server, { wallets: 2, stores: 1 });
  const [first, second] = wallets.map((walletId) => settlementOf({ walletId, storeId: stores[0], amount: 100 }));
  const client = await server.books.pool.connect();

  await client.query('begin');
  await client.query('set local lock_timeout = 1000');
  // As an open payment has it: the wallet's row is locked, and a row for the store is written.
  await client.query('select 1 from account where id = $1 for update', [wallets[0]]);
  const [outcome] = await server.ledger.book(second === undefined ? [] : [second]);
  await client.query('rollback');
  client.release();

  expect(outcome).toMatchObject({ type: 'settlement', settlement: { state: 'approved' } });
  const [later] = await server.ledger.book(first === undefined ? [] : [first]);
  expect(later).toMatchObject({ type: 'settlement', settlement: { state: 'approved' } });
});

test('a wallet whose row is stuck is told so in time, and the others of the list are booked', async () => {
  const url = await shared.createDatabase(`faults_${++databases}`);
  const server = await connect(url);
  const { wallets, stores } = await furnish(server, { wallets: 4, stores: 1 });
  const commands = wallets.map((walletId) => settlementOf({ walletId, storeId: stores[0], amount: 100 }));
  const client = await server.books.pool.connect();
  await client.query('begin');
  await client.query('select 1 from account where id = $1 for update', [wallets[2]]);
  const keeper = openBookkeeper(server.ledger);

  const answers = await Promise.allSettled(commands.map((command) => keeper.book(command)));

  await client.query('rollback');
  client.release();
  expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled']);
  const [again] = await server.ledger.book(commands.slice(2, 3));
  expect(again).toMatchObject({ type: 'settlement', settlement: { state: 'approved' } });
});

test('without its database a server refuses soon, and books again when it is back', async () => {
  const server = await openPostgres();
  undo.push(() => server.remove());
  const { books, ledger } = await connect(server.url);
  const { wallets, stores } = await furnish({ books, ledger }, { wallets: 1, stores: 1 });
  const command = settlementOf({ walletId: wallets[0] ?? '', storeId: stores[0], amount: 100 });
  await server.stop();

  await expect(ledger.book([command])).rejects.toThrow(Error);
  const refusedAtMs = performance.now();
  // Known to be gone by now: nobody waits any more.
  for (let tries = 0; tries < 20; tries++) await expect(ledger.book([command])).rejects.toThrow(Error);
  const waitedMs = performance.now() - refusedAtMs;

  await server.start();
  const [outcome] = await ledger.book([command]);
  expect(outcome).toMatchObject({ type: 'settlement', settlement: { state: 'approved' } });
  expect(waitedMs).toBeLessThan(5_000);
});

function byText(left: string | undefined, right: string | undefined): number {
  return String(left).localeCompare(String(right));
}
