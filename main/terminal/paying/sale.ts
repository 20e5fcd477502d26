import assert from 'node:assert';
import { z } from 'zod';
import { lineTotal } from '#contract/check.ts';
import { saleIdSchema } from '#contract/ids.ts';
import { sum, toDecimalString, zero } from '#contract/money.ts';
import { type ReceiptDocument, receiptDocumentSchema } from '#contract/receipt.ts';
import { type Sale, type SaleSummary, saleSchema } from '#contract/sale.ts';
import type { Staff } from '#contract/staff.ts';
import type { Tender } from '#contract/tender.ts';
import type { Store } from '#contract/terminal.ts';
import { type Clock, timestamp } from '../clock.ts';
import type { EntryDraft } from '../journal/entry.ts';
import type { Journal, Projectors } from '../journal/journal.ts';
import type { Finding } from '../journal/verify.ts';
import { Refused } from '../refused.ts';
import type { CheckRecord } from '../selling/check-fold.ts';
import type { Reader } from '../store/database.ts';
import { sql } from '../store/sql.ts';
import type { BillOffice } from './bill.ts';
import { receiptOf } from './receipt.ts';

/** Checks that were closed and paid: numbered without a gap, immutable, each with the receipt that was made then. */
export interface Sales {
  /**
   * The entries that close a check whose tenders come to its total. They must be committed before anything else is,
   * since they carry the next number.
   */
  closing(
    record: CheckRecord,
    tenders: readonly Tender[],
    staff: Pick<Staff, 'staffId' | 'name'>,
  ): { drafts: EntryDraft[]; sale: Sale };
  last(): SaleSummary | null;
  find(query: { text: string; from?: string | undefined; until?: string | undefined; offset: number; limit: number }): {
    sales: SaleSummary[];
    total: number;
  };
  get(saleId: string): Sale;
  /** The receipt as it was made at the sale; a reprint counts, is marked, and stands in the journal. */
  receipt(saleId: string, reprintBy: string | undefined): { document: ReceiptDocument; copyNumber: number };
}

export const saleBodies = {
  'sale.closed': z.object({ sale: saleSchema, receipt: receiptDocumentSchema }),
  'receipt.reprinted': z.object({ saleId: saleIdSchema, copyNumber: z.int().positive() }),
} as const;

export function openSales(options: {
  journal: Journal;
  reader: Reader;
  bills: BillOffice;
  clock: Clock;
  newId: () => string;
  store: Store;
  terminalNumber: string;
}): Sales {
  const { journal, reader, bills, clock, newId, store, terminalNumber } = options;

  const row = (saleId: string): SaleRow => {
    const found = reader.one(sql`SELECT body, receipt, copies FROM sale WHERE sale_id = ${saleId}`);
    if (found === undefined) throw new Refused({ reason: 'saleUnknown' });
    return found as SaleRow;
  };

  return {
    closing(record, tenders, staff) {
      const totals = bills.totals(record);
      assert(bills.due(record, tenders).amount === 0, 'a check closes when its tenders come to its total');
      const sequence = lastSequence(reader) + 1;
      const closedAt = timestamp(clock);
      const sale = saleSchema.parse({
        saleId: newId(),
        number: saleNumber(terminalNumber, sequence),
        sequence,
        checkId: record.checkId,
        orderId: record.orderId,
        closedAt,
        businessDate: dateIn(store.timeZone, clock.now()),
        staffId: staff.staffId,
        staffName: staff.name,
        lines: record.lines,
        lineTotals: record.lines.map(lineTotal),
        discount: record.discount,
        note: record.note,
        totals,
        tenders,
      });
      const receipt = receiptOf(sale, store, { copyNumber: 0 });
      const { checkId } = record;
      return {
        sale,
        drafts: [
          { type: 'sale.closed', checkId, body: { sale, receipt } },
          { type: 'check.closed', checkId, body: { saleId: sale.saleId } },
        ],
      };
    },
    last() {
      const found = reader.one(sql`SELECT body FROM sale ORDER BY sequence DESC LIMIT 1`);
      return found === undefined ? null : summaryOf(saleOf(found));
    },
    find({ text, from = '', until = '9999', offset, limit }) {
      const words = folded(text)
        .split(/\s+/)
        .filter((word) => word !== '');
      const matches = words.map(() => `AND instr(search_text, ?) > 0`).join(' ');
      const where = `FROM sale WHERE closed_at >= ? AND closed_at <= ? ${matches}`;
      const values = [from, until, ...words];
      const rows = reader.all({
        text: `SELECT body ${where} ORDER BY sequence DESC LIMIT ? OFFSET ?`,
        values: [...values, limit, offset],
      });
      const total = reader.one({ text: `SELECT count(*) AS count ${where}`, values }) as { count: number };
      return { sales: rows.map((found) => summaryOf(saleOf(found))), total: total.count };
    },
    get: (saleId) => saleOf(row(saleId)),
    receipt(saleId, reprintBy) {
      const { receipt, copies, body } = row(saleId);
      if (reprintBy === undefined) {
        return { document: receiptDocumentSchema.parse(JSON.parse(receipt)), copyNumber: 0 };
      }
      const copyNumber = copies + 1;
      journal.commit([{ type: 'receipt.reprinted', body: { saleId, copyNumber } }], reprintBy);
      return { document: receiptOf(saleSchema.parse(JSON.parse(body)), store, { copyNumber }), copyNumber };
    },
  };
}

export const saleProjectors: Projectors = {
  'sale.closed': (writer, { body }) => {
    const { sale, receipt } = saleBodies['sale.closed'].parse(body);
    const { sequence, saleId, checkId, closedAt, totals } = sale;
    assert(sequence === lastSequence(writer) + 1, 'sale numbers have no gap');
    writer.run(sql`
      INSERT INTO sale (sequence, sale_id, check_id, closed_at, total, search_text, body, receipt)
      VALUES (${sequence}, ${saleId}, ${checkId}, ${closedAt}, ${totals.total.amount}, ${searchText(sale)},
        ${JSON.stringify(sale)}, ${JSON.stringify(receipt)})`);
  },
  'receipt.reprinted': (writer, { body }) => {
    const { saleId, copyNumber } = saleBodies['receipt.reprinted'].parse(body);
    const rows = writer.run(sql`UPDATE sale SET copies = ${copyNumber} WHERE sale_id = ${saleId}`);
    assert(rows === 1, 'one sale is reprinted');
  },
};

/** Numbers gapless, lines and taxes adding up, tenders adding up to the total, every wallet tender approved. */
export function auditSales(reader: Reader): { sales: number; findings: Finding[] } {
  const findings: Finding[] = [];
  let sequence = 0;
  const rows = reader.all(sql`SELECT sequence, body FROM sale ORDER BY sequence`) as {
    sequence: number;
    body: string;
  }[];
  for (const row of rows) {
    const where = `sale ${row.sequence}`;
    sequence += 1;
    if (row.sequence !== sequence)
      findings.push({ where, problem: `numbers ${sequence} to ${row.sequence - 1} are missing` });
    sequence = row.sequence;
    const sale = readableSale(row.body);
    if (!sale) {
      findings.push({ where, problem: 'the sale cannot be read' });
      continue;
    }
    try {
      findings.push(...auditSale(reader, where, sale));
    } catch (error) {
      // Money asserts what it adds up: two currencies in one sale, or sums beyond all bounds.
      const problem = `its sums cannot be checked: ${error instanceof Error ? error.message : String(error)}`;
      findings.push({ where, problem });
    }
  }
  return { sales: rows.length, findings };
}

export function summaryOf(sale: Sale): SaleSummary {
  const { saleId, number, closedAt, totals, tenders, staffName } = sale;
  const change = tenders.map((tender) => (tender.type === 'cash' ? tender.change : zero(tender.amount.currency)));
  return {
    saleId,
    number,
    closedAt,
    total: totals.total,
    itemCount: totals.itemCount,
    tenderTypes: [...new Set(tenders.map(({ type }) => type))],
    staffName,
    change: sum(change, totals.total.currency),
  };
}

interface SaleRow {
  readonly body: string;
  readonly receipt: string;
  readonly copies: number;
}

function auditSale(reader: Reader, where: string, { tenders, totals, lineTotals }: Sale): Finding[] {
  const findings: Finding[] = [];
  const { currency, amount: total } = totals.total;
  const paid = sum(
    tenders.map(({ amount }) => amount),
    currency,
  ).amount;
  if (paid !== total) findings.push({ where, problem: `its tenders come to ${paid}, its total is ${total}` });
  const gross = sum(
    totals.taxes.map((row) => row.gross),
    currency,
  ).amount;
  if (gross !== total) findings.push({ where, problem: `its tax table comes to ${gross}, its total is ${total}` });
  const lines = sum(lineTotals, currency).amount;
  if (lines > totals.subtotal.amount) {
    findings.push({ where, problem: `its lines come to ${lines}, more than its subtotal ${totals.subtotal.amount}` });
  }
  for (const tender of tenders) {
    if (tender.type === 'cash') {
      const change = tender.tendered.amount - tender.amount.amount - tender.rounding.amount;
      if (change !== tender.change.amount) findings.push({ where, problem: 'the change of its cash tender is wrong' });
      continue;
    }
    const attempt = reader.one(sql`SELECT state, body FROM attempt WHERE attempt_id = ${tender.attemptId}`) as
      { state: string; body: string } | undefined;
    if (attempt?.state !== 'approved') {
      findings.push({ where, problem: `its wallet tender rests on an attempt that is ${attempt?.state ?? 'missing'}` });
    }
  }
  return findings;
}

function readableSale(text: string): Sale | undefined {
  try {
    return saleSchema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

function saleOf(row: unknown): Sale {
  return JSON.parse((row as { body: string }).body) as Sale;
}

function lastSequence(reader: Reader): number {
  return (reader.one(sql`SELECT coalesce(max(sequence), 0) AS last FROM sale`) as { last: number }).last;
}

function saleNumber(terminalNumber: string, sequence: number): string {
  return `${terminalNumber}-${String(sequence).padStart(6, '0')}`;
}

function searchText(sale: Sale): string {
  const members = sale.tenders.flatMap((tender) =>
    tender.type === 'wallet' ? [tender.member.maskedName, tender.reference] : [],
  );
  const amounts = [sale.totals.total, ...sale.tenders.map(({ amount }) => amount)].map(toDecimalString);
  const names = sale.lines.filter(({ isVoided }) => !isVoided).map(({ name }) => name);
  return folded([sale.number, sale.staffName, ...amounts, ...members, ...names, sale.note ?? ''].join('\n'));
}

function folded(text: string): string {
  return text.normalize('NFKC').toLowerCase();
}

/** The calendar date in a time zone, as `YYYY-MM-DD`. */
function dateIn(timeZone: string, nowMs: number): string {
  return new Intl.DateTimeFormat('en-CA', { timeZone, dateStyle: 'short' }).format(nowMs);
}
