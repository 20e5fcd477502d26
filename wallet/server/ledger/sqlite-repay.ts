import { refuse } from './answers.ts';
import type { Outcome, Repay, Treat } from './ledger.ts';
import { changeOne, isTaken, move, type Statements, tell } from './sqlite-statements.ts';

/** Between guests: one gives back what was borne for him, or the other waives it. */
export function repay(sql: Statements, { repaymentId, allotmentId, walletId, amount, atMs }: Repay): Outcome {
  const allotment = sql.findAllotment.get(allotmentId);
  const wallet = sql.findWallet.get(walletId);
  if (allotment === undefined || allotment.debtor_wallet_id !== walletId) return refuse('not_found');
  const { currency } = amount;
  if (wallet === undefined || wallet.currency !== currency || allotment.currency !== currency) {
    return refuse('not_found');
  }
  const seen = sql.findRepayment.get(repaymentId);
  if (seen !== undefined) {
    const isSame = seen.allotment_id === allotmentId && seen.amount === amount.amount;
    return isSame ? { type: 'repaid', open: seen.open_after, balance: wallet.balance } : refuse('duplicate_mismatch');
  }
  if (isTaken(sql, repaymentId)) return refuse('duplicate_mismatch');
  const open = allotment.amount - allotment.repaid - allotment.treated;
  if (amount.amount > open) return refuse('nothing_open');
  if (wallet.is_locked === 1) return refuse('wallet_locked');
  if (wallet.balance - wallet.held < amount.amount) return refuse('insufficient_funds');

  const { creditor_wallet_id: creditor, group_payment_id: settlementId } = allotment;
  const between = { from: walletId, to: creditor, amount: amount.amount, currency };
  move(sql, { ...between, id: repaymentId, kind: 'repayment', settlementId, allotmentId, atMs });
  changeOne(sql.addRepaid.run(amount.amount, allotmentId));
  const openAfter = open - amount.amount;
  changeOne(sql.insertRepayment.run(repaymentId, allotmentId, amount.amount, openAfter, atMs));
  tell(sql, 'repaid', { walletId, refId: repaymentId, atMs });
  tell(sql, 'repaid', { walletId: creditor, refId: repaymentId, atMs });
  return { type: 'repaid', open: openAfter, balance: wallet.balance - amount.amount };
}

export function treat(sql: Statements, { groupPaymentId, walletId, allotmentIds, atMs }: Treat): Outcome {
  const group = sql.findGroup.get(groupPaymentId);
  if (group?.state !== 'valid' || group.payer_wallet_id !== walletId) return refuse('not_found');
  const all = sql.findAllotments.all(groupPaymentId);
  if (!allotmentIds.every((id) => all.some((one) => one.id === id))) return refuse('not_found');
  const treated = all.filter(
    ({ id, amount, repaid, treated: before }) =>
      amount > repaid + before && (allotmentIds.length === 0 || allotmentIds.includes(id)),
  );
  for (const { id, debtor_wallet_id: debtor } of treated) {
    changeOne(sql.treatAllotment.run(atMs, id));
    tell(sql, 'treated', { walletId: debtor, refId: id, atMs });
  }
  return { type: 'treated', allotmentIds: treated.map(({ id }) => id) };
}
