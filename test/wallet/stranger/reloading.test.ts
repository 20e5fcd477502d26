// Rows 1 to 11 of the checklist, and what goes wrong between a wallet and its operators: as a stranger sees it.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { signByKey } from './http-signature.ts';
import { at, listAt, numberAt, textAt, type Json } from './json.ts';
import { done, makeKeyPair, money, newId, openTown, type Person, type Town, wordOf } from './town.ts';

const [KAZE, UMI] = ['kaze', 'umi'];

let town: Town;

beforeAll(async () => {
  town = await openTown();
});

afterAll(() => town.close());

describe('payment means', () => {
  test('row 1: a registered method is listed as a reloading method of the wallet (as a stranger sees it)', async () => {
    const mei = await town.openPerson('Mei Sato');
    const before = await methodsOf(mei);
    const methodId = await mei.register(KAZE, 'Mei’s card');
    expect({ before, after: await methodsOf(mei) }).toMatchObject({
      before: [],
      after: [{ methodId, operatorId: KAZE, kind: 'card' }],
    });
  });

  test('row 2: methods of two operators are both listed (as a stranger sees it)', async () => {
    const mei = await town.openPerson('Mei Sato');
    await mei.register(KAZE);
    await mei.register(UMI, 'account 12-34', 'bank_account');
    expect((await methodsOf(mei)).map((method) => at(method, 'operatorId'))).toEqual([KAZE, UMI]);
  });

  test('row 3: the same method registered again is still one, and the answer says so (as a stranger sees it)', async () => {
    const mei = await town.openPerson('Mei Sato');
    const body = { operatorId: KAZE, kind: 'card', setupToken: 'the very same card' };
    const first = await done(mei.ask('addReloadMethod', { body }));
    const again = await done(mei.ask('addReloadMethod', { body }));
    expect({
      first: at(first, 'wasRegistered'),
      again: at(again, 'wasRegistered'),
      isSame: textAt(first, 'method.methodId') === textAt(again, 'method.methodId'),
      listed: (await methodsOf(mei)).length,
    }).toEqual({ first: false, again: true, isSame: true, listed: 1 });
  });

  test.each([
    ['a kind that nobody knows', { operatorId: KAZE, kind: 'barter', setupToken: 'three hens' }, 'bad_request'],
    [
      'a kind that this operator does not run',
      { operatorId: KAZE, kind: 'carrier', setupToken: 'abcd' },
      'method_unknown',
    ],
    ['an operator that nobody knows', { operatorId: 'nobody', kind: 'card', setupToken: 'abcd' }, 'method_unknown'],
    ['no token', { operatorId: KAZE, kind: 'card' }, 'bad_request'],
    ['an empty token', { operatorId: KAZE, kind: 'card', setupToken: '' }, 'bad_request'],
    ['a card number', { operatorId: KAZE, kind: 'card', setupToken: '4111 1111 1111 1111' }, 'operator_refused'],
  ])('row 4: %s is refused with a reason and nothing is stored (as a stranger sees it)', async (_, body, code) => {
    const mei = await town.openPerson('Mei Sato');
    const reply = await mei.ask('addReloadMethod', { body, isWrong: true });
    expect({ code: at(reply.body, 'code'), title: at(reply.body, 'title'), listed: await methodsOf(mei) }).toEqual({
      code,
      title: expect.stringMatching(/\w/) as string,
      listed: [],
    });
  });

  test('row 5: all methods stand in one answer, each with its operator’s and its own name (as a stranger sees it)', async () => {
    const mei = await town.openPerson('Mei Sato');
    await mei.register(KAZE);
    await mei.register(UMI);
    const shown = (await methodsOf(mei)).map((method) => [at(method, 'operatorName'), at(method, 'displayName')]);
    expect(shown).toEqual([
      ['Kaze', expect.stringContaining('Kaze')],
      ['Umi', expect.stringContaining('Umi')],
    ]);
  });

  test('row 11: a removed method is gone, pays nothing, and what it reloaded stays in the history (as a stranger sees it)', async () => {
    const mei = await town.openPerson('Mei Sato');
    const methodId = await mei.register(UMI);
    await done(mei.reload(methodId, 700));
    await done(mei.ask('removeReloadMethod', { params: { methodId } }));
    expect({
      listed: await methodsOf(mei),
      reload: await wordOf(mei.reload(methodId, 700)),
      again: await wordOf(mei.ask('removeReloadMethod', { params: { methodId } })),
      history: await mei.history(),
    }).toMatchObject({
      listed: [],
      reload: 'method_unknown',
      again: 'not_found',
      history: [{ kind: 'reload', amount: 700, counterpart: expect.stringContaining('Umi') as string }],
    });
  });

  test('a method is its owner’s alone (as a stranger sees it)', async () => {
    const [mei, ren] = [await town.openPerson('Mei Sato'), await town.openPerson('Ren Suzuki')];
    const methodId = await mei.register(KAZE);
    expect({
      reload: await wordOf(ren.reload(methodId, 500)),
      remove: await wordOf(ren.ask('removeReloadMethod', { params: { methodId } })),
      kept: (await methodsOf(mei)).length,
    }).toEqual({ reload: 'method_unknown', remove: 'not_found', kept: 1 });
  });
});

describe('money into the wallet', () => {
  test('row 6: 500 on top of 1,000 is exactly 1,500 (as a stranger sees it)', async () => {
    const mei = await town.openPerson('Mei Sato', { balance: 1_000 });
    const reply = await done(mei.reload(await mei.register(KAZE), 500));
    expect({ reply, balance: await mei.balance() }).toMatchObject({
      reply: { state: 'credited', balance: money(1_500), cause: 'customer' },
      balance: 1_500,
    });
  });

  test('row 7: the chosen method’s operator is asked, and no other (as a stranger sees it)', async () => {
    const mei = await town.openPerson('Mei Sato');
    const [a, b] = [await mei.register(KAZE), await mei.register(UMI)];
    const before = [await takenBy(KAZE), await takenBy(UMI)];
    await done(mei.reload(b, 2_300));
    const after = [await takenBy(KAZE), await takenBy(UMI)];
    await done(mei.reload(a, 1_100));
    const last = [await takenBy(KAZE), await takenBy(UMI)];
    const grown = (from: readonly number[], to: readonly number[]) => to.map((sum, index) => sum - (from[index] ?? 0));
    expect([grown(before, after), grown(after, last)]).toEqual([
      [0, 2_300],
      [1_100, 0],
    ]);
  });

  test.each([
    [501, 'do_not_honour'],
    [502, 'insufficient_funds'],
    [503, 'expired'],
  ])('row 8: a decline of %i leaves the balance and says %s (as a stranger sees it)', async (amount, reason) => {
    const mei = await town.openPerson('Mei Sato', { balance: 1_000 });
    const reply = await done(mei.reload(await mei.register(KAZE), amount));
    expect({ reply, balance: await mei.balance() }).toMatchObject({
      reply: { state: 'declined', reason },
      balance: 1_000,
    });
  });

  test('row 8: an operator that is out leaves the balance, and once it is back the money comes once (as a stranger sees it)', async () => {
    const umi = town.operators.find(({ operatorId }) => operatorId === UMI);
    const mei = await town.openPerson('Mei Sato', { balance: 1_000 });
    const methodId = await mei.register(UMI);
    const events = await mei.listen();
    const reloadId = newId();
    await umi?.turn('outage', { on: true });
    const reply = await mei.reload(methodId, 500, reloadId);
    const meanwhile = await mei.balance();
    await umi?.turn('outage', { on: false });
    await events.next('reloaded');
    const later = await done(mei.ask('getReload', { params: { reloadId } }));
    await events.close();
    expect({ first: at(reply.body, 'state'), meanwhile, later, balance: await mei.balance() }).toMatchObject({
      first: 'pending',
      meanwhile: 1_000,
      later: { state: 'credited' },
      balance: 1_500,
    });
  });

  test('row 9: one reload id from 16 callers at once, and later again, raises the balance once (as a stranger sees it)', async () => {
    const mei = await town.openPerson('Mei Sato', { balance: 1_000 });
    const [methodId, reloadId] = [await mei.register(KAZE), newId()];
    await Promise.all(Array.from({ length: 16 }, () => done(mei.reload(methodId, 500, reloadId))));
    const again = await done(mei.reload(methodId, 500, reloadId));
    expect({
      again: at(again, 'state'),
      other: await wordOf(mei.reload(methodId, 600, reloadId)),
      balance: await mei.balance(),
      history: (await mei.history()).map((entry) => at(entry, 'amount')),
    }).toEqual({ again: 'credited', other: 'duplicate_mismatch', balance: 1_500, history: [500, 1_000] });
  });

  test('row 10: an unregistered method, nothing, less than nothing and too much are refused (as a stranger sees it)', async () => {
    const mei = await town.openPerson('Mei Sato');
    const methodId = await mei.register(KAZE);
    const limits = at(await done(mei.ask('getWallet')), 'limits');
    const [least, most] = [numberAt(limits, 'reloadMin.amount'), numberAt(limits, 'reloadMax.amount')];
    const reload = (amount: Json, id = methodId) =>
      wordOf(mei.ask('putReload', { params: { reloadId: newId() }, body: { methodId: id, amount }, isWrong: true }));
    expect({
      unregistered: await reload(money(500), newId()),
      nothing: await reload(money(0)),
      negative: await reload(money(-500)),
      fraction: await reload(money(500.5)),
      tooLittle: await reload(money(least - 1)),
      tooMuch: await reload(money(most + 1)),
      otherCurrency: await reload(money(500, 'EUR')),
      noCurrency: await reload(money(500, 'XXQ')),
      beyondNumbers: await reload(money(2 ** 53)),
      balance: await mei.balance(),
      atTheLimits: [await reload(money(least)), await reload(money(most))],
    }).toEqual({
      unregistered: 'method_unknown',
      nothing: 'bad_request',
      negative: 'bad_request',
      fraction: 'bad_request',
      tooLittle: 'limit_exceeded',
      tooMuch: 'limit_exceeded',
      otherCurrency: 'bad_request',
      noCurrency: 'bad_request',
      beyondNumbers: 'bad_request',
      balance: 0,
      atTheLimits: ['credited', 'credited'],
    });
  });

  test('row 10: the balance may reach its limit and not pass it (as a stranger sees it)', async () => {
    const mei = await town.openPerson('Mei Sato');
    const methodId = await mei.register(KAZE);
    const limits = at(await done(mei.ask('getWallet')), 'limits');
    const [step, most] = [numberAt(limits, 'reloadMax.amount'), numberAt(limits, 'maxBalance.amount')];
    for (let sum = 0; sum < most; sum += step) await done(mei.reload(methodId, Math.min(step, most - sum)));
    expect([await mei.balance(), await wordOf(mei.reload(methodId, 100))]).toEqual([most, 'limit_exceeded']);
  });

  test('a wallet of two decimals holds cents, and no yen (as a stranger sees it)', async () => {
    const anna = await town.openPerson('Anna Müller', { jurisdiction: 'EU' });
    const methodId = await anna.register(KAZE);
    await done(anna.reload(methodId, 12_34));
    const reloadId = newId();
    const yen = anna.ask('putReload', { params: { reloadId }, body: { methodId, amount: money(500, 'JPY') } });
    expect([anna.currency, await anna.balance(), await wordOf(yen)]).toEqual(['EUR', 1_234, 'bad_request']);
  });
});

describe('webhooks', () => {
  test('what an operator leaves open ends as its webhook says, also where that comes twice and late (as a stranger sees it)', async () => {
    // 6: captured later. 7: declined later. 8: captured, and each webhook comes twice, the later ones first.
    const cases = [
      [806, 'reloaded'],
      [807, 'reload_declined'],
      [808, 'reloaded'],
    ] as const;
    const ends = await Promise.all(
      cases.map(async ([amount, event]) => {
        const mei = await town.openPerson('Mei Sato', { balance: 1_000 });
        const [methodId, reloadId] = [await mei.register(KAZE), newId()];
        const events = await mei.listen();
        const first = await done(mei.reload(methodId, amount, reloadId));
        await events.next(event);
        await events.close();
        const later = await done(mei.ask('getReload', { params: { reloadId } }));
        return [at(first, 'state'), at(later, 'state'), mei] as const;
      }),
    );
    // By now the operator has told all that it had to tell of the third.
    const balances = await Promise.all(ends.map(([, , mei]) => mei.balance()));
    expect(ends.map(([first, later], index) => [first, later, balances[index]])).toEqual([
      ['pending', 'credited', 1_806],
      ['pending', 'declined', 1_000],
      ['credited', 'credited', 1_808],
    ]);
  });

  test('a chargeback of money that was spent leaves a debt, which the next reload pays first (as a stranger sees it)', async () => {
    const kaze = town.operators.find(({ operatorId }) => operatorId === KAZE);
    const { till } = await town.openShop('Bar Mori');
    const mei = await town.openPerson('Mei Sato');
    const [methodId, reloadId] = [await mei.register(KAZE), newId()];
    await done(mei.reload(methodId, 2_000, reloadId));
    await done(till.pay(await mei.showCode(), 1_500));
    const events = await mei.listen();
    await kaze?.turn('charge-back', { authorisationId: reloadId });
    await events.next('charged_back');
    await events.close();
    const owing = await done(mei.ask('getWallet'));
    await done(mei.reload(methodId, 1_600));
    const paid = await done(mei.ask('getWallet'));
    expect({
      owing: { balance: at(owing, 'balance.amount'), owed: at(owing, 'owed.amount') },
      paid: { balance: at(paid, 'balance.amount'), owed: at(paid, 'owed.amount') },
    }).toEqual({ owing: { balance: 0, owed: 1_500 }, paid: { balance: 100, owed: 0 } });
  });

  test('an operator’s word counts for its own money only, and nobody else’s word counts (as a stranger sees it)', async () => {
    const { key, publicKey } = makeKeyPair();
    const operatorId = 'thief';
    const body = { name: 'Thief', url: 'http://127.0.0.1:9', publicKey, kinds: ['card'] };
    await done(town.ask('adminPutOperator', { by: town.admin, params: { operatorId }, body }));
    const mei = await town.openPerson('Mei Sato', { balance: 1_000 });
    const [methodId, reloadId] = [await mei.register(KAZE), newId()];
    await done(mei.reload(methodId, 507, reloadId));
    const word = {
      webhookId: newId(),
      type: 'authorisation.captured',
      authorisationId: reloadId,
      amount: money(507),
      at: new Date().toISOString(),
      sequence: 9,
    };
    const tell = (params: { operatorId: string }, by = signByKey(publicKey, key), change = {}) =>
      wordOf(town.ask('operatorWebhook', { by, params, body: { ...word, ...change } }));
    expect({
      byThief: await tell({ operatorId }),
      asKaze: await tell({ operatorId: KAZE }),
      unsigned: await wordOf(town.ask('operatorWebhook', { params: { operatorId: KAZE }, body: word })),
      byAPhone: await tell({ operatorId: KAZE }, mei.phone),
      ofNothing: await tell({ operatorId }, signByKey(publicKey, key), { authorisationId: newId() }),
      balance: await mei.balance(),
    }).toEqual({
      byThief: 'not_found',
      asKaze: 'device_unknown',
      unsigned: 'signature_missing',
      byAPhone: 'device_unknown',
      ofNothing: 'not_found',
      balance: 1_000,
    });
  });

  test('the day’s reloads and the operator’s settlement file agree (as a stranger sees it)', async () => {
    const mei = await town.openPerson('Mei Sato', { balance: 3_300 });
    const day = await reconcile(KAZE);
    expect({
      balance: await mei.balance(),
      oursOnly: at(day, 'oursOnly'),
      amountDiffers: at(day, 'amountDiffers'),
    }).toEqual({ balance: 3_300, oursOnly: [], amountDiffers: [] });
  });
});

test('auto-reload fills up below its threshold, and stops at its daily cap (as a stranger sees it)', async () => {
  const { till } = await town.openShop('Bar Mori');
  const mei = await town.openPerson('Mei Sato', { balance: 3_000 });
  const methodId = await mei.register(KAZE);
  const body = { isOn: true, methodId, threshold: 2_000, amount: 1_500, dailyCap: 1_500, monthlyCap: 9_000 };
  await done(mei.ask('putAutoReload', { body }));
  const events = await mei.listen();
  await done(till.pay(await mei.showCode(), 1_200));
  await events.next('reloaded');
  const filled = await mei.balance();
  await done(till.pay(await mei.showCode(), 3_000));
  // What is told after the second settlement: had there been a reload, it would be asked for by now.
  await done(till.pay(await mei.showCode(), 100));
  await events.close();
  expect({
    filled,
    balance: await mei.balance(),
    reloads: (await mei.history()).filter((entry) => at(entry, 'kind') === 'reload').length,
    other: await wordOf(mei.ask('putAutoReload', { body: { ...body, methodId: newId() } })),
  }).toEqual({ filled: 3_300, balance: 200, reloads: 2, other: 'method_unknown' });
});

test('after all that no money has come from nowhere, and the document told no lie (as a stranger sees it)', async () => {
  expect({ books: await town.checkBooks(), lies: town.client.lies() }).toEqual({
    books: { code: 0, sum: 0, faults: [] },
    lies: [],
  });
});

async function methodsOf(person: Person): Promise<readonly Json[]> {
  return listAt(await done(person.ask('getWallet')), 'reloadMethods');
}

/** What an operator took for the wallet today, by the wallet's and the operator's books together. */
async function takenBy(operatorId: string): Promise<number> {
  return numberAt(await reconcile(operatorId), 'matched.amount');
}

function reconcile(operatorId: string): Promise<Json> {
  const date = new Date().toISOString().slice(0, 10);
  return done(town.ask('adminReconcileOperator', { by: town.admin, params: { operatorId }, query: { date } }));
}
