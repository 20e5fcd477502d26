import type { Refund, Settlement } from '#contract/settlement.ts';
import type { LedgerRefusal, Outcome } from '#wallet/server/ledger/ledger.ts';

export interface OracleWallet {
  readonly walletId: string;
  readonly currency: string;
  readonly perPaymentLimit: number;
  readonly isLocked: boolean;
}

/** The oracle's tables, which its two halves share. */
export interface Tables {
  readonly wallets: ReadonlyMap<string, OracleWallet & Purse>;
  /** Account to balance, for everybody: wallets, stores, operators, fees and the rest. */
  readonly balances: Map<string, number>;
  readonly settlements: Map<string, Asked>;
  readonly refunds: Map<string, Returned>;
  readonly allotments: Map<string, Allotment>;
  readonly groups: Map<string, { readonly payer: string; isValid: boolean }>;
  readonly repayments: Map<string, { readonly allotmentId: string; readonly amount: number; readonly open: number }>;
  readonly holds: Map<string, Hold>;
  readonly transfers: Map<string, Transfer>;
  readonly events: { readonly type: string; readonly walletId: string; readonly refId: string }[];
}

interface Purse {
  held: number;
  owed: number;
  day: number;
  inDay: number;
  month: number;
  inMonth: number;
}

interface Asked {
  readonly storeId: string;
  /** What the same request would say. Undefined for a tombstone. */
  readonly body: string | undefined;
  readonly mode: 'online' | 'offline' | undefined;
  readonly walletId: string | undefined;
  readonly code: string | undefined;
  readonly fee: number;
  settlement: Settlement;
}

interface Returned {
  readonly body: string;
  readonly refund: Refund;
}

export interface Allotment {
  readonly allotmentId: string;
  readonly groupId: string;
  readonly guestId: string;
  readonly creditor: string;
  readonly debtor: string;
  readonly currency: string;
  amount: number;
  repaid: number;
  treated: number;
}

interface Hold {
  readonly holdId: string;
  readonly walletId: string;
  state: 'pending' | 'posted' | 'voided' | 'expired';
  amount: number;
  posted: number;
  promisedUntilMs: number;
  expiresAtMs: number;
}

export interface Transfer {
  readonly id: string;
  readonly kind: string;
  readonly from: string;
  readonly to: string;
  readonly amount: number;
  readonly settlementId?: string;
  readonly allotmentId?: string;
}

export function emptyTables(wallets: readonly OracleWallet[]): Tables {
  return {
    wallets: new Map(
      wallets.map((wallet) => [
        wallet.walletId,
        { ...wallet, held: 0, owed: 0, day: 0, inDay: 0, month: 0, inMonth: 0 },
      ]),
    ),
    balances: new Map(wallets.map(({ walletId }) => [walletId, 0])),
    settlements: new Map(),
    refunds: new Map(),
    allotments: new Map(),
    groups: new Map(),
    repayments: new Map(),
    holds: new Map(),
    transfers: new Map(),
    events: [],
  };
}

/** A transfer: written down, and both balances changed. */
export function transfer(tables: Tables, row: Transfer): void {
  tables.transfers.set(row.id, row);
  shift(tables, row.from, row.to, row.amount);
}

export function shift({ balances }: Tables, from: string, to: string, amount: number): void {
  balances.set(from, balanceOf({ balances }, from) - amount);
  balances.set(to, balanceOf({ balances }, to) + amount);
}

export function balanceOf({ balances }: Pick<Tables, 'balances'>, account: string): number {
  return balances.get(account) ?? 0;
}

/** What a wallet may spend while it is online. */
export function availableOf(tables: Tables, walletId: string): number {
  return balanceOf(tables, walletId) - (tables.wallets.get(walletId)?.held ?? 0);
}

export function openHoldOf({ holds }: Tables, walletId: string): Hold | undefined {
  return [...holds.values()].find((hold) => hold.walletId === walletId && hold.state === 'pending');
}

export function refuse(code: LedgerRefusal): Outcome {
  return { type: 'refused', code };
}
