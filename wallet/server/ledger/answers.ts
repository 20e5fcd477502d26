import assert from 'node:assert';
import type { Selectable } from 'kysely';
import { z } from 'zod';
import { type GroupResult, groupResultSchema } from '#contract/group.ts';
import { attemptIdSchema, checkIdSchema, refundIdSchema } from '#contract/ids.ts';
import { amountSchema } from '#contract/money.ts';
import { declineReasonSchema, type Refund, type Settlement } from '#contract/settlement.ts';
import type { Schema } from '../store/schema.ts';
import { detailOf, type LedgerRefusal, type Outcome, referenceOf } from './ledger.ts';

/** What rows answer, the same for every database. */
export type SettlementRow = Selectable<Schema['settlement']>;
export type RefundRow = Selectable<Schema['refund']>;

const recordSchema = z.object({ result: groupResultSchema });
const shrinksSchema = z.array(z.object({ guestId: z.string(), amount: amountSchema }));

/** @param record of the settlement's group payment, where it has one */
export function toSettlement(row: SettlementRow, record: string | null): Settlement {
  const settlementId = attemptIdSchema.parse(row.id);
  if (row.state === 'cancelled') {
    assert(row.cancelled_at_ms !== null, 'a cancel has its time');
    return {
      state: 'cancelled',
      settlementId,
      cancelledAt: toTime(row.cancelled_at_ms),
      wasBooked: row.was_booked === 1,
    };
  }
  const { amount, currency, booked_at_ms: atMs } = row;
  assert(amount !== null && currency !== null && atMs !== null, 'what was judged says what was asked for');
  const asked = {
    settlementId,
    checkId: checkIdSchema.parse(row.check_id),
    amount: { amount, currency },
    bookedAt: toTime(atMs),
  };
  if (row.state === 'declined') {
    const reason = declineReasonSchema.parse(row.reason);
    return { state: 'declined', ...asked, reason, detail: detailOf(reason) };
  }
  const { member_ref: memberRef, masked_name: maskedName, settlement_method: settlementMethod } = row;
  assert(memberRef !== null && maskedName !== null && settlementMethod !== null, 'what was booked names its payer');
  return {
    state: 'approved',
    ...asked,
    reference: referenceOf(row.id),
    member: { memberRef, maskedName, settlementMethod },
    refunded: { amount: row.refunded, currency },
    ...(record === null ? {} : { group: parseResult(record) }),
  };
}

export function toRefund(row: RefundRow): Refund {
  return {
    refundId: refundIdSchema.parse(row.id),
    settlementId: attemptIdSchema.parse(row.settlement_id),
    amount: { amount: row.amount, currency: row.currency },
    refunded: { amount: row.refunded, currency: row.currency },
    bookedAt: toTime(row.booked_at_ms),
    ...(row.shrinks === null ? {} : { shrunk: shrinksSchema.parse(JSON.parse(row.shrinks)) }),
  };
}

export function toTime(ms: number): string {
  return new Date(ms).toISOString();
}

export function refuse(code: LedgerRefusal): Outcome {
  return { type: 'refused', code };
}

function parseResult(record: string): GroupResult {
  return recordSchema.parse(JSON.parse(record)).result;
}
