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

/** Writes the head, and of the lines those that changed: canonical, so that a replay gives the same bytes. */
function store(writer: Writer, before: CheckRecord | undefined, after: CheckRecord): void {
  const { lines, ...head } = after;
  const rows = writer.run(sql`
    INSERT INTO check_head (check_id, state, body) VALUES (${after.checkId}, ${after.state}, ${canonicalJson(head)})
    ON CONFLICT (check_id) DO UPDATE SET state = excluded.state, body = excluded.body`);
  assert(rows === 1, 'one check is stored');
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

function readActive(reader: Reader): CheckRecord[] {
  const rows = reader.all(sql`
    SELECT check_id FROM check_head WHERE state IN ('open', 'parked', 'paying')`);
  return rows
    .map((row) => readCheck(reader, (row as { check_id: string }).check_id))
    .filter((record) => record !== undefined)
    .toSorted((left, right) => left.openedSeq - right.openedSeq);
}

/** Our own rows, written from parsed values. */
function readCheck(reader: Reader, checkId: string): CheckRecord | undefined {
  const head = reader.one(sql`SELECT body FROM check_head WHERE check_id = ${checkId}`) as { body: string } | undefined;
  if (!head) return undefined;
  const rows = reader.all(sql`SELECT body FROM check_line WHERE check_id = ${checkId} ORDER BY position`);
  const lines = rows.map((row) => JSON.parse((row as { body: string }).body) as LineItem);
  return { ...(JSON.parse(head.body) as Omit<CheckRecord, 'lines'>), lines };
}
