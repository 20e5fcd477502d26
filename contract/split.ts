import assert from 'node:assert';
import { type ExactParts, drain, greatestCommonDivisor, prorate, resize, roundParts, subtract, sum } from './parts.ts';

/**
 * Who bears how much of a bill.
 *
 * A line is shared by its consumers in proportion to their weights, or by every guest where nobody is named. Discounts,
 * service charge, tax and tip are of the whole check and follow each guest's share of the lines. All of this is exact:
 * shares stay fractions until the very end, so that no order of guests, lines or consumers changes a result, and only
 * then become whole minor units that sum to the bill. The unit that is left over goes to the payer, who is paid back
 * by nobody for more than his exact share rounded down; or, `fair`, to the largest fractions, ties to the lesser id.
 *
 * A negative bill is split like its opposite and negated. Amounts are BigInt inside: no sum is too large.
 */
export interface SplitConsumer {
  readonly guestId: string;
  /** A positive whole number: 2 beside 1 bears two thirds. */
  readonly weight: number;
}

export interface SplitLine {
  readonly lineId: string;
  /** Minor units. May be negative. */
  readonly amount: number | bigint;
  /** Nobody: the line is shared by every guest. */
  readonly consumers: readonly SplitConsumer[];
}

/** Minor units of the whole check; a discount is negative. */
export interface SplitAdjustment {
  readonly kind: 'discount' | 'serviceCharge' | 'tax' | 'tip' | 'rounding';
  readonly amount: number | bigint;
}

export interface SplitBill {
  /** Each once. A walk-in without a wallet has an id like anybody else. */
  readonly guests: readonly string[];
  readonly lines: readonly SplitLine[];
  readonly adjustments: readonly SplitAdjustment[];
}

/** Who takes the minor units that no fraction is worth. */
export type RemainderRule = { readonly type: 'payer'; readonly guestId: string } | { readonly type: 'fair' };

export interface SettlementSplit {
  readonly amount: number | bigint;
  /** Need not be among those who are covered, nor a guest: then the remainder is shared out fairly. */
  readonly payer: string;
  /** Whose shares are paid for: every guest's where it is left out. */
  readonly covers?: readonly string[] | undefined;
  /** What a person decided that a covered guest bears. It stands; the others bear the rest. */
  readonly fixed?: ReadonlyMap<string, number | bigint> | undefined;
  readonly remainder?: 'payer' | 'fair' | undefined;
}

/** What is given back of a line. */
export interface LineRefund {
  readonly lineId: string;
  /** Of the line's own amount; all that is left of it where this is left out. */
  readonly amount?: number | bigint | undefined;
}

export interface SplitRefund {
  /** Minor units given back, zero or more. */
  readonly amount: number | bigint;
  /** What it is given back for. No lines: for the settlement as a whole. */
  readonly lines?: readonly LineRefund[] | undefined;
}

/** Each guest's share of the whole bill. The shares sum to the bill exactly. */
export function splitBill(bill: SplitBill, remainder: RemainderRule): ReadonlyMap<string, bigint> {
  refuse(splitProblem(bill));
  const first = remainder.type === 'payer' ? remainder.guestId : undefined;
  assert(first === undefined || bill.guests.includes(first), 'the payer who takes the remainder is one of the guests');
  return roundParts(exactShares(bill), first);
}

/**
 * What each covered guest bears within one settlement that pays for them: his share of the bill where the shares of
 * the covered sum to the amount; else, a part payment, the amount in proportion to their shares.
 *
 * @returns an entry for each covered guest and for nobody else; the entries sum to the amount exactly
 */
export function splitSettlement(bill: SplitBill, settlement: SettlementSplit): ReadonlyMap<string, bigint> {
  refuse(splitProblem(bill, settlement));
  const { payer, covers = bill.guests, fixed = nothingFixed, remainder = 'payer' } = settlement;
  const open = covers.filter((guest) => !fixed.has(guest));
  const rest = minorUnits(settlement.amount) - sum(fixed.values().map(minorUnits));
  const exact = exactShares(bill);
  const first = remainder === 'payer' ? payer : undefined;

  const ofBill = roundParts(exact, first);
  const isWhole = open.length === 0 || sum(open.map((guest) => ofBill.get(guest) ?? 0n)) === rest;
  const shares = isWhole ? ofBill : roundParts(resize(pick(exact, open), rest), first);
  return new Map(covers.map((guest) => [guest, minorUnits(fixed.get(guest) ?? shares.get(guest) ?? 0n)]));
}

/**
 * By how much each guest's stored share falls with a refund: the consumers of the lines that are given back bear less.
 *
 * Nobody's share falls below zero: what does not fit falls from the shares that are left. Fractions are kept from
 * refund to refund, so that many small ones do the same as one; the refund that leaves nothing takes every rest.
 * Lines of guests whom the settlement did not cover fall from those whom it did.
 *
 * @param shares as they were stored with the settlement
 * @param refunds.earlier all refunds of this settlement so far, in the order in which they were booked
 * @param refunds.payer takes the remainder where he has a share; left out, it is shared out fairly
 * @returns an entry for each share, zero or more where no share is negative; the entries sum to the refund exactly
 */
export function shrinkShares(
  bill: SplitBill,
  shares: ReadonlyMap<string, number | bigint>,
  refunds: { readonly earlier: readonly SplitRefund[]; readonly now: SplitRefund; readonly payer?: string | undefined },
): ReadonlyMap<string, bigint> {
  refuse(splitProblem(bill));
  for (const guest of shares.keys()) assert(bill.guests.includes(guest), 'a share is of a guest of the bill');
  const whole = new Map(Array.from(shares, ([guest, share]) => [guest, minorUnits(share)]));
  const linesLeft = new Map(bill.lines.map((line) => [line.lineId, minorUnits(line.amount)]));
  let left: ExactParts = { parts: whole, unit: 1n };
  let fallen: ReadonlyMap<string, bigint> = new Map(bill.guests.map((guest) => [guest, 0n]));
  let before = fallen;
  for (const refund of [...refunds.earlier, refunds.now]) {
    before = fallen;
    const amount = minorUnits(refund.amount);
    const rest = sum(whole.values()) - sum(fallen.values());
    assert(amount >= 0n && amount <= rest, 'a refund is not negative and gives back no more than is left');
    left = drain(left, amount, weightsOf(bill, refund, linesLeft));
    fallen = amount === rest ? whole : roundParts(subtract(whole, left), refunds.payer, { least: before, most: whole });
  }
  return new Map(whole.keys().map((guest) => [guest, (fallen.get(guest) ?? 0n) - (before.get(guest) ?? 0n)]));
}

/**
 * What makes a bill, or a settlement of it, impossible to split, as a sentence; undefined where nothing does. Whoever
 * reads a bill from a wire asks first: the functions above throw.
 */
export function splitProblem(bill: SplitBill, settlement?: SettlementSplit): string | undefined {
  const guests = new Set(bill.guests);
  if (guests.size === 0) return 'a bill is split between at least one guest';
  if (guests.size !== bill.guests.length) return 'a guest is on a bill once';
  if (new Set(bill.lines.map((line) => line.lineId)).size !== bill.lines.length) return 'a line is on a bill once';
  for (const { consumers } of bill.lines) {
    if (!consumers.every(({ guestId }) => guests.has(guestId))) return 'a line is consumed by guests of the bill';
    if (!consumers.every(({ weight }) => Number.isSafeInteger(weight) && weight > 0))
      return 'a weight is a positive whole number';
    if (new Set(consumers.map(({ guestId }) => guestId)).size !== consumers.length)
      return 'a guest consumes a line once';
  }
  if (settlement === undefined) return undefined;

  const { covers = bill.guests, fixed = nothingFixed } = settlement;
  const covered = new Set(covers);
  if (covered.size === 0) return 'a settlement pays for at least one guest';
  if (covered.size !== covers.length) return 'a guest is covered once';
  if (!covers.every((guest) => guests.has(guest))) return 'a covered guest is a guest of the bill';
  if (fixed.size === 0) return undefined;
  if (!fixed.keys().every((guest) => covered.has(guest))) return 'a fixed amount is for a covered guest';
  if (fixed.values().some((amount) => amount < 0)) return 'a fixed amount is not negative';
  const rest = minorUnits(settlement.amount) - sum(fixed.values().map(minorUnits));
  if (rest < 0n) return 'fixed amounts sum to no more than the settlement';
  return rest > 0n && fixed.size === covers.length ? 'amounts fixed for everybody sum to the settlement' : undefined;
}

const nothingFixed: ReadonlyMap<string, number | bigint> = new Map();

function exactShares(bill: SplitBill): ExactParts {
  const lines = exactLines(bill.guests, bill.lines);
  return prorate(lines, sum(bill.adjustments.map(({ amount }) => minorUnits(amount))) * lines.unit);
}

function exactLines(guests: readonly string[], lines: readonly SplitLine[]): ExactParts {
  const everyone = guests.map((guestId) => ({ guestId, weight: 1 }));
  const shared = lines.map(({ amount, consumers }) => {
    const sharers = consumers.length === 0 ? everyone : consumers;
    return { amount: minorUnits(amount), sharers, weight: sum(sharers.map((sharer) => BigInt(sharer.weight))) };
  });
  const unit = shared.reduce((common, { weight }) => (common / greatestCommonDivisor(common, weight)) * weight, 1n);
  const parts = new Map(guests.map((guest) => [guest, 0n]));
  for (const { amount, sharers, weight: all } of shared) {
    const each = amount * (unit / all);
    for (const { guestId, weight } of sharers) parts.set(guestId, (parts.get(guestId) ?? 0n) + each * BigInt(weight));
  }
  return { parts, unit };
}

/** How much of the refunded lines each guest consumed; takes the refunded amounts off `linesLeft`. */
function weightsOf(bill: SplitBill, refund: SplitRefund, linesLeft: Map<string, bigint>): ReadonlyMap<string, bigint> {
  const lines = (refund.lines ?? []).map(({ lineId, amount }) => {
    const line = bill.lines.find((candidate) => candidate.lineId === lineId);
    const left = linesLeft.get(lineId);
    assert(line !== undefined && left !== undefined, 'a refunded line is on the bill');
    const part = amount === undefined ? left : minorUnits(amount);
    assert(
      left < 0n ? part >= left && part <= 0n : part >= 0n && part <= left,
      'no more is refunded of a line than is left',
    );
    linesLeft.set(lineId, left - part);
    return { ...line, amount: part };
  });
  return exactLines(bill.guests, lines).parts;
}

function minorUnits(amount: number | bigint): bigint {
  assert(typeof amount === 'bigint' || Number.isSafeInteger(amount), 'an amount is a whole number of minor units');
  return BigInt(amount);
}

function refuse(problem: string | undefined): void {
  assert(problem === undefined, problem);
}

function pick({ parts, unit }: ExactParts, guests: readonly string[]): ExactParts {
  return { parts: new Map(guests.map((guest) => [guest, parts.get(guest) ?? 0n])), unit };
}
