import { openPurse } from '#test/wallet/server/oracle-purse.ts';
import { emptyTables, type OracleWallet, type Tables } from '#test/wallet/server/oracle-tables.ts';
import { openTill } from '#test/wallet/server/oracle-till.ts';
import type { Command, Outcome } from '#wallet/server/ledger/ledger.ts';

/**
 * The ledger once more, as plainly as it can be said, with maps for tables: what every adapter must equal on any list
 * of commands. Written from the rules and not from the adapters, and slow on purpose.
 *
 * `oracle-till.ts` has what shops ask for, `oracle-purse.ts` what happens to wallets without them.
 */
export interface Oracle extends Tables {
  book(command: Command): Outcome;
}

export function openOracle(wallets: readonly OracleWallet[]): Oracle {
  const tables = emptyTables(wallets);
  const till = openTill(tables);
  const purse = openPurse(tables);
  return {
    ...tables,
    book: (command) => {
      switch (command.type) {
        case 'settle':
          return till.settle(command);
        case 'cancel':
          return till.cancel(command);
        case 'refund':
          return till.giveBack(command);
        case 'reload':
          return purse.reload(command);
        case 'reverse_reload':
          return purse.reverseReload(command);
        case 'charge_back':
          return purse.chargeBack(command);
        case 'repay':
          return purse.repay(command);
        case 'treat':
          return purse.treat(command);
        case 'place_hold':
          return purse.placeHold(command);
        case 'release_holds':
          return purse.releaseHolds(command);
      }
    },
  };
}
