import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { SettlementMethodId } from '#contract/wallet.ts';
import { makeKey } from '#test/support/wallet-keys.ts';
import { bind, makeCaller, newId, PIN, send, type TestPhone } from '#test/wallet/server/caller.ts';
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

describe('settlement methods', () => {
  test('row 12: are all listed, with one that is current', async () => {
    const methodId = await link('Kumo Card •••• 4242');
    const { settlementMethod, settlementMethods } = await haru.get('getWallet', {});
    expect([settlementMethod, settlementMethods]).toEqual([
      'shown_code',
      [
        { method: 'shown_code' },
        { method: 'contactless' },
        { method: 'store_code' },
        { method: `linked:${methodId}`, linkedTo: { methodId, displayName: 'Kumo Card •••• 4242' } },
      ],
    ]);
  });

  test('row 13: switching makes another one current, with what stands beside it', async () => {
    const methodId = await link('Kumo Card •••• 4242');
    const linked = {
      method: `linked:${methodId}` as const,
      linkedTo: { methodId, displayName: 'Kumo Card •••• 4242' },
    };
    expect([
      await haru.get('putSettlementMethod', {}, { method: linked.method }),
      (await haru.get('getWallet', {})).settlementMethod,
      await haru.get('putSettlementMethod', {}, { method: 'contactless' }),
      (await haru.get('getWallet', {})).settlementMethod,
    ]).toEqual([linked, linked.method, { method: 'contactless' }, 'contactless']);
  });

  test('row 15: one that draws on the wallet stands beside the balance, and names nothing else', async () => {
    const chosen = await haru.get('putSettlementMethod', {}, { method: 'store_code' });
    expect([chosen, (await haru.get('getWallet', {})).balance]).toEqual([{ method: 'store_code' }, yen(1_500)]);
  });

  test('row 16: one that is tied to a payment means stands beside that means’ name', async () => {
    const methodId = await link('Minato Bank ••• 88');
    const chosen = await haru.get('putSettlementMethod', {}, { method: `linked:${methodId}` });
    expect(chosen.linkedTo?.displayName).toBe('Minato Bank ••• 88');
  });

  test('that the wallet does not have are not chosen and make no code', async () => {
    const theirs = await link('Kumo Card •••• 4242', (await wallet.customer({ name: 'Mei Sato' })).walletId);
    const method = `linked:${theirs}` as const;
    expect([
      await haru.codeOf('putSettlementMethod', {}, { method }),
      await haru.codeOf('issueCredential', {}, { pin: PIN, method }),
    ]).toEqual(['method_unknown', 'method_unknown']);
  });

  test('whose payment means was removed are current no more', async () => {
    const methodId = await link('Kumo Card •••• 4242');
    await haru.get('putSettlementMethod', {}, { method: `linked:${methodId}` });
    await wallet.books.db.updateTable('reload_method').set({ removed_at_ms: 1 }).where('id', '=', methodId).execute();
    expect((await haru.get('getWallet', {})).settlementMethod).toBe('shown_code');
  });

  test('row 18: all take the same PIN, and a shop is told which one it was', async () => {
    const methodId = await link('Kumo Card •••• 4242');
    const terminal = await wallet.terminalOf('Kissa Warikan');
    const methods = ['shown_code', 'contactless', 'store_code', `linked:${methodId}`] as const;
    const told: [SettlementMethodId, string][] = [];
    for (const method of methods) {
      const token = await haru.show(wallet.clock.nowMs(), method);
      told.push([method, (await terminal.get('resolveToken', {}, { token })).settlementMethod]);
    }
    expect(told).toEqual([
      ['shown_code', 'shown_code'],
      ['contactless', 'contactless'],
      ['store_code', 'store_code'],
      // Which means it is would tell two shops that they have the same customer.
      [`linked:${methodId}`, 'linked'],
    ]);
  });
});

describe('the PIN', () => {
  test('row 19: where it is wrong no credential is made, and the answer says how many tries are left', async () => {
    const answer = await haru.call('issueCredential', {}, { pin: '0001', method: 'shown_code' });
    const rows = await wallet.books.db.selectFrom('credential').selectAll().execute();
    expect([answer, rows]).toMatchObject([{ ok: false, problem: { code: 'pin_wrong', triesLeft: 9 } }, []]);
  });

  test('row 19: while a wallet waits, the answer says for how long, and so does the wallet', async () => {
    for (let failure = 0; failure < 4; failure++) await haru.call('makeBindingCode', {}, { pin: '0001' });
    const { base, clock } = wallet;
    const { key, keyId } = haru;
    const response = await send({
      base,
      key,
      keyId,
      nowMs: clock.nowMs(),
      name: 'makeBindingCode',
      params: {},
      body: { pin: PIN },
    });
    expect([response.status, response.headers.get('retry-after'), (await haru.get('getWallet', {})).pin]).toEqual([
      429,
      '1',
      { isSet: true, isLocked: false, retryAt: new Date(clock.nowMs() + 1_000).toISOString() },
    ]);
  });

  test('row 19: a locked wallet makes no codes, and says that it is locked', async () => {
    for (let failure = 0; failure < 10; failure++) {
      await haru.call('makeBindingCode', {}, { pin: '0001' });
      wallet.clock.move(60_000);
    }
    expect([
      await haru.codeOf('issueCredential', {}, { pin: PIN, method: 'shown_code' }),
      await haru.codeOf('putPin', {}, { pin: '8642', currentPin: PIN }),
      await haru.codeOf('putOfflineAllowance', {}, { amount: yen(100) }),
      (await haru.get('getWallet', {})).pin,
    ]).toEqual(['wallet_locked', 'wallet_locked', 'wallet_locked', { isSet: true, isLocked: true }]);
  });

  test('is chosen before anything can be paid, and changed with the current one', async () => {
    const fresh = makeCaller({ base: wallet.base, nowMs: wallet.clock.nowMs });
    const key = Buffer.from(fresh.key.publicKey).toString('base64url');
    const { keyId } = await fresh.get('openWallet', {}, { name: 'Mei Sato', publicKey: key });
    const mei = makeCaller({ base: wallet.base, key: fresh.key, keyId, nowMs: wallet.clock.nowMs });
    expect([
      await mei.codeOf('issueCredential', {}, { pin: PIN, method: 'shown_code' }),
      await mei.codeOf('putPin', {}, { pin: '1111' }),
      await mei.codeOf('putPin', {}, { pin: PIN }),
      await mei.codeOf('putPin', {}, { pin: '8642' }),
      await mei.codeOf('putPin', {}, { pin: '8642', currentPin: '9753' }),
      await mei.codeOf('putPin', {}, { pin: '8642', currentPin: PIN }),
      await mei.codeOf('issueCredential', {}, { pin: '8642', method: 'shown_code' }),
    ]).toEqual(['pin_required', 'bad_request', 'ok', 'pin_exists', 'pin_wrong', 'ok', 'ok']);
  });

  test('row 32: neither it nor a code stands in any log line or answer', async () => {
    const secretPin = '97531864';
    const said: unknown[] = [];
    said.push(await haru.call('putPin', {}, { pin: secretPin, currentPin: PIN }));
    said.push(await haru.call('putPin', {}, { pin: secretPin }));
    said.push(await haru.call('makeBindingCode', {}, { pin: secretPin }));
    said.push(await haru.call('makeBindingCode', {}, { pin: '75318642' }));
    said.push(await haru.call('putPin', {}, { pin: `${secretPin}x` }));
    const issued = await haru.get('issueCredential', {}, { pin: secretPin, method: 'shown_code' });
    const terminal = await wallet.terminalOf('Kissa Warikan');
    const token = await haru.show(wallet.clock.nowMs(), 'shown_code', secretPin);
    said.push(await terminal.call('resolveToken', {}, { token }));
    said.push(await terminal.call('resolveToken', {}, { token: `${token}0` }));
    said.push(await haru.get('getWallet', {}));
    const { pin_hash } = await wallet.books.db
      .selectFrom('wallet')
      .select('pin_hash')
      .where('id', '=', haru.walletId)
      .executeTakeFirstOrThrow();
    const everything = `${wallet.logged.join('')}${JSON.stringify(said)}`;
    const secrets = [secretPin, '75318642', token.slice(5, 80), issued.credential, pin_hash ?? ''];
    expect([wallet.logged.length > 0, secrets.filter((secret) => everything.includes(secret))]).toEqual([true, []]);
  });
});

async function bindSecond(): Promise<TestPhone> {
  wallet.clock.move(1_000);
  const { bindingCode } = await haru.get('makeBindingCode', {}, { pin: PIN });
  return bind(wallet.base, bindingCode, wallet.clock.nowMs);
}

/** Registers a payment means, as the reload routes do. */
async function link(displayName: string, walletId = haru.walletId): Promise<string> {
  const known = await wallet.books.db.selectFrom('operator').select('id').executeTakeFirst();
  if (known === undefined) await wallet.operator('kumo-card');
  const id = newId();
  const what = { wallet_id: walletId, operator_id: 'kumo-card', kind: 'card', display_name: displayName };
  await wallet.books.db
    .insertInto('reload_method')
    .values({ id, ...what, token: 't', fingerprint: id, registered_at_ms: wallet.clock.nowMs(), removed_at_ms: null })
    .execute();
  return id;
}

async function countDenied(): Promise<number> {
  return (await wallet.books.db.selectFrom('deny_list').selectAll().execute()).length;
}

function nowText(laterMs = 0): string {
  return new Date(wallet.clock.nowMs() + laterMs).toISOString();
}
