// Rows 45 to 55 and 61 to 67 of the checklist, as far as the wire shows them: as a stranger sees it.
import { array, assert as check, asyncProperty, constantFrom, integer, record, subarray } from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { guestsOf, line, openFriends, owes, paymentsOf, payGroup, repay } from './groups.ts';
import { at, type Json, listAt, numberAt, textAt } from './json.ts';
import { done, money, newId, openTown, type Person, type Terminal, type Town, wordOf } from './town.ts';

let town: Town;
let till: Terminal;

beforeAll(async () => {
  town = await openTown({ operators: ['Kaze'] });
  ({ till } = await town.openShop('Kissa Warikan'));
});

afterAll(() => town.close());

test('rows 45, 46 and 54: before there is nothing; then the record holds the payer, the others and what he bore for each (as a stranger sees it)', async () => {
  const [a, b, c] = await openFriends(town, 3_000);
  const before = await Promise.all([a, b, c].map(paymentsOf));
  const paid = await payGroup(till, a, [a, b, c], [line('hot pot', 3_000)]);
  const [ofA, ofB, ofC] = await Promise.all([a, b, c].map(async (person) => (await paymentsOf(person))[0]));
  const refOf = async (person: Person) => textAt(await done(person.ask('getWallet')), 'personRef');
  const roles = [ofA, ofB, ofC].map((payment) => at(payment, 'role'));
  expect({ before, roles, ofA, allotments: at(ofA, 'allotments'), ofB }).toMatchObject({
    before: [[], [], []],
    roles: ['payer', 'member', 'member'],
    ofA: { groupPaymentId: textAt(paid, 'settlementId'), payerRef: await refOf(a), total: money(3_000) },
    allotments: [
      { counterpart: 'Ben •••', amount: money(1_000), open: money(1_000), status: 'advance' },
      { counterpart: 'Chie •••', amount: money(1_000), open: money(1_000), status: 'advance' },
    ],
    ofB: { payer: 'Aoi •••', allotments: [{ counterpart: 'Aoi •••', amount: money(1_000) }] },
  });
});

test('row 47: of a payment that was declined or cancelled no valid record is left (as a stranger sees it)', async () => {
  const [a, b] = await openFriends(town, 3_000);
  const declined = await payGroup(till, a, [a, b], [line('caviar', 3_001)]);
  const afterDecline = await Promise.all([a, b].map(paymentsOf));
  const paid = await payGroup(till, a, [a, b], [line('hot pot', 3_000)]);
  await done(till.cancel(textAt(paid, 'settlementId')));
  const afterCancel = await Promise.all([a, b].map(paymentsOf));
  expect({
    declined: at(declined, 'reason'),
    afterDecline,
    states: afterCancel.map((payments) => payments.map((one) => at(one, 'state'))),
    owes: [await owes(a), await owes(b)].flat().every((one) => at(one, 'net') === 0),
    balance: await a.balance(),
  }).toEqual({
    declined: 'insufficient_funds',
    afterDecline: [[], []],
    states: [['cancelled'], ['cancelled']],
    owes: true,
    balance: 3_000,
  });
});

test('rows 48, 50 and 55: each one’s phone shows who paid, where, when, their own items and their own amount (as a stranger sees it)', async () => {
  const [a, b, c] = await openFriends(town, 3_000);
  const events = await b.listen();
  const lines = [line('tea', 500, ['g0']), line('steak', 1_500, ['g1']), line('fish', 1_000, ['g2'])];
  const paid = await payGroup(till, a, [a, b, c], lines);
  const told = await events.next('allotted');
  await events.close();
  const [ofA, ofB, ofC] = await Promise.all([a, b, c].map(async (person) => (await paymentsOf(person))[0]));
  const items = (payment: Json | undefined) =>
    listAt(payment, 'items').map((item) => [at(item, 'name'), at(item, 'amount')]);
  expect({
    items: [items(ofA), items(ofB), items(ofC)],
    allotted: listAt(ofA, 'allotments').map((one) => at(one, 'amount.amount')),
    ofB: { store: at(ofB, 'store'), payer: at(ofB, 'payer'), ownShare: at(ofB, 'ownShare'), at: at(ofB, 'at') },
    isNow: Math.abs(Date.parse(textAt(ofB, 'at')) - Date.now()) < 60_000,
    told: at(told.data, 'refId'),
  }).toEqual({
    items: [[['tea', 500]], [['steak', 1_500]], [['fish', 1_000]]],
    allotted: [1_500, 1_000],
    ofB: { store: 'Kissa Warikan', payer: 'Aoi •••', ownShare: money(1_500), at: at(paid, 'bookedAt') },
    isNow: true,
    told: textAt(paid, 'group.shares.1.allotmentId'),
  });
});

test.each([
  ['row 49: 3,000 for three without a word on who had what is 1,000 for each other', 3_000, [1_000, 1_000, 1_000]],
  ['row 52: 1,000 for three is 333 for each other, and the payer bears 334', 1_000, [334, 333, 333]],
])('%s (as a stranger sees it)', async (_, amount, shares) => {
  const [a, b, c] = await openFriends(town, 3_000);
  const paid = await payGroup(till, a, [a, b, c], [line('hot pot', amount)]);
  expect(listAt(paid, 'group.shares').map((one) => at(one, 'share'))).toEqual(shares);
});

test('row 51: own share, allotments and walk-ins are the amount, however it is split (as a stranger sees it)', async () => {
  const guests = [{ guestId: 'p' }, { guestId: 'q' }, { guestId: 'r' }, { guestId: 's' }];
  const ids = guests.map(({ guestId }) => guestId);
  const lines = array(record({ amount: integer({ min: 1, max: 99_999 }), who: subarray(ids) }), {
    minLength: 1,
    maxLength: 6,
  });
  const extras = array(
    record({ kind: constantFrom('serviceCharge', 'tax', 'tip'), amount: integer({ min: 0, max: 9_999 }) }),
    { maxLength: 3 },
  );
  await check(
    asyncProperty(lines, extras, constantFrom(...ids), async (some, adjustments, payer) => {
      const amount = [...some, ...adjustments].reduce((sum, one) => sum + one.amount, 0);
      const group = {
        guests,
        lines: some.map(({ amount: of, who }, i) => line(`l${i}`, of, who)),
        adjustments,
        payer,
      };
      const split = await done(
        till.ask('previewSplit', { params: { checkId: newId() }, body: { amount: money(amount), group } }),
      );
      const shares = listAt(split, 'shares').map((one) => numberAt(one, 'share'));
      const own = listAt(split, 'shares').find((one) => at(one, 'guestId') === payer);
      expect([
        shares.reduce((sum, share) => sum + share, 0),
        numberAt(split, 'ownShare') + numberAt(split, 'walkInShare'),
        at(own, 'share'),
      ]).toEqual([amount, amount, numberAt(split, 'ownShare')]);
      expect(shares.every((share) => share >= 0)).toBe(true);
    }),
    { numRuns: 40 },
  );
});

test('row 53: service, tax and discount follow each one’s share, to the last yen (as a stranger sees it)', async () => {
  const [a, b, c] = await openFriends(town, 5_000);
  const lines = [line('tea', 1_000, ['g0']), line('steak', 2_000, ['g1']), line('fish', 1_000, ['g2'])];
  const adjustments = [
    { kind: 'discount', amount: -400 },
    { kind: 'serviceCharge', amount: 360 },
    { kind: 'tax', amount: 397 },
  ];
  const amount = 4_000 - 400 + 360 + 397;
  const paid = await payGroup(till, a, [a, b, c], lines, { adjustments, amount });
  const [ofA = 0, ofB = 0, ofC = 0] = listAt(paid, 'group.shares').map((one) => numberAt(one, 'share'));
  expect({ sum: ofA + ofB + ofC, isInProportion: [ofB, ofC] }).toEqual({
    sum: amount,
    isInProportion: [Math.floor((amount * 2) / 4), Math.floor(amount / 4)],
  });
});

test('row 61: whoever was not there is told that there is nothing, and members see nothing of each other (as a stranger sees it)', async () => {
  const [a, b, c] = await openFriends(town, 3_000);
  const stranger = await town.openPerson('Dai Doi');
  const lines = [line('tea', 500, ['g0']), line('steak', 1_500, ['g1']), line('fish', 1_000, ['g2'])];
  const paid = await payGroup(till, a, [a, b, c], lines);
  const groupPaymentId = textAt(paid, 'settlementId');
  const allotmentId = textAt(paid, 'group.shares.1.allotmentId');
  const get = (person: Person) => person.ask('getGroupPayment', { params: { groupPaymentId } });
  const ofB = await done(get(b));
  const elsewhere = await town.openShop('Bar Mori');
  expect({
    stranger: await wordOf(get(stranger)),
    listed: await paymentsOf(stranger),
    treat: await wordOf(stranger.ask('treat', { params: { groupPaymentId }, body: {} })),
    treatedByB: await wordOf(b.ask('treat', { params: { groupPaymentId }, body: {} })),
    repay: await wordOf(repay(stranger, allotmentId, 100)),
    repayByC: await wordOf(repay(c, allotmentId, 100)),
    repayByA: await wordOf(repay(a, allotmentId, 100)),
    ofB: [listAt(ofB, 'items').length, listAt(ofB, 'allotments').length, /fish|Chie/.test(JSON.stringify(ofB))],
    ofShop: await wordOf(elsewhere.till.ask('getSettlement', { params: { settlementId: groupPaymentId } })),
  }).toEqual({
    stranger: 'not_found',
    listed: [],
    treat: 'not_found',
    treatedByB: 'not_found',
    repay: 'not_found',
    repayByC: 'not_found',
    repayByA: 'not_found',
    ofB: [1, 1, false],
    ofShop: 'not_found',
  });
});

test('row 62: the till is given payer, reference and every member’s amount under masked names (as a stranger sees it)', async () => {
  const [a, b, c] = await openFriends(town, 3_000);
  const paid = await payGroup(till, a, [a, b, c], [line('hot pot', 3_000)]);
  expect(at(paid, 'group')).toMatchObject({
    groupReference: expect.stringMatching(/^\S{4,}$/) as string,
    payer: 'g0',
    currency: 'JPY',
    ownShare: 1_000,
    walkInShare: 0,
    shares: [
      { guestId: 'g0', role: 'payer', maskedName: 'Aoi •••', share: 1_000 },
      { guestId: 'g1', role: 'member', maskedName: 'Ben •••', share: 1_000, allotmentId: expect.any(String) as string },
      {
        guestId: 'g2',
        role: 'member',
        maskedName: 'Chie •••',
        share: 1_000,
        allotmentId: expect.any(String) as string,
      },
    ],
  });
});

test('row 63: a guest without a wallet takes a share, which the payer bears (as a stranger sees it)', async () => {
  const [a, b] = await openFriends(town, 3_000);
  const guests = [...(await guestsOf([a, b])), { guestId: 'walk-in' }];
  const paid = await payGroup(till, a, [a, b], [line('hot pot', 3_000)], { guests });
  expect({
    shares: listAt(paid, 'group.shares').map((one) => [at(one, 'role'), at(one, 'share'), 'memberRef' in Object(one)]),
    walkIns: at(paid, 'group.walkInShare'),
    allotments: listAt((await paymentsOf(a))[0], 'allotments').length,
  }).toEqual({
    shares: [
      ['payer', 1_000, true],
      ['member', 1_000, true],
      ['walkIn', 1_000, false],
    ],
    walkIns: 1_000,
    allotments: 1,
  });
});

test('row 64: one member alone is a plain settlement (as a stranger sees it)', async () => {
  const [a] = await openFriends(town, 3_000);
  const paid = await payGroup(till, a, [a], [line('tea', 500)]);
  expect({ paid, payments: await paymentsOf(a) }).toMatchObject({ paid: { state: 'approved' }, payments: [] });
  expect(paid).not.toHaveProperty('group');
});

test('row 65: a group is frozen with its settlement: the same id with another one is not the same (as a stranger sees it)', async () => {
  const [a, b, c] = await openFriends(town, 3_000);
  const [settlementId, checkId] = [newId(), newId()];
  const lines = [line('hot pot', 3_000)];
  const first = await payGroup(till, a, [a, b, c], lines, { settlementId, checkId });
  const again = await payGroup(till, a, [a, b, c], lines, { settlementId, checkId });
  const code = await a.showCode();
  const other = async (people: readonly Person[], change: Record<string, Json> = {}) => {
    const group = { guests: await guestsOf(people), lines, payer: 'g0', ...change };
    return wordOf(till.pay(code, 3_000, { settlementId, checkId, group }));
  };
  expect({
    again,
    fewer: await other([a, b]),
    otherLines: await other([a, b, c], { lines: [line('hot pot', 3_000, ['g1'])] }),
    without: await wordOf(till.pay(code, 3_000, { settlementId, checkId })),
    balance: await a.balance(),
  }).toEqual({
    again: first,
    fewer: 'duplicate_mismatch',
    otherLines: 'duplicate_mismatch',
    without: 'duplicate_mismatch',
    balance: 0,
  });
});

test('row 66: two payers of one check each get a record of what they covered for others (as a stranger sees it)', async () => {
  const [a, b, c] = await openFriends(town, 4_000);
  const d = await town.openPerson('Dai Doi');
  const everybody = [a, b, c, d];
  const checkId = newId();
  const lines = [line('hot pot', 4_000)];
  const first = await payGroup(till, a, everybody, lines, { checkId, amount: 2_000, covers: ['g0', 'g2'] });
  const second = await payGroup(till, b, everybody, lines, {
    checkId,
    amount: 2_000,
    covers: ['g1', 'g3'],
    payer: 'g1',
  });
  const covered = (payment: Json) =>
    listAt(payment, 'group.shares').map((one) => [at(one, 'guestId'), at(one, 'role'), at(one, 'share')]);
  expect({
    first: covered(first),
    second: covered(second),
    ofC: (await paymentsOf(c)).map((one) => at(one, 'payer')),
    ofD: (await paymentsOf(d)).map((one) => at(one, 'payer')),
    balances: [await a.balance(), await b.balance()],
  }).toEqual({
    first: [
      ['g0', 'payer', 1_000],
      ['g2', 'member', 1_000],
    ],
    second: [
      ['g1', 'payer', 1_000],
      ['g3', 'member', 1_000],
    ],
    ofC: ['Aoi •••'],
    ofD: ['Ben •••'],
    balances: [2_000, 2_000],
  });
});

test('row 67: a member’s own share stands in the history, though another paid (as a stranger sees it)', async () => {
  const [a, b] = await openFriends(town, 3_000);
  const paid = await payGroup(till, a, [a, b], [line('tea', 500, ['g0']), line('steak', 1_500, ['g1'])]);
  const groupPaymentId = textAt(paid, 'settlementId');
  expect([(await a.history())[0], (await b.history())[0]]).toMatchObject([
    { kind: 'settlement', amount: -2_000, share: 500, groupPaymentId, store: 'Kissa Warikan' },
    { kind: 'share', amount: 0, share: 1_500, groupPaymentId, store: 'Kissa Warikan', counterpart: 'Aoi •••' },
  ]);
});

test.each([
  ['a payer who is not there', { payer: 'nobody' }],
  ['a guest twice', { guests: [{ guestId: 'g0' }, { guestId: 'g0' }] }],
  ['a line for somebody who is not there', { lines: [line('tea', 3_000, ['g9'])] }],
  ['lines that are not the amount', { lines: [line('tea', 2_999)], fixed: [{ guestId: 'g0', amount: 3_001 }] }],
  ['somebody covered who is not there', { covers: ['g0', 'g9'] }],
  ['two members of one reference', { guests: [{ guestId: 'g0' }, { guestId: 'g1', memberRef: 'nobody-known' }] }],
])('a group with %s is refused and takes no money (as a stranger sees it)', async (_, change) => {
  const [a] = await openFriends(town, 3_000);
  const group = {
    guests: [{ guestId: 'g0' }, { guestId: 'g1' }],
    lines: [line('tea', 3_000)],
    payer: 'g0',
    ...change,
  };
  const settlementId = newId();
  expect({
    word: await wordOf(till.pay(await a.showCode(), 3_000, { settlementId, group })),
    later: await wordOf(till.ask('getSettlement', { params: { settlementId } })),
    balance: await a.balance(),
  }).toEqual({ word: 'group_invalid', later: 'not_found', balance: 3_000 });
});

test('a whole company of 64 and 500 lines is settled in one go (as a stranger sees it)', async () => {
  const [a, b] = await openFriends(town, 60_000);
  const walkIns = Array.from({ length: 62 }, (_, index) => ({ guestId: `w${index}` }));
  const guests = [...(await guestsOf([a, b])), ...walkIns];
  const lines = Array.from({ length: 500 }, (_, index) => line(`dish ${index}`, 97, index % 3 === 0 ? ['g1'] : []));
  const paid = await payGroup(till, a, [a, b], lines, { guests, amount: 48_500 });
  const shares = listAt(paid, 'group.shares').map((one) => numberAt(one, 'share'));
  expect([shares.length, shares.reduce((sum, share) => sum + share, 0)]).toEqual([64, 48_500]);
});

test('after all that no money has come from nowhere, and the document told no lie (as a stranger sees it)', async () => {
  expect({ books: await town.checkBooks(), lies: town.client.lies() }).toEqual({
    books: { code: 0, sum: 0, faults: [] },
    lies: [],
  });
});
