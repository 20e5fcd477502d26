import type { Refund, Settlement } from '#contract/settlement.ts';
import {
  type Cancel,
  type Command,
  detailOf,
  type GiveBack,
  type LedgerRefusal,
  type Outcome,
  referenceOf,
  type Reload,
  type Settle,
} from '#wallet/server/ledger/ledger.ts';

/**
 * The ledger once more, as plainly as it can be said, with maps for tables: what every adapter must equal on any list
 * of commands. Written from the rules and not from the adapter, and slow on purpose.
 */
export interface Oracle {
  book(command: Command): Outcome;
  /** Account to balance, wallets, stores and the issuer alike. */
  readonly balances: ReadonlyMap<string, number>;
  readonly settlements: ReadonlyMap<string, Settlement>;
}

export interface OracleWallet {
  readonly walletId: string;
  readonly currency: string;
  readonly perPaymentLimit: number;
  readonly isLocked: boolean;
}

export function openOracle(wallets: readonly OracleWallet[]): Oracle {
  const balances = new Map(wallets.map(({ walletId }) => [walletId, 0]));
  const settlements = new Map<string, Settlement>();
  const askedBy = new Map<string, { storeId: string; walletId?: string; body?: string }>();
  const refunds = new Map<string, { body: string; refund: Refund }>();
  const reloads = new Map<string, string>();
  const codes = new Set<string>();

  const move = (from: string, to: string, amount: number): void => {
    balances.set(from, (balances.get(from) ?? 0) - amount);
    balances.set(to, (balances.get(to) ?? 0) + amount);
  };
  const at = (ms: number): string => new Date(ms).toISOString();
  const isMoneyId = (id: string): boolean =>
    reloads.has(id) || refunds.has(id) || cancelIds.has(id) || askedBy.get(id)?.body !== undefined;
  const cancelIds = new Set<string>();

  function settle(command: Settle): Outcome {
    const { settlementId, storeId, terminalId, checkId, amount, payer } = command;
    const body = JSON.stringify([terminalId, checkId, amount.amount, amount.currency, payer.alias]);
    const asked = askedBy.get(settlementId);
    const seen = settlements.get(settlementId);
    if (asked !== undefined && seen !== undefined) {
      if (asked.storeId !== storeId) return refuse('duplicate_mismatch');
      if (asked.body !== undefined && asked.body !== body) return refuse('duplicate_mismatch');
      return seen.state === 'cancelled' ? refuse('cancelled') : { type: 'settlement', settlement: seen };
    }
    if (isMoneyId(settlementId)) return refuse('duplicate_mismatch');
    const wallet = payer.isGood ? wallets.find(({ walletId }) => walletId === payer.walletId) : undefined;
    const booked = { settlementId, checkId, amount, bookedAt: at(command.atMs) };
    const reason = !payer.isGood
      ? payer.reason
      : codes.has(`${payer.alias} ${payer.counter}`)
        ? 'token_replayed'
        : wallet === undefined
          ? 'token_invalid'
          : wallet.isLocked
            ? 'wallet_locked'
            : wallet.currency !== amount.currency
              ? 'currency_mismatch'
              : amount.amount > payer.perPaymentLimit || amount.amount > wallet.perPaymentLimit
                ? 'limit_exceeded'
                : (balances.get(wallet.walletId) ?? 0) < amount.amount
                  ? 'insufficient_funds'
                  : undefined;
    if (reason !== undefined || !payer.isGood || wallet === undefined) {
      const why = reason ?? 'token_invalid';
      const settlement: Settlement = { state: 'declined', ...booked, reason: why, detail: detailOf(why) };
      settlements.set(settlementId, settlement);
      askedBy.set(settlementId, { storeId, body });
      return { type: 'settlement', settlement };
    }
    codes.add(`${payer.alias} ${payer.counter}`);
    move(wallet.walletId, storeId, amount.amount);
    const settlement: Settlement = {
      state: 'approved',
      ...booked,
      reference: referenceOf(settlementId),
      member: payer.member,
      refunded: { amount: 0, currency: amount.currency },
    };
    settlements.set(settlementId, settlement);
    askedBy.set(settlementId, { storeId, body, walletId: wallet.walletId });
    return { type: 'settlement', settlement };
  }

  function cancel({ settlementId, storeId, transferId, atMs }: Cancel): Outcome {
    const seen = settlements.get(settlementId);
    const asked = askedBy.get(settlementId);
    if (seen === undefined && isMoneyId(settlementId)) return refuse('not_found');
    if (asked !== undefined && asked.storeId !== storeId) return refuse('not_found');
    if (seen?.state === 'cancelled') return { type: 'settlement', settlement: seen };
    if (seen?.state === 'approved' && seen.refunded.amount > 0) return refuse('not_refundable');
    if (seen?.state === 'approved') {
      move(storeId, asked?.walletId ?? '', seen.amount.amount);
      cancelIds.add(transferId);
    }
    const wasBooked = seen?.state === 'approved';
    const settlement: Settlement = { state: 'cancelled', settlementId, cancelledAt: at(atMs), wasBooked };
    settlements.set(settlementId, settlement);
    if (asked === undefined) askedBy.set(settlementId, { storeId });
    return { type: 'settlement', settlement };
  }

  function giveBack({ refundId, settlementId, storeId, amount, atMs }: GiveBack): Outcome {
    const settlement = settlements.get(settlementId);
    const asked = askedBy.get(settlementId);
    if (settlement === undefined || asked?.storeId !== storeId) return refuse('not_found');
    const body = JSON.stringify([settlementId, amount.amount, amount.currency]);
    const seen = refunds.get(refundId);
    if (seen !== undefined) {
      return seen.body === body ? { type: 'refund', refund: seen.refund } : refuse('duplicate_mismatch');
    }
    if (isMoneyId(refundId) || settlements.has(refundId)) return refuse('duplicate_mismatch');
    if (settlement.state !== 'approved') return refuse('not_refundable');
    if (settlement.amount.currency !== amount.currency) return refuse('not_refundable');
    const refunded = { amount: settlement.refunded.amount + amount.amount, currency: amount.currency };
    if (refunded.amount > settlement.amount.amount) return refuse('refund_exceeds_settlement');
    move(storeId, asked.walletId ?? '', amount.amount);
    settlements.set(settlementId, { ...settlement, refunded });
    const refund: Refund = { refundId, settlementId, amount, refunded, bookedAt: at(atMs) };
    refunds.set(refundId, { body, refund });
    return { type: 'refund', refund };
  }

  function reload({ reloadId, walletId, amount }: Reload): Outcome {
    const wallet = wallets.find((one) => one.walletId === walletId);
    if (wallet?.currency !== amount.currency) return refuse('not_found');
    const body = JSON.stringify([walletId, amount.amount]);
    const seen = reloads.get(reloadId);
    if (seen !== undefined) return seen === body ? { type: 'reloaded' } : refuse('duplicate_mismatch');
    if (isMoneyId(reloadId) || settlements.has(reloadId)) return refuse('duplicate_mismatch');
    move('issuer', walletId, amount.amount);
    reloads.set(reloadId, body);
    return { type: 'reloaded' };
  }

  return {
    balances,
    settlements,
    book: (command) => {
      switch (command.type) {
        case 'settle':
          return settle(command);
        case 'cancel':
          return cancel(command);
        case 'refund':
          return giveBack(command);
        case 'reload':
          return reload(command);
      }
    },
  };
}

function refuse(code: LedgerRefusal): Outcome {
  return { type: 'refused', code };
}
