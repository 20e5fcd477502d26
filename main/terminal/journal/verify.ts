import type { Reader, TerminalDatabase } from '../store/database.ts';
import { sql } from '../store/sql.ts';
import { type JournalEntry, genesisHash, hashOf } from './entry.ts';
import { type Projectors, parseRow, readEntries, readRows, replay } from './journal.ts';

/** Something in the file that is not as it must be, in words. */
export interface Finding {
  readonly where: string;
  readonly problem: string;
}

/** Tables that the journal must not hold, and why. Everything else is derived from it. */
export const notDerived: Readonly<Record<string, string>> = {
  journal: 'the journal itself',
  staff_pin: 'PIN hashes: no copy of the journal may carry them',
  attempt_token: "customers' codes of unresolved attempts: single use, forgotten with the answer",
};

/** A broken file could break in every line: the first findings are enough. */
const findingsMax = 50;

/** Checks that numbers are gapless and that each line's hash covers it and the line before. */
export function verifyChain(reader: Reader): { entries: number; findings: Finding[] } {
  const findings: Finding[] = [];
  let expectedSeq = 1;
  let previousHash = genesisHash;
  let entries = 0;
  for (const row of readRows(reader)) {
    entries += 1;
    const where = `journal entry ${row.seq}`;
    if (row.seq !== expectedSeq) {
      findings.push({ where, problem: `entries ${expectedSeq} to ${row.seq - 1} are missing` });
    }
    const entry = readableEntry(row);
    if (!entry) {
      findings.push({ where, problem: 'the line cannot be read' });
    } else if (row.previous_hash !== previousHash) {
      findings.push({
        where,
        problem: 'it does not follow the entry before it: an entry was removed, moved or put in',
      });
    } else if (hashOf(entry) !== row.hash) {
      findings.push({ where, problem: 'its content was changed after it was written' });
    }
    expectedSeq = row.seq + 1;
    previousHash = row.hash;
    if (findings.length >= findingsMax) break;
  }
  return { entries, findings };
}

/**
 * Replays the journal into an empty database and compares every derived table, row by row.
 *
 * @param replayed empty; `projectors` keep what they remember of it
 */
export function verifyTables(
  reader: Reader,
  replayed: TerminalDatabase,
  projectors: Projectors,
): { tables: number; rows: number; findings: Finding[] } {
  try {
    replay(readEntries(reader), replayed, projectors);
  } catch (error) {
    const problem = `the journal cannot be replayed: ${error instanceof Error ? error.message : String(error)}`;
    return { tables: 0, rows: 0, findings: [{ where: 'journal', problem }] };
  }
  const findings: Finding[] = [];
  let rows = 0;
  const tables = tableNames(reader).filter((table) => !(table in notDerived));
  for (const table of tables) {
    const found = tableRows(reader, table);
    const expected = tableRows(replayed, table);
    rows += found.size;
    for (const [row, count] of expected) {
      if ((found.get(row) ?? 0) < count)
        findings.push({ where: `table ${table}`, problem: `misses ${shortened(row)}` });
    }
    for (const [row, count] of found) {
      if ((expected.get(row) ?? 0) < count) {
        findings.push({ where: `table ${table}`, problem: `holds ${shortened(row)}, which the journal does not say` });
      }
    }
  }
  return { tables: tables.length, rows, findings: findings.slice(0, findingsMax) };
}

function readableEntry(row: Parameters<typeof parseRow>[0]): JournalEntry | undefined {
  try {
    return parseRow(row);
  } catch {
    return undefined;
  }
}

function tableNames(reader: Reader): string[] {
  const rows = reader.all(sql`
    SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name`);
  return rows.map((row) => (row as { name: string }).name);
}

/** Rows as text with how often each occurs; the order of rows says nothing. */
function tableRows(reader: Reader, table: string): Map<string, number> {
  const rows = new Map<string, number>();
  for (const row of reader.all({ text: `SELECT * FROM "${table}"`, values: [] })) {
    const text = JSON.stringify(row);
    rows.set(text, (rows.get(text) ?? 0) + 1);
  }
  return rows;
}

function shortened(row: string): string {
  return row.length <= 160 ? row : `${row.slice(0, 160)}…`;
}
