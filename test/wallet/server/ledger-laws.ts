import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Intent, lists } from '#test/wallet/server/commands.ts';
import { id, seed, stores, wallets } from '#test/wallet/server/ledger-seed.ts';
import { openOracle, type Oracle } from '#test/wallet/server/oracle.ts';
import type { Command, Ledger } from '#wallet/server/ledger/ledger.ts';
import type { Books } from '#wallet/server/store/books.ts';

/** A ledger over empty tables, for laws that must hold on every database. */
export interface LedgerUnderTest {
  readonly books: Books;
  readonly ledger: Ledger;
  /** Empties what the ledger writes, and the balances; stores and wallets stay. */
  wipe(): Promise<void>;
  /** Runs a statement that the tables would refuse: their checks, triggers and unique indexes are off from then on. */
  damage(statement: string): Promise<void>;
  close(): Promise<void>;
}

/** In CI, and what a person waits for. */
const COMMANDS = process.env['CI'] === undefined ? 5_000 : 100_000;
/** A run has more than that on the average, which is counted in the end. */
const COMMANDS_IN_A_RUN = 100;
const TIMEOUT_MS = 20 * 60_000;

/** Oracle and adapter answer and end alike, whatever comes in whatever lists. */
export function ledgerLaws(name: string, open: () => Promise<LedgerUnderTest>): void {
  describe(`the ledger on ${name}`, () => {
    let under: LedgerUnderTest;
    beforeAll(async () => {
      under = await open();
      await seed(under.books);
    });
    afterAll(() => under.close());

    test(
      'any commands in any lists: answers and ends as the oracle does, and its books agree',
      async () => {
        let count = 0;
        await fc.assert(
          fc.asyncProperty(lists, async (run) => {
            await under.wipe();
            count += await follow(under, run);
          }),
          { numRuns: Math.ceil(COMMANDS / COMMANDS_IN_A_RUN) },
        );
        expect(count).toBeGreaterThanOrEqual(COMMANDS);
      },
      TIMEOUT_MS,
    );
  });
}

async function follow(
  { books, ledger }: LedgerUnderTest,
  run: readonly { readonly intents: readonly Intent[]; readonly isTwice: boolean }[],
): Promise<number> {
  const oracle = openOracle(wallets);
  const past: Command[] = [];
  const moment = { oracle, newId: openIds(), past };
  let heard = await lastSeq(books);
  for (const { intents, isTwice } of run) {
    const once = intents.map((intent) => intent(moment));
    const commands = isTwice ? [...once, ...once] : once;
    oracle.events.length = 0;
    const expected = commands.map((command) => oracle.book(command));
    const outcomes = await ledger.book(commands);
    expect(outcomes.map((outcome, index) => [commands[index], outcome])).toEqual(
      expected.map((outcome, index) => [commands[index], outcome]),
    );
    expect(await readState(books, heard)).toEqual(stateOf(oracle));
    heard = await lastSeq(books);
    past.push(...commands);
  }
  expect(await readTransfers(books)).toEqual(transfersOf(oracle));
  await expectSettlements(ledger, oracle);
  const { sum, faults, balances } = await ledger.readBooks();
  expect({ sum, faults }).toEqual({ sum: 0, faults: [] });
  const theirs = new Map<string, number>();
  for (const { account, balance } of balances) theirs.set(account, (theirs.get(account) ?? 0) + balance);
  for (const account of new Set([...theirs.keys(), ...oracle.balances.keys()])) {
    expect([account, theirs.get(account) ?? 0]).toEqual([account, oracle.balances.get(account) ?? 0]);
  }
  return past.length;
}

async function readState(books: Books, heard: number) {
  const { db } = books;
  const accounts = await db.selectFrom('account').selectAll().where('kind', '=', 'wallet').orderBy('id').execute();
  const allotments = await db.selectFrom('allotment').selectAll().orderBy('id').execute();
  const holds = await db.selectFrom('hold').selectAll().orderBy('id').execute();
  const events = await db
    .selectFrom('outbox')
    .select(['type', 'wallet_id', 'ref_id'])
    .where('seq', '>', heard)
    .execute();
  return {
    accounts: accounts.map((row) => [
      row.id,
      [row.balance, row.held, row.owed],
      [row.spent_day, row.spent_in_day],
      [row.spent_month, row.spent_in_month],
    ]),
    allotments: allotments.map((row) => [row.id, row.amount, row.repaid, row.treated]),
    holds: holds.map((row) => [row.id, row.state, row.amount, row.posted, row.promised_until_ms, row.expires_at_ms]),
    events: events.map((row) => `${row.type} ${row.wallet_id} ${row.ref_id}`).toSorted(),
  };
}

function stateOf(oracle: Oracle): Awaited<ReturnType<typeof readState>> {
  return {
    accounts: [...oracle.wallets.values()].map((wallet) => [
      wallet.walletId,
      [oracle.balances.get(wallet.walletId) ?? 0, wallet.held, wallet.owed],
      [wallet.day, wallet.inDay],
      [wallet.month, wallet.inMonth],
    ]),
    allotments: [...oracle.allotments.values()]
      .map((one) => [one.allotmentId, one.amount, one.repaid, one.treated])
      .toSorted(byFirst),
    holds: [...oracle.holds.values()]
      .map((one) => [one.holdId, one.state, one.amount, one.posted, one.promisedUntilMs, one.expiresAtMs])
      .toSorted(byFirst),
    events: oracle.events.map(({ type, walletId, refId }) => `${type} ${walletId} ${refId}`).toSorted(),
  };
}

async function readTransfers({ db }: Books): Promise<unknown[]> {
  const rows = await db.selectFrom('transfer').selectAll().execute();
  return rows
    .map((row) => [
      row.id,
      row.kind,
      row.debit_account,
      row.credit_account,
      row.amount,
      row.settlement_id,
      row.allotment_id,
    ])
    .toSorted(byFirst);
}

function transfersOf({ transfers }: Oracle): unknown[] {
  return [...transfers.values()]
    .map((row) => [row.id, row.kind, row.from, row.to, row.amount, row.settlementId ?? null, row.allotmentId ?? null])
    .toSorted(byFirst);
}

/** Asked for later, each is what was answered last; another store does not see it. */
async function expectSettlements(ledger: Ledger, { settlements }: Oracle): Promise<void> {
  for (const { storeId, settlement } of settlements.values()) {
    const found = stores.map((store) => ledger.findSettlement(settlement.settlementId, store));
    expect(await Promise.all(found)).toEqual(stores.map((store) => (store === storeId ? settlement : undefined)));
  }
}

async function lastSeq({ db }: Books): Promise<number> {
  const last = await db.selectFrom('outbox').select('seq').orderBy('seq', 'desc').limit(1).executeTakeFirst();
  return last?.seq ?? 0;
}

function openIds(): () => string {
  let last = 0;
  return () => id(10, last++);
}

function byFirst(left: readonly unknown[], right: readonly unknown[]): number {
  return String(left[0]) < String(right[0]) ? -1 : 1;
}
