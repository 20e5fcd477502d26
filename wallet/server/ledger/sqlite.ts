import type { SqliteBooks } from '../store/books.ts';
import { toSettlement } from './answers.ts';
import type { Command, Ledger, Outcome } from './ledger.ts';
import { readBooks } from './read-books.ts';
import { placeHold, releaseHolds } from './sqlite-hold.ts';
import { giveBack } from './sqlite-refund.ts';
import { chargeBack, reload, reverseReload } from './sqlite-reload.ts';
import { repay, treat } from './sqlite-repay.ts';
import { cancel, settle } from './sqlite-settle.ts';
import { prepareStatements, type Statements } from './sqlite-statements.ts';

/**
 * The ledger on SQLite: WAL, synchronous=FULL. A list of commands is one transaction and so one flush to the disk; the
 * commands are booked one after the other inside it, which needs no locks where there is one writer.
 */
export function openSqliteLedger(books: SqliteBooks): Ledger {
  const { database } = books;
  const sql = prepareStatements(database);
  const bookAll = database.transaction((commands: readonly Command[]) =>
    commands.map((command) => bookOne(sql, command)),
  );
  return {
    // "Immediate": the write lock is taken before the first read, so what is read is still true when it is written.
    book: (commands) => books.alone(() => bookAll.immediate(commands)),
    findSettlement: async (settlementId, storeId) => {
      const row = sql.findSettlement.get(settlementId);
      return row === undefined || row.store_id !== storeId ? undefined : toSettlement(row, row.record);
    },
    readBalance: async (walletId) => {
      const wallet = sql.findWallet.get(walletId);
      if (wallet === undefined) return undefined;
      const { currency, balance, held, owed } = wallet;
      return { currency, balance, held, owed };
    },
    readBooks: () => readBooks(books),
  };
}

function bookOne(sql: Statements, command: Command): Outcome {
  switch (command.type) {
    case 'settle':
      return settle(sql, command);
    case 'cancel':
      return cancel(sql, command);
    case 'refund':
      return giveBack(sql, command);
    case 'reload':
      return reload(sql, command);
    case 'reverse_reload':
      return reverseReload(sql, command);
    case 'charge_back':
      return chargeBack(sql, command);
    case 'repay':
      return repay(sql, command);
    case 'treat':
      return treat(sql, command);
    case 'place_hold':
      return placeHold(sql, command);
    case 'release_holds':
      return releaseHolds(sql, command);
  }
}
