import fc from 'fast-check';
import { attemptIdSchema, refundIdSchema } from '#contract/ids.ts';
import { declineReasons } from '#contract/settlement.ts';
import { groupOf, shrinkOf } from '#test/wallet/server/ledger-groups.ts';
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
import type { Command, Payer } from '#wallet/server/ledger/ledger.ts';

/**
 * Random commands over few ids. Most name what is there, as a server would that has looked into the books; so a command
 * is made when its list is about to be booked, from what the oracle has by then. Some name anything.
 */
export type Intent = (at: Moment) => Command;

interface Moment {
  readonly oracle: Oracle;
  /** A new UUIDv7 each time. */
  readonly newId: () => string;
  /** Every command so far. */
  readonly past: readonly Command[];
}

const one = <T>(values: readonly T[]): fc.Arbitrary<T> => fc.constantFrom(...values);
const mostly = <T>(usual: fc.Arbitrary<T>, other: fc.Arbitrary<T>): fc.Arbitrary<T> =>
  fc.oneof({ weight: 12, arbitrary: usual }, { weight: 1, arbitrary: other });
/** The one that a number picks. */
const pick = <T>(values: readonly T[], which: number): T | undefined => values[which % values.length];

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
const neverSeen = attemptIdSchema.parse(id(5, 99));
const nobody = id(4, 9);
const walletId = mostly(
  mostly(one(wallets.slice(0, 3)), one(wallets)).map((wallet) => wallet.walletId),
  fc.constant(nobody),
);
/** Undefined: what is there is meant. */
const stray = <T>(other: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => mostly(fc.constant(undefined), other);

// Few amounts that sum to one another: balances and refunds are to be met exactly, and missed by one.
const amount = mostly(one([250, 500, 1_000, 2_000]), one([1, 249, 251, 999, 5_001, 60_000]));
const money = fc.record({ amount, currency: mostly(fc.constant('JPY'), fc.constant('USD')) });
const atMs = fc.nat({ max: 1_000 });
const asking = {
  storeId: mostly(one(stores.slice(0, 1)), one(stores)),
  terminalId: mostly(one(terminals.slice(0, 1)), one(terminals)),
  atMs,
};

const goodPayer: fc.Arbitrary<Payer> = fc
  .record({
    wallet: mostly(one([0, 0, 1, 2]), one([3, 4, 5])),
    counter: mostly(fc.nat({ max: 1_000 }), fc.nat({ max: 3 })),
    limit: mostly(fc.constant(9_999), fc.constant(1_000)),
  })
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
  perPayment: mostly(fc.constant(9_999), fc.constant(999)),
  perDay: one([9_999, 9_999, 9_999, 9_999, 1_500]),
  perMonth: one([99_999, 99_999, 99_999, 99_999, 1_500]),
  day: fc.nat({ max: 3 }),
  month: fc.nat({ max: 2 }),
});

const settle: fc.Arbitrary<Intent> = fc
  .record({
    ...asking,
    settlementId,
    checkId: one(checks.slice(0, 1)),
    amount: money,
    payer: mostly(goodPayer, badPayer),
    mode: one(['online' as const, 'offline' as const]),
    fee: one([0, 0, 30]),
    limits,
    shares: fc.option(fc.array(one([0, 10, 25, 30]), { minLength: 2, maxLength: 3 }), { freq: 2 }),
    first: one([0, 0, 1, 2, 3, 4]),
    capturedAtMs: atMs,
  })
  .map(({ shares, first, ...command }) => ({ newId }) => {
    const payer = command.payer.isGood ? command.payer.walletId : undefined;
    return {
      type: 'settle',
      ...command,
      fee: Math.min(command.fee, command.amount.amount - 1),
      ...(shares === null ? {} : { group: groupOf(payer, command.amount, shares, newId, first) }),
    };
  });

/** Of a sale that went well, or of any id. */
const cancel: fc.Arbitrary<Intent> = fc
  .record({ ...asking, which: fc.nat(), other: fc.option(settlementId, { freq: 1 }) })
  .map(({ which, other, ...command }) => ({ oracle, newId }) => {
    const settled = other ?? pick(approvedOf(oracle), which)?.settlementId ?? neverSeen;
    return { type: 'cancel', ...command, settlementId: settled, transferId: newId() };
  });

const giveBack: fc.Arbitrary<Intent> = fc
  .record({
    ...asking,
    refundId,
    which: fc.nat(),
    other: stray(settlementId),
    amount: money,
    lines: mostly(fc.constant('all'), fc.constant('coffee')),
    isBlind: mostly(fc.constant(false), fc.constant(true)),
  })
  .map(({ which, other, lines, isBlind, ...asked }) => ({ oracle }) => {
    const settled = other ?? pick(approvedOf(oracle), which)?.settlementId ?? neverSeen;
    const command = { type: 'refund' as const, ...asked, settlementId: settled, reason: 'cold coffee' };
    if (oracle.groups.has(settled) === isBlind) return command;
    return { ...command, group: shrinkOf(oracle, settled, asked.amount.amount, lines) };
  });

const reload: fc.Arbitrary<Intent> = fc
  .record({ reloadId, walletId, fromAccount: one(origins), amount: money, atMs })
  .map((command) => () => ({ type: 'reload', ...command }));
const reverseReload: fc.Arbitrary<Intent> = fc
  .record({ which: fc.nat(), other: stray(reloadId), atMs })
  .map(({ which, other, atMs: now }) => ({ oracle }) => ({
    type: 'reverse_reload',
    reloadId: other ?? pick(reloadsOf(oracle), which)?.id ?? neverSeen,
    atMs: now,
  }));
const chargeBack: fc.Arbitrary<Intent> = fc
  .record({ which: fc.nat(), other: stray(reloadId), atMs })
  .map(({ which, other, atMs: now }) => ({ oracle }) => ({
    type: 'charge_back',
    reloadId: other ?? pick(reloadsOf(oracle), which)?.id ?? neverSeen,
    atMs: now,
  }));

/** Mostly by the one who owes; exactly what is open, or some amount. */
const repay: fc.Arbitrary<Intent> = fc
  .record({ repaymentId, which: fc.nat(), other: stray(walletId), amount: fc.option(money, { freq: 1 }), atMs })
  .map(({ which, other, amount: part, ...command }) => ({ oracle, newId }) => {
    const allotment = pick([...oracle.allotments.values()], which);
    const open = allotment === undefined ? 0 : allotment.amount - allotment.repaid - allotment.treated;
    return {
      type: 'repay',
      ...command,
      allotmentId: allotment?.allotmentId ?? newId(),
      walletId: other ?? allotment?.debtor ?? nobody,
      amount: part ?? { amount: Math.max(1, open), currency: allotment?.currency ?? 'JPY' },
    };
  });

const treat: fc.Arbitrary<Intent> = fc
  .record({ which: fc.nat(), group: stray(one(settlementIds)), other: stray(walletId), some: fc.nat({ max: 3 }), atMs })
  .map(({ which, group, other, some, atMs: now }) => ({ oracle }) => {
    const groupPaymentId = group ?? pick([...oracle.groups.keys()], which) ?? neverSeen;
    const all = [...oracle.allotments.values()];
    const own = all.filter(({ groupId }) => groupId === groupPaymentId);
    // None named, one or two of the group's, or any of anybody's.
    const named = [[], own.slice(0, 1), own.slice(0, 2), all.slice(0, 1)][some] ?? [];
    return {
      type: 'treat',
      groupPaymentId,
      walletId: other ?? oracle.groups.get(groupPaymentId)?.payer ?? nobody,
      allotmentIds: named.map(({ allotmentId }) => allotmentId),
      atMs: now,
    };
  });

const placeHold: fc.Arbitrary<Intent> = fc
  .record({
    holdId: one(holdIds),
    walletId,
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

/** An answer was lost: the same once more, or what the terminal has accepted alone meanwhile. */
const again: fc.Arbitrary<Intent> = fc
  .record({ which: fc.nat(), isOffline: fc.boolean() })
  .map(({ which, isOffline }) => ({ past }) => {
    const command = pick(past, which) ?? { type: 'release_holds', atMs: 0 };
    return command.type === 'settle' && isOffline ? { ...command, mode: 'offline' } : command;
  });

const intent: fc.Arbitrary<Intent> = fc.oneof(
  { weight: 12, arbitrary: settle },
  { weight: 2, arbitrary: cancel },
  { weight: 5, arbitrary: giveBack },
  { weight: 10, arbitrary: reload },
  { weight: 1, arbitrary: reverseReload },
  { weight: 2, arbitrary: chargeBack },
  { weight: 8, arbitrary: repay },
  { weight: 2, arbitrary: treat },
  { weight: 3, arbitrary: placeHold },
  { weight: 1, arbitrary: releaseHolds },
  { weight: 5, arbitrary: again },
);

/** Lists as they may arrive: alone, some together, some twice over in one list. */
export const lists = fc.array(
  fc.record({
    intents: fc.array(intent, { minLength: 1, maxLength: 12, size: 'max' }),
    isTwice: one([false, false, true]),
  }),
  { minLength: 5, maxLength: 40, size: 'max' },
);

function approvedOf({ settlements }: Oracle) {
  return [...settlements.values()].flatMap(({ settlement }) => (settlement.state === 'approved' ? [settlement] : []));
}

function reloadsOf({ transfers }: Oracle) {
  return [...transfers.values()].filter(({ kind }) => kind === 'reload');
}
