// Rows 56 to 60 of the checklist, as far as the wire shows them: as a stranger sees it.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { line, openFriends, owes, paymentsOf, payGroup, repay } from './groups.ts';
import { at, type Json, listAt, numberAt, textAt } from './json.ts';
import { done, money, newId, openTown, type Terminal, type Town, wordOf } from './town.ts';

let town: Town;
let till: Terminal;

beforeAll(async () => {
  town = await openTown({ operators: ['Kaze'] });
  ({ till } = await town.openShop('Kissa Warikan'));
});

afterAll(() => town.close());

test('row 56: the payer treats one, who then owes nothing; the other still owes (as a stranger sees it)', async () => {
  const [a, b, c] = await openFriends(town, 3_000);
  const paid = await payGroup(till, a, [a, b, c], [line('hot pot', 3_000)]);
  const groupPaymentId = textAt(paid, 'settlementId');
  const allotmentIds = [textAt(paid, 'group.shares.1.allotmentId')];
  const treat = () => done(a.ask('treat', { params: { groupPaymentId }, body: { allotmentIds } }));
  const first = await treat();
  const [ofB, ofC] = await Promise.all([b, c].map(async (person) => at((await paymentsOf(person))[0], 'allotments.0')));
  expect({
    isSame: JSON.stringify(await treat()) === JSON.stringify(first),
    ofB,
    ofC,
    repay: await wordOf(repay(b, allotmentIds[0] ?? '', 1)),
    balances: [await a.balance(), await b.balance()],
  }).toMatchObject({
    isSame: true,
    ofB: { status: 'treated', treated: money(1_000), open: money(0) },
    ofC: { status: 'advance', open: money(1_000) },
    repay: 'nothing_open',
    balances: [0, 3_000],
  });
});

test('row 57: B pays back 1,000: B less, A more, settled, in both histories (as a stranger sees it)', async () => {
  const [a, b] = await openFriends(town, 2_000);
  const paid = await payGroup(till, a, [a, b], [line('hot pot', 2_000)]);
  const allotmentId = textAt(paid, 'group.shares.1.allotmentId');
  const repaymentId = newId();
  const wrongPin = await wordOf(repay(b, allotmentId, 1_000, { pin: '0002' }));
  const words = await Promise.all(
    Array.from({ length: 8 }, () => wordOf(repay(b, allotmentId, 1_000, { repaymentId }))),
  );
  const settled = await done(repay(b, allotmentId, 1_000, { repaymentId }));
  expect({
    wrongPin,
    words: new Set(words),
    settled,
    other: await wordOf(repay(b, allotmentId, 999, { repaymentId })),
    more: await wordOf(repay(b, allotmentId, 1)),
    balances: [await a.balance(), await b.balance()],
    histories: [(await a.history())[0], (await b.history())[0]],
  }).toMatchObject({
    wrongPin: 'pin_wrong',
    words: new Set(['ok']),
    settled: { allotment: { status: 'settled', repaid: money(1_000), open: money(0) } },
    other: 'duplicate_mismatch',
    more: 'nothing_open',
    balances: [1_000, 1_000],
    histories: [
      { kind: 'repayment', amount: 1_000, counterpart: 'Ben •••' },
      { kind: 'repayment', amount: -1_000, counterpart: 'Aoi •••' },
    ],
  });
});

test('row 58: with too little the debt stays; a part leaves the rest open (as a stranger sees it)', async () => {
  const [a] = await openFriends(town, 2_000);
  const b = await town.openPerson('Ben Berg', { balance: 400 });
  const paid = await payGroup(till, a, [a, b], [line('hot pot', 2_000)]);
  const allotmentId = textAt(paid, 'group.shares.1.allotmentId');
  const tooMuch = await wordOf(repay(b, allotmentId, 1_000));
  const open = at((await paymentsOf(b))[0], 'allotments.0.open');
  const part = await done(repay(b, allotmentId, 400));
  expect({
    tooMuch,
    open,
    part: at(part, 'allotment'),
    above: await wordOf(repay(b, allotmentId, 601)),
    nothing: await wordOf(repay(b, allotmentId, 0)),
    negative: await wordOf(repay(b, allotmentId, -100)),
    balances: [await a.balance(), await b.balance()],
  }).toMatchObject({
    tooMuch: 'insufficient_funds',
    open: money(1_000),
    part: { repaid: money(400), open: money(600), status: 'advance' },
    above: 'nothing_open',
    nothing: 'bad_request',
    negative: 'bad_request',
    balances: [400, 0],
  });
});

test('row 59: 1,000 for B and 400 for A are net 600, from either side (as a stranger sees it)', async () => {
  const [a, b] = await openFriends(town, 2_000);
  await payGroup(till, a, [a, b], [line('hot pot', 2_000)]);
  await payGroup(till, b, [b, a], [line('tea', 800)]);
  expect([await owes(a), await owes(b)]).toMatchObject([
    [{ name: 'Ben •••', paidForThem: 1_000, paidByThem: 400, theyOwe: 1_000, iOwe: 400, net: 600 }],
    [{ name: 'Aoi •••', paidForThem: 400, paidByThem: 1_000, theyOwe: 400, iOwe: 1_000, net: -600 }],
  ]);
});

test('row 60: B’s item is refunded to A, and B owes less by it (as a stranger sees it)', async () => {
  const [a, b] = await openFriends(town, 3_000);
  const lines = [line('tea', 500, ['g0']), line('steak', 1_500, ['g1']), line('cake', 400, ['g1'])];
  const paid = await payGroup(till, a, [a, b], lines);
  const settlementId = textAt(paid, 'settlementId');
  const refund = await done(till.refund(settlementId, 400, { lines: [{ lineId: 'cake' }] }));
  const ofB = (await paymentsOf(b))[0];
  expect({
    shrunk: at(refund, 'shrunk'),
    allotment: at(ofB, 'allotments.0'),
    items: listAt(ofB, 'items').map((item) => at(item, 'name')),
    again: await wordOf(till.refund(settlementId, 400, { lines: [{ lineId: 'cake' }] })),
    noLine: await wordOf(till.refund(settlementId, 400, { lines: [{ lineId: 'beer' }] })),
    balance: await a.balance(),
  }).toMatchObject({
    shrunk: expect.arrayContaining([{ guestId: 'g1', amount: 400 }]) as Json,
    allotment: { amount: money(1_500), open: money(1_500) },
    items: ['steak'],
    again: 'group_invalid',
    noLine: 'group_invalid',
    balance: 3_000 - 2_400 + 400,
  });
});

test('row 60: what B had paid back for an item that is refunded is handed on to B (as a stranger sees it)', async () => {
  const [a, b] = await openFriends(town, 3_000);
  const paid = await payGroup(till, a, [a, b], [line('tea', 500, ['g0']), line('steak', 1_500, ['g1'])]);
  await done(repay(b, textAt(paid, 'group.shares.1.allotmentId'), 1_500));
  await done(till.refund(textAt(paid, 'settlementId'), 1_500, { lines: [{ lineId: 'steak' }] }));
  const afterRefund = [await a.balance(), await b.balance()];
  await wordOf(till.refund(textAt(paid, 'settlementId'), 500));
  expect({
    afterRefund,
    ofB: at((await paymentsOf(b))[0], 'allotments.0'),
    histories: (await b.history()).map((entry) => [at(entry, 'kind'), at(entry, 'amount')]).slice(0, 2),
    balances: [await a.balance(), await b.balance()],
  }).toMatchObject({
    afterRefund: [3_000 - 500, 3_000],
    ofB: { amount: money(0), repaid: money(0), open: money(0) },
    histories: [
      ['repayment_return', 1_500],
      ['repayment', -1_500],
    ],
    balances: [3_000, 3_000],
  });
});

test('row 60: a cancel gives all of it back, and what was paid back too (as a stranger sees it)', async () => {
  const [a, b, c] = await openFriends(town, 3_000);
  const paid = await payGroup(till, a, [a, b, c], [line('hot pot', 3_000)]);
  await done(repay(b, textAt(paid, 'group.shares.1.allotmentId'), 700));
  await done(till.cancel(textAt(paid, 'settlementId')));
  expect({
    balances: [await a.balance(), await b.balance(), await c.balance()],
    repay: await wordOf(repay(c, textAt(paid, 'group.shares.2.allotmentId'), 100)),
  }).toEqual({ balances: [3_000, 3_000, 3_000], repay: 'nothing_open' });
});

test('treat, repayment and refund of one allotment at the same instant lose no yen (as a stranger sees it)', async () => {
  const [a, b] = await openFriends(town, 2_000);
  const paid = await payGroup(till, a, [a, b], [line('hot pot', 2_000)]);
  const settlementId = textAt(paid, 'settlementId');
  const allotmentId = textAt(paid, 'group.shares.1.allotmentId');
  await Promise.all([
    ...Array.from({ length: 5 }, () => repay(b, allotmentId, 200)),
    a.ask('treat', { params: { groupPaymentId: settlementId }, body: {} }),
    ...Array.from({ length: 4 }, () => till.refund(settlementId, 300)),
  ]);
  const allotment = at((await paymentsOf(b))[0], 'allotments.0');
  const [amount, repaid, treated, open] = ['amount', 'repaid', 'treated', 'open'].map((key) =>
    numberAt(allotment, `${key}.amount`),
  );
  expect({
    isWhole: amount === (repaid ?? 0) + (treated ?? 0) + (open ?? 0),
    amount,
    sum: (await a.balance()) + (await b.balance()),
  }).toEqual({ isWhole: true, amount: 400, sum: 4_000 - 2_000 + 1_200 });
});

test('after all that no money has come from nowhere, and the document told no lie (as a stranger sees it)', async () => {
  expect({ books: await town.checkBooks(), lies: town.client.lies() }).toEqual({
    books: { code: 0, sum: 0, faults: [] },
    lies: [],
  });
});
