import { createHash } from 'node:crypto';
import type { Group, GroupResult, GroupShare } from '#contract/group.ts';
import type { Money } from '#contract/money.ts';
import { type SplitBill, splitProblem, splitSettlement } from '#contract/split.ts';
import { recordOf } from './group-record.ts';
import type { ServerKeys } from './keys.ts';
import { type GroupBooking, referenceOf } from './ledger/ledger.ts';
import { memberRefOf } from './member-ref.ts';
import { type Guest, sameMember } from './people.ts';
import { Refusal } from './problem.ts';
import { maskName } from './token.ts';

/** A group whose payer was asked for money, before any of it moves. */
export interface GroupOrder {
  readonly storeId: string;
  readonly amount: Money;
  readonly group: Group;
  /** The guests of the group, in its order. */
  readonly guests: readonly Guest[];
  /** Whose code pays; undefined where nobody knows, and then nothing is booked. */
  readonly payer: Pick<Guest, 'walletId' | 'name'> | undefined;
}

/**
 * Who bears what of a settlement, and what is written beside it. Undefined where the payer pays for nobody else: that is
 * a plain settlement, without any record of a group.
 */
export function bookGroup(
  keys: ServerKeys,
  order: GroupOrder,
  settlementId: string,
  newId: () => string,
): GroupBooking | undefined | Refusal {
  const shared = shareGroup(keys, order);
  if (shared instanceof Refusal) return shared;
  const { group } = order;
  if ((group.covers ?? shared.guests.map(({ guestId }) => guestId)).every((guestId) => guestId === group.payer)) {
    return undefined;
  }
  const allotments = shared.shares.flatMap(({ guestId, role, share }) => {
    const walletId = shared.guests.find((guest) => guest.guestId === guestId)?.walletId;
    if (role !== 'member' || walletId === undefined) return [];
    return [{ allotmentId: newId(), guestId, walletId, amount: share }];
  });
  const result: GroupResult = {
    ...resultOf(order, shared.shares),
    groupReference: referenceOf(settlementId),
    shares: shared.shares.map((share) => {
      const allotment = allotments.find(({ guestId }) => guestId === share.guestId);
      return allotment === undefined ? share : { ...share, allotmentId: allotment.allotmentId };
    }),
  };
  return {
    hash: hashGroup(group, shared.guests),
    ownShare: result.ownShare,
    walkInShare: result.walkInShare,
    allotments,
    result,
    record: recordOf(group, shared.guests, result),
  };
}

/** The figures of {@link bookGroup}, of which nothing is booked: without references and ids. */
export function previewGroup(keys: ServerKeys, order: GroupOrder): GroupResult | Refusal {
  const shared = shareGroup(keys, order);
  return shared instanceof Refusal ? shared : resultOf(order, shared.shares);
}

interface SharedGroup {
  /** With the payer known by the code that pays. */
  readonly guests: readonly Guest[];
  /** Of the payer, and of everybody else whom this settlement pays for. */
  readonly shares: readonly GroupShare[];
}

function shareGroup(keys: ServerKeys, { storeId, amount, group, ...order }: GroupOrder): SharedGroup | Refusal {
  const problem = groupProblem(group);
  if (problem !== undefined) return new Refusal('group_invalid', problem);
  const named = order.guests.find(({ guestId }) => guestId === group.payer);
  if (named?.walletId !== undefined && order.payer !== undefined && named.walletId !== order.payer.walletId) {
    return new Refusal('group_invalid', `payer ${group.payer}: the code that pays is of another member`);
  }
  const guests = order.guests.map((guest) => (guest === named ? { ...guest, ...order.payer } : guest));
  const isSame = sameMember(guests);
  if (isSame !== undefined) return new Refusal('group_invalid', isSame);

  const bill = billOf(group);
  const settlement = {
    amount: amount.amount,
    payer: group.payer,
    covers: group.covers,
    fixed: new Map(group.fixed?.map((one) => [one.guestId, one.amount])),
    remainder: group.remainder,
  };
  const misfit = splitProblem(bill, settlement);
  if (misfit !== undefined) return new Refusal('group_invalid', misfit);
  const split = splitSettlement(bill, settlement);
  const below = split.entries().find(([, share]) => share < 0n);
  if (below !== undefined) {
    return new Refusal('group_invalid', `guest ${below[0]}: what was given back is more than this guest consumed`);
  }
  const shares = guests
    .filter(({ guestId }) => guestId === group.payer || split.has(guestId))
    .map((guest): GroupShare => {
      const { guestId, walletId, name } = guest;
      const role = guestId === group.payer ? 'payer' : walletId === undefined ? 'walkIn' : 'member';
      return {
        guestId,
        role,
        ...(walletId === undefined ? {} : { memberRef: memberRefOf(keys, storeId, walletId) }),
        ...(name === undefined ? {} : { maskedName: maskName(name) }),
        share: Number(split.get(guestId) ?? 0n),
      };
    });
  return { guests, shares };
}

/** What a group says about guests who are not there, as a sentence. */
function groupProblem({ guests, lines, payer, covers = [], fixed = [] }: Group): string | undefined {
  const ids = new Set<string>();
  for (const { guestId } of guests) {
    if (ids.has(guestId)) return `guest ${guestId}: is named twice`;
    ids.add(guestId);
  }
  if (!ids.has(payer)) return `payer ${payer}: is not one of the guests`;
  const stranger = covers.find((guestId) => !ids.has(guestId));
  if (stranger !== undefined) return `covers ${stranger}: is not one of the guests`;
  for (const [index, { guestId }] of fixed.entries()) {
    if (covers.length > 0 ? !covers.includes(guestId) : !ids.has(guestId)) {
      return `fixed ${guestId}: is not one of those who are covered`;
    }
    if (fixed.findIndex((one) => one.guestId === guestId) !== index) return `fixed ${guestId}: is named twice`;
  }
  for (const { lineId, consumers } of lines) {
    const unknown = consumers.find(({ guestId }) => !ids.has(guestId));
    if (unknown !== undefined) return `line ${lineId}: consumer ${unknown.guestId} is not one of the guests`;
  }
  return undefined;
}

function billOf({ guests, lines, adjustments }: Group): SplitBill {
  return { guests: guests.map(({ guestId }) => guestId), lines, adjustments };
}

function resultOf({ amount, group }: GroupOrder, shares: readonly GroupShare[]): GroupResult {
  const sumOf = (role: GroupShare['role']): number =>
    shares.filter((share) => share.role === role).reduce((sum, { share }) => sum + share, 0);
  return {
    groupReference: '',
    payer: group.payer,
    currency: amount.currency,
    ownShare: sumOf('payer'),
    walkInShare: sumOf('walkIn'),
    shares: [...shares],
  };
}

/** Of who they are, however they were named: the same group again may name by reference whom it named by code. */
function hashGroup({ lines, adjustments, payer, covers, fixed, remainder }: Group, guests: readonly Guest[]): string {
  const people = guests.map(({ guestId, walletId }) => [guestId, walletId]);
  const said = JSON.stringify([people, lines, adjustments, payer, covers, fixed, remainder]);
  return createHash('sha256').update(said).digest('base64url');
}
