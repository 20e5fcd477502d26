// Rows 22 to 36 of the checklist, as far as the wire shows them: as a stranger sees it.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { at, type Json, listAt, numberAt, textAt } from './json.ts';
import {
  done,
  money,
  newId,
  openTown,
  payment,
  type Person,
  type Shop,
  type Terminal,
  type Town,
  wordOf,
} from './town.ts';

/** Between two questions that may have the same answer. */
const POLITE_MS = 1_000;

let town: Town;
let shop: Shop;
let till: Terminal;
let day: Day;

beforeAll(async () => {
  town = await openTown({ operators: ['Kaze'] });
  day = await openDay();
  shop = await town.openShop('Bar Mori', { settlementMethods: ['shown_code', 'contactless', 'linked'] });
  ({ till } = shop);
});

afterAll(() => town.close());

test('row 22: the server is told code, store, terminal, transaction and amount, and the ledger shows them (as a stranger sees it)', async () => {
  const mei = await town.openPerson('Mei Sato', { balance: 1_500 });
  const [settlementId, checkId] = [newId(), newId()];
  await done(till.pay(await mei.showCode(), 1_200, { settlementId, checkId }));
  const entry = (await ledgerOf(till, shop)).find((one) => at(one, 'settlementId') === settlementId);
  expect(entry).toMatchObject({
    kind: 'settlement',
    settlementId,
    terminalId: till.terminalId,
    checkId,
    amount: 1_200,
    currency: 'JPY',
    mode: 'online',
  });
});

test('row 23: 1,500 less 1,200 is 300, and the history has one entry for it (as a stranger sees it)', async () => {
  const mei = await town.openPerson('Mei Sato', { balance: 1_500 });
  await done(till.pay(await mei.showCode(), 1_200));
  const entries = (await mei.history()).filter((entry) => at(entry, 'kind') === 'settlement');
  expect([await mei.balance(), entries.map((entry) => at(entry, 'amount'))]).toEqual([300, [-1_200]]);
});

test('rows 24 and 26: 1,200 of 1,000 is declined in words, nothing changes, and the check may be paid otherwise (as a stranger sees it)', async () => {
  const mei = await town.openPerson('Mei Sato', { balance: 1_000 });
  const [code, checkId] = [await mei.showCode(), newId()];
  const declined = await done(till.pay(code, 1_200, { checkId }));
  const [balance, history] = [await mei.balance(), (await mei.history()).length];
  const other = await town.openPerson('Ren Suzuki', { balance: 1_200 });
  expect({
    declined,
    balance,
    history,
    otherwise: await wordOf(till.pay(await other.showCode(), 1_200, { checkId })),
  }).toMatchObject({
    declined: { state: 'declined', reason: 'insufficient_funds', detail: expect.stringMatching(/\w+ \w+/) as string },
    balance: 1_000,
    history: 1,
    otherwise: 'approved',
  });
});

test('row 25: an approval has a reference, the method and a masked name for the receipt (as a stranger sees it)', async () => {
  const mei = await town.openPerson('Mei Sato', { balance: 1_500 });
  const paid = await done(till.pay(await mei.showCode(), 1_200));
  expect(paid).toMatchObject({
    state: 'approved',
    reference: expect.stringMatching(/^\S{4,32}$/) as string,
    amount: money(1_200),
    refunded: money(0),
    member: { settlementMethod: 'shown_code', maskedName: 'Mei •••' },
  });
  expect(paid).not.toHaveProperty('group');
});

test('row 27: a used code, an old one, one from the future and a forged one are each refused (as a stranger sees it)', async () => {
  const mei = await town.openPerson('Mei Sato', { balance: 1_500 });
  const used = await mei.showCode();
  await done(till.pay(used, 100));
  const code = await mei.showCode();
  const forged = `${code.slice(0, -1)}${code.endsWith('0') ? '1' : '0'}`;
  expect({
    used: await wordOf(till.pay(used, 100)),
    old: await wordOf(till.pay(await mei.showCode({ olderSteps: 20 }), 100)),
    early: await wordOf(till.pay(await mei.showCode({ olderSteps: -20 }), 100)),
    forged: await wordOf(till.pay(forged, 100)),
    nonsense: await wordOf(till.pay('WRK1:', 100)),
    another: await wordOf(till.pay('https://example.com/', 100)),
    balance: await mei.balance(),
  }).toEqual({
    used: 'token_replayed',
    old: 'token_expired',
    early: 'token_invalid',
    forged: 'token_invalid',
    nonsense: 'token_invalid',
    another: 'token_invalid',
    balance: 1_400,
  });
});

test('row 28: one id from 64 callers at once takes the money once and answers all of them alike (as a stranger sees it)', async () => {
  const mei = await town.openPerson('Mei Sato', { balance: 1_500 });
  const [code, settlementId] = [await mei.showCode(), newId()];
  const body = payment(code, 400);
  const replies = await Promise.all(
    Array.from({ length: 64 }, () => done(till.ask('putSettlement', { params: { settlementId }, body }))),
  );
  const later = await done(till.ask('putSettlement', { params: { settlementId }, body }));
  expect({
    answers: new Set([...replies, later].map((reply) => JSON.stringify(reply))).size,
    state: at(later, 'state'),
    balance: await mei.balance(),
    history: (await mei.history()).length,
  }).toEqual({ answers: 1, state: 'approved', balance: 1_100, history: 2 });
});

test('row 28: the same id with another amount, check, customer or terminal is not the same (as a stranger sees it)', async () => {
  const [mei, ren] = [
    await town.openPerson('Mei', { balance: 1_500 }),
    await town.openPerson('Ren', { balance: 1_500 }),
  ];
  const [code, settlementId] = [await mei.showCode(), newId()];
  const body = payment(code, 400);
  const second = await shop.openTerminal();
  const put = (change: Record<string, Json>, by = till) =>
    wordOf(by.ask('putSettlement', { params: { settlementId }, body: { ...body, ...change } }));
  expect({
    first: await put({}),
    amount: await put({ amount: money(401) }),
    check: await put({ checkId: newId() }),
    currency: await put({ amount: money(400, 'USD') }),
    customer: await put({ token: await ren.showCode() }),
    terminal: await put({}, second),
    freshCode: await put({ token: await mei.showCode() }),
    balances: [await mei.balance(), await ren.balance()],
  }).toEqual({
    first: 'approved',
    amount: 'duplicate_mismatch',
    check: 'duplicate_mismatch',
    currency: 'duplicate_mismatch',
    customer: 'duplicate_mismatch',
    terminal: 'duplicate_mismatch',
    freshCode: 'approved',
    balances: [1_100, 1_500],
  });
});

test('row 29: the outcome of an id can be asked for, and of an unknown one it is said so (as a stranger sees it)', async () => {
  const mei = await town.openPerson('Mei Sato', { balance: 500 });
  const [paid, declined] = [newId(), newId()];
  const answers = [
    await done(till.pay(await mei.showCode(), 400, { settlementId: paid })),
    await done(till.pay(await mei.showCode(), 400, { settlementId: declined })),
  ];
  const ask = (settlementId: string) => till.ask('getSettlement', { params: { settlementId } });
  expect({
    asked: [await done(ask(paid)), await done(ask(declined))],
    unknown: await wordOf(ask(newId())),
  }).toEqual({ asked: answers, unknown: 'not_found' });
});

test('row 30: what was approved too late is cancelled, once and for good (as a stranger sees it)', async () => {
  const mei = await town.openPerson('Mei Sato', { balance: 1_500 });
  const settlementId = newId();
  const body = payment(await mei.showCode(), 1_200);
  await done(till.ask('putSettlement', { params: { settlementId }, body }));
  const first = await done(till.cancel(settlementId));
  expect({
    first,
    again: await done(till.cancel(settlementId)),
    late: (await till.ask('putSettlement', { params: { settlementId }, body })).status,
    refund: await wordOf(till.refund(settlementId, 100)),
    balance: await mei.balance(),
    history: (await mei.history()).map((entry) => [at(entry, 'kind'), at(entry, 'amount')]),
  }).toEqual({
    first: expect.objectContaining({ state: 'cancelled', wasBooked: true }) as Json,
    again: first,
    late: 409,
    refund: 'not_refundable',
    balance: 1_500,
    history: [
      ['cancel', 1_200],
      ['settlement', -1_200],
      ['reload', 1_500],
    ],
  });
});

test('row 30: an id that was cancelled before it was seen stays blocked, whoever brings it (as a stranger sees it)', async () => {
  const mei = await town.openPerson('Mei Sato', { balance: 1_500 });
  const settlementId = newId();
  const tombstone = await done(till.cancel(settlementId));
  const code = await mei.showCode();
  expect({
    tombstone,
    late: await till.pay(code, 100, { settlementId }),
    offline: await till.pay(code, 100, { settlementId, mode: 'offline' }),
    balance: await mei.balance(),
    code: await wordOf(till.pay(code, 100)),
  }).toMatchObject({
    tombstone: { state: 'cancelled', wasBooked: false },
    late: { status: 409, body: { code: 'cancelled' } },
    offline: { status: 409, body: { code: 'cancelled' } },
    balance: 1_500,
    code: 'approved',
  });
});

test('row 30: payment and cancel of one id at the same instant end in one of two ways, and the money says which (as a stranger sees it)', async () => {
  const mei = await town.openPerson('Mei Sato', { balance: 1_500 });
  const settlementId = newId();
  const code = await mei.showCode();
  const tries = Array.from({ length: 8 }, () => [
    till.pay(code, 1_200, { settlementId, checkId: settlementId }),
    till.cancel(settlementId),
  ]);
  await Promise.all(tries.flat());
  const { body } = await till.ask('getSettlement', { params: { settlementId } });
  expect({ state: at(body, 'state'), balance: await mei.balance() }).toEqual({ state: 'cancelled', balance: 1_500 });
});

test('row 31: refunds raise the balance, and never above what was paid (as a stranger sees it)', async () => {
  const mei = await town.openPerson('Mei Sato', { balance: 1_500 });
  const [settlementId, refundId] = [newId(), newId()];
  await done(till.pay(await mei.showCode(), 1_200, { settlementId }));
  const part = await done(till.refund(settlementId, 500, { refundId, reason: 'cold soup' }));
  expect({
    part,
    again: await done(till.refund(settlementId, 500, { refundId, reason: 'cold soup' })),
    other: await wordOf(till.refund(settlementId, 501, { refundId })),
    tooMuch: await wordOf(till.refund(settlementId, 701)),
    nothing: await wordOf(till.refund(settlementId, 0)),
    negative: await wordOf(till.refund(settlementId, -1)),
    rest: at(await done(till.refund(settlementId, 700)), 'refunded.amount'),
    more: await wordOf(till.refund(settlementId, 1)),
    unknown: await wordOf(till.refund(newId(), 100)),
    cancel: await wordOf(till.cancel(settlementId)),
    balance: await mei.balance(),
    history: (await mei.history()).map((entry) => [at(entry, 'kind'), at(entry, 'amount')]),
  }).toEqual({
    part: expect.objectContaining({ refundId, settlementId, amount: money(500), refunded: money(500) }) as Json,
    again: part,
    other: 'duplicate_mismatch',
    tooMuch: 'refund_exceeds_settlement',
    nothing: 'bad_request',
    negative: 'bad_request',
    rest: 1_200,
    more: 'refund_exceeds_settlement',
    unknown: 'not_found',
    cancel: 'not_refundable',
    balance: 1_500,
    history: [
      ['refund', 700],
      ['refund', 500],
      ['settlement', -1_200],
      ['reload', 1_500],
    ],
  });
});

test('row 31: 16 refunds of the whole at once give it back once (as a stranger sees it)', async () => {
  const mei = await town.openPerson('Mei Sato', { balance: 1_500 });
  const settlementId = newId();
  await done(till.pay(await mei.showCode(), 1_200, { settlementId }));
  const words = await Promise.all(Array.from({ length: 16 }, () => wordOf(till.refund(settlementId, 1_200))));
  expect([words.filter((word) => word === 'ok').length, await mei.balance()]).toEqual([1, 1_500]);
});

test('row 32: neither PIN nor code stand in what the server writes, prints or answers (as a stranger sees it)', async () => {
  const mei = await town.openPerson('Mei Sato', { balance: 1_500 });
  const pin = '90417263';
  const [code, settlementId] = [await mei.showCode(), newId()];
  await done(mei.ask('putPin', { body: { pin, currentPin: mei.pin } }));
  const answers = [
    await done(till.pay(code, 100, { settlementId })),
    await wordOf(till.pay(code, 100)),
    await wordOf(till.pay(`${code}A`, 100)),
    await wordOf(mei.ask('issueCredential', { body: { pin: '90417264', method: 'shown_code' } })),
    await ledgerOf(till, shop),
    await mei.history(),
  ];
  const written = readdirSync(town.data).map((name) => readFileSync(join(town.data, name)).toString('latin1'));
  const everything = [...written, town.server().output(), JSON.stringify(answers)].join('\n');
  const secrets = [pin, '90417264', code, code.slice(5, 45), code.slice(-40)];
  expect(secrets.filter((secret) => everything.includes(secret))).toEqual([]);
});

test('row 34: what the balance lacks is left to another tender, by the same code (as a stranger sees it)', async () => {
  const mei = await town.openPerson('Mei Sato', { balance: 1_000 });
  const [code, checkId] = [await mei.showCode(), newId()];
  expect({
    whole: await wordOf(till.pay(code, 1_200, { checkId })),
    part: await wordOf(till.pay(code, 1_000, { checkId })),
    balance: await mei.balance(),
  }).toEqual({ whole: 'insufficient_funds', part: 'approved', balance: 0 });
});

test('row 35: which methods a shop accepts is told to anyone, and to whoever reads its table code (as a stranger sees it)', async () => {
  const mei = await town.openPerson('Mei Sato');
  const tableId = newId();
  const table = await done(till.ask('putTable', { params: { tableId }, body: { name: 'Table 5' } }));
  const checkedIn = await done(mei.ask('checkIn', { body: { tableCode: textAt(table, 'tableCode') } }));
  const told = await done(town.ask('getStore', { params: { storeId: shop.storeId } }));
  const accepted = ['shown_code', 'contactless', 'linked'];
  expect([at(told, 'name'), at(told, 'settlementMethods'), at(checkedIn, 'settlementMethods')]).toEqual([
    'Bar Mori',
    accepted,
    accepted,
  ]);
});

test('the limits hold to the unit, and a payment is above zero (as a stranger sees it)', async () => {
  const mei = await town.openPerson('Mei Sato', { balance: 100_000 });
  const limit = numberAt(await done(mei.ask('getWallet')), 'limits.perPayment.amount');
  const pay = async (amount: number, currency = 'JPY') => wordOf(till.pay(await mei.showCode(), amount, { currency }));
  expect({
    above: await pay(limit + 1),
    at: await pay(limit),
    nothing: await pay(0),
    negative: await pay(-100),
    otherCurrency: await pay(100, 'EUR'),
    threeDecimals: await pay(1_000, 'KWD'),
    balance: await mei.balance(),
  }).toEqual({
    above: 'limit_exceeded',
    at: 'approved',
    nothing: 'bad_request',
    negative: 'bad_request',
    otherCurrency: 'currency_mismatch',
    threeDecimals: 'currency_mismatch',
    balance: 100_000 - limit,
  });
});

test('a day’s payments fill its limit and not a yen more (as a stranger sees it)', async () => {
  const mei = await town.openPerson('Mei Sato', { balance: 100_000 });
  const methodId = await mei.register('kaze');
  await done(mei.reload(methodId, 100_000));
  await done(mei.reload(methodId, 100_000));
  const limits = at(await done(mei.ask('getWallet')), 'limits');
  const [each, day] = [numberAt(limits, 'perPayment.amount'), numberAt(limits, 'perDay.amount')];
  const words: string[] = [];
  for (let spent = 0; spent < day; spent += each) words.push(await wordOf(till.pay(await mei.showCode(), each)));
  words.push(await wordOf(till.pay(await mei.showCode(), 1)));
  expect([words, await mei.balance()]).toEqual([
    [...Array.from({ length: day / each }, () => 'approved'), 'limit_exceeded'],
    300_000 - day,
  ]);
});

test('a wallet in euros pays cents, and its month is over at 150.00 (as a stranger sees it)', async () => {
  const anna = await town.openPerson('Anna Müller', { balance: 150_00, jurisdiction: 'EU' });
  const pay = async (amount: number) => wordOf(till.pay(await anna.showCode(), amount, { currency: 'EUR' }));
  expect([await pay(149_99), await pay(1), await anna.balance()]).toEqual(['approved', 'approved', 0]);
  expect([await pay(1), await wordOf(anna.reload(await anna.register('kaze'), 1_00))]).toEqual([
    'limit_exceeded',
    'limit_exceeded',
  ]);
});

test.each(['陽菜 🍣', 'Zoë Ó Briain', 'Ａ', '👩‍👩‍👧', 'رنا خالد', '"; drop table wallet; --'])(
  'a customer called %s pays and is masked (as a stranger sees it)',
  async (name) => {
    const person = await town.openPerson(name, { balance: 1_000 });
    const paid = await done(till.pay(await person.showCode(), 300));
    const masked = textAt(paid, 'member.maskedName');
    expect({ isMasked: masked.endsWith('•••') && masked !== name, whole: name.split(/\s/).length }).toMatchObject({
      isMasked: true,
    });
    expect(at(await done(person.ask('getWallet')), 'name')).toBe(name);
  },
);

test('row 36: the day’s figures of one terminal come out of the ledger, page by page (as a stranger sees it)', async () => {
  const entries = await ledgerOf(day.first, day.shop, '2');
  const sumOf = (kind: string, terminal: Terminal) =>
    entries
      .filter((entry) => at(entry, 'kind') === kind && at(entry, 'terminalId') === terminal.terminalId)
      .map((entry) => [numberAt(entry, 'amount'), numberAt(entry, 'fee')]);
  expect({
    settlements: sumOf('settlement', day.first),
    second: sumOf('settlement', day.second),
    refunds: sumOf('refund', day.first),
    cancels: sumOf('cancel', day.first),
    declines: sumOf('declined', day.first),
    others: await wordOf(till.ask('listStoreLedger', { params: { storeId: day.shop.storeId } })),
    balance: await day.customer.balance(),
  }).toEqual({
    settlements: Array.from({ length: 5 }, () => [1_000, 30]),
    second: [[2_000, 60]],
    refunds: [[-400, 0]],
    cancels: [[-1_000, -30]],
    declines: [[0, 0]],
    others: 'not_found',
    balance: 10_000 - 5_000 - 2_000 + 400 + 1_000,
  });
});

test('after all that no money has come from nowhere, and the document told no lie (as a stranger sees it)', async () => {
  expect({ books: await town.checkBooks(), lies: town.client.lies() }).toEqual({
    books: { code: 0, sum: 0, faults: [] },
    lies: [],
  });
});

/** A shop with two terminals and what they did in a day. */
interface Day {
  readonly shop: Shop;
  readonly first: Terminal;
  readonly second: Terminal;
  readonly customer: Person;
}

async function openDay(): Promise<Day> {
  const kissa = await town.openShop('Kissa Kaze', { fee: { numerator: 300, denominator: 10_000 } });
  const [first, second] = [kissa.till, await kissa.openTerminal()];
  const customer = await town.openPerson('Mei Sato', { balance: 10_000 });
  const ids = Array.from({ length: 5 }, newId);
  for (const settlementId of ids) await done(first.pay(await customer.showCode(), 1_000, { settlementId }));
  await done(second.pay(await customer.showCode(), 2_000));
  await done(first.refund(ids[0] ?? '', 400));
  await done(first.cancel(ids[1] ?? ''));
  await done(first.pay(await customer.showCode(), 9_999));
  return { shop: kissa, first, second, customer };
}

/** All entries of a store's ledger. What is younger than ten seconds is held back while more follows: so one waits. */
async function ledgerOf(terminal: Terminal, { storeId }: Shop, limit = '100'): Promise<readonly Json[]> {
  const entries: Json[] = [];
  let query: Record<string, string> = { limit };
  for (;;) {
    const page = await done(terminal.ask('listStoreLedger', { params: { storeId }, query }));
    const some = listAt(page, 'entries');
    entries.push(...some);
    const cursor = at(page, 'nextCursor');
    if (typeof cursor !== 'string') return entries;
    if (some.length === 0) await setTimeout(POLITE_MS);
    query = { limit, cursor };
  }
}
