import type { DeclineReason, Refund, Settlement } from '#contract/settlement.ts';
import {
  type Allotment,
  availableOf,
  balanceOf,
  openHoldOf,
  type OracleWallet,
  refuse,
  shift,
  type Tables,
  transfer,
} from '#test/wallet/server/oracle-tables.ts';
import {
  type Cancel,
  derivedId,
  detailOf,
  FEES_ACCOUNT,
  type GiveBack,
  type Outcome,
  referenceOf,
  type Settle,
} from '#wallet/server/ledger/ledger.ts';

/** What shops ask of the oracle: settlements, cancels, refunds. */
export function openTill(tables: Tables) {
  const { wallets, settlements, refunds, allotments, groups, transfers, events } = tables;
  const at = (ms: number): string => new Date(ms).toISOString();
  const groupOf = (groupId: string) => [...allotments.values()].filter((one) => one.groupId === groupId);
  const tell = (type: string, walletId: string, refId: string): void => void events.push({ type, walletId, refId });

  function judge({ payer, amount: { amount, currency }, mode, limits }: Settle): DeclineReason | undefined {
    if (!payer.isGood) return payer.reason;
    const code = `${payer.alias} ${payer.counter}`;
    if ([...settlements.values()].some((other) => other.code === code)) return 'token_replayed';
    const wallet = wallets.get(payer.walletId);
    if (wallet === undefined) return 'token_invalid';
    if (mode === 'online' && wallet.isLocked) return 'wallet_locked';
    if (wallet.currency !== currency) return 'currency_mismatch';
    const tooMuch = [payer.perPaymentLimit, wallet.perPaymentLimit, limits.perPayment].some((limit) => amount > limit);
    if (tooMuch) return 'limit_exceeded';
    if (mode === 'online') {
      const inDay = limits.day > wallet.day ? 0 : wallet.inDay;
      const inMonth = limits.month > wallet.month ? 0 : wallet.inMonth;
      if (inDay + amount > limits.perDay || inMonth + amount > limits.perMonth) return 'limit_exceeded';
      return availableOf(tables, payer.walletId) < amount ? 'insufficient_funds' : undefined;
    }
    return balanceOf(tables, payer.walletId) < amount ? 'insufficient_funds' : undefined;
  }

  /** The store gets all but the fee; an offline settlement uses up what is held. */
  function take(wallet: OracleWallet, { storeId, amount: { amount }, fee, mode, limits }: Settle): void {
    shift(tables, wallet.walletId, storeId, amount - fee);
    shift(tables, wallet.walletId, FEES_ACCOUNT, fee);
    const purse = wallets.get(wallet.walletId);
    if (purse === undefined) return;
    if (limits.day > purse.day) Object.assign(purse, { day: limits.day, inDay: 0 });
    if (limits.month > purse.month) Object.assign(purse, { month: limits.month, inMonth: 0 });
    purse.inDay += amount;
    purse.inMonth += amount;
    const hold = openHoldOf(tables, wallet.walletId);
    if (mode !== 'offline' || hold === undefined) return;
    const used = Math.min(purse.held, amount);
    purse.held -= used;
    hold.posted += used;
    if (hold.posted === hold.amount) hold.state = 'posted';
  }

  function settle(command: Settle): Outcome {
    const { settlementId, storeId, terminalId, checkId, amount, payer, mode, group } = command;
    const body = JSON.stringify([terminalId, checkId, amount.amount, amount.currency, payer.alias, group?.hash]);
    const seen = settlements.get(settlementId);
    if (seen !== undefined) {
      if (seen.storeId !== storeId) return refuse('duplicate_mismatch');
      if (seen.body !== undefined && seen.body !== body) return refuse('duplicate_mismatch');
      if (seen.settlement.state === 'cancelled') return refuse('cancelled');
      const isOnceMore = seen.settlement.state === 'declined' && seen.mode === 'online' && mode === 'offline';
      if (!isOnceMore) return { type: 'settlement', settlement: seen.settlement };
    }
    if (transfers.has(settlementId)) return refuse('duplicate_mismatch');

    const reason = judge(command);
    const wallet = payer.isGood ? wallets.get(payer.walletId) : undefined;
    const asked = { settlementId, checkId, amount, bookedAt: at(command.atMs) };
    if (reason !== undefined || !payer.isGood || wallet === undefined) {
      const why = reason ?? 'token_invalid';
      const settlement: Settlement = { state: 'declined', ...asked, reason: why, detail: detailOf(why) };
      settlements.set(settlementId, { storeId, body, mode, walletId: undefined, code: undefined, fee: 0, settlement });
      if (wallet !== undefined) tell('declined', wallet.walletId, settlementId);
      return { type: 'settlement', settlement };
    }
    take(wallet, command);
    const settlement: Settlement = {
      state: 'approved',
      ...asked,
      reference: referenceOf(settlementId),
      member: payer.member,
      refunded: { amount: 0, currency: amount.currency },
      ...(group === undefined ? {} : { group: group.result }),
    };
    const { walletId } = wallet;
    const code = `${payer.alias} ${payer.counter}`;
    settlements.set(settlementId, { storeId, body, mode, walletId, code, fee: command.fee, settlement });
    tell('settled', walletId, settlementId);
    if (group !== undefined) {
      groups.set(settlementId, { payer: walletId, isValid: true });
      for (const { allotmentId, guestId, walletId: debtor, amount: share } of group.allotments) {
        const between = { groupId: settlementId, guestId, creditor: walletId, debtor, currency: amount.currency };
        allotments.set(allotmentId, { allotmentId, ...between, amount: share, repaid: 0, treated: 0 });
        tell('allotted', debtor, allotmentId);
      }
    }
    return { type: 'settlement', settlement };
  }

  function cancel({ settlementId, storeId, transferId, atMs }: Cancel): Outcome {
    const seen = settlements.get(settlementId);
    if (seen === undefined && transfers.has(settlementId)) return refuse('not_found');
    if (seen !== undefined && seen.storeId !== storeId) return refuse('not_found');
    const before = seen?.settlement;
    if (before?.state === 'cancelled') return { type: 'settlement', settlement: before };
    if (before?.state === 'approved' && before.refunded.amount > 0) return refuse('not_refundable');
    const wasBooked = before?.state === 'approved';
    const settlement: Settlement = { state: 'cancelled', settlementId, cancelledAt: at(atMs), wasBooked };
    if (seen === undefined) {
      const nothing = { body: undefined, mode: undefined, walletId: undefined, code: undefined, fee: 0 };
      settlements.set(settlementId, { storeId, ...nothing, settlement });
      return { type: 'settlement', settlement };
    }
    seen.settlement = settlement;
    const { walletId, fee } = seen;
    if (before?.state !== 'approved' || walletId === undefined) return { type: 'settlement', settlement };

    const { amount } = before.amount;
    transfer(tables, { id: transferId, kind: 'cancel', from: storeId, to: walletId, amount, settlementId });
    if (fee > 0) {
      const id = derivedId(transferId, 'fee');
      transfer(tables, { id, kind: 'fee_return', from: FEES_ACCOUNT, to: storeId, amount: fee, settlementId });
    }
    tell('cancelled', walletId, settlementId);
    const group = groups.get(settlementId);
    if (group !== undefined) group.isValid = false;
    for (const allotment of groupOf(settlementId)) {
      handOn(transferId, allotment, allotment.repaid);
      Object.assign(allotment, { amount: 0, repaid: 0, treated: 0 });
      tell('allotment_changed', allotment.debtor, allotment.allotmentId);
    }
    return { type: 'settlement', settlement };
  }

  /** What a guest had given for nothing goes back to him from the payer. */
  function handOn(because: string, allotment: Allotment, amount: number): void {
    if (amount === 0) return;
    const { allotmentId, groupId: settlementId, creditor: from, debtor: to } = allotment;
    const id = derivedId(because, allotmentId);
    transfer(tables, { id, kind: 'repayment_return', from, to, amount, settlementId, allotmentId });
    allotment.repaid -= amount;
  }

  function giveBack({ refundId, settlementId, storeId, amount, group, atMs }: GiveBack): Outcome {
    const asked = settlements.get(settlementId);
    if (asked === undefined || asked.storeId !== storeId) return refuse('not_found');
    const body = JSON.stringify([settlementId, amount.amount, amount.currency, group?.linesHash]);
    const seen = refunds.get(refundId);
    if (seen !== undefined) {
      return seen.body === body ? { type: 'refund', refund: seen.refund } : refuse('duplicate_mismatch');
    }
    if (transfers.has(refundId) || settlements.has(refundId)) return refuse('duplicate_mismatch');
    const { settlement, walletId } = asked;
    if (settlement.state !== 'approved' || walletId === undefined) return refuse('not_refundable');
    if (settlement.amount.currency !== amount.currency) return refuse('not_refundable');
    const refunded = { amount: settlement.refunded.amount + amount.amount, currency: amount.currency };
    if (refunded.amount > settlement.amount.amount) return refuse('refund_exceeds_settlement');
    const before = [...refunds.values()].filter((one) => one.refund.settlementId === settlementId).length;
    if (groups.has(settlementId) !== (group !== undefined)) return refuse('stale');
    if (group !== undefined && group.refundsBefore !== before) return refuse('stale');

    transfer(tables, {
      id: refundId,
      kind: 'refund',
      from: storeId,
      to: walletId,
      amount: amount.amount,
      settlementId,
    });
    asked.settlement = { ...settlement, refunded };
    const shrunk = group === undefined ? {} : { shrunk: [...group.shrinks] };
    const refund: Refund = { refundId, settlementId, amount, refunded, bookedAt: at(atMs), ...shrunk };
    refunds.set(refundId, { body, refund });
    tell('refunded', walletId, refundId);
    for (const { guestId, amount: less } of group?.shrinks ?? []) {
      const allotment = groupOf(settlementId).find((one) => one.guestId === guestId);
      if (allotment === undefined || less === 0) continue;
      allotment.amount -= less;
      // A treat is taken back before money that was really given.
      const over = Math.max(0, allotment.repaid + allotment.treated - allotment.amount);
      const untreated = Math.min(allotment.treated, over);
      allotment.treated -= untreated;
      handOn(refundId, allotment, over - untreated);
      tell('allotment_changed', allotment.debtor, allotment.allotmentId);
    }
    return { type: 'refund', refund };
  }

  return { settle, cancel, giveBack };
}
