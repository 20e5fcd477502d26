import assert from 'node:assert';
import type { ClientBase } from 'pg';
import { declineReasons } from '#contract/settlement.ts';
import { refuse, type SettlementRow, toSettlement, toTime } from './answers.ts';
import { detailOf, type Outcome, referenceOf, type Settle } from './ledger.ts';
import { numbers, texts } from './postgres-arrays.ts';
import { openRowWriter, type RowWriter } from './postgres-rows.ts';
import { APPROVED, SEEN } from './postgres-settle-function.ts';

/** A settlement, and what makes it the same as another. */
export interface Asked {
  readonly command: Settle;
  readonly hash: string;
}

/**
 * Settlements whose ids are all different, inside of whatever transaction the client is in. The outcomes are in the
 * order of the list.
 *
 * @param rowType the number of `ledger_settle_row` in this database
 */
export async function bookSettlements(
  client: ClientBase,
  rowType: number,
  asked: readonly Asked[],
): Promise<Outcome[]> {
  // Wallets are locked in the order of the rows, the same in every server.
  const placed = place(asked).toSorted(byWallet);
  const { rows } = await client.query<[verdicts: string, seen: Seen[] | null]>({
    name: 'ledger_settle',
    text: CALL,
    rowMode: 'array',
    values: toArguments(rowType, placed),
  });
  const [answer] = rows;
  assert(answer?.[0].length === asked.length, 'every settlement has a verdict');
  const [verdicts, seen] = answer;
  const outcomes: Outcome[] = [];
  placed.forEach((one, index) => {
    const verdict = verdicts.charCodeAt(index) - ZERO;
    if (verdict === APPROVED) outcomes[one.place] = approve(one.command);
    else if (verdict !== SEEN) outcomes[one.place] = decline(one.command, verdict);
    else
      outcomes[one.place] = repeat(
        one,
        seen?.find((row) => row.place === index + 1),
      );
  });
  return outcomes;
}

/** Where it stands in the list, and in which round it is judged. */
interface Placed extends Asked {
  readonly place: number;
  readonly round: number;
  /** Empty where the payer is no good. */
  readonly walletId: string;
}

/** What depends on an earlier one of the list, by its wallet or by its code, is judged in a later round. */
function place(asked: readonly Asked[]): Placed[] {
  const last = new Map<string, number>();
  return asked.map(({ command, hash }, index) => {
    const { payer } = command;
    if (!payer.isGood) return { command, hash, place: index, round: 1, walletId: '' };
    const { walletId } = payer;
    const code = `${payer.counter} ${payer.alias}`;
    const round = Math.max(last.get(walletId) ?? 0, last.get(code) ?? 0) + 1;
    last.set(walletId, round);
    last.set(code, round);
    return { command, hash, place: index, round, walletId };
  });
}

function byWallet(left: Placed, right: Placed): number {
  if (left.walletId === right.walletId) return left.place - right.place;
  return left.walletId < right.walletId ? -1 : 1;
}

/** The row is null where the id is another kind of money row's. */
interface Seen {
  readonly place: number;
  readonly row: SettlementRow | null;
  readonly record: string | null;
}

const ZERO = '0'.charCodeAt(0);

function approve(command: Settle): Outcome {
  const { settlementId, checkId, amount, payer, group } = command;
  assert(payer.isGood, 'only a payer who is good pays');
  return {
    type: 'settlement',
    settlement: {
      state: 'approved',
      settlementId,
      checkId,
      amount,
      bookedAt: toTime(command.atMs),
      reference: referenceOf(settlementId),
      member: payer.member,
      refunded: { amount: 0, currency: amount.currency },
      ...(group === undefined ? {} : { group: group.result }),
    },
  };
}

function decline({ settlementId, checkId, amount, atMs }: Settle, verdict: number): Outcome {
  const reason = declineReasons[verdict - 1];
  assert(reason !== undefined, 'a verdict is one of the reasons');
  const booked = { settlementId, checkId, amount, bookedAt: toTime(atMs) };
  return { type: 'settlement', settlement: { state: 'declined', ...booked, reason, detail: detailOf(reason) } };
}

function repeat({ command, hash }: Asked, seen: Seen | undefined): Outcome {
  assert(seen !== undefined, 'what was seen before is shown');
  const { row, record } = seen;
  if (row === null || row.store_id !== command.storeId) return refuse('duplicate_mismatch');
  if (row.request_hash !== null && row.request_hash !== hash) return refuse('duplicate_mismatch');
  if (row.state === 'cancelled') return refuse('cancelled');
  return { type: 'settlement', settlement: toSettlement(row, record) };
}

/** The arguments of `ledger_settle`, in its order. */
function toArguments(rowType: number, placed: readonly Placed[]): (string | number | Buffer)[] {
  const rows = openRowWriter(rowType, placed.length);
  const payers = new Set<string>();
  let rounds = 1;
  let isAnyOffline = 0;
  const groups = { of: [] as number[], own: [] as number[], walkIn: [] as number[], record: [] as string[] };
  const allotments = {
    of: [] as number[],
    id: [] as string[],
    wallet: [] as string[],
    amount: [] as number[],
    guest: [] as string[],
  };
  placed.forEach((one, index) => {
    const { group, mode } = one.command;
    writeRow(rows, one);
    rounds = Math.max(rounds, one.round);
    if (one.walletId !== '') payers.add(one.walletId);
    if (mode === 'offline') isAnyOffline = 1;
    if (group === undefined) return;
    groups.of.push(index + 1);
    groups.own.push(group.ownShare);
    groups.walkIn.push(group.walkInShare);
    groups.record.push(group.record);
    for (const { allotmentId, walletId, amount, guestId } of group.allotments) {
      allotments.of.push(index + 1);
      allotments.id.push(allotmentId);
      allotments.wallet.push(walletId);
      allotments.amount.push(amount);
      allotments.guest.push(guestId);
    }
  });
  const isPlain = rounds === 1 && allotments.of.length === 0;
  return [
    isPlain ? '{}' : texts([...payers, ...allotments.wallet]),
    rows.finish(),
    rounds,
    isAnyOffline,
    numbers(groups.of),
    numbers(groups.own),
    numbers(groups.walkIn),
    texts(groups.record),
    numbers(allotments.of),
    texts(allotments.id),
    texts(allotments.wallet),
    numbers(allotments.amount),
    texts(allotments.guest),
  ];
}

/** A column for each of `ledger_settle_row`. */
function writeRow(rows: RowWriter, { command, hash, round }: Placed): void {
  const { payer, limits, amount } = command;
  const paying = payer.isGood ? payer : undefined;
  rows.row(COLUMNS);
  rows.int4(round);
  rows.int2(payer.isGood ? 0 : declineReasons.indexOf(payer.reason) + 1);
  rows.int2(command.mode === 'offline' ? 1 : 0);
  rows.int8(amount.amount);
  rows.int8(command.fee);
  rows.int8(Math.min(limits.perPayment, paying?.perPaymentLimit ?? limits.perPayment));
  rows.int8(limits.perDay);
  rows.int8(limits.perMonth);
  rows.int8(limits.day);
  rows.int8(limits.month);
  rows.int8(paying?.counter ?? null);
  rows.int8(command.capturedAtMs);
  rows.int8(command.atMs);
  rows.uuid(command.settlementId);
  rows.uuid(command.storeId);
  rows.uuid(command.terminalId);
  rows.uuid(command.checkId);
  rows.uuid(paying?.walletId ?? null);
  rows.text(amount.currency);
  rows.text(hash);
  rows.text(payer.alias);
  rows.text(paying?.member.memberRef ?? null);
  rows.text(paying?.member.maskedName ?? null);
  rows.text(paying?.member.settlementMethod ?? null);
}

const COLUMNS = 24;

const ARGUMENTS = 13;
const CALL = `select verdicts, seen from ledger_settle(${Array.from({ length: ARGUMENTS }, (_, index) => `$${index + 1}`).join(', ')})`;
