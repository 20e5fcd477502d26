import { hash as digestOf } from 'node:crypto';
import type { GroupResult } from '#contract/group.ts';
import type { AttemptId, CheckId, RefundId, StoreId, TerminalId } from '#contract/ids.ts';
import type { Money } from '#contract/money.ts';
import type { DeclineReason, Member, Refund, Settlement } from '#contract/settlement.ts';
import type { ProblemCode } from '#contract/wallet.ts';

/**
 * The ledger: double entry in whole minor units, one row for each id, nothing ever changed but by a new transfer.
 *
 * A port. SQLite stands behind it for one shop and for the demo, PostgreSQL where many servers share the books. Everything
 * is asynchronous, commands come as a list that is committed once, and no balance row belongs to a store, so that a busy one
 * does not serialise its customers. What each command means is said in `test/wallet/server/oracle.ts` once more.
 */
export interface Ledger {
  /**
   * Books commands in their order, all in one commit, and resolves when that is on the disk: what is answered stays
   * answered. Each command sees the effects of those before it. What the rules refuse is an outcome, not an error. A
   * rejection means that nothing of the list may be relied on; the same list may be booked again, ids make it safe.
   */
  book(commands: readonly Command[]): Promise<readonly Outcome[]>;
  /** How many lists it is good to have on their way at once; one where this is left out. */
  readonly lanes?: number;
  /** As last committed. Undefined for an id that was never seen, or that is another store's. */
  findSettlement(settlementId: AttemptId, storeId: StoreId): Promise<Settlement | undefined>;
  /** Undefined for a wallet that is not there. */
  readBalance(walletId: string): Promise<Balance | undefined>;
  /** Reads and compares everything, on one snapshot. */
  readBooks(): Promise<Books>;
}

export type Command =
  Settle | Cancel | GiveBack | Reload | ReverseReload | ChargeBack | Repay | Treat | PlaceHold | ReleaseHolds;

export interface Settle {
  readonly type: 'settle';
  readonly settlementId: AttemptId;
  readonly storeId: StoreId;
  readonly terminalId: TerminalId;
  readonly checkId: CheckId;
  /** Above zero. */
  readonly amount: Money;
  readonly payer: Payer;
  readonly mode: 'online' | 'offline';
  /** What the store pays for it, 0 ≤ fee < amount: the store gets the rest. */
  readonly fee: number;
  readonly limits: SpendingLimits;
  /** Only where more than one person is on the bill. */
  readonly group?: GroupBooking;
  /** When the terminal read the code. */
  readonly capturedAtMs: number;
  readonly atMs: number;
}

/** Minor units. Each counts what was spent and not what came back: a refund does not give room again. */
export interface SpendingLimits {
  readonly perPayment: number;
  readonly perDay: number;
  readonly perMonth: number;
  /** Days and months since 1970 in the jurisdiction's own time, of `atMs`. An earlier day than the last one counts to the last. */
  readonly day: number;
  readonly month: number;
}

/** What the server computed for a group before the ledger is asked, and what is written beside the settlement. */
export interface GroupBooking {
  /** Two groups are the same where this is. */
  readonly hash: string;
  readonly ownShare: number;
  readonly walkInShare: number;
  /** Every other member, those whose share is 0 too. own share + walk-in share + Σ amounts = the amount settled. */
  readonly allotments: readonly {
    readonly allotmentId: string;
    readonly guestId: string;
    readonly walletId: string;
    readonly amount: number;
  }[];
  /** What the terminal is answered, now and for every repetition. */
  readonly result: GroupResult;
  /** JSON, kept whole in `group_payment.record`: `result` among it under that name. */
  readonly record: string;
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

/** Undoes everything: the money, the fee, the group. What members had repaid is handed on to them. */
export interface Cancel {
  readonly type: 'cancel';
  readonly settlementId: AttemptId;
  readonly storeId: StoreId;
  readonly terminalId: TerminalId;
  /** Ids for the transfers that it may need are made of this one: see {@link derivedId}. */
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
  /** Of a group settlement: computed from the refunds before it, whose number is stated so that a race is noticed. */
  readonly group?: {
    readonly refundsBefore: number;
    /** JSON of the lines that are given back, kept for the next computation. */
    readonly lines: string;
    /** What the wire's `lines` said: two refunds of other lines are not the same. */
    readonly linesHash: string;
    /** By how much each guest's share falls; sums to the amount. */
    readonly shrinks: readonly { readonly guestId: string; readonly amount: number }[];
  };
  readonly atMs: number;
}

/** Money that an operator has captured, into a wallet. First of all it pays what the wallet owes. */
export interface Reload {
  readonly type: 'reload';
  readonly reloadId: string;
  readonly walletId: string;
  /** `operator:<id>`, or {@link ISSUER_ACCOUNT}: the other side. */
  readonly fromAccount: string;
  /** Above zero. */
  readonly amount: Money;
  readonly atMs: number;
}

/** A reload goes back to where it came from, as long as the wallet still has it available. Whole, and once. */
export interface ReverseReload {
  readonly type: 'reverse_reload';
  readonly reloadId: string;
  readonly atMs: number;
}

/** The operator takes a reload back, whatever the wallet still has: what is missing is owed. Whole, and once. */
export interface ChargeBack {
  readonly type: 'charge_back';
  readonly reloadId: string;
  readonly atMs: number;
}

/** A guest gives the payer back what was borne for him, in whole or in part. */
export interface Repay {
  readonly type: 'repay';
  readonly repaymentId: string;
  readonly allotmentId: string;
  /** Who asks: the one who owes. */
  readonly walletId: string;
  /** Above zero, at most what is open. */
  readonly amount: Money;
  readonly atMs: number;
}

/** The payer waives what is open. The same again changes nothing. */
export interface Treat {
  readonly type: 'treat';
  readonly groupPaymentId: string;
  /** Who asks: the payer. */
  readonly walletId: string;
  /** Which of the group's allotments; all where it is empty. */
  readonly allotmentIds: readonly string[];
  readonly atMs: number;
}

/**
 * Reserves money for offline settlements, or changes what is reserved: one open hold for each wallet.
 *
 * What is left of it becomes `target` minor units, or as much as the balance has; but never less than what is left now
 * while a credential may still promise it. A target of 0 after that ends the hold.
 */
export interface PlaceHold {
  readonly type: 'place_hold';
  /** Used where no hold is open. */
  readonly holdId: string;
  readonly walletId: string;
  readonly target: number;
  readonly promisedUntilMs: number;
  readonly expiresAtMs: number;
  readonly atMs: number;
}

/** Ends every hold that has expired by then: what was left of it is free again. */
export interface ReleaseHolds {
  readonly type: 'release_holds';
  readonly atMs: number;
}

export type Outcome =
  | { readonly type: 'settlement'; readonly settlement: Settlement }
  | { readonly type: 'refund'; readonly refund: Refund }
  /** Of a reload: what the wallet has after it. Of a repetition too. */
  | { readonly type: 'reloaded'; readonly balance: number }
  | { readonly type: 'reversed' }
  | { readonly type: 'charged_back'; readonly taken: number; readonly owed: number }
  | { readonly type: 'repaid'; readonly open: number; readonly balance: number }
  | { readonly type: 'treated'; readonly allotmentIds: readonly string[] }
  | { readonly type: 'held'; readonly remaining: number; readonly expiresAtMs: number }
  | { readonly type: 'released'; readonly count: number }
  | { readonly type: 'refused'; readonly code: LedgerRefusal };

export type LedgerRefusal =
  | Extract<
      ProblemCode,
      | 'duplicate_mismatch'
      | 'cancelled'
      | 'not_found'
      | 'not_refundable'
      | 'refund_exceeds_settlement'
      | 'insufficient_funds'
      | 'nothing_open'
      | 'wallet_locked'
    >
  | 'stale';

/** All in minor units of the wallet's currency. */
interface Balance {
  readonly currency: string;
  readonly balance: number;
  readonly held: number;
  readonly owed: number;
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
    readonly kind: 'wallet' | 'store' | 'operator' | 'fees' | 'receivable' | 'issuer';
    readonly name: string | undefined;
    readonly currency: string;
    readonly balance: number;
  }[];
  readonly allotments: readonly {
    readonly allotmentId: string;
    readonly groupPaymentId: string;
    readonly debtor: string;
    readonly amount: number;
    readonly repaid: number;
    readonly treated: number;
  }[];
  /** Σ of all balances: 0, or money was made or lost. */
  readonly sum: number;
  /** What does not agree, in sentences. Empty in good books. */
  readonly faults: readonly string[];
}

/** The other side of the demo's own money. */
export const ISSUER_ACCOUNT = '00000000-0000-8000-8000-000000000001';
/** Where stores' fees go. */
export const FEES_ACCOUNT = '00000000-0000-8000-8000-000000000002';
/** What wallets owe after a chargeback. */
export const RECEIVABLE_ACCOUNT = '00000000-0000-8000-8000-000000000003';

/** The other side of the reloads of one operator: a UUIDv8 of its name, so that no table is asked. */
export function operatorAccount(operatorId: string): string {
  const digest = digestOf('sha256', `operator\n${operatorId}`, 'hex');
  return `00000000-0000-8${digest.slice(0, 3)}-8${digest.slice(3, 6)}-${digest.slice(6, 18)}`;
}

/** The id of a further transfer of the same command: the same for a repetition, and met by no other command. */
export function derivedId(transferId: string, purpose: string): string {
  const digest = digestOf('sha256', `${transferId}\n${purpose}`, 'hex');
  return `${transferId.slice(0, 15)}${digest.slice(0, 3)}-8${digest.slice(3, 6)}-${digest.slice(6, 18)}`;
}

const declineDetails: Readonly<Record<DeclineReason, string>> = {
  insufficient_funds: 'The balance is too low.',
  limit_exceeded: 'The amount is above a limit of the wallet.',
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

/** Two settlements with one id are the same where this is: terminal, check, amount, currency, payer and group. */
export function hashSettle(command: Settle): string {
  const { terminalId, checkId, amount, payer, group } = command;
  const parts = [terminalId, checkId, amount.amount, amount.currency, payer.alias];
  return hash(group === undefined ? parts : [...parts, group.hash]);
}

/** Two refunds with one id are the same where this is: settlement, amount, currency and lines. */
export function hashRefund(command: GiveBack): string {
  const parts = [command.settlementId, command.amount.amount, command.amount.currency];
  return hash(command.group === undefined ? parts : [...parts, command.group.linesHash]);
}

/** A reference that a person can read out: eight letters from the random end of the id, none easily mistaken. */
export function referenceOf(settlementId: string): string {
  const end = settlementId.slice(-10);
  return `${lettersOf(end.slice(0, 5))}-${lettersOf(end.slice(5))}`;
}

/** Four letters of five hexadecimal digits. */
function lettersOf(digits: string): string {
  const bits = Number.parseInt(digits, 16);
  return [15, 10, 5, 0].map((shift) => LETTERS.charAt((bits >> shift) & 31)).join('');
}

const LETTERS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

function hash(parts: readonly (string | number)[]): string {
  return digestOf('sha256', JSON.stringify(parts), 'base64url');
}
