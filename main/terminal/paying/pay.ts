import { type CheckId, tenderIdSchema } from '#contract/ids.ts';
import { type Money, isZero } from '#contract/money.ts';
import type { SaleSummary } from '#contract/sale.ts';
import { type CashRounding, type Tender, cashDue, takeCash } from '#contract/tender.ts';
import type { Prompt } from '#contract/terminal.ts';
import type { EntryDraft } from '../journal/entry.ts';
import type { Journal } from '../journal/journal.ts';
import type { People } from '../people/staff.ts';
import { Refused } from '../refused.ts';
import type { CheckRecord } from '../selling/check-fold.ts';
import { type Checks, hasItems } from '../selling/check.ts';
import type { AttemptRows } from './attempt.ts';
import type { BillOffice } from './bill.ts';
import { type Sales, summaryOf } from './sale.ts';
import { type Settlements, sellerOf } from './settlement.ts';
import type { TenderRows } from './tender.ts';
import type { WalletPort } from './wallet-port.ts';

/** Taking money for the bill in front. Lines are frozen from the first verb here until it is closed or left. */
export interface Paying {
  begin(checkId: string): void;
  leave(checkId: string): void;
  takeCash(checkId: string, tendered: Money): { sale: SaleSummary | null };
  awaitWallet(checkId: string, amount: Money | undefined): void;
  stopWaiting(checkId: string): void;
  askNow(checkId: string): void;
  cancelAttempt(checkId: string): void;
  setAside(checkId: string): void;
  takeBackTender(checkId: string, tenderId: string): void;
  /** The customer's code that the open prompt asked for. */
  presentCode(token: string): ReturnType<Settlements['begin']>;
  prompt(): Prompt;
}

/** Cash on the counter beyond this is a slip of the finger. */
const tenderedMax = 1_000_000_000;

export function openPaying(options: {
  journal: Journal;
  checks: Checks;
  attempts: AttemptRows;
  tenders: TenderRows;
  bills: BillOffice;
  sales: Sales;
  settlements: Settlements;
  people: People;
  wallet: WalletPort;
  newId: () => string;
  cashRounding: CashRounding;
  currency: string;
  /** The prompt changed, which no commit tells of. */
  onPrompt: () => void;
}): Paying {
  const { journal, checks, attempts, tenders, bills, sales, settlements, people, wallet, newId, onPrompt } = options;
  /** What the customer is asked to present a code for. It goes with a restart: nobody stands there any more. */
  let armed: { checkId: CheckId; amount: Money } | undefined;

  const commit = (drafts: readonly EntryDraft[]): void => {
    journal.commit(drafts, people.mustBeSignedIn().staffId);
  };

  const disarm = (): void => {
    if (!armed) return;
    armed = undefined;
    onPrompt();
  };

  /** The bill in front, with no attempt in the air: the only one that money may be taken for. */
  const mustBePayable = (checkId: string): { record: CheckRecord; due: Money; beginning: EntryDraft[] } => {
    people.mustBeSignedIn();
    const record = checks.mustBeInFront(checkId);
    if (attempts.unresolvedOf(checkId)) throw new Refused({ reason: 'attemptUnresolved' });
    if (!hasItems(record)) throw new Refused({ reason: 'checkEmpty' });
    const beginning = record.state === 'open' ? [{ type: 'check.payingBegun', checkId, body: {} }] : [];
    return { record, due: bills.due(record, tenders.of(checkId)), beginning };
  };

  const inRange = (amount: Money, max: number): boolean =>
    amount.currency === options.currency && amount.amount > 0 && amount.amount <= max;

  return {
    begin(checkId) {
      const { beginning } = mustBePayable(checkId);
      if (beginning.length > 0) commit(beginning);
    },
    leave(checkId) {
      const { record, beginning } = mustBePayable(checkId);
      if (beginning.length > 0) return;
      if (tenders.of(record.checkId).length > 0) throw new Refused({ reason: 'tendersTaken' });
      commit([{ type: 'check.reopened', checkId, body: {} }]);
      disarm();
    },
    takeCash(checkId, tendered) {
      const { record, due, beginning } = mustBePayable(checkId);
      const isFree = isZero(cashDue(due, options.cashRounding)) && isZero(tendered);
      if (!isFree && !inRange(tendered, tenderedMax)) throw new Refused({ reason: 'amountOutOfRange' });
      const tenderId = tenderIdSchema.parse(newId());
      const tender: Tender = { type: 'cash', tenderId, ...takeCash(due, tendered, options.cashRounding) };
      const all = [...tenders.of(checkId), tender];
      const taken: EntryDraft = { type: 'tender.taken', checkId, body: tender };
      if (!isZero(bills.due(record, all))) {
        commit([...beginning, taken]);
        disarm();
        return { sale: null };
      }
      const { sale, drafts } = sales.closing(record, all, sellerOf(people, record));
      commit([...beginning, taken, ...drafts]);
      disarm();
      return { sale: summaryOf(sale) };
    },
    awaitWallet(checkId, amount) {
      const { record, due, beginning } = mustBePayable(checkId);
      const detail = wallet.notReady();
      if (detail !== undefined) throw new Refused({ reason: 'walletNotReady', detail });
      const wanted = amount ?? due;
      if (!inRange(wanted, due.amount)) throw new Refused({ reason: 'amountOutOfRange' });
      if (beginning.length > 0) commit(beginning);
      armed = { checkId: record.checkId, amount: wanted };
      onPrompt();
    },
    stopWaiting(checkId) {
      people.mustBeSignedIn();
      if (armed?.checkId === checkId) disarm();
    },
    askNow(checkId) {
      people.mustBeSignedIn();
      settlements.askNow(checkId);
    },
    cancelAttempt(checkId) {
      people.mustBeSignedIn();
      settlements.cancel(checkId);
    },
    setAside(checkId) {
      people.mustBeSignedIn();
      checks.mustBeInFront(checkId);
      if (!attempts.unresolvedOf(checkId)) throw new Refused({ reason: 'attemptUnknown' });
      commit([{ type: 'check.setAside', checkId, body: {} }]);
    },
    takeBackTender(checkId, tenderId) {
      const { record } = mustBePayable(checkId);
      const taken = tenders.of(checkId);
      const tender = taken.find((one) => one.tenderId === tenderId);
      if (!tender) throw new Refused({ reason: 'tenderUnknown' });
      if (tender.type === 'wallet') {
        settlements.takeBack(tender.attemptId);
        return;
      }
      const reopening: EntryDraft[] =
        taken.length === 1 && record.state === 'paying' ? [{ type: 'check.reopened', checkId, body: {} }] : [];
      commit([{ type: 'tender.takenBack', checkId, body: { tenderId: tender.tenderId } }, ...reopening]);
      disarm();
    },
    presentCode(token) {
      if (!armed) throw new Refused({ reason: 'checkNotInFront' });
      const { checkId, amount } = armed;
      const { record, due } = mustBePayable(checkId);
      const attemptId = settlements.begin(record, amount.amount > due.amount ? due : amount, token);
      disarm();
      return attemptId;
    },
    prompt() {
      if (!people.signedIn()) return { purpose: 'none' };
      const front = checks.front();
      if (
        armed &&
        front?.checkId === armed.checkId &&
        front.state === 'paying' &&
        !attempts.unresolvedOf(armed.checkId)
      ) {
        return { purpose: 'wallet', ...armed };
      }
      return front?.state === 'paying' ? { purpose: 'none' } : { purpose: 'product' };
    },
  };
}
