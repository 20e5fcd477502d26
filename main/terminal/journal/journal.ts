import assert from 'node:assert';
import { type Clock, timestamp } from '../clock.ts';
import type { Reader, TerminalDatabase, Writer } from '../store/database.ts';
import { sql } from '../store/sql.ts';
import {
  type EntryDraft,
  type JournalEntry,
  canonicalJson,
  genesisHash,
  hashWithBody,
  journalEntrySchema,
} from './entry.ts';

/**
 * The append-only, hash-chained record of everything that touches an order, a bill, money, the drawer or a person's
 * authority. The tables are projections: each entry's projector runs in the same transaction that appends it.
 */
export interface Journal {
  /**
   * Appends the entries and projects them, in one transaction that is on the disk when this returns.
   *
   * @param secrets work on the tables that the journal must not hold, in the same transaction
   * @throws Refused `storageFailed` where the disk does not take it: nothing was changed
   */
  commit(drafts: readonly EntryDraft[], staffId: string | null, secrets?: (writer: Writer) => void): JournalEntry[];
  /** Runs after each commit, before `commit` returns. */
  onCommit(listener: (entries: readonly JournalEntry[]) => void): void;
  /** Runs after each transaction that was rolled back: what projectors keep in memory may be ahead of the tables. */
  onRollback(listener: () => void): void;
}

/** Changes tables, and nothing else, by what an entry says. The same code runs when the journal is replayed. */
type Projector = (writer: Writer, entry: JournalEntry, origin: Origin) => void;

/** A fresh entry was made by our own verbs a moment ago; one that was read from a file has yet to be checked. */
type Origin = 'fresh' | 'read';

/** One projector for each type of entry; the wings bring theirs, `terminal.ts` puts them together. */
export type Projectors = Readonly<Record<string, Projector>>;

export function openJournal(database: TerminalDatabase, projectors: Projectors, clock: Clock): Journal {
  const commitListeners: ((entries: readonly JournalEntry[]) => void)[] = [];
  const rollbackListeners: (() => void)[] = [];
  let head = readHead(database);

  const write = (drafts: readonly EntryDraft[], staffId: string | null, secrets?: (writer: Writer) => void) =>
    database.write((writer) => {
      const at = timestamp(clock);
      const entries: JournalEntry[] = [];
      for (const draft of drafts) {
        const { entry, body } = chain(draft, entries.at(-1) ?? head, at, staffId);
        append(writer, entry, body);
        project(writer, projectors, entry, 'fresh');
        entries.push(entry);
      }
      secrets?.(writer);
      return entries;
    });

  return {
    commit(drafts, staffId, secrets) {
      let entries: JournalEntry[];
      try {
        entries = write(drafts, staffId, secrets);
      } catch (error) {
        for (const listener of rollbackListeners) listener();
        throw error;
      }
      head = entries.at(-1) ?? head;
      for (const listener of commitListeners) listener(entries);
      return entries;
    },
    onCommit(listener) {
      commitListeners.push(listener);
    },
    onRollback(listener) {
      rollbackListeners.push(listener);
    },
  };
}

/** Replays entries into an empty database. The result must equal the tables that grew beside the journal. */
export function replay(entries: Iterable<JournalEntry>, into: TerminalDatabase, projectors: Projectors): void {
  into.write((writer) => {
    for (const entry of entries) {
      append(writer, entry, canonicalJson(entry.body));
      project(writer, projectors, entry, 'read');
    }
  });
}

/** Entries in order, read in pages so that a year of them fits in memory. Rows that are damaged come as they are. */
export function* readEntries(reader: Reader, fromSeq = 1): Generator<JournalEntry> {
  for (const row of readRows(reader, fromSeq)) yield parseRow(row);
}

/** Entries of one check, from the one that opened it. */
export function entriesOfCheck(reader: Reader, checkId: string, fromSeq: number): JournalEntry[] {
  const rows = reader.all(sql`
    SELECT seq, at, type, check_id, staff_id, body, previous_hash, hash FROM journal
    WHERE seq >= ${fromSeq} AND check_id = ${checkId} ORDER BY seq`);
  return rows.map((row) => parseRow(row as JournalRow));
}

export interface JournalRow {
  readonly seq: number;
  readonly at: string;
  readonly type: string;
  readonly check_id: string | null;
  readonly staff_id: string | null;
  readonly body: string;
  readonly previous_hash: string;
  readonly hash: string;
}

const pageSize = 1_000;

export function* readRows(reader: Reader, fromSeq = 1): Generator<JournalRow> {
  for (let from = fromSeq; ;) {
    const page = reader.all(sql`
      SELECT seq, at, type, check_id, staff_id, body, previous_hash, hash FROM journal
      WHERE seq >= ${from} ORDER BY seq LIMIT ${pageSize}`) as JournalRow[];
    yield* page;
    const last = page.at(-1);
    if (!last || page.length < pageSize) return;
    from = last.seq + 1;
  }
}

/** @throws where a row is not an entry: `verify` finds such rows and names them */
export function parseRow(row: JournalRow): JournalEntry {
  return journalEntrySchema.parse({
    seq: row.seq,
    at: row.at,
    type: row.type,
    checkId: row.check_id,
    staffId: row.staff_id,
    body: JSON.parse(row.body) as unknown,
    previousHash: row.previous_hash,
    hash: row.hash,
  });
}

type Head = Pick<JournalEntry, 'seq' | 'hash'>;

function readHead(reader: Reader): Head {
  const row = reader.one(sql`SELECT seq, hash FROM journal ORDER BY seq DESC LIMIT 1`) as Head | undefined;
  return row ?? { seq: 0, hash: genesisHash };
}

/** The entry that follows the head, and its body as it is stored. */
function chain(
  draft: EntryDraft,
  head: Head,
  at: string,
  staffId: string | null,
): { entry: JournalEntry; body: string } {
  const body = canonicalJson(draft.body);
  const unsigned = {
    seq: head.seq + 1,
    at,
    type: draft.type,
    checkId: draft.checkId ?? null,
    staffId,
    previousHash: head.hash,
  };
  const entry = { ...unsigned, body: draft.body as JournalEntry['body'], hash: hashWithBody(unsigned, body) };
  return { entry, body };
}

function append(writer: Writer, entry: JournalEntry, body: string): void {
  const { seq, at, type, checkId, staffId, previousHash, hash } = entry;
  const rows = writer.run(sql`
    INSERT INTO journal (seq, at, type, check_id, staff_id, body, previous_hash, hash)
    VALUES (${seq}, ${at}, ${type}, ${checkId}, ${staffId}, ${body}, ${previousHash}, ${hash})`);
  assert(rows === 1, 'one entry is appended');
}

function project(writer: Writer, projectors: Projectors, entry: JournalEntry, origin: Origin): void {
  const projector = projectors[entry.type];
  assert(projector, `an entry of type ${entry.type} has a projector`);
  projector(writer, entry, origin);
}
