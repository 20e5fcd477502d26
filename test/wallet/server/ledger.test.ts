import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { attemptIdSchema, checkIdSchema, refundIdSchema, storeIdSchema, terminalIdSchema } from '#contract/ids.ts';
import { declineReasons } from '#contract/settlement.ts';
import { openOracle } from '#test/wallet/server/oracle.ts';
import { type Command, type Ledger, type Payer, referenceOf } from '#wallet/server/ledger/ledger.ts';
import { openSqliteLedger, readBooks } from '#wallet/server/ledger/sqlite.ts';
import { type Database, openDatabase, openReader } from '#wallet/server/store/database.ts';
import { openRegistry } from '#wallet/server/store/registry.ts';

let folder: string;
let database: Database;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'warikan-ledger-'));
  database = openDatabase(join(folder, 'wallet.sqlite'));
});

afterEach(() => {
  database.close();
  rmSync(folder, { recursive: true });
});

/** Ids from a small pool, so that commands meet one another. */
const id = (kind: number, index: number): string => `0190000${kind}-0000-7000-8000-00000000000${index}`;
const stores = [id(1, 1), id(1, 2)].map((value) => storeIdSchema.parse(value));
const terminals = [id(2, 1), id(2, 2)].map((value) => terminalIdSchema.parse(value));
const checks = [id(3, 1), id(3, 2)].map((value) => checkIdSchema.parse(value));
const wallets = [
  { walletId: id(4, 1), name: 'Haru Tanaka', currency: 'JPY', perPaymentLimit: 5_000, isLocked: false },
  { walletId: id(4, 2), name: 'Mei Sato', currency: 'JPY', perPaymentLimit: 50_000, isLocked: false },
  { walletId: id(4, 3), name: 'Ren Suzuki', currency: 'USD', perPaymentLimit: 50_000, isLocked: false },
  { walletId: id(4, 4), name: 'Aoi Watanabe', currency: 'JPY', perPaymentLimit: 50_000, isLocked: true },
];
/** Settlements, refunds and reloads have ids of their own, now and then one of another kind. */
const [settlementIds, refundIds, reloadIds] = [5, 6, 7].map((kind) => [0, 1, 2, 3].map((index) => id(kind, index)));

async function openLedger(): Promise<Ledger> {
  const registry = openRegistry(database);
  for (const [index, storeId] of stores.entries()) await registry.openStore({ storeId, name: `Store ${index}` });
  for (const wallet of wallets) await registry.openWallet(wallet);
  database.prepare('update wallet set is_locked = 1 where id = ?').run(id(4, 4));
  return openSqliteLedger(database);
}

const one = <T>(values: readonly T[]): fc.Arbitrary<T> => fc.constantFrom(...values);
const mostly = <T>([usual, ...others]: readonly T[]): fc.Arbitrary<T> =>
  fc.oneof({ weight: 6, arbitrary: fc.constant(usual as T) }, { weight: 1, arbitrary: one(others) });
const idsOf = (own: readonly string[] = []): fc.Arbitrary<string> =>
  fc.oneof(
    { weight: 12, arbitrary: one(own) },
    { weight: 1, arbitrary: one([settlementIds, refundIds, reloadIds].flatMap((ids) => ids ?? [])) },
  );
// Few amounts that sum to one another: balances and refunds are to be met exactly, and missed by one.
const money = fc.record({
  amount: fc.oneof({ weight: 8, arbitrary: one([250, 500, 1_000, 2_000]) }, one([1, 249, 251, 999, 5_001, 60_000])),
  currency: fc.oneof({ weight: 9, arbitrary: fc.constant('JPY') }, { weight: 1, arbitrary: fc.constant('USD') }),
});
const goodPayer: fc.Arbitrary<Payer> = fc
  .record({
    wallet: one([0, 0, 0, 0, 1, 1, 2, 3, 4]),
    counter: fc.nat({ max: 20 }),
    limit: one([1_000, 100_000, 100_000]),
  })
  .map(({ wallet, counter, limit }) => ({
    isGood: true,
    alias: `alias-${wallet}`,
    counter,
    // The last one is of nobody.
    walletId: wallets[wallet]?.walletId ?? id(4, 9),
    perPaymentLimit: limit,
    offlineAllowance: { amount: 0, currency: 'JPY' },
    member: { memberRef: `ref-${wallet}`, maskedName: 'Haru •••', settlementMethod: 'shown_code' },
  }));
const badPayer: fc.Arbitrary<Payer> = fc.record({
  isGood: fc.constant(false as const),
  alias: one(['', 'alias-1']),
  reason: one(declineReasons),
});
const asking = { storeId: mostly(stores), terminalId: mostly(terminals), atMs: fc.nat({ max: 1_000_000 }) };
const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      type: fc.constant('settle' as const),
      settlementId: idsOf(settlementIds).map((value) => attemptIdSchema.parse(value)),
      checkId: mostly(checks),
      amount: money,
      payer: fc.oneof({ weight: 6, arbitrary: goodPayer }, { weight: 1, arbitrary: badPayer }),
      ...asking,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant('cancel' as const),
      settlementId: idsOf(settlementIds).map((value) => attemptIdSchema.parse(value)),
      // Given when it is booked: the server makes a fresh one each time.
      transferId: fc.constant(''),
      ...asking,
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constant('refund' as const),
      refundId: idsOf(refundIds).map((value) => refundIdSchema.parse(value)),
      settlementId: idsOf(settlementIds).map((value) => attemptIdSchema.parse(value)),
      amount: money,
      reason: fc.option(fc.constant('cold coffee'), { nil: undefined }),
      ...asking,
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constant('reload' as const),
      reloadId: idsOf(reloadIds),
      walletId: one(wallets.map(({ walletId }) => walletId)),
      amount: money,
      atMs: fc.nat({ max: 1_000_000 }),
    }),
  },
);
/** Commands as they may arrive: some together, some twice. */
const batches = fc.array(
  fc
    .array(command, { minLength: 1, maxLength: 8 })
    .chain((list) => fc.boolean().map((again) => (again ? [...list, ...list] : list))),
  { maxLength: 12 },
);

test('any commands in any batches: SQLite answers and ends as the oracle does, and its books agree', async () => {
  const ledger = await openLedger();
  const unique = { cancels: 0 };
  await fc.assert(
    fc.asyncProperty(batches, async (lists) => {
      wipe();
      const oracle = openOracle(wallets);
      for (const list of lists) {
        const commands = list.map((each) =>
          each.type === 'cancel'
            ? { ...each, transferId: `01900007-0000-7000-8000-${String(unique.cancels++).padStart(12, '0')}` }
            : each,
        );
        expect(await ledger.book(commands)).toEqual(commands.map((each) => oracle.book(each)));
      }
      for (const [settlementId, settlement] of oracle.settlements) {
        const found = await Promise.all(
          stores.map((storeId) => ledger.findSettlement(attemptIdSchema.parse(settlementId), storeId)),
        );
        expect(found.filter((each) => each !== undefined)).toEqual([settlement]);
      }
      const books = await ledger.readBooks();
      const theirs = new Map<string, number>();
      for (const { account, balance } of books.balances) theirs.set(account, (theirs.get(account) ?? 0) + balance);
      for (const [account, balance] of oracle.balances)
        expect([account, theirs.get(account) ?? 0]).toEqual([account, balance]);
      expect({ sum: books.sum, faults: books.faults }).toEqual({ sum: 0, faults: [] });
    }),
    { numRuns: 500 },
  );
});

describe('the tables themselves', () => {
  test('refuse to change or to delete a transfer', async () => {
    await reloadHaru(await openLedger());
    expect(() => database.exec('update transfer set amount = 1')).toThrow('a transfer is never changed');
    expect(() => database.exec('delete from transfer')).toThrow('a transfer is never deleted');
  });

  test('refuse a wallet below zero, whatever the code above thinks', async () => {
    await reloadHaru(await openLedger());
    expect(() => database.exec(`update account set balance = -1 where kind = 'wallet'`)).toThrow('CHECK');
  });

  test('refuse refunds above what was settled', async () => {
    const ledger = await openLedger();
    await reloadHaru(ledger);
    await ledger.book([settleHaru(400)]);
    expect(() => database.exec('update settlement set refunded = amount + 1')).toThrow('CHECK');
  });
});

test('the books name a wallet whose balance is not the sum of its transfers', async () => {
  const ledger = await openLedger();
  await reloadHaru(ledger);
  database.exec(`update account set balance = balance + 1 where id = '${id(4, 1)}'`);

  const { sum, faults } = readBooks(database);
  expect({ sum, faults }).toEqual({
    sum: 1,
    faults: [`a wallet does not hold the sum of its transfers: ${id(4, 1)}`],
  });
});

test('a list whose last command fails books nothing of it', async () => {
  const ledger = await openLedger();
  await reloadHaru(ledger);
  const broken = { ...settleHaru(1), settlementId: 'too short' as never };
  await expect(ledger.book([settleHaru(400), broken])).rejects.toThrow('CHECK');
  expect({ found: await ledger.findSettlement(settlementId, store), sum: readBooks(database).settlements }).toEqual({
    found: undefined,
    sum: [],
  });
});

test('a statement lists the latest movements first, with the store by name', async () => {
  const ledger = await openLedger();
  await reloadHaru(ledger);
  await ledger.book([settleHaru(400)]);
  const refundId = refundIdSchema.parse(id(5, 3));
  const amount = { amount: 100, currency: 'JPY' };
  await ledger.book([
    {
      type: 'refund',
      refundId,
      settlementId,
      storeId: store,
      terminalId: terminal,
      amount,
      reason: undefined,
      atMs: 3,
    },
  ]);

  expect(await ledger.readStatement(id(4, 1), 2)).toEqual({
    name: 'Haru Tanaka',
    balance: { amount: 700, currency: 'JPY' },
    movements: [
      { atMs: 3, kind: 'refund', amount: 100, currency: 'JPY', store: 'Store 0' },
      { atMs: 2, kind: 'settlement', amount: -400, currency: 'JPY', store: 'Store 0' },
    ],
  });
});

test('a reference is short, and the same for the same id', () => {
  expect(referenceOf('01900000-0000-7000-8000-0123456789ab')).toMatch(/^[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}$/);
});

describe('the file', () => {
  test('is committed to the disk before an answer: WAL, synchronous FULL', () => {
    expect([
      database.pragma('journal_mode', { simple: true }),
      database.pragma('synchronous', { simple: true }),
    ]).toEqual(['wal', 2]);
  });

  test('from the future is refused, and is not touched', () => {
    const path = join(folder, 'future.sqlite');
    openDatabase(path).close();
    const future = new Sqlite(path);
    future.pragma('user_version = 99');
    future.close();
    expect(() => openDatabase(path)).toThrow('was written by a newer version of Warikan (its format is 99');
    expect(() => openReader(path)).toThrow('is not a wallet file');
  });

  test('of another program is refused', () => {
    const path = join(folder, 'other.sqlite');
    const other = new Sqlite(path);
    other.exec('create table t (a)');
    other.close();
    expect(() => openDatabase(path)).toThrow('not a wallet');
  });

  test('can be read beside the writer, and not written', async () => {
    await reloadHaru(await openLedger());
    const reader = openReader(join(folder, 'wallet.sqlite'));
    expect(readBooks(reader).sum).toBe(0);
    expect(() => reader.exec('delete from settlement')).toThrow('readonly');
    reader.close();
  });
});

const store = storeIdSchema.parse(id(1, 1));
const terminal = terminalIdSchema.parse(id(2, 1));
const settlementId = attemptIdSchema.parse(id(5, 2));

async function reloadHaru(ledger: Ledger): Promise<void> {
  const amount = { amount: 1_000, currency: 'JPY' };
  await ledger.book([{ type: 'reload', reloadId: id(5, 1), walletId: id(4, 1), amount, atMs: 1 }]);
}

function settleHaru(amount: number): Extract<Command, { type: 'settle' }> {
  return {
    type: 'settle',
    settlementId,
    storeId: store,
    terminalId: terminal,
    checkId: checkIdSchema.parse(id(3, 1)),
    amount: { amount, currency: 'JPY' },
    payer: {
      isGood: true,
      alias: 'haru',
      counter: 1,
      walletId: id(4, 1),
      perPaymentLimit: 5_000,
      offlineAllowance: { amount: 0, currency: 'JPY' },
      member: { memberRef: 'r', maskedName: 'Haru •••', settlementMethod: 'shown_code' },
    },
    atMs: 2,
  };
}

/** An empty ledger without the price of a new file. The trigger that keeps transfers is the test's to lift. */
function wipe(): void {
  database.exec(`
    drop trigger transfer_is_kept;
    delete from used_code; delete from refund; delete from transfer; delete from settlement;
    update account set balance = 0 where kind = 'wallet';
    create trigger transfer_is_kept before delete on transfer
    begin select raise(abort, 'a transfer is never deleted'); end;`);
}
