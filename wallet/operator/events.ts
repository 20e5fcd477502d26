import type { Money } from '#contract/money.ts';
import type { OperatorWebhook, SettlementFile } from '#contract/operator.ts';
import type { Database } from './database.ts';

/** What happened at this operator: told to the wallet server until it confirms, and kept for the settlement file. */
export interface Events {
  /** Joins the transaction that is open. */
  add(event: NewEvent): void;
  /** What is to be told now, oldest first. */
  listDue(nowMs: number, limit: number): readonly DueEvent[];
  nextDueMs(): number | undefined;
  confirm(sequence: number): void;
  /** It did not get through: again at that time. */
  postpone(sequence: number, untilMs: number): void;
  /** One page of a UTC day, from after `cursor` on. */
  readFile(operatorId: string, date: string, cursor: number): SettlementFile;
}

interface NewEvent {
  readonly authorisationId: string;
  readonly type: 'captured' | 'declined' | 'reversed' | 'charged_back';
  readonly amount: Money;
  readonly reason: string | undefined;
  readonly moved: boolean;
  readonly atMs: number;
  readonly isShuffled: boolean;
}

export interface DueEvent {
  readonly webhook: OperatorWebhook;
  readonly attempts: number;
  readonly isShuffled: boolean;
}

const FILE_PAGE = 1_000;
/** How long a shuffled capture is held back, so that what follows it overtakes it. */
const SHUFFLED_MS = 1_000;
const DAY_MS = 24 * 3_600_000;

/** @param afterAdd called when there is something new to tell; its commit may still be on its way */
export function openEvents(database: Database, newId: () => string, afterAdd: () => void): Events {
  const sql = prepare(database);

  const readFile = database.transaction((operatorId: string, date: string, cursor: number): SettlementFile => {
    const fromMs = Date.parse(`${date}T00:00:00Z`);
    const day = { from: fromMs, to: fromMs + DAY_MS };
    const rows = sql.page.all({ ...day, cursor, limit: FILE_PAGE + 1 });
    const page = rows.slice(0, FILE_PAGE);
    const last = page.at(-1);
    return {
      operatorId,
      date,
      rows: page.map((row) => ({
        sequence: row.sequence,
        authorisationId: row.authorisation_id,
        type: row.type,
        amount: { amount: row.amount, currency: row.currency },
        at: new Date(row.at_ms).toISOString(),
      })),
      totals: sql.totals.all(day).map((total) => ({
        ...total,
        net: total.captured - total.reversed - total.chargedBack,
      })),
      ...(rows.length > FILE_PAGE && last !== undefined ? { nextCursor: String(last.sequence) } : {}),
    };
  });

  return {
    add: (event) => {
      const isHeldBack = event.isShuffled && event.type === 'captured';
      sql.insert.run({
        webhook_id: newId(),
        authorisation_id: event.authorisationId,
        type: event.type,
        amount: event.amount.amount,
        currency: event.amount.currency,
        reason: event.reason ?? null,
        moved: event.moved ? 1 : 0,
        at_ms: event.atMs,
        is_shuffled: event.isShuffled ? 1 : 0,
        due_at_ms: event.atMs + (isHeldBack ? SHUFFLED_MS : 0),
      });
      afterAdd();
    },
    listDue: (nowMs, limit) => sql.due.all(nowMs, limit).map(toDueEvent),
    nextDueMs: () => sql.nextDue.get()?.at ?? undefined,
    confirm: (sequence) => void sql.confirm.run(sequence),
    postpone: (sequence, untilMs) => void sql.postpone.run(untilMs, sequence),
    readFile: (operatorId, date, cursor) => readFile(operatorId, date, cursor),
  };
}

interface EventRow {
  readonly webhook_id: string;
  readonly authorisation_id: string;
  readonly type: NewEvent['type'];
  readonly amount: number;
  readonly currency: string;
  readonly reason: string | null;
  readonly moved: number;
  readonly at_ms: number;
  readonly is_shuffled: number;
  readonly due_at_ms: number | null;
}

interface StoredEvent extends EventRow {
  readonly sequence: number;
  readonly attempts: number;
}

interface MovedEvent extends StoredEvent {
  readonly type: Exclude<NewEvent['type'], 'declined'>;
}

function toDueEvent(row: StoredEvent): DueEvent {
  return {
    webhook: {
      webhookId: row.webhook_id,
      type: `authorisation.${row.type}`,
      authorisationId: row.authorisation_id,
      amount: { amount: row.amount, currency: row.currency },
      ...(row.reason === null ? {} : { reason: row.reason }),
      at: new Date(row.at_ms).toISOString(),
      sequence: row.sequence,
    },
    attempts: row.attempts,
    isShuffled: row.is_shuffled === 1,
  };
}

function prepare(database: Database) {
  return {
    insert: database.prepare<EventRow>(
      `insert into event (webhook_id, authorisation_id, type, amount, currency, reason, moved, at_ms, is_shuffled,
         due_at_ms)
       values (@webhook_id, @authorisation_id, @type, @amount, @currency, @reason, @moved, @at_ms, @is_shuffled,
         @due_at_ms)`,
    ),
    due: database.prepare<[number, number], StoredEvent>(
      'select * from event where due_at_ms <= ? order by sequence limit ?',
    ),
    nextDue: database.prepare<[], { at: number | null }>('select min(due_at_ms) as at from event'),
    confirm: database.prepare<[number]>('update event set due_at_ms = null where sequence = ?'),
    postpone: database.prepare<[number, number]>(
      'update event set attempts = attempts + 1, due_at_ms = ? where sequence = ? and due_at_ms is not null',
    ),
    page: database.prepare<{ from: number; to: number; cursor: number; limit: number }, MovedEvent>(
      `select * from event where moved = 1 and at_ms >= @from and at_ms < @to and sequence > @cursor
       order by sequence limit @limit`,
    ),
    totals: database.prepare<
      { from: number; to: number },
      { currency: string; count: number; captured: number; reversed: number; chargedBack: number }
    >(
      `select currency, count(*) as count,
         sum(case when type = 'captured' then amount else 0 end) as captured,
         sum(case when type = 'reversed' then amount else 0 end) as reversed,
         sum(case when type = 'charged_back' then amount else 0 end) as "chargedBack"
       from event where moved = 1 and at_ms >= @from and at_ms < @to group by currency order by currency`,
    ),
  };
}
