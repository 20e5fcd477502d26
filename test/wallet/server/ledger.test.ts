import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { faultLaws } from '#test/wallet/server/fault-laws.ts';
import { ledgerLaws, type LedgerUnderTest } from '#test/wallet/server/ledger-laws.ts';
import { openSqliteLedger } from '#wallet/server/ledger/sqlite.ts';
import { openSqliteBooks } from '#wallet/server/store/books.ts';
import { openDatabase } from '#wallet/server/store/database.ts';

ledgerLaws('SQLite', openUnderTest);
faultLaws('SQLite', openUnderTest);

/** A real file, which need not survive the power: what is tested is what the rows say. */
async function openUnderTest(): Promise<LedgerUnderTest> {
  const folder = mkdtempSync(join(tmpdir(), 'warikan-laws-'));
  const database = openDatabase(join(folder, 'wallet.sqlite'));
  database.pragma('synchronous = OFF');
  const books = openSqliteBooks(database);
  return {
    books,
    ledger: openSqliteLedger(books),
    wipe: () =>
      books.alone(() => {
        // In one go and without looking at what names what. The trigger that keeps transfers is the test's to lift.
        database.pragma('foreign_keys = OFF');
        database.exec(`
          drop trigger if exists transfer_is_kept;
          delete from repayment; delete from allotment; delete from group_payment; delete from refund;
          delete from transfer; delete from settlement; delete from hold; delete from outbox;
          update account set balance = 0, held = 0, owed = 0, spent_day = 0, spent_in_day = 0, spent_month = 0,
            spent_in_month = 0 where kind = 'wallet';
          create trigger transfer_is_kept before delete on transfer
          begin select raise(abort, 'a transfer is never deleted'); end;`);
        database.pragma('foreign_keys = ON');
      }),
    damage: (statement) =>
      books.alone(() => {
        database.pragma('foreign_keys = OFF');
        database.pragma('ignore_check_constraints = ON');
        database.exec(`
          drop trigger if exists transfer_is_kept; drop trigger if exists transfer_stays;
          drop index if exists one_code;
          ${statement}`);
      }),
    close: async () => {
      await books.close();
      rmSync(folder, { recursive: true });
    },
  };
}
