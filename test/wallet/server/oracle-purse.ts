import {
  availableOf,
  balanceOf,
  openHoldOf,
  refuse,
  type Tables,
  transfer,
} from '#test/wallet/server/oracle-tables.ts';
import {
  type ChargeBack,
  derivedId,
  type Outcome,
  type PlaceHold,
  RECEIVABLE_ACCOUNT,
  type ReleaseHolds,
  type Reload,
  type Repay,
  type ReverseReload,
  type Treat,
} from '#wallet/server/ledger/ledger.ts';

/** What happens to the oracle's wallets without a shop: reloads and their ends, debts between guests, holds. */
export function openPurse(tables: Tables) {
  const { wallets, settlements, allotments, groups, repayments, holds, transfers, events } = tables;
  const tell = (type: string, walletId: string, refId: string): void => void events.push({ type, walletId, refId });
  const openOf = (one: { amount: number; repaid: number; treated: number }): number =>
    one.amount - one.repaid - one.treated;

  function reload({ reloadId, walletId, fromAccount, amount: { amount, currency } }: Reload): Outcome {
    const wallet = wallets.get(walletId);
    if (wallet?.currency !== currency) return refuse('not_found');
    const seen = transfers.get(reloadId);
    if (seen?.kind === 'reload' && seen.to === walletId && seen.amount === amount) {
      return { type: 'reloaded', balance: balanceOf(tables, walletId) };
    }
    if (seen !== undefined || settlements.has(reloadId)) return refuse('duplicate_mismatch');
    transfer(tables, { id: reloadId, kind: 'reload', from: fromAccount, to: walletId, amount });
    const paid = Math.min(amount, wallet.owed);
    if (paid > 0) {
      const id = derivedId(reloadId, 'owed');
      transfer(tables, { id, kind: 'owed_paid', from: walletId, to: RECEIVABLE_ACCOUNT, amount: paid });
      wallet.owed -= paid;
    }
    tell('reloaded', walletId, reloadId);
    return { type: 'reloaded', balance: balanceOf(tables, walletId) };
  }

  function reverseReload({ reloadId }: ReverseReload): Outcome {
    const seen = transfers.get(reloadId);
    if (seen?.kind !== 'reload') return refuse('not_found');
    const id = derivedId(reloadId, 'reversal');
    if (transfers.has(id)) return { type: 'reversed' };
    if (chargedBack(reloadId) !== undefined) return refuse('not_refundable');
    if (availableOf(tables, seen.to) < seen.amount) return refuse('insufficient_funds');
    transfer(tables, { id, kind: 'reload_reversal', from: seen.to, to: seen.from, amount: seen.amount });
    tell('reload_reversed', seen.to, reloadId);
    return { type: 'reversed' };
  }

  function chargeBack({ reloadId }: ChargeBack): Outcome {
    const seen = transfers.get(reloadId);
    if (seen?.kind !== 'reload') return refuse('not_found');
    const before = chargedBack(reloadId);
    if (before !== undefined) return before;
    if (transfers.has(derivedId(reloadId, 'reversal'))) return refuse('not_refundable');
    const taken = Math.min(seen.amount, availableOf(tables, seen.to));
    const owed = seen.amount - taken;
    const back = { kind: 'chargeback', to: seen.from };
    if (taken > 0) transfer(tables, { ...back, id: derivedId(reloadId, 'chargeback'), from: seen.to, amount: taken });
    if (owed > 0) {
      transfer(tables, {
        ...back,
        id: derivedId(reloadId, 'chargeback-owed'),
        from: RECEIVABLE_ACCOUNT,
        amount: owed,
      });
      const wallet = wallets.get(seen.to);
      if (wallet !== undefined) wallet.owed += owed;
    }
    tell('charged_back', seen.to, reloadId);
    return { type: 'charged_back', taken, owed };
  }

  function chargedBack(reloadId: string): Outcome | undefined {
    const taken = transfers.get(derivedId(reloadId, 'chargeback'))?.amount;
    const owed = transfers.get(derivedId(reloadId, 'chargeback-owed'))?.amount;
    if (taken === undefined && owed === undefined) return undefined;
    return { type: 'charged_back', taken: taken ?? 0, owed: owed ?? 0 };
  }

  function repay({ repaymentId, allotmentId, walletId, amount: { amount, currency } }: Repay): Outcome {
    const allotment = allotments.get(allotmentId);
    const wallet = wallets.get(walletId);
    if (allotment?.debtor !== walletId || wallet === undefined) return refuse('not_found');
    // A guest of another currency cannot repay from this wallet at all.
    if (allotment.currency !== currency || wallet.currency !== currency) return refuse('not_found');
    const seen = repayments.get(repaymentId);
    if (seen?.allotmentId === allotmentId && seen.amount === amount) {
      return { type: 'repaid', open: seen.open, balance: balanceOf(tables, walletId) };
    }
    if (transfers.has(repaymentId) || settlements.has(repaymentId)) return refuse('duplicate_mismatch');
    if (amount > openOf(allotment)) return refuse('nothing_open');
    if (wallet.isLocked) return refuse('wallet_locked');
    if (availableOf(tables, walletId) < amount) return refuse('insufficient_funds');
    const { creditor, groupId: settlementId } = allotment;
    transfer(tables, {
      id: repaymentId,
      kind: 'repayment',
      from: walletId,
      to: creditor,
      amount,
      settlementId,
      allotmentId,
    });
    allotment.repaid += amount;
    const open = openOf(allotment);
    repayments.set(repaymentId, { allotmentId, amount, open });
    tell('repaid', walletId, repaymentId);
    tell('repaid', creditor, repaymentId);
    return { type: 'repaid', open, balance: balanceOf(tables, walletId) };
  }

  function treat({ groupPaymentId, walletId, allotmentIds }: Treat): Outcome {
    const group = groups.get(groupPaymentId);
    if (group === undefined || !group.isValid || group.payer !== walletId) return refuse('not_found');
    if (allotmentIds.some((id) => allotments.get(id)?.groupId !== groupPaymentId)) return refuse('not_found');
    const changed = [...allotments.values()]
      .filter(({ groupId }) => groupId === groupPaymentId)
      .filter(({ allotmentId }) => allotmentIds.length === 0 || allotmentIds.includes(allotmentId))
      .filter((allotment) => openOf(allotment) > 0);
    for (const allotment of changed) {
      allotment.treated += openOf(allotment);
      tell('treated', allotment.debtor, allotment.allotmentId);
    }
    return { type: 'treated', allotmentIds: changed.map(({ allotmentId }) => allotmentId).toSorted() };
  }

  function placeHold({ holdId, walletId, target, promisedUntilMs, expiresAtMs, atMs }: PlaceHold): Outcome {
    const wallet = wallets.get(walletId);
    if (wallet === undefined) return refuse('not_found');
    if (wallet.isLocked) return refuse('wallet_locked');
    expire((hold) => hold.walletId === walletId, atMs);
    const open = openHoldOf(tables, walletId);
    if (open === undefined && holds.has(holdId)) return refuse('duplicate_mismatch');
    const remaining = open === undefined ? 0 : open.amount - open.posted;
    const keep = open !== undefined && atMs < open.promisedUntilMs ? remaining : 0;
    const next = Math.max(keep, Math.min(target, availableOf(tables, walletId) + remaining));
    wallet.held += next - remaining;
    if (next === 0) {
      if (open !== undefined) open.state = 'voided';
      return { type: 'held', remaining: 0, expiresAtMs };
    }
    if (open === undefined) {
      holds.set(holdId, { holdId, walletId, state: 'pending', amount: next, posted: 0, promisedUntilMs, expiresAtMs });
      return { type: 'held', remaining: next, expiresAtMs };
    }
    open.amount = open.posted + next;
    if (target > 0) {
      open.promisedUntilMs = Math.max(open.promisedUntilMs, promisedUntilMs);
      open.expiresAtMs = Math.max(open.expiresAtMs, expiresAtMs);
    }
    return { type: 'held', remaining: next, expiresAtMs: open.expiresAtMs };
  }

  function releaseHolds({ atMs }: ReleaseHolds): Outcome {
    return { type: 'released', count: expire(() => true, atMs) };
  }

  function expire(isMeant: (hold: { readonly walletId: string }) => boolean, atMs: number): number {
    const over = [...holds.values()].filter(
      (hold) => hold.state === 'pending' && isMeant(hold) && hold.expiresAtMs <= atMs,
    );
    for (const hold of over) {
      hold.state = 'expired';
      const wallet = wallets.get(hold.walletId);
      if (wallet !== undefined) wallet.held -= hold.amount - hold.posted;
    }
    return over.length;
  }

  return { reload, reverseReload, chargeBack, repay, treat, placeHold, releaseHolds };
}
