import assert from 'node:assert';
import { createHash } from 'node:crypto';
import type { Authorisation, AuthorisationState, Authorise } from '#contract/operator.ts';
import type { Database } from './database.ts';
import type { Events } from './events.ts';
import type { Behaviour } from './simulation.ts';
import type { Tokens } from './tokens.ts';

/** Money that was asked for: one row for each id, its state changed only together with the event that tells of it. */
export interface Authorisations {
  /** Undefined where the id was used for something else. */
  authorise(
    id: string,
    request: Authorise,
  ): { readonly authorisation: Authorisation; readonly isNew: boolean } | undefined;
  /** Undefined for an id that was never seen; the row as it is where there is nothing that could be captured. */
  capture(id: string): Authorisation | undefined;
  find(id: string): Authorisation | undefined;
  /** Lets the money go or gives it back. An id that was never seen is blocked for good. */
  reverse(id: string): Authorisation;
  /** The customer's bank takes back what was captured. Undefined for an id that was never seen. */
  chargeBack(id: string): Authorisation | undefined;
  /** Lets what is due become of the pending ones. Resolves to when the next one is due. */
  settleDue(): number | undefined;
}

export interface AuthorisationOptions {
  readonly database: Database;
  readonly tokens: Tokens;
  readonly events: Events;
  readonly behaviourOf: (amount: Authorise['amount']) => Behaviour;
  readonly clock: { nowMs(): number };
}

/** Rows that one commit decides. */
const MAX_DUE = 256;

export function openAuthorisations(options: AuthorisationOptions): Authorisations {
  const { database, tokens, events, behaviourOf, clock } = options;
  const sql = prepare(database);

  const authorise = database.transaction((id: string, request: Authorise) => {
    const requestHash = hashOf(request);
    const seen = sql.find.get(id);
    if (seen !== undefined) {
      if (seen.request_hash !== null && seen.request_hash !== requestHash) return undefined;
      return { authorisation: toAuthorisation(seen), isNew: false };
    }
    const { token, amount, capture = false } = request;
    const nowMs = clock.nowMs();
    const behaviour: Behaviour = tokens.isUsable(token)
      ? behaviourOf(amount)
      : { state: 'declined', reason: 'means_removed' };
    const { next } = behaviour;
    const row: AuthorisationRow = {
      id,
      request_hash: requestHash,
      token,
      amount: amount.amount,
      currency: amount.currency,
      state: captureLater(behaviour.state, capture),
      reason: behaviour.reason ?? null,
      changed_at_ms: nowMs,
      next_state: next === undefined ? null : captureLater(next.state, capture),
      next_reason: next?.reason ?? null,
      next_at_ms: next === undefined ? null : nowMs + next.afterMs,
    };
    sql.insert.run(withChargeback(row));
    tell(row, undefined);
    return { authorisation: toAuthorisation(row), isNew: true };
  });

  const capture = database.transaction((id: string) => {
    const seen = sql.find.get(id);
    return seen?.state === 'authorised' ? change(seen, 'captured') : seen;
  });

  const reverse = database.transaction((id: string) => {
    const seen = sql.find.get(id);
    if (seen === undefined) {
      const tombstone = { ...blank, id, state: 'reversed' as const, changed_at_ms: clock.nowMs() };
      sql.insert.run(tombstone);
      return tombstone;
    }
    const isOpen = seen.state === 'authorised' || seen.state === 'pending' || seen.state === 'captured';
    return isOpen ? change(seen, 'reversed') : seen;
  });

  const chargeBack = database.transaction((id: string) => {
    const seen = sql.find.get(id);
    return seen?.state === 'captured' ? change(seen, 'charged_back') : seen;
  });

  const settleDue = database.transaction(() => {
    for (const row of sql.due.all(clock.nowMs(), MAX_DUE)) {
      assert(row.next_state !== null, 'what is due has something to become');
      change(row, row.next_state, row.next_reason);
    }
    return sql.nextDue.get()?.at ?? undefined;
  });

  function change(before: AuthorisationRow, state: AuthorisationState, reason: string | null = null): AuthorisationRow {
    const rest = { next_state: null, next_reason: null, next_at_ms: null };
    const after = withChargeback({ ...before, ...rest, state, reason, changed_at_ms: clock.nowMs() });
    const { changes } = sql.change.run({ ...after, before: before.state });
    assert(changes === 1, 'a state is changed once');
    tell(after, before.state);
    return after;
  }

  function withChargeback(row: AuthorisationRow): AuthorisationRow {
    const afterMs = row.state === 'captured' ? behaviourOf(moneyOf(row)).chargedBackAfterMs : undefined;
    return afterMs === undefined
      ? row
      : { ...row, next_state: 'charged_back', next_at_ms: row.changed_at_ms + afterMs };
  }

  function tell(row: AuthorisationRow, before: AuthorisationState | undefined): void {
    const { state } = row;
    if (state === 'authorised' || state === 'pending') return;
    const amount = moneyOf(row);
    events.add({
      authorisationId: row.id,
      type: state,
      amount,
      reason: row.reason ?? undefined,
      moved: state === 'captured' || before === 'captured',
      atMs: row.changed_at_ms,
      isShuffled: behaviourOf(amount).isShuffled ?? false,
    });
  }

  return {
    authorise: (id, request) => authorise.immediate(id, request),
    capture: (id) => optionally(capture.immediate(id)),
    find: (id) => optionally(sql.find.get(id)),
    reverse: (id) => toAuthorisation(reverse.immediate(id)),
    chargeBack: (id) => optionally(chargeBack.immediate(id)),
    settleDue: () => settleDue.immediate(),
  };
}

interface AuthorisationRow {
  readonly id: string;
  readonly request_hash: string | null;
  readonly token: string | null;
  readonly amount: number | null;
  readonly currency: string | null;
  readonly state: AuthorisationState;
  readonly reason: string | null;
  readonly changed_at_ms: number;
  readonly next_state: AuthorisationState | null;
  readonly next_reason: string | null;
  readonly next_at_ms: number | null;
}

const blank = {
  request_hash: null,
  token: null,
  amount: null,
  currency: null,
  reason: null,
  next_state: null,
  next_reason: null,
  next_at_ms: null,
};

function captureLater(
  state: 'captured' | 'declined' | 'pending',
  capture: boolean,
): 'captured' | 'declined' | 'pending' | 'authorised' {
  return state === 'captured' && !capture ? 'authorised' : state;
}

/** Two requests with one id are the same where this is: means, amount, currency, and whether to capture. */
function hashOf({ token, amount, capture = false }: Authorise): string {
  return createHash('sha256')
    .update(JSON.stringify([token, amount.amount, amount.currency, capture]))
    .digest('base64url');
}

function moneyOf({ amount, currency }: AuthorisationRow): Authorise['amount'] {
  assert(amount !== null && currency !== null, 'only an id that was never seen has no amount');
  return { amount, currency };
}

function optionally(row: AuthorisationRow | undefined): Authorisation | undefined {
  return row === undefined ? undefined : toAuthorisation(row);
}

function toAuthorisation(row: AuthorisationRow): Authorisation {
  return {
    authorisationId: row.id,
    state: row.state,
    ...(row.reason === null ? {} : { reason: row.reason }),
    ...(row.amount === null ? {} : { amount: moneyOf(row) }),
    at: new Date(row.changed_at_ms).toISOString(),
  };
}

function prepare(database: Database) {
  return {
    find: database.prepare<[string], AuthorisationRow>('select * from authorisation where id = ?'),
    insert: database.prepare<AuthorisationRow>(
      `insert into authorisation (id, request_hash, token, amount, currency, state, reason, changed_at_ms, next_state,
         next_reason, next_at_ms)
       values (@id, @request_hash, @token, @amount, @currency, @state, @reason, @changed_at_ms, @next_state,
         @next_reason, @next_at_ms)`,
    ),
    change: database.prepare<AuthorisationRow & { readonly before: AuthorisationState }>(
      `update authorisation set state = @state, reason = @reason, changed_at_ms = @changed_at_ms,
         next_state = @next_state, next_reason = @next_reason, next_at_ms = @next_at_ms
       where id = @id and state = @before`,
    ),
    due: database.prepare<[number, number], AuthorisationRow>(
      'select * from authorisation where next_at_ms <= ? order by next_at_ms limit ?',
    ),
    nextDue: database.prepare<[], { at: number | null }>('select min(next_at_ms) as at from authorisation'),
  };
}
