import { type Check, type Totals, dueOf, lineTotal, totalsOf } from '#contract/check.ts';
import type { Attempt } from '#contract/attempt.ts';
import type { Money } from '#contract/money.ts';
import type { TaxSetting } from '#contract/tax.ts';
import type { Tender } from '#contract/tender.ts';
import type { CheckSummary } from '#contract/terminal.ts';
import type { CheckRecord } from '../selling/check-fold.ts';
import { hasItems } from '../selling/check.ts';

/** A check with what it comes to and what is paid: the figures that screens show and that money moves by. */
export interface BillOffice {
  totals(record: CheckRecord): Totals;
  due(record: CheckRecord, tenders: readonly Tender[]): Money;
  check(record: CheckRecord, tenders: readonly Tender[], attempt: Attempt | undefined): Check;
  summary(record: CheckRecord, tenders: readonly Tender[], attempt: Attempt | undefined): CheckSummary;
}

/** Names on a summary: enough to tell one bill from another. */
const namesMax = 4;

export function openBillOffice(setting: TaxSetting, currency: string): BillOffice {
  /** A record never changes, so its totals are worked out once. */
  const known = new WeakMap<CheckRecord, Totals>();
  const totals = (record: CheckRecord): Totals => {
    const found = known.get(record) ?? totalsOf(record.lines, record.discount, setting, currency);
    known.set(record, found);
    return found;
  };
  const due = (record: CheckRecord, tenders: readonly Tender[]): Money => dueOf(totals(record).total, tenders);

  return {
    totals,
    due,
    check: (record, tenders, attempt) => ({
      checkId: record.checkId,
      orderId: record.orderId,
      state: record.state,
      label: record.label,
      lines: [...record.lines],
      lineTotals: record.lines.map(lineTotal),
      discount: record.discount,
      note: record.note,
      totals: totals(record),
      tenders: [...tenders],
      due: due(record, tenders),
      attempt,
      canUndo: record.state === 'open' && record.undoable.length > 0,
      openedAt: record.openedAt,
      openedBy: record.openedBy,
      saleId: record.saleId,
    }),
    summary: (record, tenders, attempt) => ({
      checkId: record.checkId,
      label: record.label,
      state: record.isSetAside || record.state === 'paying' ? 'paying' : 'parked',
      total: totals(record).total,
      due: due(record, tenders),
      itemCount: totals(record).itemCount,
      items: hasItems(record)
        ? record.lines
            .filter(({ isVoided }) => !isVoided)
            .slice(0, namesMax)
            .map(({ name }) => name)
        : [],
      openedAt: record.openedAt,
      attemptState: attempt?.state,
    }),
  };
}
