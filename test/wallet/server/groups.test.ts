import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { AllotmentView } from '#contract/group.ts';
import { terminalIdSchema } from '#contract/ids.ts';
import { newId } from '#test/wallet/server/caller.ts';
import {
  type Group,
  line,
  type Meal,
  newAttemptId,
  newRefundId,
  openMeal,
  type Phone,
  repay,
  sharesOf,
  yen,
} from '#test/wallet/server/meal.ts';
import type { Command } from '#wallet/server/ledger/ledger.ts';

let meal: Meal;

beforeAll(async () => {
  meal = await openMeal();
});

afterAll(() => meal.close());

/** Three people who have nothing between them yet. */
function newPeople(): void {
  beforeEach(async () => {
    meal = await meal.others();
  });
}

describe('a group whose bill one member pays', () => {
  newPeople();

  test('row 45: A is the payer, B and C are the others', async () => {
    const { group } = await meal.payGroup(3_000);
    expect(group).toEqual({
      groupReference: expect.stringMatching(/^[0-9A-Z]{4}-[0-9A-Z]{4}$/) as string,
      payer: 'A',
      currency: 'JPY',
      ownShare: 1_000,
      walkInShare: 0,
      shares: [
        { guestId: 'A', role: 'payer', memberRef: meal.refs.A, maskedName: 'Aoi •••', share: 1_000 },
        {
          guestId: 'B',
          role: 'member',
          memberRef: meal.refs.B,
          maskedName: 'Ben •••',
          share: 1_000,
          allotmentId: expect.any(String) as string,
        },
        {
          guestId: 'C',
          role: 'member',
          memberRef: meal.refs.C,
          maskedName: 'Chie •••',
          share: 1_000,
          allotmentId: expect.any(String) as string,
        },
      ],
    });
  });

  test('row 46: before anybody has paid nothing is recorded', async () => {
    const { terminal, checkId } = meal;
    const { guests, lines } = meal.group({ lines: [line('ramen', 900, 'B')] });
    await terminal.get('putMembers', { checkId }, { label: 'Table 5', guests });
    await terminal.get('putConsumption', { checkId }, { currency: 'JPY', lines });
    await terminal.get('previewSplit', { checkId }, { amount: yen(900), group: meal.group({ lines }) });
    expect({
      ofA: await meal.a.get('listGroupPayments', {}),
      ofB: await meal.b.get('listGroupPayments', {}),
      owed: await meal.b.get('listBalances', {}),
      allotments: await allotmentsOf(meal.b),
    }).toEqual({ ofA: { groupPayments: [] }, ofB: { groupPayments: [] }, owed: { people: [] }, allotments: [] });
  });

  test('row 47: a declined payment leaves no record, and a cancelled one no valid record', async () => {
    const declined = await meal.settle(meal.a, 30_000, { group: meal.group() });
    expect([declined.state, await meal.b.get('listGroupPayments', {})]).toEqual(['declined', { groupPayments: [] }]);

    const paid = await meal.payGroup(3_000);
    await meal.terminal.get('cancelSettlement', { settlementId: paid.settlementId });
    expect([await meal.seenBy(meal.a, paid), await meal.seenBy(meal.b, paid)]).toMatchObject([
      { state: 'cancelled', total: yen(0), ownShare: yen(0), allotments: [{ status: 'cancelled', open: yen(0) }, {}] },
      { state: 'cancelled', ownShare: yen(0), allotments: [{ status: 'cancelled', amount: yen(0), open: yen(0) }] },
    ]);
    expect(await meal.b.get('listBalances', {})).toEqual({ people: [] });
    expect(await meal.balances()).toEqual({ A: 10_000, B: 10_000, C: 10_000 });
  });

  test('row 48: each member has a record of what they consumed, the payer too', async () => {
    const lines = [line('gyoza', 600, 'A'), line('ramen', 900, 'B'), line('tea', 300, 'B', 'C'), line('water', 300)];
    const paid = await meal.payGroup(2_100, { lines });
    const ofA = await meal.seenBy(meal.a, paid);
    expect({
      A: { role: ofA.role, own: ofA.ownShare.amount, items: ofA.items },
      B: (await meal.seenBy(meal.b, paid)).items,
      C: (await meal.seenBy(meal.c, paid)).items,
    }).toEqual({
      A: {
        role: 'payer',
        own: 700,
        items: [
          { name: 'gyoza', quantity: 1_000, amount: 600, sharedBy: 1 },
          { name: 'water', quantity: 1_000, amount: 100, sharedBy: 3 },
        ],
      },
      B: [
        { name: 'ramen', quantity: 1_000, amount: 900, sharedBy: 1 },
        { name: 'tea', quantity: 1_000, amount: 150, sharedBy: 2 },
        { name: 'water', quantity: 1_000, amount: 100, sharedBy: 3 },
      ],
      C: [
        { name: 'tea', quantity: 1_000, amount: 150, sharedBy: 2 },
        { name: 'water', quantity: 1_000, amount: 100, sharedBy: 3 },
      ],
    });
  });

  test('row 49: of 3,000 with nothing assigned B and C are allotted 1,000 each', async () => {
    expect(sharesOf(await meal.payGroup(3_000))).toEqual({ A: 1_000, B: 1_000, C: 1_000 });
  });

  test('row 50: items of 500, 1,500 and 1,000: B is allotted 1,500 and C 1,000', async () => {
    const lines = [line('a', 500, 'A'), line('b', 1_500, 'B'), line('c', 1_000, 'C')];
    expect(sharesOf(await meal.payGroup(3_000, { lines }))).toEqual({ A: 500, B: 1_500, C: 1_000 });
  });

  test('row 51: own share and allotments sum to what was paid, whatever the bill', async () => {
    const random = (most: number): number => 1 + Math.floor(Math.random() * most);
    for (let round = 0; round < 12; round++) {
      const lines = Array.from({ length: random(5) }, (_, index) =>
        line(`line ${index}`, random(400), ...['A', 'B', 'C'].filter(() => random(2) === 1)),
      );
      const amount = random(900);
      const { group } = await meal.payGroup(amount, { lines, adjustments: [{ kind: 'tax', amount: random(90) }] });
      const sum = group?.shares.reduce((total, { share }) => total + share, 0);
      expect({ sum, own: group?.ownShare }).toEqual({ sum: amount, own: group?.shares[0]?.share });
    }
  });

  test('row 52: of 1,000 for three the others get 333 each and the payer bears 334', async () => {
    expect(sharesOf(await meal.payGroup(1_000))).toEqual({ A: 334, B: 333, C: 333 });
  });

  test('row 53: service charge, tax and discount follow the shares', async () => {
    const lines = [line('a', 1_000, 'A'), line('b', 2_000, 'B'), line('c', 1_000, 'C')];
    const adjustments = [
      { kind: 'serviceCharge' as const, amount: 400 },
      { kind: 'tax' as const, amount: 440 },
      { kind: 'discount' as const, amount: -40 },
    ];
    const paid = await meal.payGroup(4_800, { lines, adjustments });
    expect([sharesOf(paid), paid.amount]).toEqual([{ A: 1_200, B: 2_400, C: 1_200 }, yen(4_800)]);
  });

  test('row 54: payment information names the payer, the others and what was allotted to each', async () => {
    const paid = await meal.payGroup(3_000);
    const seen = await meal.seenBy(meal.a, paid);
    const [ofB, ofC] = seen.allotments;
    expect({ ...seen, allotments: [ofB, ofC].map((one) => [one?.counterpart, one?.amount.amount]) }).toMatchObject({
      groupPaymentId: paid.settlementId,
      groupReference: paid.group?.groupReference,
      role: 'payer',
      payer: 'Aoi •••',
      total: yen(3_000),
      ownShare: yen(1_000),
      allotments: expect.arrayContaining([
        ['Ben •••', 1_000],
        ['Chie •••', 1_000],
      ]) as unknown,
    });
    expect(new Set([seen.payerRef, ofB?.counterpartRef, ofC?.counterpartRef]).size).toBe(3);
  });

  test('row 55: B sees who paid, where, when, for which items, and how much is allotted', async () => {
    const paid = await meal.payGroup(2_400, { lines: [line('ramen', 900, 'B'), line('rest', 1_500, 'A', 'C')] });
    expect(await meal.seenBy(meal.b, paid)).toEqual({
      groupPaymentId: paid.settlementId,
      groupReference: paid.group?.groupReference,
      role: 'member',
      state: 'valid',
      store: 'Kissa Warikan',
      at: meal.nowText(),
      payer: 'Aoi •••',
      payerRef: expect.any(String) as string,
      total: yen(2_400),
      ownShare: yen(900),
      items: [{ name: 'ramen', quantity: 1_000, amount: 900, sharedBy: 1 }],
      allotments: [
        {
          allotmentId: paid.group?.shares[1]?.allotmentId,
          counterpart: 'Aoi •••',
          counterpartRef: expect.any(String) as string,
          amount: yen(900),
          repaid: yen(0),
          treated: yen(0),
          open: yen(900),
          status: 'advance',
        },
      ],
    });
  });

  test('row 63: a walk-in takes a share, which the payer bears; nobody owes it', async () => {
    const guests = [
      { guestId: 'A', memberRef: meal.refs.A },
      { guestId: 'W' },
      { guestId: 'B', memberRef: meal.refs.B },
    ];
    const { group } = await meal.payGroup(3_000, { guests });
    expect(group).toMatchObject({
      ownShare: 1_000,
      walkInShare: 1_000,
      shares: [{ guestId: 'A' }, { guestId: 'W', role: 'walkIn', share: 1_000 }, { guestId: 'B', share: 1_000 }],
    });
    expect(group?.shares[1]).not.toHaveProperty('memberRef');
    expect(await allotmentsOf(meal.b)).toEqual([1_000]);
  });

  test('row 63: one member and a walk-in: the record says what each consumed, and nobody owes', async () => {
    const guests = [{ guestId: 'A', memberRef: meal.refs.A }, { guestId: 'W' }];
    const { group } = await meal.payGroup(3_000, { guests });
    expect([group?.ownShare, group?.walkInShare]).toEqual([1_500, 1_500]);
  });

  test('row 64: one member alone is a plain settlement without payment information', async () => {
    const paid = await meal.payGroup(3_000, { guests: [{ guestId: 'A', memberRef: meal.refs.A }] });
    expect([paid.group, await meal.a.get('listGroupPayments', {})]).toEqual([undefined, { groupPayments: [] }]);
  });

  test('row 64: whoever pays only their own part of a shared bill has no payment information either', async () => {
    const paid = await meal.payGroup(1_000, { covers: ['A'] });
    expect([paid.group, await meal.a.codeOf('getGroupPayment', { groupPaymentId: paid.settlementId })]).toEqual([
      undefined,
      'not_found',
    ]);
  });

  test('row 66: of two who pay a part, each has payment information only for whom they covered', async () => {
    const lines = [line('a', 1_000, 'A'), line('b', 2_000, 'B'), line('c', 3_000, 'C')];
    const first = await meal.payGroup(4_000, { lines, covers: ['A', 'C'] });
    const second = await meal.settle(meal.b, 2_000, { group: meal.group({ lines, payer: 'B', covers: ['B'] }) });
    expect([sharesOf(first), sharesOf(second)]).toEqual([{ A: 1_000, C: 3_000 }, {}]);
    expect([
      (await meal.a.get('listGroupPayments', {})).groupPayments.length,
      (await meal.b.get('listGroupPayments', {})).groupPayments.length,
      (await meal.c.get('listGroupPayments', {})).groupPayments.length,
    ]).toEqual([1, 0, 1]);
  });

  test('row 66: A may pay for B and C alone, with no share of the own', async () => {
    const lines = [line('a', 1_000, 'A'), line('b', 2_000, 'B'), line('c', 3_000, 'C')];
    const { group } = await meal.payGroup(5_000, { lines, covers: ['B', 'C'] });
    expect([group?.ownShare, group?.shares.map(({ share }) => share)]).toEqual([0, [0, 2_000, 3_000]]);
  });

  test('shares that people agreed on stand, and the rest is split', async () => {
    const fixed = [{ guestId: 'B', amount: 500 }];
    expect(sharesOf(await meal.payGroup(3_000, { fixed }))).toEqual({ A: 1_250, B: 500, C: 1_250 });
  });

  test('guests may be named by alias and by code; the same group again is the same, however it is named', async () => {
    const { a, b, c, refs } = meal;
    const settlementId = newAttemptId();
    const alias = await aliasOf(b);
    const body = await meal.bodyOf(a, 3_000, {
      group: meal.group({
        guests: [{ guestId: 'A' }, { guestId: 'B', alias }, { guestId: 'C', token: await c.show() }],
      }),
    });
    const paid = await meal.terminal.get('putSettlement', { settlementId }, body);
    meal.wallet.clock.move(3_600_000);
    // By now no code is fresh any more, not even the one that pays: it is the same all the same.
    const again = await meal.terminal.get('putSettlement', { settlementId }, { ...body, group: meal.group() });
    expect({
      shares: paid.state === 'approved' ? paid.group?.shares.map((share) => share.memberRef) : [],
      again,
    }).toEqual({
      shares: [refs.A, refs.B, refs.C],
      again: paid,
    });
    const swapped = [{ guestId: 'A' }, { guestId: 'B', memberRef: refs.C }, { guestId: 'C', memberRef: refs.B }];
    const put = (group: Group) => meal.terminal.call('putSettlement', { settlementId }, { ...body, group });
    expect([
      await put(body.group ?? meal.group()),
      await put(meal.group({ covers: ['A', 'B'] })),
      await put(meal.group({ guests: swapped })),
    ]).toMatchObject([
      { ok: true, value: paid },
      { problem: { code: 'duplicate_mismatch' } },
      { problem: { code: 'duplicate_mismatch' } },
    ]);
  });
});

describe('a group that cannot be', () => {
  beforeAll(async () => {
    meal = await meal.others();
  });

  test.each<[string, string, () => Promise<Parameters<Meal['group']>[0]>]>([
    [
      'guests B and X are the same member',
      'the same member twice',
      async () => ({ guests: [...meal.group().guests, { guestId: 'X', memberRef: meal.refs.B }] }),
    ],
    [
      'guests A and B are the same member',
      'the payer once more, by the code that pays',
      async () => ({ guests: [{ guestId: 'A' }, { guestId: 'B', memberRef: meal.refs.A }] }),
    ],
    [
      'guest X: no such member (memberRef)',
      'a reference of another shop',
      async () => {
        const next = await meal.wallet.terminalOf('Next door');
        const { memberRef } = await next.get('resolveToken', {}, { token: await meal.b.show() });
        return { guests: [...meal.group().guests, { guestId: 'X', memberRef }] };
      },
    ],
    [
      'guest X: no such member (alias)',
      'an alias of nobody',
      async () => ({ guests: [...meal.group().guests, { guestId: 'X', alias: 'nobody' }] }),
    ],
    [
      'guest X: the code is not valid',
      'a code that is none',
      async () => ({ guests: [...meal.group().guests, { guestId: 'X', token: 'WRK1:NONSENSE' }] }),
    ],
    ['payer B: the code that pays is of another member', 'a payer who is not the one', async () => ({ payer: 'B' })],
    ['payer X: is not one of the guests', 'a payer who is not there', async () => ({ payer: 'X' })],
    ['covers X: is not one of the guests', 'somebody covered who is not there', async () => ({ covers: ['A', 'X'] })],
    [
      'fixed C: is not one of those who are covered',
      'an agreed share of somebody who is not covered',
      async () => ({ covers: ['A', 'B'], fixed: [{ guestId: 'C', amount: 1 }] }),
    ],
    [
      'fixed amounts sum to no more than the settlement',
      'agreed shares above the bill',
      async () => ({ fixed: [{ guestId: 'B', amount: 3_001 }] }),
    ],
    [
      'line ramen: consumer X is not one of the guests',
      'a line of somebody who is not there',
      async () => ({ lines: [line('ramen', 900, 'X')] }),
    ],
    ['a line is on a bill once', 'a line twice', async () => ({ lines: [line('tea', 1, 'A'), line('tea', 2, 'B')] })],
    [
      'guest B: what was given back is more than this guest consumed',
      'a share below zero',
      async () => ({ lines: [line('coupon', -500, 'B'), line('ramen', 3_500, 'A')] }),
    ],
  ])('is refused with the reason: %s (%s)', async (detail, _, change) => {
    const body = await meal.bodyOf(meal.a, 3_000, { group: meal.group(await change()) });
    const answer = await meal.terminal.call('putSettlement', { settlementId: newAttemptId() }, body);
    expect(answer).toMatchObject({ ok: false, problem: { code: 'group_invalid', status: 422, detail } });
    expect(await meal.balances()).toEqual({ A: 10_000, B: 10_000, C: 10_000 });
  });
});

describe('a refund of a group', () => {
  newPeople();

  const lines = [line('steak', 3_000, 'B'), line('salad', 1_000, 'C'), line('bread', 500, 'A')];

  test('row 60: a refund of B’s item gives A the money and lowers what B owes', async () => {
    const paid = await meal.payGroup(4_500, { lines });
    const refund = await meal.refund(paid, 3_000, [{ lineId: 'steak' }]);
    expect([refund.shrunk?.filter(({ amount }) => amount > 0), await meal.balances()]).toEqual([
      [{ guestId: 'B', amount: 3_000 }],
      { A: 8_500, B: 10_000, C: 10_000 },
    ]);
    expect(await meal.seenBy(meal.b, paid)).toMatchObject({
      total: yen(1_500),
      ownShare: yen(0),
      items: [],
      allotments: [{ amount: yen(0), open: yen(0), status: 'settled' }],
    });
    expect((await meal.seenBy(meal.c, paid)).ownShare).toEqual(yen(1_000));
  });

  test('row 60: what B had paid back already is handed on to B', async () => {
    const paid = await meal.payGroup(4_500, { lines });
    await repay(meal.b, allotmentOf(paid, 'B'), 3_000);
    await meal.refund(paid, 1_000, [{ lineId: 'steak', amount: 1_000 }]);
    expect(await meal.balances()).toEqual({ A: 8_500, B: 8_000, C: 10_000 });
    expect((await meal.b.get('listHistory', {})).entries.slice(0, 2).map(({ kind, amount }) => [kind, amount])).toEqual(
      [
        ['repayment_return', 1_000],
        ['repayment', -3_000],
      ],
    );
  });

  test('without lines every share falls in proportion, and what is left is given back to the last unit', async () => {
    const paid = await meal.payGroup(1_000);
    const shrunk: unknown[] = [];
    for (const amount of [100, 301, 599]) {
      shrunk.push((await meal.refund(paid, amount)).shrunk?.reduce((sum, part) => sum + part.amount, 0));
    }
    const left = await Promise.all(
      [meal.a, meal.b, meal.c].map(async (phone) => (await meal.seenBy(phone, paid)).ownShare.amount),
    );
    expect({ shrunk, left, balances: await meal.balances() }).toEqual({
      shrunk: [100, 301, 599],
      left: [0, 0, 0],
      balances: { A: 10_000, B: 10_000, C: 10_000 },
    });
  });

  test.each<[string, { lineId: string; amount?: number }[]]>([
    ['line soup: is not on the bill', [{ lineId: 'soup' }]],
    ['line salad: only 1000 is left of it', [{ lineId: 'salad', amount: 1_001 }]],
    [
      'line salad: only 400 is left of it',
      [
        { lineId: 'salad', amount: 600 },
        { lineId: 'salad', amount: 401 },
      ],
    ],
  ])('is refused with the reason: %s', async (detail, refunded) => {
    const { settlementId } = await meal.payGroup(4_500, { lines });
    const body = { amount: yen(1), lines: refunded };
    expect(await meal.terminal.call('putRefund', { settlementId, refundId: newRefundId() }, body)).toMatchObject({
      problem: { code: 'group_invalid', detail },
    });
  });

  test('the same refund again is the same answer; with other lines it is a mismatch', async () => {
    const { settlementId } = await meal.payGroup(4_500, { lines });
    const refundId = newRefundId();
    const put = (lineId: string) =>
      meal.terminal.call('putRefund', { settlementId, refundId }, { amount: yen(1_000), lines: [{ lineId }] });
    const [first, again, other] = [await put('salad'), await put('salad'), await put('steak')];
    expect([again, other]).toMatchObject([first, { problem: { code: 'duplicate_mismatch' } }]);
  });

  test('six at once take no more than there is, each from what is left', async () => {
    const paid = await meal.payGroup(4_500, { lines });
    await Promise.all(Array.from({ length: 6 }, () => meal.refund(paid, 500, [{ lineId: 'steak', amount: 500 }])));
    const ofB = (await meal.seenBy(meal.b, paid)).ownShare;
    expect({ ofB, balances: await meal.balances() }).toEqual({
      ofB: yen(0),
      balances: { A: 8_500, B: 10_000, C: 10_000 },
    });
  });

  test('that was computed while another one was booked is computed anew', async () => {
    // Between its figures and its commit another refund takes the whole steak, so that its own falls on the others.
    let rival: Command | undefined;
    const raced = await openMeal({
      wrap: (ledger) => ({
        ...ledger,
        book: async (commands) => {
          const before = rival;
          rival = undefined;
          if (before !== undefined) await ledger.book([before]);
          return ledger.book(commands);
        },
      }),
    });
    const paid = await raced.payGroup(4_500, { lines });
    const atMs = raced.wallet.clock.nowMs();
    rival = {
      type: 'refund',
      refundId: newRefundId(),
      settlementId: paid.settlementId,
      storeId: await raced.wallet.storeIdOf('Kissa Warikan'),
      terminalId: terminalIdSchema.parse(raced.terminal.keyId),
      amount: yen(3_000),
      reason: undefined,
      group: {
        refundsBefore: 0,
        lines: JSON.stringify([{ lineId: 'steak' }]),
        linesHash: 'steak',
        shrinks: [{ guestId: 'B', amount: 3_000 }],
      },
      atMs,
    };
    const refund = await raced.refund(paid, 750);
    await raced.close();
    expect([refund.refunded, refund.shrunk]).toEqual([
      yen(3_750),
      [
        { guestId: 'A', amount: 250 },
        { guestId: 'B', amount: 0 },
        { guestId: 'C', amount: 500 },
      ],
    ]);
  });
});

describe('what people have between them', () => {
  newPeople();

  test('row 56: what A treats B to is treated, and B owes 0; what A does not is an advance', async () => {
    const paid = await meal.payGroup(3_000);
    const ofB = allotmentOf(paid, 'B');
    const seen = await meal.a.get('treat', { groupPaymentId: paid.settlementId }, { allotmentIds: [ofB] });
    const again = await meal.a.get('treat', { groupPaymentId: paid.settlementId }, { allotmentIds: [ofB] });
    expect({
      same: again,
      byB: onlyOf((await meal.seenBy(meal.b, paid)).allotments),
      byC: onlyOf((await meal.seenBy(meal.c, paid)).allotments),
    }).toMatchObject({
      same: seen,
      byB: { status: 'treated', treated: yen(1_000), open: yen(0) },
      byC: { status: 'advance', treated: yen(0), open: yen(1_000) },
    });
    const late = await repay(meal.b, ofB, 1);
    expect(late).toMatchObject({ problem: { code: 'nothing_open' } });
    await meal.a.get('treat', { groupPaymentId: paid.settlementId }, {});
    expect(onlyOf((await meal.seenBy(meal.c, paid)).allotments).status).toBe('treated');
  });

  test('row 57: B pays 1,000 back with the PIN: B -1,000, A +1,000, settled, in both histories', async () => {
    const paid = await meal.payGroup(3_000);
    const allotmentId = allotmentOf(paid, 'B');
    const repaymentId = newId();
    const first = await repay(meal.b, allotmentId, 1_000, repaymentId);
    const again = await repay(meal.b, allotmentId, 1_000, repaymentId);
    expect([first, again]).toMatchObject([
      { value: { allotment: { status: 'settled', repaid: yen(1_000), open: yen(0) }, balance: yen(9_000) } },
      first,
    ]);
    expect(await meal.balances()).toEqual({ A: 8_000, B: 9_000, C: 10_000 });
    const newest = async (phone: Phone) => (await phone.get('listHistory', {})).entries[0];
    expect([await newest(meal.b), await newest(meal.a)]).toMatchObject([
      { kind: 'repayment', amount: -1_000, counterpart: 'Aoi •••', groupPaymentId: paid.settlementId },
      { kind: 'repayment', amount: 1_000, counterpart: 'Ben •••', groupPaymentId: paid.settlementId },
    ]);
  });

  test('row 57: a wrong PIN pays nothing back', async () => {
    const paid = await meal.payGroup(3_000);
    expect(await repay(meal.b, allotmentOf(paid, 'B'), 1_000, newId(), '0000')).toMatchObject({
      problem: { code: 'pin_wrong' },
    });
    expect(await meal.balances()).toEqual({ A: 7_000, B: 10_000, C: 10_000 });
  });

  test('row 58: with too little it is declined and the debt stays; a part leaves the rest open', async () => {
    const paid = await meal.payGroup(3_000);
    const allotmentId = allotmentOf(paid, 'B');
    await meal.settle(meal.b, 9_400);
    expect(await repay(meal.b, allotmentId, 1_000)).toMatchObject({ problem: { code: 'insufficient_funds' } });
    expect(onlyOf((await meal.seenBy(meal.b, paid)).allotments).open).toEqual(yen(1_000));
    expect(await repay(meal.b, allotmentId, 400)).toMatchObject({
      value: { allotment: { status: 'advance', repaid: yen(400), open: yen(600) }, balance: yen(200) },
    });
  });

  test('row 59: A paid 1,000 for B and B 400 for A: 1,000 and 400, net 600', async () => {
    const two = meal.group().guests.slice(0, 2);
    await meal.payGroup(1_000, { guests: two, lines: [line('b', 1_000, 'B')] });
    const back = meal.group({ guests: two, lines: [line('a', 400, 'A')], payer: 'B' });
    await meal.settle(meal.b, 400, { group: back });
    const [ofA, ofB] = [await meal.a.get('listBalances', {}), await meal.b.get('listBalances', {})];
    const base = { currency: 'JPY', treatedThem: 0, treatedByThem: 0, personRef: expect.any(String) as string };
    expect([ofA.people, ofB.people]).toEqual([
      [{ ...base, name: 'Ben •••', paidForThem: 1_000, paidByThem: 400, theyOwe: 1_000, iOwe: 400, net: 600 }],
      [{ ...base, name: 'Aoi •••', paidForThem: 400, paidByThem: 1_000, theyOwe: 400, iOwe: 1_000, net: -600 }],
    ]);
  });

  test('currencies are counted apart, though it is the same two people', async () => {
    const dora = await meal.wallet.customer({ name: 'Dora Klein', currency: 'USD' });
    const { memberRef } = await meal.terminal.get('resolveToken', {}, { token: await dora.show() });
    const guests = [
      { guestId: 'D', memberRef },
      { guestId: 'B', memberRef: meal.refs.B },
    ];
    const byDora = meal.group({ guests, payer: 'D' });
    await meal.settle(dora, 5_00, { group: byDora, amount: { amount: 5_00, currency: 'USD' } });
    await meal.settle(meal.b, 3_000, { group: meal.group({ guests, payer: 'B' }) });
    const { people } = await meal.b.get('listBalances', {});
    expect(people.map(({ name, currency, theyOwe, iOwe, net }) => [name, currency, theyOwe, iOwe, net])).toEqual([
      ['Dora •••', 'JPY', 1_500, 0, 1_500],
      ['Dora •••', 'USD', 0, 250, -250],
    ]);
  });

  test('row 61: whoever was not in the group is told that there is none; members see what concerns them', async () => {
    const stranger = await meal.wallet.customer({ name: 'Dan Ito' });
    const paid = await meal.payGroup(3_000, { lines: [line('ramen', 900, 'B'), line('steak', 2_100, 'C')] });
    const params = { groupPaymentId: paid.settlementId };
    const allotmentId = allotmentOf(paid, 'B');
    expect([
      await stranger.codeOf('getGroupPayment', params),
      await stranger.codeOf('treat', params, {}),
      await meal.b.codeOf('treat', params, {}),
      (await repay(stranger, allotmentId, 1)).ok,
      (await repay(meal.c, allotmentId, 1)).ok,
      (await stranger.get('listGroupPayments', {})).groupPayments,
    ]).toEqual(['not_found', 'not_found', 'not_found', false, false, []]);
    const ofB = JSON.stringify(await meal.seenBy(meal.b, paid));
    expect(['steak', 'Chie', '2100', meal.refs.B].filter((secret) => ofB.includes(secret))).toEqual([]);
  });

  test('two phones know the same third person by different references, and their own by the same one', async () => {
    const paid = await meal.payGroup(3_000);
    const [ofB, ofC] = [await meal.seenBy(meal.b, paid), await meal.seenBy(meal.c, paid)];
    const { personRef } = await meal.a.get('getWallet', {});
    expect(new Set([ofB.payerRef, ofC.payerRef, personRef]).size).toBe(3);
    expect((await meal.seenBy(meal.a, paid)).payerRef).toBe(personRef);
  });

  test('group payments come page by page, latest first, each once', async () => {
    const ids: string[] = [];
    for (let index = 0; index < 5; index++) {
      const payer = index % 2 === 0 ? meal.a : meal.b;
      const group = meal.group({ payer: index % 2 === 0 ? 'A' : 'B' });
      // Some of them in the same millisecond.
      if (index > 2) meal.wallet.clock.move(1_000);
      ids.push((await meal.settle(payer, 300, { group })).settlementId);
    }
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await meal.a.get('listGroupPayments', {}, undefined, { limit: '2', cursor });
      seen.push(...page.groupPayments.map(({ groupPaymentId }) => groupPaymentId));
      cursor = page.nextCursor;
    } while (cursor !== undefined);
    expect(seen).toEqual([ids[4], ids[3], ...ids.slice(0, 3).toSorted().toReversed()]);
  });
});

function allotmentOf(paid: Awaited<ReturnType<Meal['payGroup']>>, guestId: string): string {
  const share = paid.group?.shares.find((one) => one.guestId === guestId);
  if (share?.allotmentId === undefined) throw new Error(`nothing was allotted to ${guestId}`);
  return share.allotmentId;
}

function onlyOf(allotments: readonly AllotmentView[]): AllotmentView {
  const [only, ...others] = allotments;
  if (only === undefined || others.length > 0) throw new Error('one allotment was expected');
  return only;
}

/** What the books say that this person was borne. */
async function allotmentsOf({ walletId }: Phone): Promise<number[]> {
  const { allotments } = await meal.wallet.ledger.readBooks();
  return allotments.filter(({ debtor }) => debtor === walletId).map(({ amount }) => amount);
}

async function aliasOf(phone: Phone): Promise<string> {
  const row = await meal.wallet.books.db
    .selectFrom('phone')
    .select('alias')
    .where('wallet_id', '=', phone.walletId)
    .executeTakeFirstOrThrow();
  return row.alias;
}
