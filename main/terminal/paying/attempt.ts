import assert from 'node:assert';
import { z } from 'zod';
import { type Attempt, attemptDeclineSchema, inquiryLimitMs, isUnresolved } from '#contract/attempt.ts';
import { attemptIdSchema, checkIdSchema, tenderIdSchema } from '#contract/ids.ts';
import { moneySchema } from '#contract/money.ts';
import { memberSchema } from '#contract/settlement.ts';
import type { JournalEntry } from '../journal/entry.ts';
import type { Projectors } from '../journal/journal.ts';
import type { Reader, Writer } from '../store/database.ts';
import { sql } from '../store/sql.ts';

/**
 * Attempts to pay by wallet as their entries make them, and the outbox: what the wallet server must still be told or
 * asked. An attempt's outbox row is written and removed by the same entries, so the two never disagree.
 */
const attemptBodies = {
  'attempt.created': z.object({
    attemptId: attemptIdSchema,
    tenderId: tenderIdSchema,
    amount: moneySchema,
    capturedAt: z.iso.datetime(),
    /** SHA-256 of the customer's code: the code itself is never in the journal. */
    tokenHash: z.string(),
  }),
  'attempt.sent': z.object({ attemptId: attemptIdSchema }),
  'attempt.unknown': z.object({ attemptId: attemptIdSchema, cause: z.string() }),
  'attempt.approved': z.object({ attemptId: attemptIdSchema, reference: z.string(), member: memberSchema }),
  'attempt.declined': z.object({ attemptId: attemptIdSchema, reason: attemptDeclineSchema, detail: z.string() }),
  'attempt.cancelling': z.object({ attemptId: attemptIdSchema }),
  'attempt.cancelled': z.object({ attemptId: attemptIdSchema }),
} as const;
type AttemptEntryType = keyof typeof attemptBodies;

interface OutboxItem {
  readonly attemptId: string;
  readonly kind: 'settle' | 'inquire' | 'cancel';
}

export interface AttemptRows {
  readonly projectors: Projectors;
  find(attemptId: string): Attempt | undefined;
  /** The attempt on a check that something happened to last. */
  latestOf(checkId: string): Attempt | undefined;
  /** The attempt on a check whose outcome is not known yet. The database holds at most one. */
  unresolvedOf(checkId: string): Attempt | undefined;
  outbox(): OutboxItem[];
  /** The customer's code, kept until the attempt is resolved. */
  tokenOf(attemptId: string): string | undefined;
  reload(): void;
}

export function openAttemptRows(reader: Reader): AttemptRows {
  /** The latest attempt of each check that was asked for; the tables hold them all. Never by id: a wall clock goes back. */
  const latest = new Map<string, Attempt | undefined>();

  const project = (writer: Writer, entry: JournalEntry): void => {
    const type = entry.type as AttemptEntryType;
    const { attemptId } = z.object({ attemptId: attemptIdSchema }).parse(entry.body);
    const before = readAttempt(writer, attemptId);
    const after = applyToAttempt(before, { ...entry, type });
    writer.run(sql`
      INSERT INTO attempt (attempt_id, check_id, changed_seq, state, body)
      VALUES (${attemptId}, ${after.checkId}, ${entry.seq}, ${after.state}, ${JSON.stringify(after)})
      ON CONFLICT (attempt_id) DO UPDATE
        SET changed_seq = excluded.changed_seq, state = excluded.state, body = excluded.body`);
    storeOutbox(writer, after, entry.at);
    latest.set(after.checkId, after);
  };

  const latestOf = (checkId: string): Attempt | undefined => {
    if (!latest.has(checkId)) latest.set(checkId, readLatest(reader, checkId));
    return latest.get(checkId);
  };

  return {
    projectors: Object.fromEntries(Object.keys(attemptBodies).map((type) => [type, project])),
    find: (attemptId) => readAttempt(reader, attemptId),
    latestOf,
    unresolvedOf(checkId) {
      const row = reader.one(sql`
        SELECT body FROM attempt
        WHERE check_id = ${checkId} AND state IN ('created', 'sent', 'unknown', 'cancelling')`);
      return row === undefined ? undefined : attemptOf(row);
    },
    outbox: () =>
      reader
        .all(sql`SELECT attempt_id, kind FROM outbox ORDER BY attempt_id`)
        .map((row) => row as { attempt_id: string; kind: OutboxItem['kind'] })
        .map(({ attempt_id: attemptId, kind }) => ({ attemptId, kind })),
    tokenOf(attemptId) {
      const row = reader.one(sql`SELECT token FROM attempt_token WHERE attempt_id = ${attemptId}`);
      return (row as { token: string } | undefined)?.token;
    },
    reload: () => {
      latest.clear();
    },
  };
}

/** Keeps the code beside the attempt, in a table that no journal carries. */
export function keepToken(writer: Writer, attemptId: string, token: string): void {
  writer.run(sql`INSERT INTO attempt_token (attempt_id, token) VALUES (${attemptId}, ${token})`);
}

export function forgetToken(writer: Writer, attemptId: string): void {
  writer.run(sql`DELETE FROM attempt_token WHERE attempt_id = ${attemptId}`);
}

/** Which state may follow which. The server's word ends an attempt from any state in which it is still open. */
const follows: Readonly<Record<AttemptEntryType, readonly Attempt['state'][]>> = {
  'attempt.created': [],
  'attempt.sent': ['created'],
  'attempt.unknown': ['sent'],
  'attempt.approved': ['sent', 'unknown', 'cancelling'],
  'attempt.declined': ['sent', 'unknown'],
  /** From `approved` where a tender is taken back before the bill is closed. */
  'attempt.cancelling': ['unknown', 'approved'],
  /** From `created` where the terminal stopped before it sent anything. */
  'attempt.cancelled': ['created', 'sent', 'unknown', 'cancelling'],
};

function applyToAttempt(before: Attempt | undefined, entry: JournalEntry & { type: AttemptEntryType }): Attempt {
  const { type, at } = entry;
  if (type === 'attempt.created') {
    assert(!before, 'an attempt is created once');
    const { attemptId, tenderId, amount } = attemptBodies[type].parse(entry.body);
    return {
      state: 'created',
      attemptId,
      tenderId,
      amount,
      checkId: checkIdSchema.parse(entry.checkId),
      createdAt: at,
    };
  }
  assert(before && follows[type].includes(before.state), `${type} follows one of ${follows[type].join(', ')}`);
  const { attemptId, checkId, tenderId, amount, createdAt } = before;
  const common = { attemptId, checkId, tenderId, amount, createdAt };
  switch (type) {
    case 'attempt.sent':
      return { state: 'sent', ...common };
    case 'attempt.unknown': {
      const limitAt = new Date(Date.parse(at) + inquiryLimitMs).toISOString();
      return { state: 'unknown', ...common, unknownSince: at, limitAt, questions: 0, lastAnswer: 'none' };
    }
    case 'attempt.approved': {
      const { reference, member } = attemptBodies[type].parse(entry.body);
      return { state: 'approved', ...common, reference, member };
    }
    case 'attempt.declined': {
      const { reason, detail } = attemptBodies[type].parse(entry.body);
      return { state: 'declined', ...common, reason, detail };
    }
    case 'attempt.cancelling':
      return { state: 'cancelling', ...common, tries: 0 };
    case 'attempt.cancelled':
      return { state: 'cancelled', ...common };
  }
}

function storeOutbox(writer: Writer, { attemptId, state }: Attempt, at: string): void {
  if (!isUnresolved({ state })) {
    writer.run(sql`DELETE FROM outbox WHERE attempt_id = ${attemptId}`);
    return;
  }
  const kind = state === 'cancelling' ? 'cancel' : state === 'unknown' ? 'inquire' : 'settle';
  writer.run(sql`
    INSERT INTO outbox (attempt_id, kind, since) VALUES (${attemptId}, ${kind}, ${at})
    ON CONFLICT (attempt_id) DO UPDATE SET kind = excluded.kind, since = excluded.since`);
}

function readLatest(reader: Reader, checkId: string): Attempt | undefined {
  const row = reader.one(sql`
    SELECT body FROM attempt WHERE check_id = ${checkId} ORDER BY changed_seq DESC LIMIT 1`);
  return row === undefined ? undefined : attemptOf(row);
}

function readAttempt(reader: Reader, attemptId: string): Attempt | undefined {
  const row = reader.one(sql`SELECT body FROM attempt WHERE attempt_id = ${attemptId}`);
  return row === undefined ? undefined : attemptOf(row);
}

/** Our own row, written from parsed values. */
function attemptOf(row: unknown): Attempt {
  return JSON.parse((row as { body: string }).body) as Attempt;
}
