import type { Page } from 'playwright';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { openPhoneWorld, type PhoneWorld, wordsOf } from './open-phone.ts';

const BUILD_MS = 120_000;

let world: PhoneWorld;

beforeAll(async () => {
  world = await openPhoneWorld();
}, BUILD_MS);
afterEach(() => world.closePages());
afterAll(() => world.close());

describe('payment means', () => {
  test('row 1, row 2, row 3: two of two operators are registered, and the same one again is still one', async () => {
    const haru = await world.customer('Haru Tanaka');
    const { page } = await world.phoneOf(haru);
    await page.goto(`${world.wallet.base}/phone/#/reload/add`);
    await register(page, 'Kumo Card', 'first card');
    await page.getByText(/^Kumo Card card •••• \d{4} is registered\.$/).waitFor();
    await register(page, 'Mori Bank', 'my account');
    await page.getByText(/^Mori Bank account •••• \d{4} is registered\.$/).waitFor();
    await register(page, 'Kumo Card', 'first card');
    await page.getByText(/^Kumo Card card •••• \d{4} was registered already\.$/).waitFor();
    const { reloadMethods } = await haru.get('getWallet', {});
    expect(reloadMethods.map(({ operatorId, kind }) => [operatorId, kind])).toEqual([
      ['kumo', 'card'],
      ['mori', 'bank_account'],
    ]);
  });

  test('row 5: both are shown side by side in one view', async () => {
    const { page } = await reloadScreen();
    const boxes = await page
      .locator('.mean label')
      .evaluateAll((labels) => labels.map((label) => label.getBoundingClientRect().toJSON() as DOMRect));
    const [left, right] = boxes;
    expect({
      count: boxes.length,
      isSameRow: left?.top === right?.top,
      isBeside: (left?.right ?? 0) < (right?.left ?? 0),
      isSeen: (right?.bottom ?? Infinity) < 740,
    }).toEqual({ count: 2, isSameRow: true, isBeside: true, isSeen: true });
  });

  test('row 11: one that is removed is gone from the screen, and what it reloaded stays in the history', async () => {
    const { page, haru } = await reloadScreen();
    await reload(page, '500');
    await page.getByText('Added to your balance.').waitFor();
    await page.getByRole('button', { name: 'Edit' }).click();
    await page.getByRole('button', { name: /^Remove: Kumo Card/ }).click();
    await page.getByRole('button', { name: 'Tap again to remove' }).click();
    await page.locator('.mean label').filter({ hasText: 'Kumo Card' }).waitFor({ state: 'detached' });
    await page.goto(`${world.wallet.base}/phone/#/history`);
    await page.getByText('+¥500').waitFor();
    expect((await haru.get('getWallet', {})).reloadMethods.map(({ operatorId }) => operatorId)).toEqual(['mori']);
  });

  test('are not registered while their operator cannot be reached, and the phone says why', async () => {
    const { page } = await world.phoneOf(await world.customer('Haru Tanaka'));
    await page.goto(`${world.wallet.base}/phone/#/reload/add`);
    await world.control('kumo', 'outage', { on: true });
    try {
      await register(page, 'Kumo Card', 'any');
      await page.getByRole('alert').getByText('The operator cannot be reached. Try again later.').waitFor();
    } finally {
      await world.control('kumo', 'outage', { on: false });
    }
  });
});

describe('a reload', () => {
  test('row 6, row 7: raises the balance by exactly its amount, from the means that was chosen', async () => {
    const { page, haru } = await reloadScreen(1_000);
    await page.locator('.mean label').filter({ hasText: 'Mori Bank' }).click();
    await reload(page, '500');
    await page.locator('[data-state=credited]').waitFor();
    const { entries } = await haru.get('listHistory', {});
    expect({
      balance: (await haru.get('getWallet', {})).balance.amount,
      from: entries[0]?.counterpart,
      said: await wordsOf(page.locator('.progress')),
    }).toEqual({
      balance: 1_500,
      from: expect.stringMatching(/^Mori Bank account/) as unknown,
      said: 'Reload ¥500 Added to your balance.',
    });
    await page.getByRole('button', { name: 'Back' }).click();
    await page.getByText('¥1,500', { exact: true }).waitFor();
  });

  test('row 8: that is declined says why, and the balance is unchanged', async () => {
    const { page, haru } = await reloadScreen(1_000);
    await reload(page, '1002');
    await page.getByText('Declined. Nothing was taken. There is not enough money on it.').waitFor();
    expect((await haru.get('getWallet', {})).balance.amount).toBe(1_000);
  });

  test('row 9: whose answer was lost is asked about, not sent twice, and credited once', async () => {
    const { page, haru } = await reloadScreen(1_000);
    let sent = 0;
    // The server books it; the phone hears nothing of it.
    await page.route('**/v1/wallet/reloads/*', async (route) => {
      if (route.request().method() === 'PUT') {
        sent += 1;
        await route.fetch();
      }
      return route.abort('connectionreset');
    });
    await reload(page, '700');
    await page.getByText('No answer yet. Asking what became of it; it is not sent twice.').waitFor();
    await page.unroute('**/v1/wallet/reloads/*');
    await page.locator('[data-state=credited]').waitFor();
    const { entries } = await haru.get('listHistory', {});
    expect({ sent, moves: entries.filter(({ amount }) => amount === 700).length }).toEqual({ sent: 1, moves: 1 });
  });

  test('row 9: is taken up under the same id after the page was closed in the middle of it', async () => {
    const { page, haru } = await reloadScreen(1_000);
    const ids: string[] = [];
    await page.route('**/v1/wallet/reloads/*', async (route) => {
      ids.push(new URL(route.request().url()).pathname.split('/').at(-1) ?? '');
      await route.abort('connectionreset');
    });
    await reload(page, '800');
    await page.locator('[data-state=unknown]').waitFor();
    await page.unroute('**/v1/wallet/reloads/*');
    await page.reload();
    await page.locator('[data-state=credited]').waitFor();
    const { entries } = await haru.get('listHistory', {});
    expect({
      ids: new Set([...ids, ...entries.filter(({ kind }) => kind === 'reload').map(({ entryId }) => entryId)]).size,
      moves: entries.filter(({ amount }) => amount === 800).length,
    }).toEqual({ ids: 2, moves: 1 });
  });

  test('row 10: of an amount beyond the limits cannot be asked for', async () => {
    const { page } = await reloadScreen();
    const button = page.locator('form .primary');
    const states = [];
    for (const amount of ['99', '100', '100000', '100001', '0']) {
      await page.getByLabel('Amount').fill(amount);
      states.push(await button.isEnabled());
    }
    expect({ states, hint: await page.getByText('¥100 to ¥100,000').isVisible() }).toEqual({
      states: [false, true, true, false, false],
      hint: true,
    });
  });

  test('that waits for the operator is said to, and credited when the word comes', async () => {
    const { page, haru } = await reloadScreen(1_000);
    await world.control('kumo', 'webhooks', { paused: true });
    await reload(page, '1006');
    await page.getByText('The operator has not decided yet.').waitFor();
    expect((await haru.get('getWallet', {})).balance.amount).toBe(1_000);
    await world.control('kumo', 'webhooks', { paused: false });
    await page.getByText('Added to your balance.').waitFor();
    expect((await haru.get('getWallet', {})).balance.amount).toBe(2_006);
  });

  test('is done by itself below a threshold, once that was asked for', async () => {
    const { page, haru } = await reloadScreen(2_000);
    await page.getByRole('link', { name: /^Reload automatically/ }).click();
    await page.getByRole('switch').check();
    await page.getByLabel('When the balance is below').fill('1500');
    await page.getByLabel('Reload this much').fill('3000');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Saved.').waitFor();
    expect((await haru.get('getWallet', {})).autoReload).toMatchObject({ isOn: true, threshold: 1_500, amount: 3_000 });
    await world.charge(await haru.show(), 900);
    await page.getByRole('button', { name: 'Back' }).click();
    await page.getByText('¥3,000 when below ¥1,500').waitFor();
    await expect.poll(async () => (await haru.get('getWallet', {})).balance.amount).toBe(4_100);
  });
});

async function reloadScreen(balance = 10_000) {
  const haru = await world.customer('Haru Tanaka', balance);
  for (const [operatorId, kind] of [
    ['kumo', 'card'],
    ['mori', 'bank_account'],
  ] as const) {
    await haru.get('addReloadMethod', {}, { operatorId, kind, setupToken: `${kind} of ${haru.walletId}` });
  }
  const { page } = await world.phoneOf(haru);
  await page.getByRole('link', { name: 'Reload' }).click();
  await page.locator('.mean label').first().waitFor();
  return { page, haru };
}

async function reload(page: Page, amount: string): Promise<void> {
  await page.getByLabel('Amount').fill(amount);
  await page.getByRole('button', { name: /^Reload ¥/ }).click();
}

async function register(page: Page, operator: string, setupCode: string): Promise<void> {
  await page.getByRole('radio', { name: operator }).check();
  await page.getByLabel('Set-up code').fill(setupCode);
  await page.getByRole('button', { name: 'Register' }).click();
}
