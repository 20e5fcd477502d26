import assert from 'node:assert';
import type { Selectable } from 'kysely';
import type { WalletEvent } from '#contract/wallet.ts';
import type { Database } from '../store/database.ts';
import type { Schema } from '../store/schema.ts';
import type { RefundRow, SettlementRow } from './answers.ts';

/** What the ledger says to SQLite, prepared once. Parameters are bound by their place where a statement is hot. */
export type Statements = ReturnType<typeof prepareStatements>;

export type AccountRow = Pick<
  Selectable<Schema['account']>,
  'balance' | 'held' | 'owed' | 'spent_day' | 'spent_in_day' | 'spent_month' | 'spent_in_month'
> &
  Pick<Selectable<Schema['wallet']>, 'is_locked' | 'per_payment_limit'> & {
    readonly balance: number;
    readonly currency: string;
  };
export type TransferRow = Selectable<Schema['transfer']>;
export type AllotmentRow = Selectable<Schema['allotment']>;
export type HoldRow = Selectable<Schema['hold']>;
type GroupPaymentRow = Selectable<Schema['group_payment']>;

/** All that a new settlement is judged by. The account's columns are null where there is no such wallet. */
export interface Look extends Omit<AccountRow, 'currency'> {
  readonly currency: string | null;
  readonly is_transfer: number;
  readonly is_used: number;
}

/** A move of money, as it becomes a row. */
export interface Move {
  readonly id: string;
  readonly kind: TransferRow['kind'];
  readonly from: string;
  readonly to: string;
  readonly amount: number;
  readonly currency: string;
  readonly settlementId?: string;
  readonly allotmentId?: string;
  readonly atMs: number;
}

const WALLET = `
  account.currency, account.balance, account.held, account.owed, account.spent_day, account.spent_in_day,
  account.spent_month, account.spent_in_month, wallet.is_locked, wallet.per_payment_limit`;

/**
 * The id that a join is asked for. SQLite plans a join anew for each value that is bound to it, which takes ten times as
 * long as the join itself; of an expression it knows nothing and keeps the plan.
 */
const WANTED = `(select ? || '' as wanted)`;

export function prepareStatements(database: Database) {
  return {
    findSettlement: database.prepare<[string], SettlementRow & { readonly record: string | null }>(
      `select settlement.*, group_payment.record from ${WANTED} join settlement on settlement.id = wanted
       left join group_payment on group_payment.id = settlement.id`,
    ),
    look: database.prepare<[string, string, number, string], Look>(
      `select exists (select 1 from transfer where id = ?) as is_transfer,
         exists (
           select 1 from settlement where wallet_id = wanted and alias = ? and counter = ? and was_booked = 1
         ) as is_used,
         ${WALLET}
       from ${WANTED} left join wallet on wallet.id = wanted left join account on account.id = wallet.id`,
    ),
    findWallet: database.prepare<[string], AccountRow>(
      `select ${WALLET} from ${WANTED} join wallet on wallet.id = wanted join account on account.id = wallet.id`,
    ),
    findTransfer: database.prepare<[string], TransferRow>('select * from transfer where id = ?'),
    isSettlement: database.prepare<[string], 1>('select 1 from settlement where id = ?').pluck(),
    findRefund: database.prepare<[string], RefundRow>('select * from refund where id = ?'),
    countRefunds: database.prepare<[string], number>('select count(*) from refund where settlement_id = ?').pluck(),
    findGroup: database.prepare<[string], GroupPaymentRow>('select * from group_payment where id = ?'),
    findAllotment: database.prepare<[string], AllotmentRow>('select * from allotment where id = ?'),
    findAllotments: database.prepare<[string], AllotmentRow>(
      'select * from allotment where group_payment_id = ? order by id',
    ),
    findRepayment: database.prepare<[string], Selectable<Schema['repayment']>>('select * from repayment where id = ?'),
    findOpenHold: database.prepare<[string], HoldRow>(`select * from hold where wallet_id = ? and state = 'pending'`),
    isHold: database.prepare<[string], 1>('select 1 from hold where id = ?').pluck(),
    findExpired: database.prepare<[number], HoldRow>(
      `select * from hold where state = 'pending' and expires_at_ms <= ? order by id`,
    ),

    // In the order of the columns, as `insert` of sqlite-settle.ts gives them.
    insertSettlement: database.prepare<(string | number | null)[]>(
      `insert into settlement (id, store_id, terminal_id, state, was_booked, mode, request_hash, check_id, amount, fee,
         currency, alias, counter, wallet_id, member_ref, masked_name, settlement_method, reason, booked_at_ms,
         captured_at_ms)
       values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ),
    forgetDecline: database.prepare<[string]>(`delete from settlement where id = ? and state = 'declined'`),
    insertTombstone: database.prepare<[string, string, string, number]>(
      `insert into settlement (id, store_id, terminal_id, state, was_booked, cancelled_at_ms)
       values (?, ?, ?, 'cancelled', 0, ?)`,
    ),
    cancelSettlement: database.prepare<[number, string]>(
      `update settlement set state = 'cancelled', cancelled_at_ms = ?
       where id = ? and state in ('approved', 'declined') and refunded = 0`,
    ),
    addRefunded: database.prepare<[number, string]>(
      `update settlement set refunded = refunded + ? where id = ? and state = 'approved'`,
    ),
    spend: database.prepare<[number, number, number, number, number, number, string]>(
      `update account set balance = balance - ?, held = held - ?, spent_day = ?, spent_in_day = ?, spent_month = ?,
         spent_in_month = ? where id = ?`,
    ),
    insertTransfer: database.prepare<(string | number | null)[]>(
      `insert into transfer
         (id, kind, debit_account, credit_account, amount, currency, settlement_id, allotment_id, booked_at_ms)
       values (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ),
    changeBalance: database.prepare<[number, string]>(
      `update account set balance = balance + ? where id = ? and kind = 'wallet'`,
    ),
    changeHeld: database.prepare<[number, string]>('update account set held = held + ? where id = ?'),
    changeOwed: database.prepare<[number, string]>('update account set owed = owed + ? where id = ?'),
    insertRefund: database.prepare<RefundRow>(
      `insert into refund (id, settlement_id, terminal_id, request_hash, amount, currency, reason, refunded, number,
         lines, shrinks, booked_at_ms)
       values (@id, @settlement_id, @terminal_id, @request_hash, @amount, @currency, @reason, @refunded, @number,
         @lines, @shrinks, @booked_at_ms)`,
    ),
    insertGroup: database.prepare<GroupPaymentRow>(
      `insert into group_payment (id, state, payer_wallet_id, store_id, check_id, amount, own_share, walk_in_share,
         currency, record, booked_at_ms)
       values (@id, @state, @payer_wallet_id, @store_id, @check_id, @amount, @own_share, @walk_in_share, @currency,
         @record, @booked_at_ms)`,
    ),
    cancelGroup: database.prepare<[string]>(`update group_payment set state = 'cancelled' where id = ?`),
    insertAllotment: database.prepare<[string, string, string, string, string, number, number, string, number]>(
      `insert into allotment (id, group_payment_id, guest_id, creditor_wallet_id, debtor_wallet_id, amount,
         original_amount, currency, booked_at_ms)
       values (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ),
    changeAllotment: database.prepare<[number, number, number, string]>(
      'update allotment set amount = ?, repaid = ?, treated = ? where id = ?',
    ),
    treatAllotment: database.prepare<[number, string]>(
      'update allotment set treated = amount - repaid, treated_at_ms = ? where id = ?',
    ),
    addRepaid: database.prepare<[number, string]>('update allotment set repaid = repaid + ? where id = ?'),
    insertRepayment: database.prepare<[string, string, number, number, number]>(
      'insert into repayment (id, allotment_id, amount, open_after, booked_at_ms) values (?, ?, ?, ?, ?)',
    ),
    insertHold: database.prepare<[string, string, number, string, number, number, number]>(
      `insert into hold (id, wallet_id, state, amount, currency, placed_at_ms, promised_until_ms, expires_at_ms)
       values (?, ?, 'pending', ?, ?, ?, ?, ?)`,
    ),
    changeHold: database.prepare<[number, number, number, string]>(
      'update hold set amount = ?, promised_until_ms = ?, expires_at_ms = ? where id = ?',
    ),
    closeHold: database.prepare<[HoldRow['state'], number, string]>(
      `update hold set state = ?, closed_at_ms = ? where id = ? and state = 'pending'`,
    ),
    postHold: database.prepare<{ used: number; atMs: number; walletId: string }>(
      `update hold set posted = posted + @used,
         state = case when posted + @used = amount then 'posted' else state end,
         closed_at_ms = case when posted + @used = amount then @atMs end
       where wallet_id = @walletId and state = 'pending'`,
    ),
    tell: database.prepare<[string, string, string | null, string, number]>(
      'insert into outbox (type, wallet_id, check_id, ref_id, at_ms) values (?, ?, ?, ?, ?)',
    ),
  };
}

/** How many of the two accounts are wallets. */
const WALLETS: Readonly<Record<Move['kind'], readonly number[]>> = {
  reload: [1],
  reload_reversal: [1],
  chargeback: [0, 1],
  owed_paid: [1],
  cancel: [1],
  fee_return: [0],
  refund: [1],
  repayment: [2],
  repayment_return: [2],
};

/** One transfer, and the balance of each wallet that it touches: the CHECK on the balance has the last word. */
export function move(sql: Statements, transfer: Move): void {
  const { id, kind, from, to, amount, currency, settlementId = null, allotmentId = null, atMs } = transfer;
  changeOne(sql.insertTransfer.run(id, kind, from, to, amount, currency, settlementId, allotmentId, atMs));
  const wallets = sql.changeBalance.run(-amount, from).changes + sql.changeBalance.run(amount, to).changes;
  assert(WALLETS[kind].includes(wallets), 'a transfer is between the kinds of accounts that it is for');
}

/** Tells whoever listens to the wallet. */
export function tell(
  sql: Statements,
  type: WalletEvent['type'],
  about: { readonly walletId: string; readonly checkId?: string; readonly refId: string; readonly atMs: number },
): void {
  changeOne(sql.tell.run(type, about.walletId, about.checkId ?? null, about.refId, about.atMs));
}

export function changeOne({ changes }: { readonly changes: number }): void {
  assert(changes === 1, 'one row is changed');
}

/** Whether an id of a row that moves money is taken by one of another kind. */
export function isTaken(sql: Statements, id: string): boolean {
  return sql.findTransfer.get(id) !== undefined || sql.isSettlement.get(id) !== undefined;
}
