import assert from 'node:assert';
import type { ClientBase } from 'pg';
import { declineReasons } from '#contract/settlement.ts';
import { refuse, type SettlementRow, toSettlement, toTime } from './answers.ts';
import { detailOf, type Outcome, referenceOf, type Settle } from './ledger.ts';
import { numbers, texts, toRow } from './postgres-arrays.ts';
import { APPROVED, SEEN } from './postgres-settle-function.ts';

/** A settlement, and what makes it the same as another. */
export interface Asked {
  readonly command: Settle;
  readonly hash: string;
}

/**
 * Settlements whose ids are all different, inside of whatever transaction the client is in. The outcomes are in the
 * order of the list.
 */
export async function bookSettlements(client: ClientBase, asked: readonly Asked[]): Promise<Outcome[]> {
  // Wallets are locked in the order of the rows, the same in every server.
  const order = asked.map((_, place) => place).toSorted((left, right) => comparePayers(asked[left], asked[right]));
  const rounds = toRounds(asked);
  const { rows } = await client.query<[verdicts: string, seen: Seen[] | null]>({
    name: 'ledger_settle',
    text: CALL,
    rowMode: 'array',
    values: toArguments(order.map((place) => ({ ...at(asked, place), round: at(rounds, place) }))),
  });
  const [verdicts, seen] = at(rows, 0);
  assert(verdicts.length === asked.length, 'every settlement has a verdict');
  const outcomes: Outcome[] = [];
  order.forEach((place, index) => {
    const { command, hash } = at(asked, place);
    const verdict = verdicts.charCodeAt(index) - ZERO;
    if (verdict === APPROVED) outcomes[place] = approve(command);
    else if (verdict !== SEEN) outcomes[place] = decline(command, verdict);
    else
      outcomes[place] = repeat(
        command,
        hash,
        seen?.find((one) => one.place === index + 1),
      );
  });
  return outcomes;
}

/** The row is null where the id is another kind of money row's. */
interface Seen {
  readonly place: number;
  readonly row: SettlementRow | null;
  readonly record: string | null;
}

const ZERO = '0'.charCodeAt(0);

function comparePayers(left: Asked | undefined, right: Asked | undefined): number {
  const [first, second] = [left, right].map((one) => (one?.command.payer.isGood ? one.command.payer.walletId : ''));
  return first === second ? 0 : (first ?? '') < (second ?? '') ? -1 : 1;
}

function at<T>(list: readonly T[], place: number): T {
  const one = list[place];
  assert(one !== undefined, 'the place is in the list');
  return one;
}

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
  const reason = at(declineReasons, verdict - 1);
  const booked = { settlementId, checkId, amount, bookedAt: toTime(atMs) };
  return { type: 'settlement', settlement: { state: 'declined', ...booked, reason, detail: detailOf(reason) } };
}

function repeat({ storeId }: Settle, hash: string, seen: Seen | undefined): Outcome {
  assert(seen !== undefined, 'what was seen before is shown');
  const { row, record } = seen;
  if (row === null || row.store_id !== storeId) return refuse('duplicate_mismatch');
  if (row.request_hash !== null && row.request_hash !== hash) return refuse('duplicate_mismatch');
  if (row.state === 'cancelled') return refuse('cancelled');
  return { type: 'settlement', settlement: toSettlement(row, record) };
}

/** The arguments of `ledger_settle`, in its order. */
function toArguments(asked: readonly (Asked & { readonly round: number })[]): (string | number)[] {
  const rows: string[] = [];
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
  asked.forEach(({ command, hash, round }, index) => {
    const { payer, group, mode } = command;
    rows.push(rowOf(command, hash, round));
    rounds = Math.max(rounds, round);
    if (payer.isGood) payers.add(payer.walletId);
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
    texts(rows),
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

/** A field for each of `ledger_settle_row`. */
function rowOf(command: Settle, hash: string, round: number): string {
  const { payer, limits, amount, mode } = command;
  const paying = payer.isGood ? payer : undefined;
  return toRow([
    round,
    payer.isGood ? 0 : declineReasons.indexOf(payer.reason) + 1,
    mode === 'offline' ? 1 : 0,
    amount.amount,
    command.fee,
    Math.min(limits.perPayment, paying?.perPaymentLimit ?? limits.perPayment),
    limits.perDay,
    limits.perMonth,
    limits.day,
    limits.month,
    paying?.counter ?? null,
    command.capturedAtMs,
    command.atMs,
    command.settlementId,
    command.storeId,
    command.terminalId,
    command.checkId,
    paying?.walletId ?? null,
    amount.currency,
    hash,
    payer.alias,
    paying?.member.memberRef ?? null,
    paying?.member.maskedName ?? null,
    paying?.member.settlementMethod ?? null,
  ]);
}

/** From 1: what depends on an earlier one of the list, by its wallet or by its code, is judged in a later round. */
function toRounds(asked: readonly Asked[]): number[] {
  const last = new Map<string, number>();
  return asked.map(({ command: { payer } }) => {
    if (!payer.isGood) return 1;
    const code = `${payer.counter} ${payer.alias}`;
    const round = Math.max(last.get(payer.walletId) ?? 0, last.get(code) ?? 0) + 1;
    last.set(payer.walletId, round);
    last.set(code, round);
    return round;
  });
}

const ARGUMENTS = 13;
const CALL = `select verdicts, seen from ledger_settle(${Array.from({ length: ARGUMENTS }, (_, index) => `$${index + 1}`).join(', ')})`;
