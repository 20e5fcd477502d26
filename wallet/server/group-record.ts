import { z } from 'zod';
import {
  adjustmentSchema,
  type consumedItemSchema,
  type ConsumptionLine,
  consumptionLineSchema,
  type Group,
  groupResultSchema,
  type GroupResult,
  guestIdSchema,
} from '#contract/group.ts';
import { refundLineSchema } from '#contract/settlement.ts';
import { type SplitBill, shrinkShares, splitBill, type SplitRefund } from '#contract/split.ts';
import type { Guest } from './people.ts';

/**
 * A group payment as it was booked, whole: `group_payment.record`. Views of it, refunds by line and what each member
 * consumed are computed from it and from the refunds since.
 */
const groupRecordSchema = z.object({
  version: z.literal(1),
  result: groupResultSchema,
  guests: z.array(z.object({ guestId: guestIdSchema, walletId: z.string().optional() })),
  lines: z.array(consumptionLineSchema),
  adjustments: z.array(adjustmentSchema),
  covers: z.array(guestIdSchema),
  remainder: z.enum(['payer', 'fair']),
});
export type GroupRecord = z.infer<typeof groupRecordSchema>;

/** What was given back of a group payment: `refund.amount`, and `refund.lines` as the wire said them. */
export interface RecordedRefund {
  readonly amount: number;
  readonly lines: RefundLines | undefined;
}
type RefundLines = NonNullable<SplitRefund['lines']>;
type ConsumedItem = z.infer<typeof consumedItemSchema>;

const refundLinesSchema = z.array(refundLineSchema);

export function recordOf(group: Group, guests: readonly Guest[], result: GroupResult): string {
  const record: GroupRecord = {
    version: 1,
    result,
    guests: guests.map(({ guestId, walletId }) => ({ guestId, ...(walletId === undefined ? {} : { walletId }) })),
    lines: group.lines,
    adjustments: group.adjustments,
    covers: group.covers ?? guests.map(({ guestId }) => guestId),
    remainder: group.remainder,
  };
  return JSON.stringify(record);
}

export function parseRecord(text: string): GroupRecord {
  return groupRecordSchema.parse(JSON.parse(text));
}

/** Of a row of `refund`. */
export function parseRefund(row: { readonly amount: number; readonly lines: string | null }): RecordedRefund {
  const lines = row.lines === null ? [] : refundLinesSchema.parse(JSON.parse(row.lines));
  return { amount: row.amount, lines: lines.length === 0 ? undefined : lines };
}

/** What is left of the amount after refunds. */
export function restOf({ result }: GroupRecord, refunds: readonly RecordedRefund[]): number {
  const whole = result.shares.reduce((sum, { share }) => sum + share, 0);
  return refunds.reduce((rest, { amount }) => rest - amount, whole);
}

/** By how much each share falls with one more refund, which gives back no more than is left. */
export function shrink(
  record: GroupRecord,
  earlier: readonly RecordedRefund[],
  now: RecordedRefund,
): { readonly guestId: string; readonly amount: number }[] {
  const shares = new Map(
    record.result.shares
      .filter(({ guestId }) => record.covers.includes(guestId))
      .map(({ guestId, share }) => [guestId, share]),
  );
  const payer = record.remainder === 'payer' ? record.result.payer : undefined;
  const fallen = shrinkShares(billOf(record), shares, { earlier, now, payer });
  return Array.from(fallen, ([guestId, amount]) => ({ guestId, amount: Number(amount) }));
}

/** Which line cannot be given back like that, as a sentence. */
export function linesProblem(
  record: GroupRecord,
  earlier: readonly RecordedRefund[],
  lines: RefundLines,
): string | undefined {
  const left = linesLeft(record, earlier);
  for (const { lineId, amount } of lines) {
    const rest = left.get(lineId);
    if (rest === undefined) return `line ${lineId}: is not on the bill`;
    if (rest === 0 && isGivenBack(earlier, lineId)) return `line ${lineId}: nothing is left of it`;
    if (amount !== undefined && amount > rest) return `line ${lineId}: only ${rest} is left of it`;
    left.set(lineId, amount === undefined ? 0 : rest - Number(amount));
  }
  return undefined;
}

/** What one guest had, and what of each line was theirs; what was given back line by line is gone. */
export function itemsOf(record: GroupRecord, refunds: readonly RecordedRefund[], guestId: string): ConsumedItem[] {
  const left = linesLeft(record, refunds);
  const lines = record.lines
    .map((line) => ({ ...line, amount: left.get(line.lineId) ?? 0 }))
    .filter(({ lineId, amount }) => amount !== 0 || !isGivenBack(refunds, lineId));
  const guests = record.guests.map((guest) => guest.guestId);
  return consumedItems(lines, guests, guestId, record.remainder === 'payer' ? record.result.payer : undefined);
}

/** One guest's part of each line of a bill. */
export function consumedItems(
  lines: readonly ConsumptionLine[],
  guests: readonly string[],
  guestId: string,
  payer: string | undefined,
): ConsumedItem[] {
  return lines.flatMap((line) => {
    const sharers = line.consumers.length === 0 ? guests : line.consumers.map((consumer) => consumer.guestId);
    if (!sharers.includes(guestId)) return [];
    const remainder =
      payer !== undefined && sharers.includes(payer)
        ? { type: 'payer' as const, guestId: payer }
        : { type: 'fair' as const };
    const parts = splitBill({ guests: sharers, lines: [line], adjustments: [] }, remainder);
    const { name, quantity } = line;
    return [{ name, quantity, amount: Number(parts.get(guestId) ?? 0n), sharedBy: sharers.length }];
  });
}

function billOf({ guests, lines, adjustments }: GroupRecord): SplitBill {
  return { guests: guests.map(({ guestId }) => guestId), lines, adjustments };
}

function linesLeft(record: GroupRecord, refunds: readonly RecordedRefund[]): Map<string, number> {
  const left = new Map(record.lines.map(({ lineId, amount }) => [lineId, amount]));
  for (const { lineId, amount } of refunds.flatMap(({ lines }) => lines ?? [])) {
    left.set(lineId, amount === undefined ? 0 : (left.get(lineId) ?? 0) - Number(amount));
  }
  return left;
}

function isGivenBack(refunds: readonly RecordedRefund[], lineId: string): boolean {
  return refunds.some(({ lines }) => lines?.some((line) => line.lineId === lineId) ?? false);
}
