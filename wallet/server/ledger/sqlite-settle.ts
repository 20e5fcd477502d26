import assert from 'node:assert';
import type { DeclineReason } from '#contract/settlement.ts';
import { refuse, toSettlement, toTime } from './answers.ts';
import {
  type Cancel,
  derivedId,
  detailOf,
  FEES_ACCOUNT,
  hashSettle,
  type Outcome,
  referenceOf,
  type Settle,
} from './ledger.ts';
import { changeOne, type Look, move, type Statements, tell } from './sqlite-statements.ts';

/** Settlements and their cancels. A settlement is the hot path: as few statements as it can be said in. */
export function settle(sql: Statements, command: Settle): Outcome {
  const { settlementId, payer, atMs } = command;
  const requestHash = hashSettle(command);
  const seen = sql.findSettlement.get(settlementId);
  if (seen !== undefined) {
    if (seen.store_id !== command.storeId) return refuse('duplicate_mismatch');
    if (seen.request_hash !== null && seen.request_hash !== requestHash) return refuse('duplicate_mismatch');
    if (seen.state === 'cancelled') return refuse('cancelled');
    // A decline that the terminal never received may come again as what it accepted alone: that is judged anew.
    const isJudgedAgain = seen.state === 'declined' && seen.mode === 'online' && command.mode === 'offline';
    if (!isJudgedAgain) return { type: 'settlement', settlement: toSettlement(seen, seen.record) };
  }
  const { alias } = payer;
  const look = payer.isGood
    ? sql.look.get(settlementId, alias, payer.counter, payer.walletId)
    : sql.look.get(settlementId, alias, -1, '');
  assert(look !== undefined, 'one row is always found');
  if (look.is_transfer === 1) return refuse('duplicate_mismatch');
  if (seen !== undefined) changeOne(sql.forgetDecline.run(settlementId));

  const reason = reasonToDecline(command, look);
  if (reason !== undefined || !payer.isGood) {
    assert(reason !== undefined, 'a payer who is not good is declined');
    insert(sql, command, requestHash, reason);
    if (payer.isGood && look.currency !== null) {
      tell(sql, 'declined', { walletId: payer.walletId, checkId: command.checkId, refId: settlementId, atMs });
    }
    const { checkId, amount } = command;
    const asked = { settlementId, checkId, amount, bookedAt: toTime(atMs) };
    return { type: 'settlement', settlement: { state: 'declined', ...asked, reason, detail: detailOf(reason) } };
  }
  insert(sql, command, requestHash, undefined);
  spend(sql, command, payer.walletId, look);
  tell(sql, 'settled', { walletId: payer.walletId, checkId: command.checkId, refId: settlementId, atMs });
  if (command.group !== undefined) insertGroup(sql, command, payer.walletId, command.group);
  return {
    type: 'settlement',
    settlement: {
      state: 'approved',
      settlementId,
      checkId: command.checkId,
      amount: command.amount,
      bookedAt: toTime(atMs),
      reference: referenceOf(settlementId),
      member: payer.member,
      refunded: { amount: 0, currency: command.amount.currency },
      ...(command.group === undefined ? {} : { group: command.group.result }),
    },
  };
}

export function cancel(sql: Statements, command: Cancel): Outcome {
  const { settlementId, storeId, transferId, atMs } = command;
  const seen = sql.findSettlement.get(settlementId);
  if (seen === undefined) {
    if (sql.findTransfer.get(settlementId) !== undefined) return refuse('not_found');
    changeOne(sql.insertTombstone.run(settlementId, storeId, command.terminalId, atMs));
  } else if (seen.store_id !== storeId) {
    return refuse('not_found');
  } else if (seen.state !== 'cancelled') {
    if (seen.refunded > 0) return refuse('not_refundable');
    changeOne(sql.cancelSettlement.run(atMs, settlementId));
    if (seen.state === 'approved') {
      const { wallet_id: walletId, amount, currency, fee } = seen;
      assert(walletId !== null && amount !== null && currency !== null, 'an approved settlement took money');
      const back = { currency, settlementId, atMs };
      move(sql, { ...back, id: transferId, kind: 'cancel', from: storeId, to: walletId, amount });
      if (fee > 0) {
        const id = derivedId(transferId, 'fee');
        move(sql, { ...back, id, kind: 'fee_return', from: FEES_ACCOUNT, to: storeId, amount: fee });
      }
      tell(sql, 'cancelled', { walletId, refId: settlementId, atMs });
      if (seen.record !== null) cancelGroup(sql, command, walletId);
    }
  }
  const cancelled = sql.findSettlement.get(settlementId);
  assert(cancelled?.state === 'cancelled', 'what was cancelled is cancelled');
  return { type: 'settlement', settlement: toSettlement(cancelled, null) };
}

/** In this order: the code, the wallet, the limits, the money. Undefined where nothing stands against it. */
function reasonToDecline({ payer, amount, mode, limits }: Settle, look: Look): DeclineReason | undefined {
  if (!payer.isGood) return payer.reason;
  if (look.is_used === 1) return 'token_replayed';
  if (look.currency === null) return 'token_invalid';
  if (look.is_locked === 1 && mode === 'online') return 'wallet_locked';
  if (look.currency !== amount.currency) return 'currency_mismatch';
  if (amount.amount > Math.min(payer.perPaymentLimit, look.per_payment_limit, limits.perPayment)) {
    return 'limit_exceeded';
  }
  if (mode === 'offline') return look.balance < amount.amount ? 'insufficient_funds' : undefined;
  if (spentInDay(look, limits) + amount.amount > limits.perDay) return 'limit_exceeded';
  if (spentInMonth(look, limits) + amount.amount > limits.perMonth) return 'limit_exceeded';
  return look.balance - look.held < amount.amount ? 'insufficient_funds' : undefined;
}

/** What is declined tells the books nothing about a person. */
function insert(sql: Statements, command: Settle, requestHash: string, reason: DeclineReason | undefined): void {
  const { payer, amount, checkId, atMs } = command;
  const paying = payer.isGood && reason === undefined ? payer : undefined;
  changeOne(
    sql.insertSettlement.run(
      command.settlementId,
      command.storeId,
      command.terminalId,
      paying === undefined ? 'declined' : 'approved',
      paying === undefined ? 0 : 1,
      command.mode,
      requestHash,
      checkId,
      amount.amount,
      paying === undefined ? 0 : command.fee,
      amount.currency,
      payer.alias,
      paying?.counter ?? null,
      paying?.walletId ?? null,
      paying?.member.memberRef ?? null,
      paying?.member.maskedName ?? null,
      paying?.member.settlementMethod ?? null,
      reason ?? null,
      atMs,
      command.capturedAtMs,
    ),
  );
}

function spend(sql: Statements, command: Settle, walletId: string, look: Look): void {
  const { limits, mode, atMs } = command;
  const { amount } = command.amount;
  // What an offline settlement takes, it takes from what is held for such, as far as that goes.
  const used = mode === 'offline' ? Math.min(look.held, amount) : 0;
  changeOne(
    sql.spend.run(
      amount,
      used,
      Math.max(look.spent_day, limits.day),
      spentInDay(look, limits) + amount,
      Math.max(look.spent_month, limits.month),
      spentInMonth(look, limits) + amount,
      walletId,
    ),
  );
  if (used > 0) changeOne(sql.postHold.run({ used, atMs, walletId }));
}

function spentInDay(look: Look, { day }: Settle['limits']): number {
  return day > look.spent_day ? 0 : look.spent_in_day;
}

function spentInMonth(look: Look, { month }: Settle['limits']): number {
  return month > look.spent_month ? 0 : look.spent_in_month;
}

function insertGroup(sql: Statements, command: Settle, payer: string, group: NonNullable<Settle['group']>): void {
  const { settlementId, amount, atMs } = command;
  changeOne(
    sql.insertGroup.run({
      id: settlementId,
      state: 'valid',
      payer_wallet_id: payer,
      store_id: command.storeId,
      check_id: command.checkId,
      amount: amount.amount,
      own_share: group.ownShare,
      walk_in_share: group.walkInShare,
      currency: amount.currency,
      record: group.record,
      booked_at_ms: atMs,
    }),
  );
  for (const { allotmentId: id, guestId, walletId, amount: share } of group.allotments) {
    changeOne(sql.insertAllotment.run(id, settlementId, guestId, payer, walletId, share, share, amount.currency, atMs));
    tell(sql, 'allotted', { walletId, refId: id, atMs });
  }
}

/** What guests had repaid is handed on to them by the payer, who has the whole again. */
function cancelGroup(sql: Statements, { settlementId, transferId, atMs }: Cancel, payer: string): void {
  changeOne(sql.cancelGroup.run(settlementId));
  for (const { id, debtor_wallet_id: debtor, repaid, currency } of sql.findAllotments.all(settlementId)) {
    if (repaid > 0) {
      const handedOn = { id: derivedId(transferId, id), from: payer, to: debtor, amount: repaid, currency };
      move(sql, { ...handedOn, kind: 'repayment_return', settlementId, allotmentId: id, atMs });
    }
    changeOne(sql.changeAllotment.run(0, 0, 0, id));
    tell(sql, 'allotment_changed', { walletId: debtor, refId: id, atMs });
  }
}
