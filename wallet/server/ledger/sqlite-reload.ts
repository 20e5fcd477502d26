import { refuse } from './answers.ts';
import {
  type ChargeBack,
  derivedId,
  type Outcome,
  RECEIVABLE_ACCOUNT,
  type Reload,
  type ReverseReload,
} from './ledger.ts';
import { changeOne, isTaken, move, type Statements, tell } from './sqlite-statements.ts';

/** Money from an operator into a wallet, and the two ways in which it goes back. */
export function reload(sql: Statements, { reloadId, walletId, fromAccount, amount, atMs }: Reload): Outcome {
  const { currency } = amount;
  const wallet = sql.findWallet.get(walletId);
  if (wallet === undefined || wallet.currency !== currency) return refuse('not_found');
  const seen = sql.findTransfer.get(reloadId);
  if (seen !== undefined) {
    const isSame = seen.kind === 'reload' && seen.credit_account === walletId && seen.amount === amount.amount;
    return isSame ? { type: 'reloaded', balance: wallet.balance } : refuse('duplicate_mismatch');
  }
  if (isTaken(sql, reloadId)) return refuse('duplicate_mismatch');
  move(sql, { id: reloadId, kind: 'reload', from: fromAccount, to: walletId, amount: amount.amount, currency, atMs });
  const paid = Math.min(wallet.owed, amount.amount);
  if (paid > 0) {
    const id = derivedId(reloadId, 'owed');
    move(sql, { id, kind: 'owed_paid', from: walletId, to: RECEIVABLE_ACCOUNT, amount: paid, currency, atMs });
    changeOne(sql.changeOwed.run(-paid, walletId));
  }
  tell(sql, 'reloaded', { walletId, refId: reloadId, atMs });
  return { type: 'reloaded', balance: wallet.balance + amount.amount - paid };
}

export function reverseReload(sql: Statements, { reloadId, atMs }: ReverseReload): Outcome {
  const { reloaded, reversal, taken, owed } = findReload(sql, reloadId);
  if (reloaded === undefined) return refuse('not_found');
  if (reversal !== undefined) return { type: 'reversed' };
  if (taken !== undefined || owed !== undefined) return refuse('not_refundable');
  const { credit_account: walletId, debit_account: origin, amount, currency } = reloaded;
  if (available(sql, walletId) < amount) return refuse('insufficient_funds');
  const id = derivedId(reloadId, 'reversal');
  move(sql, { id, kind: 'reload_reversal', from: walletId, to: origin, amount, currency, atMs });
  tell(sql, 'reload_reversed', { walletId, refId: reloadId, atMs });
  return { type: 'reversed' };
}

/** What is held stays held: it was promised to shops. */
export function chargeBack(sql: Statements, { reloadId, atMs }: ChargeBack): Outcome {
  const { reloaded, reversal, taken, owed } = findReload(sql, reloadId);
  if (reloaded === undefined) return refuse('not_found');
  if (taken !== undefined || owed !== undefined) {
    return { type: 'charged_back', taken: taken?.amount ?? 0, owed: owed?.amount ?? 0 };
  }
  if (reversal !== undefined) return refuse('not_refundable');
  const { credit_account: walletId, debit_account: origin, currency } = reloaded;
  const take = Math.min(reloaded.amount, available(sql, walletId));
  const rest = reloaded.amount - take;
  const back = { kind: 'chargeback' as const, to: origin, currency, atMs };
  if (take > 0) move(sql, { ...back, id: derivedId(reloadId, 'chargeback'), from: walletId, amount: take });
  if (rest > 0) {
    move(sql, { ...back, id: derivedId(reloadId, 'chargeback-owed'), from: RECEIVABLE_ACCOUNT, amount: rest });
    changeOne(sql.changeOwed.run(rest, walletId));
  }
  tell(sql, 'charged_back', { walletId, refId: reloadId, atMs });
  return { type: 'charged_back', taken: take, owed: rest };
}

function findReload(sql: Statements, reloadId: string) {
  const transfer = sql.findTransfer.get(reloadId);
  return {
    reloaded: transfer?.kind === 'reload' ? transfer : undefined,
    reversal: sql.findTransfer.get(derivedId(reloadId, 'reversal')),
    taken: sql.findTransfer.get(derivedId(reloadId, 'chargeback')),
    owed: sql.findTransfer.get(derivedId(reloadId, 'chargeback-owed')),
  };
}

function available(sql: Statements, walletId: string): number {
  const wallet = sql.findWallet.get(walletId);
  return wallet === undefined ? 0 : wallet.balance - wallet.held;
}
