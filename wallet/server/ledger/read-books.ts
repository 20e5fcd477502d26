import { sql, type Transaction } from 'kysely';
import type { Books as Handle } from '../store/books.ts';
import type { Schema } from '../store/schema.ts';
import { findFaults } from './faults.ts';
import type { Books } from './ledger.ts';

/**
 * Reads and compares everything, on one snapshot: the same queries for both databases. Works beside a running server,
 * on a connection that cannot write too.
 */
export async function readBooks(books: Handle): Promise<Books> {
  return books.db
    .transaction()
    .setIsolationLevel('repeatable read')
    .execute(async (trx) => {
      const balances = await readBalances(trx);
      return {
        settlements: await readSettlements(trx),
        balances,
        allotments: await readAllotments(trx),
        sum: balances.reduce((sum, { balance }) => sum + balance, 0),
        faults: await findFaults(trx),
      };
    });
}

async function readSettlements(trx: Transaction<Schema>): Promise<Books['settlements']> {
  const rows = await trx
    .selectFrom('settlement')
    .select(['id', 'store_id', 'terminal_id', 'check_id', 'state', 'was_booked', 'amount', 'currency', 'refunded'])
    .select('reason')
    .orderBy('id')
    .execute();
  return rows.map((row) => ({
    settlementId: row.id,
    storeId: row.store_id,
    terminalId: row.terminal_id,
    checkId: row.check_id ?? undefined,
    state: row.state,
    wasBooked: row.was_booked === 1,
    amount: row.amount ?? 0,
    currency: row.currency ?? undefined,
    refunded: row.refunded,
    reason: row.reason ?? undefined,
  }));
}

/** A wallet's is the one that is kept; the others' are the sums of what was booked. */
async function readBalances(trx: Transaction<Schema>): Promise<Books['balances']> {
  const { rows } = await sql<{
    account: string;
    kind: Books['balances'][number]['kind'];
    name: string | null;
    currency: string;
    balance: number;
  }>`
    select account.id as account, account.kind, wallet.name, account.currency, account.balance
    from account join wallet on wallet.id = account.id
    union all
    select account.id, account.kind, store.name, moved.currency, cast(sum(moved.amount) as bigint)
    from account
    join (
      select store_id as id, currency, amount - fee as amount from settlement where was_booked = 1
      union all
      select account.id, settlement.currency, fee from settlement join account on account.kind = 'fees'
      where was_booked = 1 and fee > 0
      union all
      select credit_account, currency, amount from transfer
      union all
      select debit_account, currency, -amount from transfer
    ) as moved on moved.id = account.id
    left join store on store.id = account.id
    where account.kind <> 'wallet'
    group by account.id, account.kind, store.name, moved.currency`.execute(trx);
  return rows
    .map((row) => ({ ...row, name: row.name ?? undefined }))
    .toSorted((left, right) => (placeOf(left) < placeOf(right) ? -1 : 1));
}

function placeOf({ kind, account, currency }: Books['balances'][number]): string {
  return `${kind} ${account} ${currency}`;
}

async function readAllotments(trx: Transaction<Schema>): Promise<Books['allotments']> {
  const rows = await trx
    .selectFrom('allotment')
    .select(['id', 'group_payment_id', 'debtor_wallet_id', 'amount', 'repaid', 'treated'])
    .orderBy('id')
    .execute();
  return rows.map((row) => ({
    allotmentId: row.id,
    groupPaymentId: row.group_payment_id,
    debtor: row.debtor_wallet_id,
    amount: row.amount,
    repaid: row.repaid,
    treated: row.treated,
  }));
}
