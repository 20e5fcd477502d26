import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parseCode } from '#contract/token.ts';
import type { TestPhone } from '#test/wallet/server/caller.ts';
import { openWallet, type OpenWallet } from '#test/wallet/server/open.ts';
import { openPayers } from '#wallet/server/payers.ts';

let wallet: OpenWallet;
let haru: TestPhone & { walletId: string };

beforeEach(async () => {
  wallet = await openWallet();
  haru = await wallet.customer();
});

afterEach(() => wallet.close());

describe('whose code it is', () => {
  test('is asked of the books once, as long as nobody has changed who may pay', async () => {
    const { payers, alias } = await openRemembering();
    await payers.find(alias);
    await remove();
    expect((await payers.find(alias))?.revokedAtMs).toBe(undefined);
  });

  test('is asked again once this server has revoked the key, or told the phone another method', async () => {
    const { payers, alias } = await openRemembering();
    await payers.find(alias);
    await remove();
    payers.forget(haru.keyId);
    expect((await payers.find(alias))?.revokedAtMs).toBe(1);
  });

  test('is asked again once another server may have changed it', async () => {
    const { payers, alias, changes } = await openRemembering();
    await payers.find(alias);
    await remove();
    changes.now = 2;
    expect((await payers.find(alias))?.revokedAtMs).toBe(1);
  });

  test('is asked each time while it is not known whether another server changed it', async () => {
    const { payers, alias, changes } = await openRemembering();
    changes.now = undefined;
    await payers.find(alias);
    await remove();
    expect((await payers.find(alias))?.revokedAtMs).toBe(1);
  });

  test('is not remembered where it was revoked while it was being read', async () => {
    const { payers, alias } = await openRemembering();
    const reading = payers.find(alias);
    payers.forget(haru.keyId);
    await reading;
    await remove();
    expect((await payers.find(alias))?.revokedAtMs).toBe(1);
  });
});

async function openRemembering() {
  const changes: { now: number | undefined } = { now: 1 };
  const parsed = parseCode(await haru.show());
  const alias = parsed.ok ? parsed.code.claims.alias : '';
  const payers = openPayers(wallet.books, wallet.clock, { epoch: () => changes.now, close: async () => {} });
  return { payers, alias, changes };
}

/** Behind the back of whoever remembers. */
async function remove(): Promise<void> {
  await wallet.books.db.updateTable('phone').set({ revoked_at_ms: 1 }).where('id', '=', haru.keyId).execute();
}
