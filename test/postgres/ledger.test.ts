import { afterAll, beforeAll } from 'vitest';
import { openPostgres, type PostgresServer } from '#test/support/postgres.ts';
import { ledgerLaws, type LedgerUnderTest } from '#test/wallet/server/ledger-laws.ts';
import { openPostgresLedger } from '#wallet/server/ledger/postgres.ts';
import { openPostgresBooks } from '#wallet/server/store/postgres.ts';

let server: PostgresServer;
beforeAll(async () => {
  server = await openPostgres();
});
afterAll(() => server.remove());

ledgerLaws('PostgreSQL', openUnderTest);

/** A real server, which need not survive the power: what is tested is what the rows say. */
async function openUnderTest(): Promise<LedgerUnderTest> {
  const books = await openPostgresBooks(server.url);
  return {
    books,
    ledger: openPostgresLedger(books),
    wipe: async () => {
      // Truncation asks no trigger.
      await books.pool.query(`
        truncate repayment, allotment, group_payment, refund, transfer, settlement, hold, outbox;
        update account set balance = 0, held = 0, owed = 0, spent_day = 0, spent_in_day = 0, spent_month = 0,
          spent_in_month = 0 where kind = 'wallet';`);
    },
    close: () => books.close(),
  };
}
