// Rows 12 to 20 of the checklist, as far as the wire shows them, and credentials: as a stranger sees it.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isSignedBy, readCredential } from './customer-code.ts';
import { signByKey } from './http-signature.ts';
import { at, type Json, listAt, numberAt, textAt } from './json.ts';
import { done, makeKeyPair, money, newId, openTown, type Person, type Terminal, type Town, wordOf } from './town.ts';

let town: Town;
let till: Terminal;

beforeAll(async () => {
  town = await openTown();
  ({ till } = await town.openShop('Bar Mori'));
});

afterAll(() => town.close());

describe('settlement methods', () => {
  test('row 12: several are told, and one is the current one (as a stranger sees it)', async () => {
    const mei = await town.openPerson('Mei Sato');
    const wallet = await done(mei.ask('getWallet'));
    const methods = listAt(wallet, 'settlementMethods').map((one) => at(one, 'method'));
    expect({
      several: methods.length > 1,
      current: methods.filter((one) => one === at(wallet, 'settlementMethod')),
    }).toEqual({
      several: true,
      current: ['shown_code'],
    });
  });

  test('row 13: switching makes the other one current, and one that is not there changes nothing (as a stranger sees it)', async () => {
    const mei = await town.openPerson('Mei Sato');
    const choose = (method: string) => wordOf(mei.ask('putSettlementMethod', { body: { method } }));
    expect({
      switched: await choose('contactless'),
      unknown: await choose(`linked:${newId()}`),
      current: at(await done(mei.ask('getWallet')), 'settlementMethod'),
    }).toEqual({ switched: 'ok', unknown: 'method_unknown', current: 'contactless' });
  });

  test('row 15: the balance is told (as a stranger sees it)', async () => {
    const mei = await town.openPerson('Mei Sato', { balance: 1_500 });
    expect(at(await done(mei.ask('getWallet')), 'balance')).toEqual(money(1_500));
  });

  test('row 16: a method that is tied to a payment means is told with that one’s name (as a stranger sees it)', async () => {
    const mei = await town.openPerson('Mei Sato');
    const methodId = await mei.register('umi');
    await done(mei.ask('putSettlementMethod', { body: { method: `linked:${methodId}` } }));
    const wallet = await done(mei.ask('getWallet'));
    const current = listAt(wallet, 'settlementMethods').find(
      (one) => at(one, 'method') === at(wallet, 'settlementMethod'),
    );
    expect(at(current, 'linkedTo')).toEqual({ methodId, displayName: expect.stringContaining('Umi') as string });
  });

  test('row 16: paid by a linked method, what the balance lacks is reloaded from it first (as a stranger sees it)', async () => {
    const mei = await town.openPerson('Mei Sato', { balance: 300 });
    const methodId = await mei.register('umi');
    const code = await mei.showCode({ method: `linked:${methodId}` });
    const paid = await done(till.pay(code, 1_200));
    const history = (await mei.history()).map((entry) => [at(entry, 'kind'), at(entry, 'amount')]);
    expect({ state: at(paid, 'state'), history, balance: await mei.balance() }).toEqual({
      state: 'approved',
      history: expect.arrayContaining([
        ['settlement', -1_200],
        ['reload', 900],
        ['reload', 300],
      ]) as Json,
      balance: 0,
    });
  });

  test('row 17: settlements by two methods stand in one list, each with its method (as a stranger sees it)', async () => {
    const mei = await town.openPerson('Mei Sato', { balance: 3_000 });
    await done(till.pay(await mei.showCode({ method: 'shown_code' }), 1_000));
    await done(till.pay(await mei.showCode({ method: 'contactless' }), 500));
    expect(await mei.history()).toMatchObject([
      { kind: 'settlement', amount: -500, settlementMethod: 'contactless', store: 'Bar Mori' },
      { kind: 'settlement', amount: -1_000, settlementMethod: 'shown_code', store: 'Bar Mori' },
      { kind: 'reload', amount: 3_000 },
    ]);
  });

  test('rows 18, 20 and 37: the same PIN opens every method, chosen or not, and any till takes them alike (as a stranger sees it)', async () => {
    const mei = await town.openPerson('Mei Sato', { balance: 3_000 });
    const linked = `linked:${await mei.register('kaze')}`;
    const words = await Promise.all(
      ['shown_code', 'contactless', 'store_code', linked].map(async (method) =>
        wordOf(till.pay(await mei.showCode({ method }), 100)),
      ),
    );
    expect(words).toEqual(['approved', 'approved', 'approved', 'approved']);
  });
});

describe('the PIN', () => {
  test('row 19: a wrong PIN gives no code, and each one leaves a try less (as a stranger sees it)', async () => {
    const mei = await town.openPerson('Mei Sato', { balance: 1_000 });
    const first = await tryPin(mei, '9999');
    const second = await tryPin(mei, '9998');
    expect({
      first: at(first, 'code'),
      left: numberAt(first, 'triesLeft') - numberAt(second, 'triesLeft'),
      isCodeGiven: at(first, 'credential') !== undefined,
      right: at(await tryPin(mei, mei.pin), 'method'),
    }).toEqual({ first: 'pin_wrong', left: 1, isCodeGiven: false, right: 'shown_code' });
  });

  test('row 19: a hundred wrong PINs at once are no more tries than one after the other, and the right one waits (as a stranger sees it)', async () => {
    const mei = await town.openPerson('Mei Sato', { balance: 1_000 });
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, index) =>
        mei.ask('issueCredential', { body: { pin: String(5_100 + index), method: 'shown_code' }, isRough: true }),
      ),
    );
    const looked = answers.filter(({ body }) => at(body, 'code') === 'pin_wrong').length;
    const right = await tryPin(mei, mei.pin);
    expect({ isFew: looked <= 10, right: at(right, 'code') }).toEqual({ isFew: true, right: 'too_many_requests' });
  });

  test('a wallet without a PIN gives no code, and a chosen PIN is not replaced without it (as a stranger sees it)', async () => {
    const { key, publicKey } = makeKeyPair();
    const opened = await done(town.ask('openWallet', { body: { name: 'Haru Tanaka', publicKey } }));
    const by = signByKey(textAt(opened, 'keyId'), key);
    const put = (body: Record<string, Json>) => wordOf(town.ask('putPin', { by, body }));
    expect({
      without: await wordOf(town.ask('issueCredential', { by, body: { pin: '4719', method: 'shown_code' } })),
      short: await wordOf(town.ask('putPin', { by, body: { pin: '471' }, isWrong: true })),
      first: await put({ pin: '4719' }),
      again: await put({ pin: '5820' }),
      wrong: await put({ pin: '5820', currentPin: '1470' }),
      changed: await put({ pin: '5820', currentPin: '4719' }),
    }).toEqual({
      without: 'pin_required',
      short: 'bad_request',
      first: 'ok',
      again: 'pin_exists',
      wrong: 'pin_wrong',
      changed: 'ok',
    });
  });

  function tryPin(person: Person, pin: string): Promise<Json> {
    return person.ask('issueCredential', { body: { pin, method: 'shown_code' } }).then(({ body }) => body);
  }
});

describe('credentials', () => {
  test('a credential says what was promised, under a published key of the server (as a stranger sees it)', async () => {
    const mei = await town.openPerson('Mei Sato', { balance: 5_000 });
    const allowance = await done(mei.ask('putOfflineAllowance', { body: { amount: money(3_000) } }));
    const credential = readCredential(await mei.credential());
    const keys = listAt(await done(town.ask('listKeys')), 'keys');
    const key = keys.find((one) => at(one, 'keyId') === credential.keyId);
    const wallet = await done(mei.ask('getWallet'));
    expect({
      isSigned: isSignedBy(textAt(key, 'publicKey'), credential.signed, credential.signature),
      version: credential.version,
      currency: credential.currency,
      allowance: [at(allowance, 'reserved.amount') !== undefined, credential.offlineAllowance],
      limit: credential.perPaymentLimit,
      isShort: credential.expiresAt - credential.issuedAt <= 72 * 3_600,
      available: at(wallet, 'available.amount'),
      isPrivate: credential.alias.includes(mei.walletId),
    }).toEqual({
      isSigned: true,
      version: 1,
      currency: 'JPY',
      allowance: [true, 3_000],
      limit: numberAt(wallet, 'limits.perPayment.amount'),
      isShort: true,
      available: 2_000,
      isPrivate: false,
    });
  });

  test('resolving a code says who, without using it up, and differently in each shop (as a stranger sees it)', async () => {
    const elsewhere = await town.openShop('Kissa Umi');
    const mei = await town.openPerson('Mei Sato', { balance: 1_000 });
    const code = await mei.showCode();
    const here = await done(till.ask('resolveToken', { body: { token: code } }));
    const again = await done(till.ask('resolveToken', { body: { token: await mei.showCode() } }));
    const there = await done(elsewhere.till.ask('resolveToken', { body: { token: code } }));
    expect({
      isSame: textAt(here, 'memberRef') === textAt(again, 'memberRef'),
      isSameThere: textAt(here, 'memberRef') === textAt(there, 'memberRef'),
      name: at(here, 'maskedName'),
      old: await wordOf(till.ask('resolveToken', { body: { token: await mei.showCode({ olderSteps: 20 }) } })),
      nonsense: await wordOf(till.ask('resolveToken', { body: { token: 'WRK1:%%%' } })),
      paid: await wordOf(till.pay(code, 100)),
    }).toEqual({
      isSame: true,
      isSameThere: false,
      name: 'Mei •••',
      old: 'token_expired',
      nonsense: 'token_invalid',
      paid: 'approved',
    });
  });
});

test('after all that no money has come from nowhere, and the document told no lie (as a stranger sees it)', async () => {
  expect({ books: await town.checkBooks(), lies: town.client.lies() }).toEqual({
    books: { code: 0, sum: 0, faults: [] },
    lies: [],
  });
});
