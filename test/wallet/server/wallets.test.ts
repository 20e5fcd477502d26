import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { makeKey } from '#test/support/wallet-keys.ts';
import { bind, makeCaller, PIN, type TestPhone } from '#test/wallet/server/caller.ts';
import { openWallet, type OpenWallet } from '#test/wallet/server/open.ts';

let wallet: OpenWallet;
let haru: TestPhone & { walletId: string };

const yen = (amount: number) => ({ amount, currency: 'JPY' });
const publicKey = () => Buffer.from(makeKey().publicKey).toString('base64url');

beforeEach(async () => {
  wallet = await openWallet();
  haru = await wallet.customer({ balance: 1_500 });
});

afterEach(() => wallet.close());

describe('opening a wallet', () => {
  test('binds the phone that asks, and shows its owner an empty wallet', async () => {
    const phone = makeCaller({ base: wallet.base, nowMs: wallet.clock.nowMs });
    const key = Buffer.from(phone.key.publicKey).toString('base64url');
    const opened = await phone.get('openWallet', {}, { name: 'Mei Sato', publicKey: key });
    const mine = makeCaller({ base: wallet.base, key: phone.key, keyId: opened.keyId, nowMs: wallet.clock.nowMs });
    expect(await mine.get('getWallet', {})).toEqual({
      walletId: opened.walletId,
      personRef: expect.stringMatching(/^[\w-]{22}$/) as string,
      name: 'Mei Sato',
      balance: yen(0),
      available: yen(0),
      owed: yen(0),
      settlementMethod: 'shown_code',
      settlementMethods: [{ method: 'shown_code' }, { method: 'contactless' }, { method: 'store_code' }],
      reloadMethods: [],
      offlineAllowance: { chosen: yen(0), reserved: yen(0), max: yen(10_000) },
      pin: { isSet: false, isLocked: false },
      limits: {
        perPayment: yen(50_000),
        perDay: yen(200_000),
        perMonth: yen(1_000_000),
        maxBalance: yen(300_000),
        reloadMin: yen(100),
        reloadMax: yen(100_000),
      },
      lastEventId: '0',
      serverTime: opened.serverTime,
    });
  });

  test('with the same key again, because the answer was lost, is still one wallet', async () => {
    const stranger = makeCaller({ base: wallet.base });
    const request = { name: 'Mei Sato', publicKey: publicKey() };
    const [first, second] = await Promise.all([
      stranger.get('openWallet', {}, request),
      stranger.get('openWallet', {}, request),
    ]);
    const third = await stranger.get('openWallet', {}, request);
    expect([second.walletId, third.keyId]).toEqual([first.walletId, first.keyId]);
  });

  test('elsewhere holds the money and the limits of that place', async () => {
    const stranger = makeCaller({ base: wallet.base, nowMs: wallet.clock.nowMs });
    const key = Buffer.from(stranger.key.publicKey).toString('base64url');
    const request = { name: 'Ada', publicKey: key, jurisdiction: 'EU' };
    const { keyId } = await stranger.get('openWallet', {}, request);
    const mine = makeCaller({ base: wallet.base, key: stranger.key, keyId, nowMs: wallet.clock.nowMs });
    const { balance, limits } = await mine.get('getWallet', {});
    expect([balance, limits.maxBalance]).toEqual([
      { amount: 0, currency: 'EUR' },
      { amount: 15_000, currency: 'EUR' },
    ]);
  });

  test('in a place that no table of limits knows is refused', async () => {
    const request = { name: 'Ada', publicKey: publicKey(), jurisdiction: 'ATLANTIS' };
    const answer = await makeCaller({ base: wallet.base }).call('openWallet', {}, request);
    expect(answer).toMatchObject({ problem: { code: 'bad_request', detail: 'body.jurisdiction: one of JP, EU, US' } });
  });

  test('five hundred times in ten minutes is enough for one address', async () => {
    const stranger = makeCaller({ base: wallet.base });
    const open = (key: string) => stranger.codeOf('openWallet', {}, { name: 'Robot', publicKey: key });
    const key = publicKey();
    for (let times = 0; times < 10; times++) await Promise.all(Array.from({ length: 50 }, () => open(key)));
    const over = await open(publicKey());
    wallet.clock.move(10 * 60_000);
    expect([over, await open(publicKey())]).toEqual(['too_many_requests', 'ok']);
  });
});

describe('a second phone', () => {
  test('is bound by a code that the first one asks for with the PIN', async () => {
    const second = await bindSecond();
    const [mine, theirs] = [await haru.get('getWallet', {}), await second.get('getWallet', {})];
    const { devices } = await second.get('listPhones', {});
    expect([theirs.walletId, mine.balance, devices]).toEqual([
      haru.walletId,
      theirs.balance,
      [
        { deviceId: haru.keyId, name: '', boundAt: nowText(-1_000), isThisOne: false },
        { deviceId: second.keyId, name: '', boundAt: nowText(), isThisOne: true },
      ],
    ]);
  });

  test('is bound by nobody who does not know the PIN', async () => {
    expect(await haru.codeOf('makeBindingCode', {}, { pin: '0001' })).toBe('pin_wrong');
  });

  test('is known by the name that its owner gave it', async () => {
    const { bindingCode } = await haru.get('makeBindingCode', {}, { pin: PIN });
    const request = { bindingCode, publicKey: publicKey(), name: 'Tablet' };
    await makeCaller({ base: wallet.base, nowMs: wallet.clock.nowMs }).get('bindPhone', {}, request);
    const { devices } = await haru.get('listPhones', {});
    expect(devices.map(({ name }) => name).toSorted()).toEqual(['', 'Tablet']);
  });

  test('that is removed may ask nothing more, and its alias is denied everywhere', async () => {
    const second = await bindSecond();
    await haru.get('removePhone', { deviceId: second.keyId });
    const phone = await wallet.books.db
      .selectFrom('phone')
      .select('alias')
      .where('id', '=', second.keyId)
      .executeTakeFirstOrThrow();
    const { entries } = await (await wallet.terminalOf('Kissa Warikan')).get('getDenyList', {});
    expect([
      await second.codeOf('getWallet', {}),
      entries,
      (await haru.get('listPhones', {})).devices.length,
      await haru.codeOf('removePhone', { deviceId: second.keyId }),
    ]).toEqual(['device_revoked', [{ alias: phone.alias, isDenied: true }], 1, 'ok']);
    expect(await countDenied()).toBe(1);
  });

  test('of another wallet cannot be removed', async () => {
    const mei = await wallet.customer({ name: 'Mei Sato' });
    expect([await haru.codeOf('removePhone', { deviceId: mei.keyId }), await mei.codeOf('getWallet', {})]).toEqual([
      'not_found',
      'ok',
    ]);
  });
});

async function bindSecond(): Promise<TestPhone> {
  wallet.clock.move(1_000);
  const { bindingCode } = await haru.get('makeBindingCode', {}, { pin: PIN });
  return bind(wallet.base, bindingCode, wallet.clock.nowMs);
}

async function countDenied(): Promise<number> {
  return (await wallet.books.db.selectFrom('deny_list').selectAll().execute()).length;
}

function nowText(laterMs = 0): string {
  return new Date(wallet.clock.nowMs() + laterMs).toISOString();
}
