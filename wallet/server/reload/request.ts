import type { Transaction } from 'kysely';
import type { Money } from '#contract/money.ts';
import { type Limits, limitsOf, periodsOf } from '../limits-data.ts';
import { Refusal } from '../problem.ts';
import type { Books } from '../store/books.ts';
import type { Schema } from '../store/schema.ts';
import { hashReload, listOpenReloads, type ReloadRow, sumReloads } from './reload-rows.ts';

/** A reload that is asked for. */
export interface NewReload {
  readonly reloadId: string;
  readonly walletId: string;
  readonly methodId: string;
  /** Above zero. */
  readonly amount: Money;
  readonly cause: ReloadRow['cause'];
  /** Looked at last, in the transaction that writes it down. */
  readonly guard?: (trx: Transaction<Schema>, since: Periods) => Promise<Refusal | undefined>;
}

/** When the wallet's day and month began. */
type Periods = ReturnType<typeof periodsOf>;

/**
 * Writes a reload down before anybody is asked for money, if nothing stands against it. Reloads of one wallet are judged
 * one after the other, each with those before it.
 */
export async function writeReload(
  books: Books,
  request: NewReload,
  nowMs: number,
  leaseMs: number,
): Promise<{ readonly row: ReloadRow; readonly isNew: boolean } | Refusal> {
  const { reloadId, walletId, methodId, amount, cause, guard } = request;
  const requestHash = hashReload(walletId, methodId, amount);
  return books.write(async (trx) => {
    const wallet = await trx
      .selectFrom('wallet')
      .innerJoin('account', 'account.id', 'wallet.id')
      .select(['wallet.is_locked', 'wallet.jurisdiction', 'wallet.level', 'account.currency', 'account.balance'])
      .where('wallet.id', '=', walletId)
      .$if(books.dialect === 'postgres', (query) => query.forUpdate('wallet'))
      .executeTakeFirstOrThrow();
    const seen = await trx.selectFrom('reload').selectAll().where('id', '=', reloadId).executeTakeFirst();
    if (seen !== undefined) {
      return seen.request_hash === requestHash ? { row: seen, isNew: false } : new Refusal('duplicate_mismatch');
    }
    if (wallet.is_locked === 1) return new Refusal('wallet_locked');
    if (amount.amount <= 0) return new Refusal('bad_request', 'amount: a reload is above zero');
    if (wallet.currency !== amount.currency)
      return new Refusal('bad_request', 'amount: the wallet has another currency');
    if (await isUsed(trx, reloadId)) return new Refusal('duplicate_mismatch');
    const method = await trx
      .selectFrom('reload_method')
      .innerJoin('operator', 'operator.id', 'reload_method.operator_id')
      .select('reload_method.operator_id')
      .where('reload_method.id', '=', methodId)
      .where('reload_method.wallet_id', '=', walletId)
      .where('reload_method.removed_at_ms', 'is', null)
      .where('operator.removed_at_ms', 'is', null)
      .executeTakeFirst();
    if (method === undefined) return new Refusal('method_unknown');

    const limits = limitsOf({ ...wallet, currency: amount.currency });
    const since = periodsOf(limits, nowMs);
    const excess = await findExcess(trx, request, limits, since, wallet.balance ?? 0);
    if (excess !== undefined) return new Refusal('limit_exceeded', excess);
    const refusal = await guard?.(trx, since);
    if (refusal !== undefined) return refusal;
    const row: ReloadRow = {
      id: reloadId,
      wallet_id: walletId,
      method_id: methodId,
      operator_id: method.operator_id,
      amount: amount.amount,
      currency: amount.currency,
      state: 'requested',
      reason: null,
      cause,
      request_hash: requestHash,
      operator_reference: null,
      requested_at_ms: nowMs,
      // Should this server end before it has an answer, whoever comes then asks.
      next_inquiry_at_ms: nowMs + leaseMs,
      inquiries: 0,
      settled_at_ms: null,
    };
    await trx.insertInto('reload').values(row).execute();
    return { row, isNew: true };
  });
}

/** Which limit stands against it. What is still open counts as if it were credited. */
async function findExcess(
  trx: Transaction<Schema>,
  { walletId, amount: { amount }, cause }: NewReload,
  limits: Limits,
  { dayFromMs, monthFromMs }: Periods,
  balance: number,
): Promise<string | undefined> {
  // What a payment lacks may be less than anybody would reload by hand.
  if (cause !== 'linked' && amount < limits.reloadMin) return `The least that is reloaded is ${limits.reloadMin}.`;
  if (amount > limits.reloadMax) return `The most that is reloaded at once is ${limits.reloadMax}.`;
  const open = (await listOpenReloads(trx, walletId)).reduce((total, row) => total + row.amount, 0);
  if (balance + open + amount > limits.maxBalance) return `A wallet holds ${limits.maxBalance} at most.`;
  if ((await sumReloads(trx, walletId, dayFromMs)) + amount > limits.reloadPerDay) {
    return `No more than ${limits.reloadPerDay} is reloaded in a day.`;
  }
  if ((await sumReloads(trx, walletId, monthFromMs)) + amount > limits.reloadPerMonth) {
    return `No more than ${limits.reloadPerMonth} is reloaded in a month.`;
  }
  return undefined;
}

/** An id names one thing for ever, also across kinds: the ledger would refuse to credit this one. */
async function isUsed(trx: Transaction<Schema>, id: string): Promise<boolean> {
  const settlement = await trx.selectFrom('settlement').select('id').where('id', '=', id).executeTakeFirst();
  const transfer = await trx.selectFrom('transfer').select('id').where('id', '=', id).executeTakeFirst();
  return settlement !== undefined || transfer !== undefined;
}
