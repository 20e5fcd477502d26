import { createHash } from 'node:crypto';
import type { AttemptId, CheckId, RefundId, StoreId, TerminalId } from '#contract/ids.ts';
import type { Money } from '#contract/money.ts';
import type { DeclineReason, Member, Refund, Settlement } from '#contract/settlement.ts';
import type { ProblemCode } from '#contract/wallet.ts';

/**
 * The ledger: double entry in whole minor units, one row for each id, nothing ever changed but by a new transfer.
 *
 * A port. SQLite stands behind it for one shop and for the demo; the shape is made for PostgreSQL too: everything is
 * asynchronous, commands come as a list that is committed once, and no row belongs to a store, so that a busy one does
 * not serialise its customers.
 */
export interface Ledger {
  /**
   * Books commands in their order, all in one commit, and resolves when that is on the disk: what is answered stays
   * answered. Each command sees the effects of those before it. What the rules refuse is an outcome, not an error. A
   * rejection means that nothing of the list may be relied on; the same list may be booked again, ids make it safe.
   */
  book(commands: readonly Command[]): Promise<readonly Outcome[]>;
  /** As last committed. Undefined for an id that was never seen, or that is another store's. */
  findSettlement(settlementId: AttemptId, storeId: StoreId): Promise<Settlement | undefined>;
  readStatement(walletId: string, limit: number): Promise<Statement | undefined>;
  readBooks(): Promise<Books>;
}

export type Command = Settle | Cancel | GiveBack | Reload;

export interface Settle {
  readonly type: 'settle';
  readonly settlementId: AttemptId;
  readonly storeId: StoreId;
  readonly terminalId: TerminalId;
  readonly checkId: CheckId;
  /** Above zero. */
  readonly amount: Money;
  readonly payer: Payer;
  readonly atMs: number;
}

/** What the customer's code says, judged before the ledger is asked. An id that was seen before is answered all the same. */
export type Payer =
  | {
      readonly isGood: true;
      /** With the counter it names one code, which takes money once. */
      readonly alias: string;
      readonly counter: number;
      readonly walletId: string;
      readonly perPaymentLimit: number;
      readonly offlineAllowance: Money;
      readonly member: Member;
    }
  | {
      readonly isGood: false;
      /** Empty where the code could not be read. */
      readonly alias: string;
      readonly reason: DeclineReason;
    };

export interface Cancel {
  readonly type: 'cancel';
  readonly settlementId: AttemptId;
  readonly storeId: StoreId;
  readonly terminalId: TerminalId;
  /** Id of the transfer that takes the money back, if there is any to take back. */
  readonly transferId: string;
  readonly atMs: number;
}

export interface GiveBack {
  readonly type: 'refund';
  readonly refundId: RefundId;
  readonly settlementId: AttemptId;
  readonly storeId: StoreId;
  readonly terminalId: TerminalId;
  /** Above zero. */
  readonly amount: Money;
  readonly reason: string | undefined;
  readonly atMs: number;
}

/** Money from outside into a wallet. */
export interface Reload {
  readonly type: 'reload';
  readonly reloadId: string;
  readonly walletId: string;
  /** Above zero. */
  readonly amount: Money;
  readonly atMs: number;
}

export type Outcome =
  | { readonly type: 'settlement'; readonly settlement: Settlement }
  | { readonly type: 'refund'; readonly refund: Refund }
  | { readonly type: 'reloaded' }
  | { readonly type: 'refused'; readonly code: LedgerRefusal };

export type LedgerRefusal = Extract<
  ProblemCode,
  'duplicate_mismatch' | 'cancelled' | 'not_found' | 'not_refundable' | 'refund_exceeds_settlement'
>;

export interface Statement {
  readonly name: string;
  readonly balance: Money;
  /** Latest first. */
  readonly movements: readonly Movement[];
}

export interface Movement {
  readonly atMs: number;
  readonly kind: 'settlement' | 'refund' | 'cancel' | 'reload';
  /** Positive into the wallet, negative out of it. */
  readonly amount: number;
  readonly currency: string;
  readonly store: string | undefined;
}

/** Everything that a checker compares. */
export interface Books {
  readonly settlements: readonly {
    readonly settlementId: string;
    readonly storeId: string;
    readonly terminalId: string;
    readonly checkId: string | undefined;
    readonly state: Settlement['state'];
    readonly wasBooked: boolean;
    /** Minor units; 0 where only a cancel was ever seen. */
    readonly amount: number;
    readonly currency: string | undefined;
    readonly refunded: number;
    readonly reason: string | undefined;
  }[];
  readonly balances: readonly {
    readonly account: string;
    readonly kind: 'wallet' | 'store' | 'issuer';
    readonly name: string | undefined;
    readonly currency: string;
    readonly balance: number;
  }[];
  /** Σ of all balances: 0, or money was made or lost. */
  readonly sum: number;
  /** What does not agree, in sentences. Empty in good books. */
  readonly faults: readonly string[];
}

/** The other side of every reload. */
export const ISSUER_ACCOUNT = 'issuer';

const declineDetails: Readonly<Record<DeclineReason, string>> = {
  insufficient_funds: 'The balance is too low.',
  limit_exceeded: 'The amount is above the limit for one payment.',
  wallet_locked: 'The wallet is locked.',
  token_invalid: 'The code is not valid.',
  token_expired: 'The code is too old: the customer shows a new one.',
  token_replayed: 'The code was used before: the customer shows a new one.',
  credential_revoked: 'The phone is no longer bound to the wallet.',
  currency_mismatch: 'The wallet holds another currency.',
};

/** A sentence for each reason, in English; screens say it in their own language by the reason. */
export function detailOf(reason: DeclineReason): string {
  return declineDetails[reason];
}

/** Two settlements with one id are the same where this is: terminal, check, amount, currency and payer. */
export function hashSettle(command: Settle): string {
  const { terminalId, checkId, amount, payer } = command;
  return hash([terminalId, checkId, amount.amount, amount.currency, payer.alias]);
}

/** Two refunds with one id are the same where this is: settlement, amount and currency. */
export function hashRefund(command: GiveBack): string {
  return hash([command.settlementId, command.amount.amount, command.amount.currency]);
}

/** A reference that a person can read out: eight letters from the random end of the id, none easily mistaken. */
export function referenceOf(settlementId: string): string {
  const random = BigInt(`0x${settlementId.replaceAll('-', '').slice(-10)}`);
  const letters = Array.from({ length: 8 }, (_, place) =>
    '0123456789ABCDEFGHJKMNPQRSTVWXYZ'.charAt(Number((random >> BigInt(35 - 5 * place)) & 31n)),
  ).join('');
  return `${letters.slice(0, 4)}-${letters.slice(4)}`;
}

function hash(parts: readonly (string | number)[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url');
}
