import assert from 'node:assert';
import { refuse, toRefund } from './answers.ts';
import { derivedId, type GiveBack, hashRefund, type Outcome } from './ledger.ts';
import { changeOne, isTaken, move, type Statements, tell } from './sqlite-statements.ts';

/** Gives back the whole or a part, and with it what guests bear of it. */
export function giveBack(sql: Statements, command: GiveBack): Outcome {
  const { refundId, settlementId, storeId, amount, group, atMs } = command;
  const settlement = sql.findSettlement.get(settlementId);
  if (settlement === undefined || settlement.store_id !== storeId) return refuse('not_found');
  const requestHash = hashRefund(command);
  const seen = sql.findRefund.get(refundId);
  if (seen !== undefined) {
    if (seen.request_hash !== requestHash) return refuse('duplicate_mismatch');
    return { type: 'refund', refund: toRefund(seen) };
  }
  if (isTaken(sql, refundId)) return refuse('duplicate_mismatch');
  if (settlement.state !== 'approved' || settlement.currency !== amount.currency) return refuse('not_refundable');
  const { wallet_id: walletId, amount: settled } = settlement;
  assert(walletId !== null && settled !== null, 'an approved settlement took money');
  if (amount.amount > settled - settlement.refunded) return refuse('refund_exceeds_settlement');
  const before = sql.countRefunds.get(settlementId) ?? 0;
  // What each guest gets back was computed from the refunds before this one: if there is another by now, once more.
  const isStale = settlement.record === null ? group !== undefined : group?.refundsBefore !== before;
  if (isStale) return refuse('stale');

  const { currency } = amount;
  const to = { from: storeId, to: walletId, amount: amount.amount, currency };
  move(sql, { ...to, id: refundId, kind: 'refund', settlementId, atMs });
  changeOne(sql.addRefunded.run(amount.amount, settlementId));
  const row = {
    id: refundId,
    settlement_id: settlementId,
    terminal_id: command.terminalId,
    request_hash: requestHash,
    amount: amount.amount,
    currency,
    reason: command.reason ?? null,
    refunded: settlement.refunded + amount.amount,
    number: before + 1,
    lines: group?.lines ?? null,
    shrinks: group === undefined ? null : JSON.stringify(group.shrinks),
    booked_at_ms: atMs,
  };
  changeOne(sql.insertRefund.run(row));
  tell(sql, 'refunded', { walletId, refId: refundId, atMs });
  if (group !== undefined) shrink(sql, command, group.shrinks, walletId);
  return { type: 'refund', refund: toRefund(row) };
}

/** A guest owes less. Where he had given more than he owes now, a treat shrinks first, then he is paid back. */
function shrink(
  sql: Statements,
  { refundId, settlementId, atMs }: GiveBack,
  shrinks: readonly { readonly guestId: string; readonly amount: number }[],
  payer: string,
): void {
  const allotments = sql.findAllotments.all(settlementId);
  for (const { guestId, amount: by } of shrinks) {
    const allotment = allotments.find((one) => one.guest_id === guestId);
    // The payer's own part, or a walk-in's: nobody owes it.
    if (allotment === undefined || by === 0) continue;
    const { id, debtor_wallet_id: debtor, currency } = allotment;
    const amount = allotment.amount - by;
    const over = Math.max(0, allotment.repaid + allotment.treated - amount);
    const untreated = Math.min(allotment.treated, over);
    const returned = over - untreated;
    changeOne(sql.changeAllotment.run(amount, allotment.repaid - returned, allotment.treated - untreated, id));
    if (returned > 0) {
      const handedOn = { id: derivedId(refundId, id), from: payer, to: debtor, amount: returned, currency };
      move(sql, { ...handedOn, kind: 'repayment_return', settlementId, allotmentId: id, atMs });
    }
    tell(sql, 'allotment_changed', { walletId: debtor, refId: id, atMs });
  }
}
