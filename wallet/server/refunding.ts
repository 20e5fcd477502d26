import { createHash } from 'node:crypto';
import type { AttemptId, RefundId, StoreId, TerminalId } from '#contract/ids.ts';
import type { RouteInput, RouteResponse } from '#contract/wallet.ts';
import { linesProblem, parseRecord, parseRefund, restOf, shrink } from './group-record.ts';
import type { Bookkeeper } from './group-commit.ts';
import type { GiveBack, Outcome } from './ledger/ledger.ts';
import { Refusal } from './problem.ts';
import type { Books } from './store/books.ts';

/** A refund that a terminal asks for. */
export interface RefundOrder {
  readonly storeId: StoreId;
  readonly terminalId: TerminalId;
  readonly settlementId: AttemptId;
  readonly refundId: RefundId;
  readonly body: RouteInput<'putRefund'>;
  readonly atMs: number;
}

/** Two refunds of one bill at once: the second is computed anew on what the first left. So often, then it may come again. */
const MAX_TRIES = 8;

/** Gives money back; of a group, by whose share falls with it. Who computed on old figures computes again. */
export async function giveBack(
  { books, bookkeeper }: { readonly books: Books; readonly bookkeeper: Bookkeeper },
  order: RefundOrder,
  refusalOf: (outcome: Outcome) => Refusal,
): Promise<RouteResponse<'putRefund'> | Refusal> {
  const { storeId, terminalId, settlementId, refundId, body, atMs } = order;
  if (body.amount.amount <= 0) return new Refusal('bad_request', 'amount: a refund is above zero');
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const group = await shrinkGroup(books, order);
    if (group instanceof Refusal) return group;
    const outcome = await bookkeeper.book({
      type: 'refund',
      refundId,
      settlementId,
      storeId,
      terminalId,
      amount: body.amount,
      reason: body.reason,
      ...(group === undefined ? {} : { group }),
      atMs,
    });
    if (outcome.type === 'refund') return outcome.refund;
    if (outcome.type !== 'refused' || outcome.code !== 'stale') return refusalOf(outcome);
  }
  return new Refusal('overloaded');
}

/** Undefined for a settlement without a group, whose lines nobody consumed. */
async function shrinkGroup(
  { db }: Books,
  { storeId, settlementId, refundId, body }: RefundOrder,
): Promise<GiveBack['group'] | Refusal> {
  const row = await db
    .selectFrom('group_payment')
    .select('record')
    .where('id', '=', settlementId)
    .where('store_id', '=', storeId)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  const rows = await db
    .selectFrom('refund')
    .select(['id', 'amount', 'lines'])
    .where('settlement_id', '=', settlementId)
    .orderBy('number')
    .execute();
  const record = parseRecord(row.record);
  const earlier = rows.map(parseRefund);
  const lines = JSON.stringify(body.lines ?? []);
  const base = {
    refundsBefore: rows.length,
    lines,
    linesHash: createHash('sha256').update(lines).digest('base64url'),
  };
  const amount = body.amount.amount;
  // The ledger answers what it was asked before, and refuses what is too much: there is nothing to compute.
  if (rows.some(({ id }) => id === refundId) || amount > restOf(record, earlier)) return { ...base, shrinks: [] };
  const problem = linesProblem(record, earlier, body.lines ?? []);
  if (problem !== undefined) return new Refusal('group_invalid', problem);
  return { ...base, shrinks: shrink(record, earlier, { amount, lines: body.lines }) };
}
