import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openPostgres, type PostgresServer } from '#test/support/postgres.ts';
import { openSmallBank, type SmallBank } from '#test/support/small-bank.ts';
import type { Ledger } from '#wallet/server/ledger/ledger.ts';
import { openPostgresLedger } from '#wallet/server/ledger/postgres.ts';
import { openPostgresBooks, type PostgresBooks } from '#wallet/server/store/postgres.ts';

/** `WARIKAN_BANK_SECONDS=60` lets each bank work for a minute, `WARIKAN_POSTMASTER_KILLS=20` kills it so often. */
const seconds = Number(process.env['WARIKAN_BANK_SECONDS'] ?? 8);
const kills = Number(process.env['WARIKAN_POSTMASTER_KILLS'] ?? 4);
const seed = Number(process.env['WARIKAN_SEED'] ?? Date.now() % 1_000_000);
const TIMEOUT_MS = 120_000 + seconds * 2_000 + kills * 20_000;
/** Each ledger has two connections for its commits. */
const LEDGERS = 2;
const WRITERS_OF_EACH = 3;
const BACKENDS_DIE_EVERY_MS = 300;
/** From kill -9 to the first answer: a second or two, on a machine that does nothing else. What it took is printed. */
const RECOVERY_LIMIT_MS = 30_000;
const LIFE_MS = { least: 300, most: 1_200 };

let server: PostgresServer;
beforeAll(async () => {
  process.stdout.write(`small bank: ${seconds} s each, WARIKAN_SEED=${seed}\n`);
  server = await openPostgres();
});
afterAll(() => server.remove());

interface Open {
  readonly bank: SmallBank;
  readonly books: readonly PostgresBooks[];
  readonly ledgers: readonly Ledger[];
  close(): Promise<void>;
}

/** Two servers over one database, as far as their ledgers go. */
async function open(name: string): Promise<Open> {
  const url = await server.createDatabase(name);
  const books = await Promise.all(Array.from({ length: LEDGERS }, () => openPostgresBooks(url)));
  const ledgers = books.map((one) => openPostgresLedger(one));
  const bank = await openSmallBank(books[0] ?? fail(), seed);
  return { bank, books, ledgers, close: async () => void (await Promise.all(books.map((one) => one.close()))) };
}

function fail(): never {
  throw new Error('there is one at least');
}

async function runBank({ bank, books, ledgers }: Open, isOver: () => boolean): Promise<number> {
  const writers = ledgers.flatMap((ledger) => Array.from({ length: WRITERS_OF_EACH }, () => bank.work(ledger, isOver)));
  const [reads] = await Promise.all([bank.watch(books[0] ?? fail(), isOver), ...writers]);
  return reads;
}

function during(ms: number): () => boolean {
  const endMs = performance.now() + ms;
  return () => performance.now() > endMs;
}

const nothingWrong = { lost: 0, changed: 0, sum: 0, faults: [] };

test(
  'a bank with fifty busy wallets: no money is made or lost, no answer changes, nobody waits for each other',
  { timeout: TIMEOUT_MS },
  async () => {
    const opened = await open('busy');

    const reads = await runBank(opened, during(seconds * 1_000));

    const { bank, books, ledgers } = opened;
    const deadlocks = await books[0]?.pool.query<{ deadlocks: number }>(
      'select deadlocks from pg_stat_database where datname = current_database()',
    );
    expect(await bank.check(ledgers[0] ?? fail())).toEqual(nothingWrong);
    expect({ troubles: bank.troubles, deadlocks: deadlocks?.rows }).toEqual({
      troubles: [],
      deadlocks: [{ deadlocks: 0 }],
    });
    expect(Math.min(reads, bank.answered())).toBeGreaterThan(0);
    process.stdout.write(`${bank.answered()} settlements answered, ${reads} times looked\n`);
    await opened.close();
  },
);

test('a bank whose database backends are killed all the time', { timeout: TIMEOUT_MS }, async () => {
  const opened = await open('shot_at');
  const isOver = during(seconds * 1_000);
  let killed = 0;
  const killer = (async () => {
    const client = new pg.Client(server.url);
    await client.connect();
    while (!isOver()) {
      await pause(BACKENDS_DIE_EVERY_MS);
      const { rows } = await client.query<{ killed: string }>(
        `select count(pg_terminate_backend(pid)) as killed from pg_stat_activity
         where datname = 'shot_at' and query like '%ledger_%'`,
      );
      killed += Number(rows[0]?.killed ?? 0);
    }
    await client.end();
  })();

  const reads = await runBank(opened, isOver);

  await killer;
  const { bank, ledgers } = opened;
  expect(await bank.check(ledgers[0] ?? fail())).toEqual(nothingWrong);
  expect(bank.troubles.filter((trouble) => /money|below zero/.test(trouble))).toEqual([]);
  expect(Math.min(reads, killed, bank.answered())).toBeGreaterThan(0);
  process.stdout.write(`${bank.answered()} settlements answered, ${killed} backends killed\n`);
  await opened.close();
});

test(`a bank whose database is killed with -9, ${kills} times`, { timeout: TIMEOUT_MS }, async () => {
  const opened = await open('pulled');
  const { bank, books, ledgers } = opened;
  const recoveriesMs: number[] = [];
  let isOver = false;
  const working = runBank(opened, () => isOver);
  for (let round = 0; round < kills; round++) {
    await pause(LIFE_MS.least + Math.random() * (LIFE_MS.most - LIFE_MS.least));
    await server.kill();
    const killedAtMs = performance.now();
    await server.start();
    await expect
      .poll(() => books[1]?.pool.query('select 1').then(() => true), { timeout: RECOVERY_LIMIT_MS, interval: 20 })
      .toBe(true);
    recoveriesMs.push(Math.round(performance.now() - killedAtMs));
    expect(await bank.check(ledgers[1] ?? fail())).toMatchObject({ lost: 0, changed: 0, faults: [] });
  }
  isOver = true;
  await working;

  expect(await bank.check(ledgers[0] ?? fail())).toEqual(nothingWrong);
  expect(bank.troubles.filter((trouble) => /money|below zero/.test(trouble))).toEqual([]);
  expect(Math.max(...recoveriesMs)).toBeLessThan(RECOVERY_LIMIT_MS);
  process.stdout.write(`${bank.answered()} settlements answered, back after ${recoveriesMs.join(', ')} ms\n`);
  await opened.close();
});
