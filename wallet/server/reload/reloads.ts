import type { Transaction } from 'kysely';
import type { Logger } from 'pino';
import type { Money } from '#contract/money.ts';
import type { Authorisation, OperatorWebhook } from '#contract/operator.ts';
import type { WalletEvent } from '#contract/wallet.ts';
import type { Bookkeeper } from '../group-commit.ts';
import type { Clock } from '../call.ts';
import { operatorAccount } from '../ledger/ledger.ts';
import { Refusal } from '../problem.ts';
import type { Books } from '../store/books.ts';
import type { Schema } from '../store/schema.ts';
import type { OperatorPort, PortResult } from './operator-port.ts';
import type { Operators } from './operators.ts';
import {
  claimReload,
  findReload,
  listDueReloads,
  moveReload,
  nextDueMs,
  reasonOf,
  type ReloadRow,
  unsaidStates,
} from './reload-rows.ts';
import { type NewReload, writeReload } from './request.ts';
import type { Turns } from './turns.ts';

/**
 * Money from a means into a wallet.
 *
 *     requested ─▶ authorising ─▶ captured ─▶ credited ─▶ reversed | charged_back
 *                      │ ▲            ▲
 *                      │ └─ unknown ──┘     asked about by our id until the operator says
 *                      └──────▶ declined
 *
 * The row is there before the operator is asked. Its answer, the answer to a later inquiry and its webhooks all say the same
 * thing, in any order and more than once: each moves the row on or finds that another has. The ledger credits an id once.
 */
export interface Reloads {
  /** Writes it down, asks the operator, and resolves with how it stands then. The same id again is the same reload. */
  start(request: NewReload): Promise<Standing | Refusal>;
  /** Undefined for another wallet's. */
  find(reloadId: string, walletId: string): Promise<ReloadRow | undefined>;
  /** An operator's webhook. */
  hear(operatorId: string, webhook: OperatorWebhook): Promise<'heard' | 'not_found' | 'conflict'>;
  /** Asks about those that are due. Resolves to when the next one is. */
  resumeDue(): Promise<number | undefined>;
}

/** @property balance of the wallet, where it was credited just now */
interface Standing {
  readonly row: ReloadRow;
  readonly balance?: number;
}

export interface ReloadsOptions {
  readonly books: Books;
  readonly bookkeeper: Bookkeeper;
  readonly operators: Operators;
  /** By wallet. */
  readonly turns: Turns;
  readonly clock: Clock;
  readonly log: Logger;
  /** Something became due earlier than it seemed. */
  readonly onDue: () => void;
  /** An automatic reload is in the wallet, which may need another. */
  readonly onAutoCredited: () => void;
}

/** What somebody says about an authorisation: an answer or a webhook. */
type Word = Pick<Authorisation, 'state' | 'reason' | 'amount'>;

/** Nobody else asks about a row for so long: longer than a call to an operator takes. */
const LEASE_MS = 15_000;
const FIRST_INQUIRY_MS = 1_000;
const MAX_INQUIRY_MS = 5 * 60_000;
/** While the customer may still be looking, what the operator never saw is sent again; after that it is given up. */
const RESEND_MS = 30_000;
const ROUND = 16;
/** An automatic reload stops after so many declines in a row. */
const MAX_AUTO_DECLINES = 2;

export function openReloads(options: ReloadsOptions): Reloads {
  const { books, bookkeeper, operators, turns, clock, log } = options;

  async function start(request: NewReload): Promise<Standing | Refusal> {
    const written = await turns.take(request.walletId, () => writeReload(books, request, clock.nowMs(), LEASE_MS));
    if (written instanceof Refusal) return written;
    if (!written.isNew) return { row: written.row };
    const { port } = (await operators.find(written.row.operator_id)) ?? {};
    return port === undefined ? decline(written.row, 'operator_unavailable') : ask(port, written.row);
  }

  async function ask(port: OperatorPort, row: ReloadRow): Promise<Standing> {
    await moveReload(books.db, row.id, ['requested', 'unknown'], { state: 'authorising' });
    const { token } = await books.db
      .selectFrom('reload_method')
      .select('token')
      .where('id', '=', row.method_id)
      .executeTakeFirstOrThrow();
    const amount = moneyOf(row);
    return conclude(port, row, await port.authorise({ authorisationId: row.id, token, amount }));
  }

  /** What an answer of the operator makes of a reload. */
  async function conclude(port: OperatorPort, row: ReloadRow, result: PortResult<Authorisation>): Promise<Standing> {
    if (result.type === 'unknown') return postpone(row, 'unknown');
    if (result.type === 'failure') {
      log.warn({ reloadId: row.id, code: result.code }, 'an operator refused a reload');
      return decline(row, 'operator_unavailable');
    }
    return obey(port, row, result.value);
  }

  async function obey(port: OperatorPort, row: ReloadRow, word: Word): Promise<Standing> {
    if (isOtherAmount(row, word.amount)) {
      log.error({ reloadId: row.id }, 'an operator speaks of another amount than it was asked for');
      return postpone(row, 'unknown');
    }
    switch (word.state) {
      case 'pending':
        return postpone(row, 'authorising');
      case 'authorised':
        return conclude(port, row, await port.capture(row.id));
      case 'captured':
        return credit(port, row);
      case 'declined':
        return decline(row, reasonOf(word.reason));
      case 'reversed':
      case 'charged_back':
        return takeBack(port, row, word.state);
    }
  }

  async function postpone(row: ReloadRow, state: 'unknown' | 'authorising'): Promise<Standing> {
    const nowMs = clock.nowMs();
    // Ever less often: a quarter of the time that it has been open.
    const waitMs = Math.min(Math.max((nowMs - row.requested_at_ms) / 4, FIRST_INQUIRY_MS), MAX_INQUIRY_MS);
    const next_inquiry_at_ms = nowMs + Math.ceil(waitMs);
    await moveReload(books.db, row.id, unsaidStates, { state, next_inquiry_at_ms });
    options.onDue();
    return { row: await reread(row) };
  }

  async function credit(port: OperatorPort, row: ReloadRow): Promise<Standing> {
    const { id: reloadId, wallet_id: walletId } = row;
    const leaseEndsMs = clock.nowMs() + LEASE_MS;
    await moveReload(books.db, reloadId, unsaidStates, { state: 'captured', next_inquiry_at_ms: leaseEndsMs });
    const now = await reread(row);
    if (now.state === 'declined') {
      // It was given up: what was taken all the same goes back to where it came from.
      await port.reverse(reloadId);
      return { row: now };
    }
    if (now.state !== 'captured') return { row: now };

    const fromAccount = operatorAccount(row.operator_id);
    const amount = moneyOf(row);
    const atMs = clock.nowMs();
    const outcome = await bookkeeper.book({ type: 'reload', reloadId, walletId, fromAccount, amount, atMs });
    if (outcome.type !== 'reloaded') {
      log.error({ reloadId, outcome }, 'captured money cannot be credited and is given back');
      const reversed = await port.reverse(reloadId);
      return reversed.type === 'success' ? decline(now, 'other', ['captured']) : { row: now };
    }
    const isFirst = await moveReload(books.db, reloadId, ['captured'], {
      state: 'credited',
      next_inquiry_at_ms: null,
      settled_at_ms: atMs,
    });
    if (isFirst && row.cause === 'auto') {
      await books.db.updateTable('auto_reload').set({ declines: 0 }).where('wallet_id', '=', walletId).execute();
      options.onAutoCredited();
    }
    return { row: await reread(row), balance: outcome.balance };
  }

  async function decline(
    row: ReloadRow,
    reason: ReturnType<typeof reasonOf>,
    from: readonly ReloadRow['state'][] = unsaidStates,
  ): Promise<Standing> {
    const { id: reloadId, wallet_id: walletId, cause } = row;
    const atMs = clock.nowMs();
    const write = async (trx: Transaction<Schema>): Promise<void> => {
      const isFirst = await moveReload(trx, reloadId, from, {
        state: 'declined',
        reason,
        next_inquiry_at_ms: null,
        settled_at_ms: atMs,
      });
      if (!isFirst) return;
      const tell = (type: WalletEvent['type'], detail: Readonly<Record<string, unknown>>) =>
        trx
          .insertInto('outbox')
          .values({
            type,
            wallet_id: walletId,
            store_id: null,
            check_id: null,
            ref_id: reloadId,
            detail: JSON.stringify(detail),
            at_ms: atMs,
          })
          .execute();
      await tell('reload_declined', { reason, cause });
      if (cause !== 'auto') return;
      const auto = await trx
        .updateTable('auto_reload')
        .set((eb) => ({ declines: eb('declines', '+', 1) }))
        .where('wallet_id', '=', walletId)
        .where('is_on', '=', 1)
        .returning('declines')
        .executeTakeFirst();
      if (auto === undefined || auto.declines < MAX_AUTO_DECLINES) return;
      await trx
        .updateTable('auto_reload')
        .set({ is_on: 0, changed_at_ms: atMs })
        .where('wallet_id', '=', walletId)
        .execute();
      await tell('auto_reload_stopped', { reason, declines: auto.declines });
    };
    await turns.take(walletId, () => books.write(write));
    return { row: await reread(row) };
  }

  /** The operator has taken the money back, or the customer's bank has. */
  async function takeBack(port: OperatorPort, row: ReloadRow, to: 'reversed' | 'charged_back'): Promise<Standing> {
    if (to === 'reversed' && isUnsaid(row)) return decline(row, 'operator_unavailable');
    // What came back had been taken before, though nobody said so yet: both are booked, in this order.
    const credited = row.state === 'credited' ? row : (await credit(port, row)).row;
    if (credited.state !== 'credited') return { row: credited };
    const { id: reloadId } = row;
    const atMs = clock.nowMs();
    const first = to === 'reversed' ? 'reverse_reload' : 'charge_back';
    let outcome = await bookkeeper.book({ type: first, reloadId, atMs });
    // What was spent meanwhile is owed.
    if (outcome.type === 'refused' && outcome.code === 'insufficient_funds') {
      outcome = await bookkeeper.book({ type: 'charge_back', reloadId, atMs });
    }
    // Not refundable: an earlier try was cut short after its booking.
    if (outcome.type === 'refused' && outcome.code !== 'not_refundable') {
      throw new Error(`a credited reload cannot be taken back: ${outcome.code}`);
    }
    await moveReload(books.db, reloadId, ['credited'], { state: to, settled_at_ms: atMs });
    return { row: await reread(row) };
  }

  async function resume(due: ReloadRow): Promise<void> {
    if (!(await claimReload(books, due, clock.nowMs() + LEASE_MS))) return;
    const row = { ...due, inquiries: due.inquiries + 1 };
    const { port } = (await operators.find(row.operator_id)) ?? {};
    if (port === undefined) {
      await postpone(row, 'unknown');
      return;
    }
    if (row.state === 'captured') {
      await credit(port, row);
      return;
    }
    const result = await port.inquire(row.id);
    if (result.type !== 'failure' || result.code !== 'not_found') {
      // An inquiry that is refused says nothing about the money.
      await conclude(port, row, result.type === 'failure' ? { type: 'unknown' } : result);
    } else if (clock.nowMs() - row.requested_at_ms < RESEND_MS) {
      await ask(port, row);
    } else {
      // Blocked for good, so that a request which is still on its way takes nothing.
      const blocked = await port.reverse(row.id);
      await conclude(port, row, blocked.type === 'failure' ? { type: 'unknown' } : blocked);
    }
  }

  async function reread(row: ReloadRow): Promise<ReloadRow> {
    const now = await findReload(books, row.id);
    if (now === undefined) throw new Error('a reload is never deleted');
    return now;
  }

  return {
    start,
    find: async (reloadId, walletId) => {
      const row = await findReload(books, reloadId);
      return row?.wallet_id === walletId ? row : undefined;
    },
    hear: async (operatorId, webhook) => {
      const row = await findReload(books, webhook.authorisationId);
      const operator = await operators.find(operatorId);
      if (row === undefined || operator === undefined || row.operator_id !== operatorId) return 'not_found';
      if (isOtherAmount(row, webhook.amount)) return 'conflict';
      await obey(operator.port, row, { ...webhook, state: stateOf(webhook) });
      return 'heard';
    },
    resumeDue: async () => {
      const due = await listDueReloads(books, clock.nowMs(), ROUND);
      const done = await Promise.allSettled(due.map(resume));
      for (const one of done)
        if (one.status === 'rejected') log.error({ err: one.reason as unknown }, 'a reload waits');
      return nextDueMs(books);
    },
  };
}

function isUnsaid({ state }: ReloadRow): boolean {
  return unsaidStates.some((unsaid) => unsaid === state);
}

function isOtherAmount(row: ReloadRow, amount: Money | undefined): boolean {
  return amount !== undefined && (amount.amount !== row.amount || amount.currency !== row.currency);
}

function moneyOf({ amount, currency }: ReloadRow): Money {
  return { amount, currency };
}

function stateOf({ type }: OperatorWebhook): 'captured' | 'declined' | 'reversed' | 'charged_back' {
  switch (type) {
    case 'authorisation.captured':
      return 'captured';
    case 'authorisation.declined':
      return 'declined';
    case 'authorisation.reversed':
      return 'reversed';
    case 'authorisation.charged_back':
      return 'charged_back';
  }
}
