// Rows 33 and 70 of the checklist, phones and terminals that come and go: as a stranger sees it.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isSignedBy, readCredential } from './customer-code.ts';
import { signByKey, signBySession } from './http-signature.ts';
import { at, type Json, listAt, numberAt, textAt } from './json.ts';
import {
  done,
  makeKeyPair,
  money,
  newId,
  openTerminal,
  openTown,
  payment,
  type Shop,
  type Terminal,
  type Town,
  wordOf,
} from './town.ts';

const HALF_A_MINUTE_MS = 30_000;

let town: Town;
let shop: Shop;
let till: Terminal;

beforeAll(async () => {
  town = await openTown({ operators: ['Kaze'] });
  shop = await town.openShop('Bar Mori');
  ({ till } = shop);
});

afterAll(() => town.close());

describe('who may ask', () => {
  test('row 33: nobody, an unknown key, one that waits and one that is revoked are each refused (as a stranger sees it)', async () => {
    const mei = await town.openPerson('Mei Sato', { balance: 1_000 });
    const code = await mei.showCode();
    const put = (by: Parameters<typeof town.ask>[1] = {}) =>
      wordOf(town.ask('putSettlement', { params: { settlementId: newId() }, body: payment(code, 100), ...by }));
    const waiting = await openTerminal(town.client, town.admin, shop.storeId, { isApproved: false });
    const gone = await shop.openTerminal();
    await done(town.ask('adminRevokeTerminal', { by: town.admin, params: { terminalId: gone.terminalId } }));
    expect({
      unsigned: await put(),
      unknown: await put({ by: signByKey(newId(), makeKeyPair().key) }),
      madeUpSession: await put({ by: signBySession(`s.${till.terminalId}.9999999999.AAAAAAAAAAAA`, 'AAAA') }),
      waiting: await put({ by: waiting.device }),
      waitingIsTold: at(await done(waiting.askByDevice('getTerminal')), 'state'),
      revoked: await put({ by: gone.session }),
      revokedDevice: await put({ by: gone.device }),
      aPhone: await put({ by: mei.phone }),
      balance: await mei.balance(),
    }).toEqual({
      unsigned: 'signature_missing',
      unknown: 'device_unknown',
      madeUpSession: 'signature_invalid',
      waiting: 'terminal_not_approved',
      waitingIsTold: 'awaiting_approval',
      revoked: 'device_revoked',
      revokedDevice: 'device_revoked',
      aPhone: 'device_unknown',
      balance: 1_000,
    });
  });

  test('row 33: another shop’s settlement is not there (as a stranger sees it)', async () => {
    const elsewhere = (await town.openShop('Kissa Umi')).till;
    const mei = await town.openPerson('Mei Sato', { balance: 1_000 });
    const settlementId = newId();
    await done(till.pay(await mei.showCode(), 400, { settlementId }));
    expect({
      get: await wordOf(elsewhere.ask('getSettlement', { params: { settlementId } })),
      refund: await wordOf(elsewhere.refund(settlementId, 100)),
      cancel: await wordOf(elsewhere.cancel(settlementId)),
      state: at(await done(till.ask('getSettlement', { params: { settlementId } })), 'state'),
      balance: await mei.balance(),
    }).toEqual({ get: 'not_found', refund: 'not_found', cancel: 'not_found', state: 'approved', balance: 600 });
  });

  test('another terminal of the same shop may ask, give back and cancel (as a stranger sees it)', async () => {
    const second = await shop.openTerminal();
    const mei = await town.openPerson('Mei Sato', { balance: 1_000 });
    const [first, other] = [newId(), newId()];
    for (const settlementId of [first, other]) await done(till.pay(await mei.showCode(), 400, { settlementId }));
    expect([
      await wordOf(second.ask('getSettlement', { params: { settlementId: first } })),
      await wordOf(second.refund(first, 100)),
      await wordOf(second.cancel(other)),
      await mei.balance(),
    ]).toEqual(['approved', 'ok', 'cancelled', 700]);
  });

  test('an id names one thing for ever, whatever it is sent as (as a stranger sees it)', async () => {
    const mei = await town.openPerson('Mei Sato', { balance: 1_000 });
    const [settlementId, refundId] = [newId(), newId()];
    await done(till.pay(await mei.showCode(), 400, { settlementId }));
    await done(till.refund(settlementId, 100, { refundId }));
    const methodId = await mei.register('kaze');
    expect([
      await wordOf(till.pay(await mei.showCode(), 100, { settlementId: refundId })),
      await wordOf(till.refund(settlementId, 50, { refundId: settlementId })),
      await wordOf(mei.reload(methodId, 500, settlementId)),
      await wordOf(mei.reload(methodId, 500, refundId)),
      await mei.balance(),
    ]).toEqual(['duplicate_mismatch', 'duplicate_mismatch', 'duplicate_mismatch', 'duplicate_mismatch', 700]);
  });

  test('an enrolment code is good once, and approval asks for the right fingerprint (as a stranger sees it)', async () => {
    const params = { storeId: shop.storeId };
    const { publicKey } = makeKeyPair();
    const made = await done(town.ask('adminMakeEnrolmentCode', { by: town.admin, params, body: {} }));
    const enrol = (enrolmentCode: string, key = publicKey) =>
      town.ask('enrolTerminal', { body: { enrolmentCode, publicKey: key, name: 'Till 9' } });
    const code = textAt(made, 'enrolmentCode');
    const first = await done(enrol(code));
    const approve = (fingerprint: string) =>
      wordOf(
        town.ask('adminApproveTerminal', {
          by: town.admin,
          params: { terminalId: textAt(first, 'terminalId') },
          body: { fingerprint },
        }),
      );
    expect({
      again: await wordOf(enrol(code, makeKeyPair().publicKey)),
      wrong: await wordOf(enrol('AAAA-AAAAAA')),
      otherFingerprint: await approve('0000-0000-0000-0000-0000'),
      approved: await approve(textAt(first, 'fingerprint')),
      elsewhere: await wordOf(
        town.ask('adminMakeEnrolmentCode', { by: town.admin, params: { storeId: newId() }, body: {} }),
      ),
      byNobody: await wordOf(town.ask('adminMakeEnrolmentCode', { params, body: {} })),
      byAGuess: await wordOf(town.ask('adminMakeEnrolmentCode', { by: { token: 'x'.repeat(43) }, params, body: {} })),
    }).toEqual({
      again: 'enrolment_code_invalid',
      wrong: 'enrolment_code_invalid',
      otherFingerprint: 'conflict',
      approved: 'active',
      elsewhere: 'not_found',
      byNobody: 'admin_token_invalid',
      byAGuess: 'admin_token_invalid',
    });
  });

  test('what only the device key may sign is refused to a session (as a stranger sees it)', async () => {
    const settlementId = newId();
    expect({
      cancel: await wordOf(till.ask('cancelSettlement', { params: { settlementId }, isWrong: true })),
      session: await wordOf(till.ask('openSession', { isWrong: true })),
      unseen: await wordOf(till.ask('getSettlement', { params: { settlementId } })),
    }).toEqual({ cancel: 'device_key_required', session: 'device_key_required', unseen: 'not_found' });
  });

  test('a second phone is bound by a code and the PIN, and a lost one pays no more (as a stranger sees it)', async () => {
    const mei = await town.openPerson('Mei Sato', { balance: 1_000 });
    const { key, publicKey } = makeKeyPair();
    const wrong = await wordOf(mei.ask('makeBindingCode', { body: { pin: '0001' } }));
    const { bindingCode } = (await done(mei.ask('makeBindingCode', { body: { pin: mei.pin } }))) as {
      bindingCode: string;
    };
    const bound = await done(town.ask('bindPhone', { body: { bindingCode, publicKey, name: 'Tablet' } }));
    const second = signByKey(textAt(bound, 'keyId'), key);
    const seen = numberAt(await done(town.ask('getWallet', { by: second })), 'balance.amount');
    const deviceId = textAt(bound, 'deviceId');
    const lost = await mei.showCode();
    const { devices } = (await done(town.ask('listPhones', { by: second }))) as { devices: readonly Json[] };
    const first = devices.find((device) => at(device, 'isThisOne') === false);
    const before = numberAt(await done(till.askByDevice('getDenyList')), 'version');
    await done(town.ask('removePhone', { by: second, params: { deviceId: textAt(first, 'deviceId') } }));
    const denied = await done(till.ask('getDenyList', { query: { since: String(before) } }));
    expect({
      wrong,
      seen,
      again: await wordOf(town.ask('bindPhone', { body: { bindingCode, publicKey: makeKeyPair().publicKey } })),
      removedAsks: await wordOf(mei.ask('getWallet')),
      removedPays: await wordOf(till.pay(lost, 100)),
      denied: at(denied, 'entries'),
      other: at(await done(town.ask('getWallet', { by: second })), 'balance.amount'),
      stranger: await wordOf(
        town.ask('removePhone', { by: (await town.openPerson('Ren')).phone, params: { deviceId } }),
      ),
    }).toEqual({
      wrong: 'pin_wrong',
      seen: 1_000,
      again: 'binding_code_invalid',
      removedAsks: 'device_revoked',
      removedPays: 'credential_revoked',
      denied: [{ alias: readCredential(await mei.credential()).alias, isDenied: true }],
      other: 1_000,
      stranger: 'not_found',
    });
  });
});

describe('without the network', () => {
  test('row 70: what a terminal accepted alone is booked item by item, each under its own id (as a stranger sees it)', async () => {
    const mei = await town.openPerson('Mei Sato', { balance: 5_000 });
    const ren = await town.openPerson('Ren Suzuki', { balance: 300 });
    const read = (code: string, amount: number) => ({
      settlementId: newId(),
      ...payment(code, amount, {
        mode: 'offline',
        capturedAt: new Date(Date.now() - 2 * HALF_A_MINUTE_MS).toISOString(),
      }),
    });
    const late = { olderSteps: 2 };
    const items = [
      read(await mei.showCode(late), 1_000),
      read(await mei.showCode(late), 500),
      read(await ren.showCode(late), 400),
      read('WRK1:nonsense', 100),
    ];
    const batch = () => done(till.askByDevice('putSettlements', { body: { items } }));
    const outcomes = (answer: Json) =>
      listAt(answer, 'items').map((item) => at(item, 'settlement.reason') ?? at(item, 'settlement.state'));
    const first = await batch();
    expect({
      bySession: await wordOf(till.ask('putSettlements', { body: { items }, isWrong: true })),
      first: outcomes(first),
      again: await batch(),
      alone: await wordOf(till.ask('getSettlement', { params: { settlementId: items[0]?.settlementId ?? '' } })),
      balances: [await mei.balance(), await ren.balance()],
    }).toEqual({
      bySession: 'device_key_required',
      first: ['approved', 'approved', 'insufficient_funds', 'token_invalid'],
      again: first,
      alone: 'approved',
      balances: [3_500, 300],
    });
  });

  test('row 70: a decline whose answer was lost is judged once more as an offline item of the same id (as a stranger sees it)', async () => {
    const mei = await town.openPerson('Mei Sato', { balance: 5_000 });
    await done(mei.ask('putOfflineAllowance', { body: { amount: money(3_000) } }));
    const settlementId = newId();
    const checkId = newId();
    const code = await mei.showCode();
    const online = await wordOf(till.pay(code, 2_500, { settlementId, checkId }));
    const offline = await wordOf(till.pay(code, 2_500, { settlementId, checkId, mode: 'offline' }));
    const again = await wordOf(till.pay(code, 2_500, { settlementId, checkId }));
    expect({ online, offline, again, balance: await mei.balance() }).toEqual({
      online: 'insufficient_funds',
      offline: 'approved',
      again: 'approved',
      balance: 2_500,
    });
  });

  test('what is reserved for shops without a network is out of reach of the others, and used up there (as a stranger sees it)', async () => {
    const mei = await town.openPerson('Mei Sato', { balance: 1_000 });
    const chosen = await done(mei.ask('putOfflineAllowance', { body: { amount: money(5_000) } }));
    const promised = readCredential(await mei.credential()).offlineAllowance;
    const purse = async () => {
      const wallet = await done(mei.ask('getWallet'));
      return ['balance', 'available', 'offlineAllowance.reserved'].map((path) => at(wallet, `${path}.amount`));
    };
    const steps = [await purse()];
    const words = [await wordOf(till.pay(await mei.showCode(), 1))];
    words.push(await wordOf(till.pay(await mei.showCode(), 900, { mode: 'offline' })));
    steps.push(await purse());
    words.push(await wordOf(till.pay(await mei.showCode(), 101, { mode: 'offline' })));
    words.push(await wordOf(till.pay(await mei.showCode(), 100, { mode: 'offline' })));
    expect({ chosen: at(chosen, 'chosen.amount'), promised, steps, words, last: await purse() }).toEqual({
      chosen: 5_000,
      promised: 1_000,
      steps: [
        [1_000, 0, 1_000],
        [100, 0, 100],
      ],
      words: ['insufficient_funds', 'approved', 'insufficient_funds', 'approved'],
      last: [0, 0, 0],
    });
  });

  test('one code that two terminals took alone pays once, and its alias is denied from then on (as a stranger sees it)', async () => {
    const second = await shop.openTerminal();
    const mei = await town.openPerson('Mei Sato', { balance: 5_000 });
    const code = await mei.showCode();
    const since = String(numberAt(await done(till.ask('getDenyList')), 'version'));
    const first = await wordOf(till.pay(code, 700, { mode: 'offline' }));
    const other = await wordOf(second.pay(code, 700, { mode: 'offline' }));
    const denied = await done(till.ask('getDenyList', { query: { since } }));
    const { alias } = readCredential(await mei.credential());
    const keys = listAt(await done(town.ask('listKeys')), 'keys');
    const key = keys.find((one) => at(one, 'keyId') === at(denied, 'keyId'));
    const entries = listAt(denied, 'entries').map((entry) => [textAt(entry, 'alias'), at(entry, 'isDenied') === true]);
    const signed = ['WRK1 deny-list', at(denied, 'since'), at(denied, 'version'), entries, at(denied, 'issuedAt')];
    const signature = Buffer.from(textAt(denied, 'signature'), 'base64url');
    expect({
      first,
      other,
      isDenied: entries.some(([one]) => one === alias),
      isSigned: isSignedBy(textAt(key, 'publicKey'), Buffer.from(JSON.stringify(signed)), signature),
      balance: await mei.balance(),
    }).toEqual({ first: 'approved', other: 'token_replayed', isDenied: true, isSigned: true, balance: 4_300 });
  });

  test('an item that lay too long, or says that it was read in the future, takes no more than it should (as a stranger sees it)', async () => {
    const mei = await town.openPerson('Mei Sato', { balance: 5_000 });
    const pay = async (offsetMs: number, olderSteps: number) =>
      wordOf(
        till.pay(await mei.showCode({ olderSteps }), 100, {
          mode: 'offline',
          capturedAt: new Date(Date.now() + offsetMs).toISOString(),
        }),
      );
    const [hour, day] = [3_600_000, 24 * 3_600_000];
    expect({
      beforeTheCredential: await pay(-hour, 120),
      longAgo: await pay(-90 * day, (90 * day) / HALF_A_MINUTE_MS),
      future: await pay(day, -day / HALF_A_MINUTE_MS),
    }).toEqual({ beforeTheCredential: 'token_invalid', longAgo: 'token_invalid', future: 'token_invalid' });
  });
});

test('after all that no money has come from nowhere, and the document told no lie (as a stranger sees it)', async () => {
  expect({ books: await town.checkBooks(), lies: town.client.lies() }).toEqual({
    books: { code: 0, sum: 0, faults: [] },
    lies: [],
  });
});
