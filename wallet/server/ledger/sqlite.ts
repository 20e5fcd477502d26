import assert from 'node:assert';
import { moneySchema } from '#contract/money.ts';
import {
  type DeclineReason,
  type Refund,
  refundSchema,
  type Settlement,
  settlementSchema,
} from '#contract/settlement.ts';
import type { Database } from '../store/database.ts';
import {
  type Books,
  type Cancel,
  type Command,
  detailOf,
  type GiveBack,
  hashRefund,
  hashSettle,
  ISSUER_ACCOUNT,
  type Ledger,
  type LedgerRefusal,
  type Movement,
  type Outcome,
  referenceOf,
  type Reload,
  type Settle,
  type Statement,
} from './ledger.ts';

/**
 * The ledger on SQLite: WAL, synchronous=FULL. A list of commands is one transaction and so one flush to the disk; the
 * commands are booked one after the other inside it, which needs no locks where there is one writer.
 */
export function openSqliteLedger(database: Database): Ledger {
  const statements = prepare(database);
  const bookAll = database.transaction((commands: readonly Command[]) =>
    commands.map((command) => bookOne(statements, command)),
  );
  database.prepare(`insert or ignore into account (id, kind) values (?, 'issuer')`).run(ISSUER_ACCOUNT);
  return {
    // "Immediate": the write lock is taken before the first read, so what is read is still true when it is written.
    book: async (commands) => bookAll.immediate(commands),
    findSettlement: async (settlementId, storeId) => {
      const row = statements.findSettlement.get(settlementId);
      return row === undefined || row.store_id !== storeId ? undefined : toSettlement(row);
    },
    readStatement: async (walletId, limit) => readStatement(statements, walletId, limit),
    readBooks: async () => readBooks(database),
  };
}

/** Reads and compares everything, on one snapshot. Works on a read-only connection beside a running server. */
export function readBooks(database: Database): Books {
  return database.transaction(() => {
    const settlements = database.prepare<[], SettlementRow>('select * from settlement order by id').all();
    const balances = database.prepare<[], BalanceRow>(ALL_BALANCES).all();
    return {
      settlements: settlements.map((row) => ({
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
      })),
      balances: balances.map((row) => ({ ...row, name: row.name ?? undefined })),
      sum: balances.reduce((sum, { balance }) => sum + balance, 0),
      faults: CHECKS.flatMap(([sentence, sql]) =>
        database
          .prepare<[], { id: string }>(sql)
          .all()
          .map(({ id }) => `${sentence}: ${id}`),
      ),
    };
  })();
}

function bookOne(statements: Statements, command: Command): Outcome {
  switch (command.type) {
    case 'settle':
      return settle(statements, command);
    case 'cancel':
      return cancel(statements, command);
    case 'refund':
      return giveBack(statements, command);
    case 'reload':
      return reload(statements, command);
  }
}

function settle(statements: Statements, command: Settle): Outcome {
  const { settlementId, storeId, terminalId, payer, amount, atMs } = command;
  const requestHash = hashSettle(command);
  const seen = statements.findSettlement.get(settlementId);
  if (seen !== undefined) {
    if (seen.store_id !== storeId) return refuse('duplicate_mismatch');
    if (seen.request_hash !== null && seen.request_hash !== requestHash) return refuse('duplicate_mismatch');
    return seen.state === 'cancelled' ? refuse('cancelled') : answer(seen);
  }
  if (statements.findTransfer.get(settlementId) !== undefined) return refuse('duplicate_mismatch');

  const reason = reasonToDecline(statements, command);
  // What is declined tells the books nothing about a person.
  const paying = payer.isGood && reason === undefined ? payer : undefined;
  insertOne(
    statements.insertSettlement.run({
      id: settlementId,
      store_id: storeId,
      terminal_id: terminalId,
      state: reason === undefined ? 'approved' : 'declined',
      was_booked: reason === undefined ? 1 : 0,
      request_hash: requestHash,
      check_id: command.checkId,
      amount: amount.amount,
      currency: amount.currency,
      alias: payer.alias,
      wallet_id: paying?.walletId ?? null,
      member_ref: paying?.member.memberRef ?? null,
      masked_name: paying?.member.maskedName ?? null,
      settlement_method: paying?.member.settlementMethod ?? null,
      reference: reason === undefined ? referenceOf(settlementId) : null,
      reason: reason ?? null,
      detail: reason === undefined ? null : detailOf(reason),
      booked_at_ms: atMs,
      cancelled_at_ms: null,
    }),
  );
  if (paying !== undefined) {
    insertOne(statements.insertUsedCode.run(paying.alias, paying.counter, settlementId));
    move(statements, {
      id: settlementId,
      kind: 'settlement',
      from: paying.walletId,
      to: storeId,
      amount: amount.amount,
      currency: amount.currency,
      settlementId,
      atMs,
    });
  }
  const booked = statements.findSettlement.get(settlementId);
  assert(booked !== undefined, 'a settlement is there once it was inserted');
  return answer(booked);
}

/** In this order: the code, the wallet, the amount. Undefined where nothing stands against the settlement. */
function reasonToDecline(statements: Statements, { payer, amount }: Settle): DeclineReason | undefined {
  if (!payer.isGood) return payer.reason;
  if (statements.findUsedCode.get(payer.alias, payer.counter) !== undefined) return 'token_replayed';
  const wallet = statements.findWallet.get(payer.walletId);
  if (wallet === undefined) return 'token_invalid';
  if (wallet.is_locked === 1) return 'wallet_locked';
  if (wallet.currency !== amount.currency) return 'currency_mismatch';
  if (amount.amount > Math.min(payer.perPaymentLimit, wallet.per_payment_limit)) return 'limit_exceeded';
  return wallet.balance < amount.amount ? 'insufficient_funds' : undefined;
}

function cancel(statements: Statements, command: Cancel): Outcome {
  const { settlementId, storeId, terminalId, atMs } = command;
  const seen = statements.findSettlement.get(settlementId);
  if (seen === undefined) {
    if (statements.findTransfer.get(settlementId) !== undefined) return refuse('not_found');
    insertOne(statements.insertTombstone.run({ id: settlementId, store_id: storeId, terminal_id: terminalId, atMs }));
  } else if (seen.store_id !== storeId) {
    return refuse('not_found');
  } else if (seen.state !== 'cancelled') {
    if (seen.refunded > 0) return refuse('not_refundable');
    changeOne(statements.cancelSettlement.run({ id: settlementId, atMs }));
    if (seen.state === 'approved') {
      const { wallet_id: walletId, amount, currency } = seen;
      assert(walletId !== null && amount !== null && currency !== null, 'an approved settlement took money');
      move(statements, {
        id: command.transferId,
        kind: 'cancel',
        from: storeId,
        to: walletId,
        amount,
        currency,
        settlementId,
        atMs,
      });
    }
  }
  const cancelled = statements.findSettlement.get(settlementId);
  assert(cancelled?.state === 'cancelled', 'what was cancelled is cancelled');
  return answer(cancelled);
}

function giveBack(statements: Statements, command: GiveBack): Outcome {
  const { refundId, settlementId, storeId, amount, atMs } = command;
  const settlement = statements.findSettlement.get(settlementId);
  if (settlement === undefined || settlement.store_id !== storeId) return refuse('not_found');
  const requestHash = hashRefund(command);
  const seen = statements.findRefund.get(refundId);
  if (seen !== undefined) {
    return seen.request_hash === requestHash
      ? { type: 'refund', refund: toRefund(seen) }
      : refuse('duplicate_mismatch');
  }
  if (statements.findTransfer.get(refundId) !== undefined) return refuse('duplicate_mismatch');
  if (statements.findSettlement.get(refundId) !== undefined) return refuse('duplicate_mismatch');
  if (settlement.state !== 'approved' || settlement.currency !== amount.currency) return refuse('not_refundable');
  const { wallet_id: walletId, amount: settled } = settlement;
  assert(walletId !== null && settled !== null, 'an approved settlement took money');
  if (amount.amount > settled - settlement.refunded) return refuse('refund_exceeds_settlement');

  move(statements, {
    id: refundId,
    kind: 'refund',
    from: storeId,
    to: walletId,
    amount: amount.amount,
    currency: amount.currency,
    settlementId,
    atMs,
  });
  changeOne(statements.addRefunded.run({ id: settlementId, amount: amount.amount }));
  insertOne(
    statements.insertRefund.run({
      id: refundId,
      settlement_id: settlementId,
      terminal_id: command.terminalId,
      request_hash: requestHash,
      amount: amount.amount,
      currency: amount.currency,
      reason: command.reason ?? null,
      refunded: settlement.refunded + amount.amount,
      booked_at_ms: atMs,
    }),
  );
  const booked = statements.findRefund.get(refundId);
  assert(booked !== undefined, 'a refund is there once it was inserted');
  return { type: 'refund', refund: toRefund(booked) };
}

function reload(statements: Statements, { reloadId, walletId, amount, atMs }: Reload): Outcome {
  const wallet = statements.findWallet.get(walletId);
  if (wallet === undefined || wallet.currency !== amount.currency) return refuse('not_found');
  const seen = statements.findTransfer.get(reloadId);
  if (seen !== undefined) {
    const isSame = seen.kind === 'reload' && seen.credit_account === walletId && seen.amount === amount.amount;
    return isSame ? { type: 'reloaded' } : refuse('duplicate_mismatch');
  }
  if (statements.findSettlement.get(reloadId) !== undefined) return refuse('duplicate_mismatch');
  move(statements, {
    id: reloadId,
    kind: 'reload',
    from: ISSUER_ACCOUNT,
    to: walletId,
    amount: amount.amount,
    currency: amount.currency,
    settlementId: null,
    atMs,
  });
  return { type: 'reloaded' };
}

interface Move {
  readonly id: string;
  readonly kind: Movement['kind'];
  readonly from: string;
  readonly to: string;
  readonly amount: number;
  readonly currency: string;
  readonly settlementId: string | null;
  readonly atMs: number;
}

/** One transfer, and the balance of each wallet that it touches: the CHECK on the balance has the last word. */
function move(statements: Statements, transfer: Move): void {
  insertOne(statements.insertTransfer.run(transfer));
  const out = statements.changeBalance.run(-transfer.amount, transfer.from).changes;
  const into = statements.changeBalance.run(transfer.amount, transfer.to).changes;
  assert(out + into === 1, 'a transfer is between one wallet and one other account');
}

function readStatement(statements: Statements, walletId: string, limit: number): Statement | undefined {
  const wallet = statements.findWallet.get(walletId);
  if (wallet === undefined) return undefined;
  return {
    name: wallet.name,
    balance: { amount: wallet.balance, currency: wallet.currency },
    movements: statements.movements.all({ wallet: walletId, limit }).map((row) => ({
      atMs: row.booked_at_ms,
      kind: row.kind,
      amount: row.amount,
      currency: row.currency,
      store: row.store ?? undefined,
    })),
  };
}

function answer(row: SettlementRow): Outcome {
  return { type: 'settlement', settlement: toSettlement(row) };
}

function refuse(code: LedgerRefusal): Outcome {
  return { type: 'refused', code };
}

function toSettlement(row: SettlementRow): Settlement {
  const booked = {
    settlementId: row.id,
    checkId: row.check_id,
    amount: { amount: row.amount, currency: row.currency },
    bookedAt: toTime(row.booked_at_ms),
  };
  switch (row.state) {
    case 'approved':
      return settlementSchema.parse({
        state: 'approved',
        ...booked,
        reference: row.reference,
        member: { memberRef: row.member_ref, maskedName: row.masked_name, settlementMethod: row.settlement_method },
        refunded: { amount: row.refunded, currency: row.currency },
      });
    case 'declined':
      return settlementSchema.parse({ state: 'declined', ...booked, reason: row.reason, detail: row.detail });
    case 'cancelled':
      return settlementSchema.parse({
        state: 'cancelled',
        settlementId: row.id,
        cancelledAt: toTime(row.cancelled_at_ms),
        wasBooked: row.was_booked === 1,
      });
  }
}

function toRefund(row: RefundRow): Refund {
  return refundSchema.parse({
    refundId: row.id,
    settlementId: row.settlement_id,
    amount: moneySchema.parse({ amount: row.amount, currency: row.currency }),
    refunded: { amount: row.refunded, currency: row.currency },
    bookedAt: toTime(row.booked_at_ms),
  });
}

function toTime(ms: number | null): string | undefined {
  return ms === null ? undefined : new Date(ms).toISOString();
}

function insertOne({ changes }: { readonly changes: number }): void {
  assert(changes === 1, 'one row is inserted');
}

function changeOne({ changes }: { readonly changes: number }): void {
  assert(changes === 1, 'one row is changed');
}

interface SettlementRow {
  readonly id: string;
  readonly store_id: string;
  readonly terminal_id: string;
  readonly state: Settlement['state'];
  readonly was_booked: number;
  readonly request_hash: string | null;
  readonly check_id: string | null;
  readonly amount: number | null;
  readonly currency: string | null;
  readonly alias: string | null;
  readonly wallet_id: string | null;
  readonly member_ref: string | null;
  readonly masked_name: string | null;
  readonly settlement_method: string | null;
  readonly reference: string | null;
  readonly refunded: number;
  readonly reason: string | null;
  readonly detail: string | null;
  readonly booked_at_ms: number | null;
  readonly cancelled_at_ms: number | null;
}

interface RefundRow {
  readonly id: string;
  readonly settlement_id: string;
  readonly terminal_id: string;
  readonly request_hash: string;
  readonly amount: number;
  readonly currency: string;
  readonly reason: string | null;
  readonly refunded: number;
  readonly booked_at_ms: number;
}

interface WalletRow {
  readonly name: string;
  readonly is_locked: number;
  readonly per_payment_limit: number;
  readonly currency: string;
  readonly balance: number;
}

interface TransferRow {
  readonly kind: Movement['kind'];
  readonly credit_account: string;
  readonly amount: number;
}

interface MovementRow {
  readonly kind: Movement['kind'];
  readonly amount: number;
  readonly currency: string;
  readonly booked_at_ms: number;
  readonly store: string | null;
}

interface BalanceRow {
  readonly account: string;
  readonly kind: 'wallet' | 'store' | 'issuer';
  readonly name: string | null;
  readonly currency: string;
  readonly balance: number;
}

type Statements = ReturnType<typeof prepare>;

function prepare(database: Database) {
  return {
    findSettlement: database.prepare<[string], SettlementRow>('select * from settlement where id = ?'),
    findRefund: database.prepare<[string], RefundRow>('select * from refund where id = ?'),
    findTransfer: database.prepare<[string], TransferRow>(
      'select kind, credit_account, amount from transfer where id = ?',
    ),
    findUsedCode: database.prepare<[string, number]>('select 1 from used_code where alias = ? and counter = ?'),
    findWallet: database.prepare<[string], WalletRow>(
      `select wallet.name, wallet.is_locked, wallet.per_payment_limit, account.currency, account.balance
       from wallet join account using (id) where wallet.id = ?`,
    ),
    insertSettlement: database.prepare<Omit<SettlementRow, 'refunded'>>(
      `insert into settlement (id, store_id, terminal_id, state, was_booked, request_hash, check_id, amount, currency,
         alias, wallet_id, member_ref, masked_name, settlement_method, reference, reason, detail, booked_at_ms,
         cancelled_at_ms)
       values (@id, @store_id, @terminal_id, @state, @was_booked, @request_hash, @check_id, @amount, @currency,
         @alias, @wallet_id, @member_ref, @masked_name, @settlement_method, @reference, @reason, @detail, @booked_at_ms,
         @cancelled_at_ms)`,
    ),
    insertTombstone: database.prepare<{ id: string; store_id: string; terminal_id: string; atMs: number }>(
      `insert into settlement (id, store_id, terminal_id, state, was_booked, cancelled_at_ms)
       values (@id, @store_id, @terminal_id, 'cancelled', 0, @atMs)`,
    ),
    cancelSettlement: database.prepare<{ id: string; atMs: number }>(
      `update settlement set state = 'cancelled', cancelled_at_ms = @atMs
       where id = @id and state in ('approved', 'declined') and refunded = 0`,
    ),
    addRefunded: database.prepare<{ id: string; amount: number }>(
      `update settlement set refunded = refunded + @amount where id = @id and state = 'approved'`,
    ),
    insertTransfer: database.prepare<Move>(
      `insert into transfer (id, kind, debit_account, credit_account, amount, currency, settlement_id, booked_at_ms)
       values (@id, @kind, @from, @to, @amount, @currency, @settlementId, @atMs)`,
    ),
    changeBalance: database.prepare<[number, string]>(
      `update account set balance = balance + ? where id = ? and kind = 'wallet'`,
    ),
    insertRefund: database.prepare<RefundRow>(
      `insert into refund (id, settlement_id, terminal_id, request_hash, amount, currency, reason, refunded,
         booked_at_ms)
       values (@id, @settlement_id, @terminal_id, @request_hash, @amount, @currency, @reason, @refunded, @booked_at_ms)`,
    ),
    insertUsedCode: database.prepare<[string, number, string]>(
      'insert into used_code (alias, counter, settlement_id) values (?, ?, ?)',
    ),
    movements: database.prepare<{ wallet: string; limit: number }, MovementRow>(
      `select moved.kind, moved.amount, moved.currency, moved.booked_at_ms, store.name as store
       from (
         select id, kind, -amount as amount, currency, booked_at_ms, settlement_id from transfer
         where debit_account = @wallet
         union all
         select id, kind, amount, currency, booked_at_ms, settlement_id from transfer where credit_account = @wallet
       ) as moved
       left join settlement on settlement.id = moved.settlement_id
       left join store on store.id = settlement.store_id
       order by moved.booked_at_ms desc, moved.id desc limit @limit`,
    ),
  };
}

/** A wallet's is the one that is kept; the others' are the sums of their transfers. */
const ALL_BALANCES = `
  select account.id as account, account.kind, wallet.name, account.currency, account.balance
  from account join wallet using (id)
  union all
  select account.id, account.kind, store.name, moved.currency, sum(moved.amount)
  from account
  join (
    select credit_account as account, currency, amount from transfer
    union all
    select debit_account, currency, -amount from transfer
  ) as moved on moved.account = account.id
  left join store on store.id = account.id
  where account.kind <> 'wallet'
  group by account.id, moved.currency
  order by 2, 1`;

/** What a checker looks for: a sentence, and the query that finds the ids of which it is true. */
const CHECKS: readonly (readonly [string, string])[] = [
  [
    'a wallet does not hold the sum of its transfers',
    `select id from account where kind = 'wallet' and balance <>
       (select coalesce(sum(amount), 0) from transfer where credit_account = account.id)
       - (select coalesce(sum(amount), 0) from transfer where debit_account = account.id)`,
  ],
  [
    'money was booked without a settlement that says so, or the other way round',
    `select settlement.id from settlement left join transfer on transfer.id = settlement.id
     where settlement.was_booked <> (transfer.id is not null)
        or (transfer.id is not null and (transfer.kind <> 'settlement' or transfer.amount <> settlement.amount
            or transfer.currency <> settlement.currency or transfer.debit_account <> settlement.wallet_id
            or transfer.credit_account <> settlement.store_id))`,
  ],
  [
    'a cancelled settlement has not given its money back once',
    `select id from settlement where (state = 'cancelled' and was_booked = 1) <>
       (select count(*) from transfer where kind = 'cancel' and settlement_id = settlement.id
          and transfer.amount = settlement.amount and transfer.credit_account = settlement.wallet_id)`,
  ],
  [
    'the refunds of a settlement are not what it says was refunded',
    `select id from settlement where refunded <>
       (select coalesce(sum(amount), 0) from transfer where kind = 'refund' and settlement_id = settlement.id)
       or refunded <> (select coalesce(sum(amount), 0) from refund where settlement_id = settlement.id)`,
  ],
  [
    'a settlement that took money has not used up one code',
    `select id from settlement where was_booked <>
       (select count(*) from used_code where settlement_id = settlement.id)`,
  ],
  [
    'a transfer is in another currency than the wallet',
    `select transfer.id from transfer join account on account.id in (debit_account, credit_account)
     where account.kind = 'wallet' and account.currency <> transfer.currency`,
  ],
];
