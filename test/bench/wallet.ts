import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import type { StoreId, AttemptId } from '#contract/ids.ts';
import { openPostgres, postgresMissing, type PostgresServer } from '#test/support/postgres.ts';
import { type Bookkeeper, openBookkeeper } from '#wallet/server/group-commit.ts';
import type { Ledger } from '#wallet/server/ledger/ledger.ts';
import { openPostgresLedger } from '#wallet/server/ledger/postgres.ts';
import { openSqliteLedger } from '#wallet/server/ledger/sqlite.ts';
import { openSqliteBooks } from '#wallet/server/store/books.ts';
import { openDatabase } from '#wallet/server/store/database.ts';
import { openPostgresBooks } from '#wallet/server/store/postgres.ts';
import type { Measured } from './measure.ts';
import { compared, openTpcB, type Slice } from './sandwich.ts';
import { openHttpBench } from './wallet-http.ts';
import { openTown, seedTown, type Town } from './wallet-town.ts';

const FEW = 32;
const MANY = 256;
const GUESTS = 4;
const WARM_UP_SECONDS = 0.7;
/** Inquiries ask for one of so many that were booked last. */
const MAX_KNOWN = 50_000;
const UNIT = 'settlements/s';

interface WalletBench {
  readonly folder: string;
  readonly rounds: number;
  readonly seconds: number;
}

type Slices = Record<'few' | 'many' | 'hot' | 'group' | 'inquiry' | 'sqlite' | 'singles' | 'batches', Slice[]>;

/**
 * The ledger as the wallet server uses it, behind its group commit and in one process: fees, limits, idempotency, the
 * outbox and double entry are all on. Each round has new books of a hundred thousand wallets and a thousand stores.
 */
export async function benchWallet({ folder, rounds, seconds }: WalletBench): Promise<Measured[]> {
  if (postgresMissing !== undefined) {
    process.stderr.write(`The wallet's rows are left out: ${postgresMissing}.\n`);
    return [];
  }
  const server = await openPostgres();
  try {
    const tpcB = await openTpcB(server);
    const template = await server.createDatabase('town');
    const seeded = await openPostgresBooks(template);
    await seedTown(seeded.db, 'postgres');
    await seeded.pool.query('vacuum analyze account, wallet, store, transfer');
    await seeded.close();
    const sqlite = join(folder, 'town.sqlite');
    const file = openSqliteBooks(openDatabase(sqlite));
    await seedTown(file.db, 'sqlite');
    await file.close();

    const slices: Slices = {
      few: [],
      many: [],
      hot: [],
      group: [],
      inquiry: [],
      sqlite: [],
      singles: [],
      batches: [],
    };
    for (let round = 0; round < rounds; round++) {
      const name = `round_${round}`;
      await server.run('createdb', [`--template=town`, name]);
      await server.run('psql', ['--quiet', '--command=checkpoint', name]);
      copyFileSync(sqlite, join(folder, `${name}.sqlite`));
      const measured = {
        server,
        name,
        seconds,
        sqlite: join(folder, `${name}.sqlite`),
        folder,
        isLast: round === rounds - 1,
      };
      await benchRound(measured, tpcB.measure, slices);
      await benchHttp(measured, tpcB.measure, slices);
      await server.run('dropdb', ['--force', name]);
    }
    return [
      compared('ledger, 32 in flight, to TPC-B', UNIT, slices.few, 'ratio >= 4 (goal 6)'),
      compared('ledger, 256 in flight, to TPC-B', UNIT, slices.many, 'ratio >= 7 (goal 10)'),
      compared('HTTP, signed single settlements, to TPC-B', UNIT, slices.singles, 'ratio >= 2.5 (goal 4)'),
      compared('HTTP, offline batches of 64, to TPC-B', UNIT, slices.batches, 'ratio >= 6.5 (goal 10)'),
      compared('one hot store, to many stores', UNIT, slices.hot, 'ratio >= 0.95'),
      compared('groups with 4 allotments, to plain ones', UNIT, slices.group, 'ratio >= 0.35 (goal 0.5)'),
      compared('inquiries, to fresh settlements', 'inquiries/s', slices.inquiry, 'ratio >= 1'),
      compared('ledger on SQLite, to PostgreSQL', UNIT, slices.sqlite, 'ratio >= 1.5'),
    ];
  } finally {
    await server.remove();
  }
}

interface Round {
  readonly server: PostgresServer;
  readonly name: string;
  readonly seconds: number;
  /** A file of this round's own. */
  readonly sqlite: string;
  readonly isLast: boolean;
  readonly folder: string;
}

async function benchRound(
  { server, name, seconds, sqlite, isLast }: Round,
  tpcB: (seconds: number) => Promise<number>,
  slices: Slices,
): Promise<void> {
  const books = await openPostgresBooks(server.url.replace(/[^/]+$/, name));
  const ledger = openPostgresLedger(books);
  const keeper = openBookkeeper(ledger);
  const town = openTown(Number(name.replaceAll(/\D/g, '')) + 1);
  const known: Known[] = [];
  const plain = (): Promise<void> => settle(keeper, town, known);
  const file = openSqliteBooks(openDatabase(sqlite));
  const fileKeeper = openBookkeeper(openSqliteLedger(file));
  await drive(MANY, WARM_UP_SECONDS, plain);

  const before = await tpcB(seconds);
  const few = await drive(FEW, seconds, plain);
  const between = await tpcB(seconds);
  const many = await drive(MANY, seconds, plain);
  const after = await tpcB(seconds);
  slices.few.push({ before, rate: few, after: between });
  slices.many.push({ before: between, rate: many, after });

  // These are compared with plain settlements of the same round.
  const first = await drive(MANY, seconds, plain);
  const hot = await drive(MANY, seconds, () => settle(keeper, town, known, { isHot: true }));
  const group = await drive(MANY, seconds, () => settle(keeper, town, [], { guests: GUESTS }));
  const inquiry = await drive(MANY, seconds, () => inquire(ledger, known));
  const last = await drive(MANY, seconds, plain);
  const onFile = await drive(MANY, seconds, () => settle(fileKeeper, town, []));
  const push = (list: Slice[], rate: number): void => void list.push({ before: first, rate, after: last });
  push(slices.hot, hot);
  push(slices.group, group);
  push(slices.inquiry, inquiry);
  push(slices.sqlite, onFile);

  await Promise.all([keeper.close(), fileKeeper.close()]);
  const { sum, faults } = isLast ? await ledger.readBooks() : { sum: 0, faults: [] };
  if (sum !== 0 || faults.length > 0) throw new Error(`the books do not agree: ${sum}, ${faults.join('; ')}`);
  await Promise.all([books.close(), file.close()]);
}

/** The whole server, in a process of its own, over the same books. */
async function benchHttp(
  { server, name, seconds, folder }: Round,
  tpcB: (seconds: number) => Promise<number>,
  slices: Slices,
): Promise<void> {
  const http = await openHttpBench(server.url.replace(/[^/]+$/, name), join(folder, name));
  for (const kind of ['singles', 'batches'] as const) {
    await http[kind].prepare(WARM_UP_SECONDS);
    await http[kind].run(WARM_UP_SECONDS);
    await http[kind].prepare(seconds);
    const before = await tpcB(seconds);
    const rate = await http[kind].run(seconds);
    slices[kind].push({ before, rate, after: await tpcB(seconds) });
  }
  await http.close();
}

interface Known {
  readonly settlementId: AttemptId;
  readonly storeId: StoreId;
}

async function settle(
  keeper: Bookkeeper,
  town: Town,
  known: Known[],
  options?: Parameters<Town['settlement']>[0],
): Promise<void> {
  const command = town.settlement(options);
  const outcome = await keeper.book(command);
  if (outcome.type !== 'settlement' || outcome.settlement.state !== 'approved') throw new Error('everybody has money');
  if (known.length < MAX_KNOWN) known.push(command);
}

let asked = 0;

async function inquire(ledger: Ledger, known: readonly Known[]): Promise<void> {
  const one = known[(asked += 7_919) % known.length];
  const found = one === undefined ? undefined : await ledger.findSettlement(one.settlementId, one.storeId);
  if (found?.state !== 'approved') throw new Error('what was booked is found');
}

/** So many callers, each of whom asks again as soon as he is answered; resolves with the answers a second. */
async function drive(callers: number, seconds: number, call: () => Promise<void>): Promise<number> {
  const startedAtMs = performance.now();
  const endMs = startedAtMs + 1_000 * seconds;
  let done = 0;
  async function one(): Promise<void> {
    while (performance.now() < endMs) {
      await call();
      done += 1;
    }
  }
  await Promise.all(Array.from({ length: callers }, one));
  return (1_000 * done) / (performance.now() - startedAtMs);
}
