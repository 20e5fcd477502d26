import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { codeOn, keyPin, openPhoneWorld, parsed, type OpenPage, type PhoneWorld, PIN, showCode } from './open-phone.ts';

const BUILD_MS = 120_000;

let world: PhoneWorld;

beforeAll(async () => {
  world = await openPhoneWorld();
}, BUILD_MS);
afterEach(() => world.closePages());
afterAll(() => world.close());

describe('without a network', () => {
  test('the page opens and reloads, shows what it knew with its age, and a code that the till takes', async () => {
    const { page, context, counter } = await readyPhone();
    await context.setOffline(true);
    await page.reload();
    await page.getByText('¥12,000', { exact: true }).waitFor();
    await page.getByText(/^No connection\. As of \d\d:\d\d$/).waitFor();

    const code = await showCode(page);
    await page.getByText('No connection: the code works all the same.').waitFor();
    expect(parsed(code).counter).toBeGreaterThan(counter);
    const settlement = await world.charge(code, 500);
    expect(settlement.state).toBe('approved');

    await page.getByRole('button', { name: 'Put away' }).click();
    await context.setOffline(false);
    await page.getByText('¥11,500', { exact: true }).waitFor();
    await page.getByText(/^No connection/).waitFor({ state: 'detached' });
  });

  test('a wrong PIN opens nothing, and the fifth one empties what is stored', async () => {
    const { page, context } = await readyPhone();
    await context.setOffline(true);
    await page.reload();
    await page.getByRole('button', { name: 'Show code' }).click();
    const said = [];
    for (const pin of ['0001', '0002', '0003', '0004', '0005']) {
      await keyPin(page, pin);
      await page.getByRole('alert').waitFor();
      said.push(await page.getByRole('alert').textContent());
    }
    expect(said).toEqual([
      'Wrong PIN. 4 tries left.',
      'Wrong PIN. 3 tries left.',
      'Wrong PIN. 2 tries left.',
      'Wrong PIN. 1 try left.',
      'Too many wrong PINs without a connection. Connect to pay again.',
    ]);
    await keyPin(page, PIN);
    await page.getByRole('alert').getByText('Too many wrong PINs without a connection.').waitFor();
    expect(await page.locator('[data-code]').count()).toBe(0);

    await context.setOffline(false);
    await keyPin(page, PIN);
    parsed(await codeOn(page));
  });

  test('the right PIN forgives the wrong ones before it', async () => {
    const { page, context } = await readyPhone();
    await context.setOffline(true);
    await page.reload();
    await page.getByRole('button', { name: 'Show code' }).click();
    for (const pin of ['0001', '0002', '0003', '0004']) await wrong(page, pin);
    await keyPin(page, PIN);
    parsed(await codeOn(page));
    await page.getByRole('button', { name: 'Put away' }).click();
    await page.getByRole('button', { name: 'Show code' }).click();
    await wrong(page, '0001');
    expect(await page.getByRole('alert').textContent()).toBe('Wrong PIN. 4 tries left.');
  });

  test('a phone that never showed a code says that it has none', async () => {
    const { page, context } = await world.phoneOf(await world.customer('Haru Tanaka'));
    await untilInstalled(page);
    await context.setOffline(true);
    await page.getByRole('button', { name: 'Show code' }).click();
    await keyPin(page);
    await page.getByRole('alert').getByText('No code is stored for use without a connection.').waitFor();
  });

  test('another method than the stored one is said to pay by the stored one', async () => {
    const { page, context } = await readyPhone();
    await context.setOffline(true);
    await page.reload();
    await page.getByRole('button', { name: 'Hold to reader: Contactless' }).click();
    await keyPin(page);
    await page.getByText('No connection: the code pays by Shown code.').waitFor();
  });

  test('nothing that was asked for gets lost: the reload is sent once the network is there', async () => {
    const haru = await world.customer('Haru Tanaka', 1_000);
    await haru.get('addReloadMethod', {}, { operatorId: 'kumo', kind: 'card', setupToken: haru.walletId });
    const { page, context } = await world.phoneOf(haru);
    await page.getByRole('link', { name: 'Reload' }).click();
    await context.setOffline(true);
    await page.getByRole('button', { name: '¥3,000' }).click();
    await page.getByRole('button', { name: 'Reload ¥3,000' }).click();
    await page.locator('[data-state=unknown]').waitFor();
    await context.setOffline(false);
    await page.locator('[data-state=credited]').waitFor();
    const { entries } = await haru.get('listHistory', {});
    expect(entries.map(({ amount }) => amount)).toEqual([3_000, 1_000]);
  });

  test('every screen still shows what it showed', async () => {
    const haru = await world.customer('Haru Tanaka', 12_000);
    const { page, context } = await world.phoneOf(haru);
    const screens = ['history', 'people', 'groups', 'settings/phones', 'reload', 'settings'];
    const before: Record<string, string> = {};
    for (const screen of screens) {
      await page.goto(`${world.wallet.base}/phone/#/${screen}`);
      await page.getByText('Loading…').waitFor({ state: 'detached' });
      before[screen] = await page.locator('main').innerText();
    }
    await untilInstalled(page);
    await context.setOffline(true);
    await page.reload();
    const after: Record<string, string> = {};
    for (const screen of screens) {
      await page.goto(`${world.wallet.base}/phone/#/${screen}`);
      await page.getByText('Loading…').waitFor({ state: 'detached' });
      after[screen] = await page.locator('main').innerText();
    }
    expect(after).toEqual(before);
  });
});

describe('what the phone keeps', () => {
  test('holds keys that cannot be taken out, and no credential and no PIN in the clear', async () => {
    const { page, alias } = await readyPhone();
    const kept = await page.evaluate(readWallets);
    expect({
      keys: kept.keys.toSorted((a, b) => a.type.localeCompare(b.type)),
      isSealed: kept.text.includes('"sealed":{'),
      alias: kept.text.includes(alias),
      pin: kept.text.includes(`"${PIN}"`),
    }).toEqual({
      keys: [
        { extractable: false, type: 'private' },
        { extractable: false, type: 'secret' },
      ],
      isSealed: true,
      alias: false,
      pin: false,
    });
  });
});

/** A phone that has shown a code once, and whose page is kept. */
async function readyPhone(): Promise<OpenPage & { counter: number; alias: string }> {
  const opened = await world.phoneOf(await world.customer('Haru Tanaka', 12_000));
  await untilInstalled(opened.page);
  const code = parsed(await showCode(opened.page));
  await untilSealed(opened.page);
  await opened.page.getByRole('button', { name: 'Put away' }).click();
  return { ...opened, counter: code.counter, alias: code.claims.alias };
}

async function untilInstalled(page: OpenPage['page']): Promise<void> {
  await page.evaluate(async () => {
    await navigator.serviceWorker.ready;
  });
}

/** The code is on the screen before the slow key for keeping it is made. */
async function untilSealed(page: OpenPage['page']): Promise<void> {
  await expect
    .poll(() => page.evaluate(readWallets).then(({ text }) => text.includes('"sealed":{')), { timeout: 10_000 })
    .toBe(true);
}

/** Everything that the page keeps of its wallets: keys by what they are, bytes as letters, so that a text in them is found. */
function readWallets(): Promise<{ keys: { extractable: boolean; type: string }[]; text: string }> {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open('warikan-phone');
    opening.onerror = () => reject(new Error('the storage did not open'));
    opening.onsuccess = () => {
      const all = opening.result.transaction('wallet').objectStore('wallet').getAll();
      all.onsuccess = () => {
        opening.result.close();
        const keys: { extractable: boolean; type: string }[] = [];
        const text = JSON.stringify(all.result, (_, value: unknown) => {
          if (value instanceof CryptoKey) keys.push({ extractable: value.extractable, type: value.type });
          return value instanceof Uint8Array ? String.fromCharCode(...value) : value;
        });
        resolve({ keys, text });
      };
    };
  });
}

async function wrong(page: OpenPage['page'], pin: string): Promise<void> {
  await keyPin(page, pin);
  await page.getByRole('alert').waitFor();
}
