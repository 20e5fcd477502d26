import assert from 'node:assert';
import { z } from 'zod';
import type { checkStateSchema } from '#contract/check.ts';
import { checkIdSchema, lineIdSchema, orderIdSchema, saleIdSchema, staffIdSchema } from '#contract/ids.ts';
import { moneySchema } from '#contract/money.ts';
import { type LineItem, discountSchema, lineItemSchema } from '#contract/order.ts';
import { modifierSchema } from '#contract/catalogue.ts';
import type { JournalEntry } from '../journal/entry.ts';

/** A check as its journal entries make it: a fold without I/O. Tenders and attempts are kept by the paying wing. */
export interface CheckRecord {
  readonly checkId: z.infer<typeof checkIdSchema>;
  readonly orderId: z.infer<typeof orderIdSchema>;
  readonly state: z.infer<typeof checkStateSchema>;
  /** Waits for the wallet server's word while other bills are rung up. */
  readonly isSetAside: boolean;
  readonly label?: string | undefined;
  readonly lines: readonly LineItem[];
  readonly discount?: z.infer<typeof discountSchema> | undefined;
  readonly note?: string | undefined;
  readonly openedAt: string;
  readonly openedBy: z.infer<typeof staffIdSchema>;
  readonly openedSeq: number;
  /** Sequence numbers of the changes that undo can take back, the latest last. */
  readonly undoable: readonly number[];
  readonly saleId?: z.infer<typeof saleIdSchema> | undefined;
}

/** What happens to one line; only the field that changed is named. */
const lineChangeSchema = z.union([
  z.object({ quantity: z.int().positive() }).strict(),
  z.object({ unitPrice: moneySchema, listPrice: moneySchema }).strict(),
  z.object({ modifiers: z.array(modifierSchema) }).strict(),
  z.object({ discount: discountSchema.nullable() }).strict(),
  z.object({ note: z.string() }).strict(),
]);
export type LineChange = z.infer<typeof lineChangeSchema>;

const empty = z.object({});

/** The bodies of a check's entries, by type. */
export const checkBodies = {
  'check.opened': z.object({ orderId: orderIdSchema }),
  'line.added': z.object({ line: lineItemSchema }),
  'line.changed': z.object({ lineId: lineIdSchema, change: lineChangeSchema }),
  'line.voided': z.object({ lineId: lineIdSchema, reason: z.string().optional() }),
  'check.discounted': z.object({ discount: discountSchema.nullable() }),
  'check.noted': z.object({ note: z.string() }),
  'check.undone': z.object({ undoes: z.int().positive() }),
  'check.parked': z.object({ label: z.string().optional() }),
  'check.recalled': z.object({ isPaying: z.boolean() }),
  'check.payingBegun': empty,
  'check.reopened': empty,
  'check.setAside': empty,
  'check.voided': z.object({ reason: z.string() }),
  'check.closed': z.object({ saleId: saleIdSchema }),
} as const;
type CheckEntryType = keyof typeof checkBodies;

function isCheckEntry(type: string): type is CheckEntryType {
  return type in checkBodies;
}

/** @throws where the entry of a check has a body that none of our verbs wrote */
export function checkBody(entry: JournalEntry): JournalEntry {
  if (isCheckEntry(entry.type)) checkBodies[entry.type].parse(entry.body);
  return entry;
}

/** The next state of a check. `check.undone` cannot be folded step by step: see `foldAll`. */
export function applyToCheck(before: CheckRecord | undefined, entry: JournalEntry): CheckRecord {
  const { type } = entry;
  assert(isCheckEntry(type), `${type} belongs to a check`);
  if (type === 'check.opened') return opened(entry);
  assert(before, `a check is opened before ${type}`);
  switch (type) {
    case 'line.added': {
      const { line } = bodyOf(type, entry);
      return undoableBy(entry, { ...before, lines: [...before.lines, line] });
    }
    case 'line.changed': {
      const { lineId, change } = bodyOf(type, entry);
      return undoableBy(
        entry,
        withLine(before, lineId, (line) => changed(line, change)),
      );
    }
    case 'line.voided': {
      const { lineId } = bodyOf(type, entry);
      return undoableBy(
        entry,
        withLine(before, lineId, (line) => ({ ...line, isVoided: true })),
      );
    }
    case 'check.discounted': {
      const { discount } = bodyOf(type, entry);
      return undoableBy(entry, { ...before, discount: discount ?? undefined });
    }
    case 'check.noted': {
      const { note } = bodyOf(type, entry);
      return undoableBy(entry, { ...before, note: note === '' ? undefined : note });
    }
    case 'check.parked': {
      const { label } = bodyOf(type, entry);
      return { ...before, state: 'parked', isSetAside: false, label: label ?? before.label };
    }
    case 'check.recalled': {
      const { isPaying } = bodyOf(type, entry);
      return { ...before, state: isPaying ? 'paying' : 'open', isSetAside: false };
    }
    case 'check.payingBegun':
      return { ...before, state: 'paying' };
    case 'check.reopened':
      return { ...before, state: 'open' };
    case 'check.setAside':
      return { ...before, isSetAside: true };
    case 'check.voided':
      return { ...before, state: 'voided', isSetAside: false, undoable: [] };
    case 'check.closed': {
      const { saleId } = bodyOf(type, entry);
      return { ...before, state: 'closed', isSetAside: false, undoable: [], saleId };
    }
    case 'check.undone':
      throw new assert.AssertionError({ message: 'an undo is folded from all entries of the check' });
  }
}

/** The state of a check from all of its entries: those that were undone count for nothing. */
export function foldAll(entries: readonly JournalEntry[]): CheckRecord {
  const undone = new Set<number>();
  for (const entry of entries) {
    if (entry.type === 'check.undone') undone.add(bodyOf('check.undone', entry).undoes);
  }
  const counting = entries.filter(({ seq, type }) => isCheckEntry(type) && type !== 'check.undone' && !undone.has(seq));
  const record = counting.reduce<CheckRecord | undefined>(applyToCheck, undefined);
  assert(record, 'a check has an entry that opened it');
  return record;
}

/** Fresh, or checked when it was read: see `checkBody`. */
function bodyOf<Type extends CheckEntryType>(_: Type, entry: JournalEntry): z.infer<(typeof checkBodies)[Type]> {
  return entry.body as z.infer<(typeof checkBodies)[Type]>;
}

function opened(entry: JournalEntry): CheckRecord {
  const { orderId } = bodyOf('check.opened', entry);
  return {
    checkId: checkIdSchema.parse(entry.checkId),
    orderId,
    state: 'open',
    isSetAside: false,
    lines: [],
    openedAt: entry.at,
    openedBy: staffIdSchema.parse(entry.staffId),
    openedSeq: entry.seq,
    undoable: [],
  };
}

function undoableBy({ seq }: JournalEntry, record: CheckRecord): CheckRecord {
  return { ...record, undoable: [...record.undoable, seq] };
}

function withLine(record: CheckRecord, lineId: string, change: (line: LineItem) => LineItem): CheckRecord {
  assert(
    record.lines.some((line) => line.lineId === lineId),
    'a line that is changed is on the check',
  );
  return { ...record, lines: record.lines.map((line) => (line.lineId === lineId ? change(line) : line)) };
}

function changed(line: LineItem, change: LineChange): LineItem {
  if ('discount' in change) {
    const { discount: _, ...rest } = line;
    return change.discount ? { ...rest, discount: change.discount } : rest;
  }
  if ('note' in change) {
    const { note: _, ...rest } = line;
    return change.note === '' ? rest : { ...rest, note: change.note };
  }
  return { ...line, ...change };
}
