import assert from 'node:assert';
import type { LineItem } from '#contract/order.ts';
import { canonicalJson } from '../journal/entry.ts';
import { type Projectors, entriesOfCheck } from '../journal/journal.ts';
import type { Reader, Writer } from '../store/database.ts';
import { sql } from '../store/sql.ts';
import { type CheckRecord, applyToCheck, checkBodies, checkBody, foldAll } from './check-fold.ts';

/**
 * Checks in their tables, with the active ones in memory too: a tap on a bill of 300 lines writes its one line, and
 * reads nothing.
 */
export interface CheckRows {
  readonly projectors: Projectors;
  find(checkId: string): CheckRecord | undefined;
  /** Open, parked and being paid, the oldest first. */
  active(): readonly CheckRecord[];
  /** Forgets what is in memory: after a transaction that was rolled back. */
  reload(): void;
}

export function openCheckRows(reader: Reader): CheckRows {
  const active = new Map<string, CheckRecord>();
  const reload = (): void => {
    active.clear();
    for (const record of readActive(reader)) active.set(record.checkId, record);
  };
  reload();

  const project: Projectors[string] = (writer, entry, origin) => {
    assert(entry.checkId !== null, `${entry.type} names its check`);
    if (origin === 'read') checkBody(entry);
    const before = active.get(entry.checkId) ?? readCheck(writer, entry.checkId);
    const after =
      entry.type === 'check.undone' && before
        ? foldAll(entriesOfCheck(writer, entry.checkId, before.openedSeq).map(checkBody))
        : applyToCheck(before, entry);
    store(writer, before, after);
    if (isActive(after)) active.set(after.checkId, after);
    else active.delete(after.checkId);
  };

  return {
    projectors: Object.fromEntries(Object.keys(checkBodies).map((type) => [type, project])),
    find: (checkId) => active.get(checkId) ?? readCheck(reader, checkId),
    active: () => [...active.values()],
    reload,
  };
}

function isActive({ state }: CheckRecord): boolean {
  return state !== 'closed' && state !== 'voided';
}

/**
 * Writes the head where it changed, and of the lines those that changed: canonical, so that a replay gives the same
 * bytes. What undo may take back is not stored: the journal says it.
 */
function store(writer: Writer, before: CheckRecord | undefined, after: CheckRecord): void {
  const { lines, undoable: _, ...head } = after;
  if (!before || !hasSameHead(before, head)) {
    const rows = writer.run(sql`
      INSERT INTO check_head (check_id, state, body) VALUES (${after.checkId}, ${after.state}, ${canonicalJson(head)})
      ON CONFLICT (check_id) DO UPDATE SET state = excluded.state, body = excluded.body`);
    assert(rows === 1, 'one check is stored');
  }
  for (const [position, line] of lines.entries()) {
    if (line === before?.lines[position]) continue;
    writer.run(sql`
      INSERT INTO check_line (check_id, position, body) VALUES (${after.checkId}, ${position}, ${canonicalJson(line)})
      ON CONFLICT (check_id, position) DO UPDATE SET body = excluded.body`);
  }
  if (before && before.lines.length > lines.length) {
    writer.run(sql`DELETE FROM check_line WHERE check_id = ${after.checkId} AND position >= ${lines.length}`);
  }
}

type CheckHead = Omit<CheckRecord, 'lines' | 'undoable'>;

function hasSameHead(before: CheckRecord, head: CheckHead): boolean {
  return (Object.keys(head) as (keyof CheckHead)[]).every((field) => before[field] === head[field]);
}

/** Folded from their entries, since undo needs to know which of them it may take back. */
function readActive(reader: Reader): CheckRecord[] {
  return reader
    .all(sql`SELECT body FROM check_head WHERE state IN ('open', 'parked', 'paying')`)
    .map(headOf)
    .toSorted((left, right) => left.openedSeq - right.openedSeq)
    .map(({ checkId, openedSeq }) => foldAll(entriesOfCheck(reader, checkId, openedSeq).map(checkBody)));
}

/** A check that is closed or voided: nothing of it can be taken back. */
function readCheck(reader: Reader, checkId: string): CheckRecord | undefined {
  const head = reader.one(sql`SELECT body FROM check_head WHERE check_id = ${checkId}`);
  if (head === undefined) return undefined;
  const rows = reader.all(sql`SELECT body FROM check_line WHERE check_id = ${checkId} ORDER BY position`);
  const lines = rows.map((row) => JSON.parse((row as { body: string }).body) as LineItem);
  return { ...headOf(head), lines, undoable: [] };
}

/** Our own row, written from parsed values. */
function headOf(row: unknown): CheckHead {
  return JSON.parse((row as { body: string }).body) as CheckHead;
}
