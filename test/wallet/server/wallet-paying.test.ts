import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { SettlementMethodId } from '#contract/wallet.ts';
import { makeCaller, newId, PIN, send, type TestPhone } from '#test/wallet/server/caller.ts';
import { openWallet, type OpenWallet } from '#test/wallet/server/open.ts';

let wallet: OpenWallet;
let haru: TestPhone & { walletId: string };

const yen = (amount: number) => ({ amount, currency: 'JPY' });

beforeEach(async () => {
  wallet = await openWallet();
  haru = await wallet.customer({ balance: 1_500 });
});

afterEach(() => wallet.close());

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
