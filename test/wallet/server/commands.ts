import fc from 'fast-check';
import type { GroupResult } from '#contract/group.ts';
import { attemptIdSchema, refundIdSchema } from '#contract/ids.ts';
import { declineReasons } from '#contract/settlement.ts';
import {
  checks,
  holdIds,
  id,
  origins,
  refundIds,
  reloadIds,
  repaymentIds,
  settlementIds,
  stores,
  terminals,
  wallets,
} from '#test/wallet/server/ledger-seed.ts';
import type { Oracle } from '#test/wallet/server/oracle.ts';
import type { Command, GiveBack, GroupBooking, Payer } from '#wallet/server/ledger/ledger.ts';

/**
 * Random commands over few ids. Some can only be said by a server that has looked into the books: those are made when
 * their list is about to be booked, from what the oracle has by then, as a server would from what it read.
 */
export type Intent = (at: Moment) => Command;

interface Moment {
  readonly oracle: Oracle;
  /** A new UUIDv7 each time. */
  readonly newId: () => string;
  /** Every allotment that was ever asked for. */
  readonly allotmentIds: string[];
}

const one = <T>(values: readonly T[]): fc.Arbitrary<T> => fc.constantFrom(...values);
const mostly = <T>(usual: fc.Arbitrary<T>, other: fc.Arbitrary<T>): fc.Arbitrary<T> =>
  fc.oneof({ weight: 9, arbitrary: usual }, { weight: 1, arbitrary: other });
const anyId = one([...settlementIds, ...refundIds, ...reloadIds, ...repaymentIds]);
const settlementId = mostly(
  one(settlementIds),
  anyId.map((value) => attemptIdSchema.parse(value)),
);
const refundId = mostly(
  one(refundIds),
  anyId.map((value) => refundIdSchema.parse(value)),
);
const reloadId = mostly(one(reloadIds), anyId);
const repaymentId = mostly(one(repaymentIds), anyId);
const walletId = mostly(one(wallets.slice(0, 3)), one(wallets)).map((wallet) => wallet.walletId);
const nobody = id(4, 9);
const anyWallet = mostly(walletId, fc.constant(nobody));

// Few amounts that sum to one another: balances and refunds are to be met exactly, and missed by one.
const amount = mostly(one([250, 500, 1_000, 2_000]), one([1, 249, 251, 999, 4_000, 5_001, 60_000]));
const money = fc.record({ amount, currency: mostly(fc.constant('JPY'), fc.constant('USD')) });
const atMs = fc.nat({ max: 1_000 });
const asking = {
  storeId: mostly(one(stores.slice(0, 1)), one(stores)),
  terminalId: mostly(one(terminals.slice(0, 1)), one(terminals)),
  atMs,
};

const goodPayer: fc.Arbitrary<Payer> = fc
  .record({ wallet: one([0, 0, 0, 1, 1, 2, 3, 4, 5]), counter: fc.nat({ max: 30 }), limit: one([1_000, 9_999, 9_999]) })
  .map(({ wallet, counter, limit }) => ({
    isGood: true,
    alias: `alias-${wallet}`,
    counter,
    walletId: wallets[wallet]?.walletId ?? nobody,
    perPaymentLimit: limit,
    offlineAllowance: { amount: 0, currency: 'JPY' },
    member: { memberRef: `ref-${wallet}`, maskedName: 'Haru •••', settlementMethod: 'shown_code' },
  }));
const badPayer: fc.Arbitrary<Payer> = fc.record({
  isGood: fc.constant(false as const),
  alias: one(['', 'alias-1']),
  reason: one(declineReasons),
});
const limits = fc.record({
  perPayment: one([3_000, 9_999, 9_999]),
  perDay: one([1_500, 9_999, 9_999]),
  perMonth: one([4_000, 99_999, 99_999]),
  day: fc.nat({ max: 3 }),
  month: fc.nat({ max: 2 }),
});
/** Parts in a hundred of the bill that each other guest, and a walk-in, has consumed. */
const parts = fc.array(one([0, 10, 25, 30]), { minLength: 2, maxLength: 3 });

const settle: fc.Arbitrary<Intent> = fc
  .record({
    ...asking,
    settlementId,
    checkId: one(checks.slice(0, 1)),
    amount: money,
    payer: mostly(goodPayer, badPayer),
    mode: mostly(one(['online' as const, 'offline' as const]), fc.constant('offline' as const)),
    fee: one([0, 0, 30]),
    limits,
    parts: fc.option(parts, { freq: 2 }),
    capturedAtMs: atMs,
  })
  .map(({ parts: shares, fee, ...command }) => (moment) => {
    const group = shares === null ? {} : { group: groupOf(moment, command.payer, command.amount, shares) };
    return {
      type: 'settle',
      ...command,
      fee: Math.min(fee, command.amount.amount - 1),
      ...group,
    };
  });

const cancel: fc.Arbitrary<Intent> = fc.record({ ...asking, settlementId }).map((command) => ({ newId }) => ({
  type: 'cancel',
  ...command,
  transferId: newId(),
}));

const giveBack: fc.Arbitrary<Intent> = fc
  .record({
    ...asking,
    refundId,
    settlementId,
    amount: money,
    lines: one(['all', 'all', 'coffee']),
    isBlind: one([0, 0, 0, 0, 1]),
  })
  .map(({ lines, isBlind, ...asked }) => ({ oracle }) => {
    const command = { type: 'refund' as const, ...asked, reason: 'cold coffee' };
    const isGroup = oracle.groups.has(asked.settlementId) !== (isBlind === 1);
    return isGroup ? { ...command, group: shrinkOf(oracle, asked.settlementId, asked.amount.amount, lines) } : command;
  });

const reload: fc.Arbitrary<Intent> = fc
  .record({ reloadId, walletId: anyWallet, fromAccount: one(origins), amount: money, atMs })
  .map((command) => () => ({ type: 'reload', ...command }));
const reverseReload: fc.Arbitrary<Intent> = fc
  .record({ reloadId, atMs })
  .map((command) => () => ({ type: 'reverse_reload', ...command }));
const chargeBack: fc.Arbitrary<Intent> = fc
  .record({ reloadId, atMs })
  .map((command) => () => ({ type: 'charge_back', ...command }));

/** Mostly by the one who owes, and now and then exactly what is open. */
const repay: fc.Arbitrary<Intent> = fc
  .record({
    repaymentId,
    which: fc.nat(),
    other: mostly(fc.constant(undefined), anyWallet),
    amount: fc.option(money),
    atMs,
  })
  .map(({ which, other, amount: part, ...command }) => ({ oracle, allotmentIds, newId }) => {
    const allotmentId = allotmentIds[which % allotmentIds.length] ?? newId();
    const allotment = oracle.allotments.get(allotmentId);
    const open = allotment === undefined ? 0 : allotment.amount - allotment.repaid - allotment.treated;
    const exactly = { amount: Math.max(1, open), currency: allotment?.currency ?? 'JPY' };
    return {
      type: 'repay',
      ...command,
      allotmentId,
      walletId: other ?? allotment?.debtor ?? nobody,
      amount: part ?? exactly,
    };
  });

const treat: fc.Arbitrary<Intent> = fc
  .record({
    settlementId,
    other: mostly(fc.constant(undefined), anyWallet),
    picks: fc.array(fc.nat(), { maxLength: 2 }),
    atMs,
  })
  .map(({ settlementId: groupPaymentId, other, picks, atMs: now }) => ({ oracle, allotmentIds }) => ({
    type: 'treat',
    groupPaymentId,
    walletId: other ?? oracle.groups.get(groupPaymentId)?.payer ?? nobody,
    allotmentIds: picks.flatMap((pick) => {
      // One of the group's, unless it has none.
      const own = allotmentIds.filter((each) => oracle.allotments.get(each)?.groupId === groupPaymentId);
      return (own.length === 0 ? allotmentIds : own).slice(pick % 5, (pick % 5) + 1);
    }),
    atMs: now,
  }));

const placeHold: fc.Arbitrary<Intent> = fc
  .record({
    holdId: one(holdIds),
    walletId: anyWallet,
    target: one([0, 500, 1_000, 2_000, 10_000]),
    promised: one([0, 100, 400]),
    late: one([0, 200]),
    atMs,
  })
  .map(({ promised, late, ...command }) => () => ({
    type: 'place_hold',
    ...command,
    promisedUntilMs: command.atMs + promised,
    expiresAtMs: command.atMs + promised + late,
  }));
const releaseHolds: fc.Arbitrary<Intent> = atMs.map((now) => () => ({ type: 'release_holds', atMs: now }));

const intent: fc.Arbitrary<Intent> = fc.oneof(
  { weight: 10, arbitrary: settle },
  { weight: 2, arbitrary: cancel },
  { weight: 5, arbitrary: giveBack },
  { weight: 6, arbitrary: reload },
  { weight: 1, arbitrary: reverseReload },
  { weight: 1, arbitrary: chargeBack },
  { weight: 5, arbitrary: repay },
  { weight: 2, arbitrary: treat },
  { weight: 4, arbitrary: placeHold },
  { weight: 1, arbitrary: releaseHolds },
);

/** Lists as they may arrive: alone, some together, some twice over in one list. */
export const lists = fc.array(
  fc.record({
    intents: fc.array(intent, { minLength: 1, maxLength: 12, size: 'max' }),
    isTwice: one([false, false, true]),
  }),
  { minLength: 5, maxLength: 40, size: 'max' },
);

/** Who else was at the table: the next wallets after the payer's, and one walk-in, who comes last. */
function groupOf(
  { newId, allotmentIds }: Moment,
  payer: Payer,
  { amount: whole, currency }: { readonly amount: number; readonly currency: string },
  shares: readonly number[],
): GroupBooking {
  const others = wallets.filter((wallet) => !payer.isGood || wallet.walletId !== payer.walletId);
  const amounts = shares.map((part) => Math.floor((whole * part) / 100));
  const walkInShare = amounts.at(-1) ?? 0;
  const allotments = amounts.slice(0, -1).map((share, index) => {
    const allotmentId = newId();
    allotmentIds.push(allotmentId);
    return { allotmentId, guestId: `guest-${index}`, walletId: others[index]?.walletId ?? nobody, amount: share };
  });
  const ownShare = whole - walkInShare - allotments.reduce((sum, allotment) => sum + allotment.amount, 0);
  const result: GroupResult = {
    groupReference: newId().slice(-4),
    payer: 'payer',
    currency,
    ownShare,
    walkInShare,
    shares: [
      { guestId: 'payer', role: 'payer', share: ownShare },
      ...allotments.map(({ guestId, allotmentId, amount: share }) => ({
        guestId,
        role: 'member' as const,
        share,
        allotmentId,
      })),
    ],
  };
  const record = JSON.stringify({ guests: shares.length, result });
  return { hash: shares.join(), ownShare, walkInShare, allotments, result, record };
}

/** Guests get back as far as their allotments go, one after the other; the rest is the payer's. */
function shrinkOf(oracle: Oracle, groupId: string, whole: number, lines: string): NonNullable<GiveBack['group']> {
  let left = whole;
  const shrinks = [...oracle.allotments.values()]
    .filter((allotment) => allotment.groupId === groupId)
    .map(({ guestId, amount: borne }) => {
      const less = Math.min(borne, left);
      left -= less;
      return { guestId, amount: less };
    });
  const refundsBefore = [...oracle.refunds.values()].filter(({ refund }) => refund.settlementId === groupId).length;
  return { refundsBefore, lines, linesHash: lines, shrinks: [...shrinks, { guestId: 'payer', amount: left }] };
}
