import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { fingerprintOf } from '#contract/fingerprint.ts';
import { attemptIdSchema, storeIdSchema, terminalIdSchema } from '#contract/ids.ts';
import { type Asker, bind, enrol, makeAdmin, makeCaller, newId, PIN } from '#test/wallet/server/caller.ts';
import { openWallet, type OpenWallet } from '#test/wallet/server/open.ts';
import { revokeAdminTokens } from '#wallet/server/admin-token.ts';

let wallet: OpenWallet;
let admin: Asker;

beforeEach(async () => {
  wallet = await openWallet();
  admin = await wallet.admin();
});

afterEach(() => wallet.close());

describe('an administrator', () => {
  test('opens a store, gives a code, compares the fingerprint, and the terminal works', async () => {
    const storeId = storeIdSchema.parse(newId());
    await admin.get('adminOpenStore', { storeId }, { name: 'Bar Mori' });
    const { enrolmentCode, expiresAt } = await admin.get('adminMakeEnrolmentCode', { storeId }, {});
    const terminal = await enrol(wallet.base, enrolmentCode, wallet.clock.nowMs);
    const terminalId = terminalIdSchema.parse(terminal.keyId);
    const shown = (await terminal.get('getTerminal', {})).fingerprint;
    const approve = (fingerprint: string): ReturnType<typeof admin.call<'adminApproveTerminal'>> =>
      admin.call('adminApproveTerminal', { terminalId }, { fingerprint });
    expect({
      expiresAt,
      wrong: await approve(fingerprintOf(new Uint8Array(32))),
      before: await terminal.codeOf('openSession', {}),
      right: await approve(shown.toLowerCase().replaceAll('-', ' ')),
      after: await terminal.codeOf('openSession', {}),
    }).toMatchObject({
      expiresAt: new Date(wallet.clock.nowMs() + 600_000).toISOString(),
      wrong: { ok: false, problem: { code: 'conflict' } },
      before: 'terminal_not_approved',
      right: { ok: true, value: { terminalId, state: 'active', storeName: 'Bar Mori' } },
      after: 'ok',
    });
  });

  test('gives a code whose terminal needs no approval, where he says so', async () => {
    const storeId = await wallet.storeIdOf('Bar Mori');
    const { enrolmentCode } = await admin.get('adminMakeEnrolmentCode', { storeId }, { isApproved: true });
    const terminal = await enrol(wallet.base, enrolmentCode, wallet.clock.nowMs);
    expect(await terminal.codeOf('openSession', {})).toBe('ok');
  });

  test('revokes a terminal, which from then on is refused, and is not approved again', async () => {
    const terminal = await wallet.terminalOf('Bar Mori');
    const terminalId = terminalIdSchema.parse(terminal.keyId);
    const { fingerprint } = await terminal.get('getTerminal', {});
    const revoked = await admin.get('adminRevokeTerminal', { terminalId });
    expect([
      revoked.state,
      await terminal.codeOf('getTerminal', {}),
      await admin.codeOf('adminApproveTerminal', { terminalId }, { fingerprint }),
      await admin.get('adminRevokeTerminal', { terminalId }),
    ]).toEqual(['revoked', 'device_revoked', 'conflict', revoked]);
  });

  test('changes of a store only what he says', async () => {
    const storeId = await wallet.storeIdOf('Bar Mori');
    const fee = { numerator: 90, denominator: 10_000 as const };
    await admin.get('adminOpenStore', { storeId }, { name: 'Bar Mori', settlementMethods: ['shown_code'], fee });
    await admin.get('adminOpenStore', { storeId }, { name: 'Bar Mori 2' });
    const row = await wallet.books.db.selectFrom('store').selectAll().where('id', '=', storeId).executeTakeFirst();
    const all = { numerator: 10_000, denominator: 10_000 as const };
    const haru = await wallet.customer();
    expect([
      row,
      await admin.codeOf('adminOpenStore', { storeId }, { name: 'Bar Mori', fee: all }),
      await admin.codeOf('adminOpenStore', { storeId: storeIdSchema.parse(haru.walletId) }, { name: 'A person' }),
    ]).toMatchObject([
      { name: 'Bar Mori 2', settlement_methods: '["shown_code"]', fee_numerator: 90, fee_denominator: 10_000 },
      'bad_request',
      'bad_request',
    ]);
  });

  test('unlocks a wallet, and lets its owner choose a new PIN', async () => {
    const haru = await wallet.customer();
    await wallet.books.db.updateTable('wallet').set({ is_locked: 1 }).where('id', '=', haru.walletId).execute();
    const locked = await haru.codeOf('makeBindingCode', {}, { pin: PIN });
    await admin.get('adminUnlockWallet', { walletId: haru.walletId }, { forgetPin: true });
    expect([locked, await haru.codeOf('putPin', {}, { pin: '7319' })]).toEqual(['wallet_locked', 'ok']);
  });

  test('gives a customer who lost the only phone a code that binds another one to the same wallet', async () => {
    const haru = await wallet.customer();
    const { devices } = await haru.get('listPhones', {});
    await haru.get('removePhone', { deviceId: devices[0]?.deviceId ?? '' });
    const lost = await haru.codeOf('getWallet', {});
    const { bindingCode } = await admin.get('adminMakeBindingCode', { walletId: haru.walletId });
    const found = await bind(wallet.base, bindingCode, wallet.clock.nowMs);
    expect([lost, (await found.get('getWallet', {})).walletId]).toEqual(['device_revoked', haru.walletId]);
  });

  test.each<[string, (ids: { storeId: string; other: string }) => Promise<string>]>([
    [
      'a code for a store',
      ({ other }) => admin.codeOf('adminMakeEnrolmentCode', { storeId: storeIdSchema.parse(other) }, {}),
    ],
    [
      'an approval of a terminal',
      ({ other }) =>
        admin.codeOf('adminApproveTerminal', { terminalId: terminalIdSchema.parse(other) }, { fingerprint: 'A' }),
    ],
    [
      'a revocation of a terminal',
      ({ other }) => admin.codeOf('adminRevokeTerminal', { terminalId: terminalIdSchema.parse(other) }),
    ],
    ['a code for a wallet', ({ other }) => admin.codeOf('adminMakeBindingCode', { walletId: other })],
    ['unlocking a wallet', ({ other }) => admin.codeOf('adminUnlockWallet', { walletId: other }, {})],
  ])('is told that there is none: %s', async (_, ask) => {
    expect(await ask({ storeId: newId(), other: newId() })).toBe('not_found');
  });

  test('sees all of it, and the most that offline acceptance can lose right now', async () => {
    const [first, second] = [await wallet.terminalOf('Bar Mori'), await wallet.terminalOf('Bar Mori')];
    await wallet.terminalOf('Bar Mori', { isApproved: false });
    await wallet.operator('kumo-card');
    const haru = await wallet.customer({ balance: 10_000 });
    await haru.get('putOfflineAllowance', {}, { amount: { amount: 4_000, currency: 'JPY' } });
    await haru.show();
    const mei = await wallet.customer({ balance: 10_000 });
    await mei.show();
    const { reserved } = (await haru.get('getWallet', {})).offlineAllowance;
    const seen = await admin.get('adminOverview', {});
    await admin.get('adminRevokeTerminal', { terminalId: terminalIdSchema.parse(second.keyId) });
    const after = await admin.get('adminOverview', {});
    wallet.clock.move(73 * 3_600_000);
    const later = await admin.get('adminOverview', {});
    expect({
      stores: seen.stores.map(({ name }) => name),
      states: seen.terminals.map(({ state }) => state).toSorted(),
      operators: seen.operators,
      wallets: seen.wallets,
      reserved: reserved.amount > 0,
      exposure: [seen.offlineExposure, after.offlineExposure[0]?.bound, later.offlineExposure[0]?.aliases ?? 0],
      first: first.keyId !== second.keyId,
    }).toMatchObject({
      stores: ['Bar Mori'],
      states: ['active', 'active', 'awaiting_approval'],
      operators: [{ operatorId: 'kumo-card', url: 'http://127.0.0.1:9', kinds: ['card'] }],
      wallets: 2,
      reserved: true,
      // Two aliases × two terminals × 10,000, less what is reserved; then with one terminal; then no credential is left.
      exposure: [
        [{ currency: 'JPY', aliases: 2, bound: 40_000 - (seen.offlineExposure[0]?.reserved ?? 0) }],
        20_000 - (seen.offlineExposure[0]?.reserved ?? 0),
        0,
      ],
    });
  });
});

describe('an administrator’s token', () => {
  test('is needed for every route of administration, and is no key for anything else', async () => {
    const nobody = makeAdmin(wallet.base, 'wka_guess');
    const settlementId = attemptIdSchema.parse(newId());
    expect([
      await nobody.codeOf('adminOverview', {}),
      await makeCaller({ base: wallet.base }).codeOf('adminOverview', {}),
      await admin.codeOf('getSettlement', { settlementId }),
    ]).toEqual(['admin_token_invalid', 'admin_token_invalid', 'signature_missing']);
  });

  test('is good for nothing once it was revoked', async () => {
    await revokeAdminTokens(wallet.books, 'test', wallet.clock.nowMs());
    expect(await admin.codeOf('adminOverview', {})).toBe('admin_token_invalid');
  });

  test('is not guessed: after ten wrong ones the address has to wait, but whoever has the right one never does', async () => {
    const nobody = makeAdmin(wallet.base, `wka_${'A'.repeat(43)}`);
    for (let tries = 0; tries < 10; tries++) await nobody.codeOf('adminOverview', {});
    expect([await nobody.codeOf('adminOverview', {}), await admin.codeOf('adminOverview', {})]).toEqual([
      'too_many_requests',
      'ok',
    ]);
  });

  test('stands in the books as a hash only', async () => {
    const rows = await wallet.books.db.selectFrom('admin_token').selectAll().execute();
    expect(rows.map(({ token_hash }) => [token_hash.length, token_hash.includes('wka_')])).toEqual([[32, false]]);
  });
});
