import { afterAll, beforeAll } from 'vitest';
import { openPostgres, type PostgresServer } from '#test/support/postgres.ts';
import { ledgerLaws, type LedgerUnderTest } from '#test/wallet/server/ledger-laws.ts';
import { openPostgresLedger } from '#wallet/server/ledger/postgres.ts';
import { openPostgresBooks } from '#wallet/server/store/postgres.ts';

let server: PostgresServer;
beforeAll(async () => {
  server = await openPostgres({ inMemory: true });
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
      // Much faster than truncating so few rows; a replica's triggers do not stand in the way.
      await books.pool.query(`
        begin;
        set local session_replication_role = replica;
        delete from repayment; delete from allotment; delete from group_payment; delete from refund;
        delete from transfer; delete from settlement; delete from hold; delete from outbox;
        update account set balance = 0, held = 0, owed = 0, spent_day = 0, spent_in_day = 0, spent_month = 0,
          spent_in_month = 0 where kind = 'wallet';
        commit;`);
    },
    damage: async (statement) => {
      await books.pool.query(`
        do $$ declare c record; begin
          for c in select conrelid::regclass as name, conname from pg_constraint
            where contype = 'c' and connamespace = 'public'::regnamespace
          loop execute format('alter table %s drop constraint %I', c.name, c.conname); end loop;
        end $$;
        drop trigger if exists transfer_stays on transfer;
        drop index if exists one_code;
        ${statement}`);
    },
    close: () => books.close(),
  };
}
