import { sql, type Transaction } from 'kysely';
import { z } from 'zod';
import type { Schema } from '../store/schema.ts';
import { derivedId } from './ledger.ts';

/** What does not agree in the books, in sentences that name the row. Everything is asked in SQL that both databases know. */
export async function findFaults(trx: Transaction<Schema>): Promise<string[]> {
  const faults: string[] = [];
  for (const [sentence, query] of CHECKS) {
    const { rows } = await sql.raw<{ id: string }>(query).execute(trx);
    faults.push(...rows.map(({ id }) => `${sentence}: ${id}`));
  }
  return [...faults, ...(await findShrinkFaults(trx)), ...(await findReloadFaults(trx))];
}

/** A sentence, and the query that finds the ids of which it is true. */
const CHECKS: readonly (readonly [string, string])[] = [
  [
    'a wallet does not hold the sum of what moved',
    `select account.id from account
     left join (select wallet_id, cast(sum(amount) as bigint) as amount from movement group by wallet_id) as moved
       on moved.wallet_id = account.id
     where account.kind = 'wallet' and account.balance <> coalesce(moved.amount, 0)`,
  ],
  [
    'a wallet does not hold back what its open hold reserves',
    `select account.id from account
     left join (
       select wallet_id, cast(sum(amount - posted) as bigint) as amount from hold where state = 'pending'
       group by wallet_id
     ) as reserved on reserved.wallet_id = account.id
     where account.held <> coalesce(reserved.amount, 0)`,
  ],
  [
    'money moved in another currency than the wallet holds',
    `select movement.id from movement join account on account.id = movement.wallet_id
     where account.currency <> movement.currency`,
  ],
  [
    'a code took money twice',
    `select settlement.id from settlement
     join (select alias, counter from settlement where was_booked = 1 group by alias, counter having count(*) > 1) as twice
       on twice.alias = settlement.alias and twice.counter = settlement.counter
     where was_booked = 1`,
  ],
  [
    'a cancelled settlement has not given its money back once',
    `select id from settlement where (case when state = 'cancelled' and was_booked = 1 then 1 else 0 end) <>
       (select count(*) from transfer where kind = 'cancel' and settlement_id = settlement.id
          and transfer.amount = settlement.amount and debit_account = store_id and credit_account = wallet_id)`,
  ],
  [
    'a cancelled settlement has not given its fee back once',
    `select id from settlement
     where (case when state = 'cancelled' and was_booked = 1 and fee > 0 then 1 else 0 end) <>
       (select count(*) from transfer where kind = 'fee_return' and settlement_id = settlement.id
          and transfer.amount = settlement.fee and credit_account = store_id)`,
  ],
  [
    'the refunds of a settlement are not what it says was refunded',
    `select id from settlement where refunded <>
       (select cast(coalesce(sum(amount), 0) as bigint) from transfer
        where kind = 'refund' and settlement_id = settlement.id
          and debit_account = store_id and credit_account = wallet_id)
     or refunded <>
       (select cast(coalesce(sum(amount), 0) as bigint) from refund where settlement_id = settlement.id)`,
  ],
  [
    'a refund does not stand where those before it ended',
    `select id from refund where
       refunded <> (select cast(sum(amount) as bigint) from refund as before
         where before.settlement_id = refund.settlement_id and before.number <= refund.number)
       or number <> (select count(*) from refund as before
         where before.settlement_id = refund.settlement_id and before.number <= refund.number)`,
  ],
  [
    'the shares of a group are not what was paid',
    `select id from group_payment where amount <> own_share + walk_in_share +
       (select cast(coalesce(sum(original_amount), 0) as bigint) from allotment where group_payment_id = group_payment.id)`,
  ],
  [
    'a group is not what its settlement says',
    `select group_payment.id from group_payment join settlement on settlement.id = group_payment.id
     where settlement.was_booked = 0 or settlement.amount <> group_payment.amount
       or settlement.currency <> group_payment.currency or settlement.wallet_id <> payer_wallet_id
       or settlement.store_id <> group_payment.store_id
       or (group_payment.state = 'cancelled') <> (settlement.state = 'cancelled')`,
  ],
  [
    'an allotment does not agree with its group',
    `select allotment.id from allotment join group_payment on group_payment.id = group_payment_id
     where creditor_wallet_id <> payer_wallet_id or allotment.currency <> group_payment.currency
       or (state = 'cancelled' and allotment.amount <> 0)`,
  ],
  [
    'what was repaid of an allotment is not what moved',
    `select allotment.id from allotment
     left join (
       select allotment_id, cast(sum(case kind when 'repayment' then amount else -amount end) as bigint) as amount
       from transfer where allotment_id is not null group by allotment_id
     ) as moved on moved.allotment_id = allotment.id
     where allotment.repaid <> coalesce(moved.amount, 0)`,
  ],
  [
    'a repayment is not what moved',
    `select repayment.id from repayment left join transfer on transfer.id = repayment.id
     where transfer.id is null or transfer.kind <> 'repayment' or transfer.amount <> repayment.amount
       or transfer.allotment_id <> repayment.allotment_id
     union all
     select transfer.id from transfer left join repayment on repayment.id = transfer.id
     where transfer.kind = 'repayment' and repayment.id is null`,
  ],
];

const shrinksSchema = z.array(z.object({ guestId: z.string(), amount: z.int() }));

/** An allotment is what it was at first, less what refunds took off it. */
async function findShrinkFaults(trx: Transaction<Schema>): Promise<string[]> {
  const refunds = await trx
    .selectFrom('refund')
    .select(['settlement_id', 'shrinks'])
    .where('shrinks', 'is not', null)
    .execute();
  const shrunk = new Map<string, number>();
  for (const { settlement_id: group, shrinks } of refunds) {
    for (const { guestId, amount } of shrinksSchema.parse(JSON.parse(shrinks ?? '[]'))) {
      const guest = `${group} ${guestId}`;
      shrunk.set(guest, (shrunk.get(guest) ?? 0) + amount);
    }
  }
  const allotments = await trx
    .selectFrom('allotment')
    .innerJoin('group_payment', 'group_payment.id', 'allotment.group_payment_id')
    .select(['allotment.id', 'group_payment_id', 'guest_id', 'allotment.amount', 'original_amount'])
    .where('group_payment.state', '=', 'valid')
    .execute();
  return allotments
    .filter((row) => row.amount !== row.original_amount - (shrunk.get(`${row.group_payment_id} ${row.guest_id}`) ?? 0))
    .map(({ id }) => `an allotment did not shrink by what was given back: ${id}`);
}

/** A reload goes back once, by one way; what a chargeback could not take is owed until a reload paid it. */
async function findReloadFaults(trx: Transaction<Schema>): Promise<string[]> {
  const faults: string[] = [];
  const back = await trx
    .selectFrom('transfer')
    .selectAll()
    .where('kind', 'in', ['reload_reversal', 'chargeback'])
    .execute();
  const left = new Map(back.map((transfer) => [transfer.id, transfer]));
  const owed = new Map<string, number>();
  const owe = (wallet: string, amount: number): void => void owed.set(wallet, (owed.get(wallet) ?? 0) + amount);
  const take = (id: string): number => {
    const amount = left.get(id)?.amount ?? 0;
    left.delete(id);
    return amount;
  };

  const reloads =
    left.size === 0 ? [] : await trx.selectFrom('transfer').selectAll().where('kind', '=', 'reload').execute();
  for (const { id, credit_account: wallet, amount } of reloads) {
    const reversed = take(derivedId(id, 'reversal'));
    const taken = take(derivedId(id, 'chargeback'));
    const missing = take(derivedId(id, 'chargeback-owed'));
    owe(wallet, missing);
    const gone = reversed + taken + missing;
    if (gone !== 0 && (gone !== amount || (reversed > 0 && reversed !== amount))) {
      faults.push(`a reload went back in another amount: ${id}`);
    }
  }
  faults.push(...Array.from(left.keys(), (id) => `money went back of a reload that never was: ${id}`));

  const paid = await trx
    .selectFrom('transfer')
    .select(['debit_account', 'amount'])
    .where('kind', '=', 'owed_paid')
    .execute();
  for (const { debit_account: wallet, amount } of paid) owe(wallet, -amount);
  const wallets = await trx.selectFrom('account').select(['id', 'owed']).where('kind', '=', 'wallet').execute();
  const wrong = wallets.filter((wallet) => wallet.owed !== (owed.get(wallet.id) ?? 0));
  return [...faults, ...wrong.map(({ id }) => `a wallet does not owe what chargebacks left open: ${id}`)];
}
