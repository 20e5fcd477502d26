import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright';
import { create } from 'qrcode';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { build } from 'vite';
import { attemptIdSchema, checkIdSchema } from '#contract/ids.ts';
import type { Settlement } from '#contract/settlement.ts';
import { parseCode } from '#contract/token.ts';
import { chromiumLaunchOptions } from '#test/support/chromium.ts';
import { type Caller, newId } from '#test/wallet/server/caller.ts';
import { openWallet, type OpenWallet } from '#test/wallet/server/open.ts';

const CONFIG = fileURLToPath(new URL('../../vite.phone.config.ts', import.meta.url));
const BUILD_MS = 120_000;

let pageFolder: string;
let browser: Browser;
let wallet: OpenWallet;
let terminal: Caller;
let context: BrowserContext;

beforeAll(async () => {
  pageFolder = mkdtempSync(join(tmpdir(), 'warikan-phone-'));
  await build({ configFile: CONFIG, logLevel: 'error', build: { outDir: pageFolder, emptyOutDir: true } });
  browser = await chromium.launch(chromiumLaunchOptions());
}, BUILD_MS);

afterAll(async () => {
  await browser.close();
  rmSync(pageFolder, { recursive: true });
});

beforeEach(async () => {
  wallet = await openWallet({ phonePage: pageFolder, isDemo: true, clock: { nowMs: Date.now } });
  terminal = await wallet.terminalOf('Kissa Warikan');
  context = await browser.newContext({ viewport: { width: 360, height: 780 }, locale: 'en-US' });
});

afterEach(async () => {
  await context.close();
  await wallet.close();
});

describe('the phone', () => {
  test('binds by its address, and shows a code that the till can charge; the payment shows on the phone', async () => {
    const page = await openPhone('Haru Tanaka');
    const code = await codeOn(page);
    expect({ drawn: await modulesOn(page), address: page.url() }).toEqual({
      drawn: modulesOf(code),
      address: `${wallet.base}/phone/`,
    });

    const settlement = await settle(code, 1_200);
    await page.getByText('¥1,200 paid').waitFor();
    await page.getByText('¥10,800').waitFor();
    expect({ state: settlement.state, isSpent: (await codeOn(page)) !== code }).toEqual({
      state: 'approved',
      isSpent: true,
    });
  });

  test('is the same phone after a reload, with a higher counter and a key that cannot be taken out', async () => {
    const page = await openPhone('Mei Sato');
    const before = parsed(await codeOn(page));
    await page.reload();
    const after = parsed(await codeOn(page));
    const key = await page.evaluate(
      () =>
        new Promise<{ extractable: boolean; type: string }>((resolve, reject) => {
          const opening = indexedDB.open('warikan-phone');
          opening.onerror = () => reject(new Error('the storage did not open'));
          opening.onsuccess = () => {
            const all = opening.result.transaction('wallet').objectStore('wallet').getAll();
            all.onsuccess = () => {
              const [{ privateKey }] = all.result as [{ privateKey: CryptoKey }];
              resolve({ extractable: privateKey.extractable, type: privateKey.type });
            };
          };
        }),
    );
    expect({ alias: after.claims.alias, isHigher: after.counter > before.counter, key }).toEqual({
      alias: before.claims.alias,
      isHigher: true,
      key: { extractable: false, type: 'private' },
    });
  });

  test('goes on with fresh codes while the network is away, and says so', async () => {
    const page = await context.newPage();
    await page.clock.install({ time: Date.now() });
    await showPhone(page, 'Sora Ito');
    const first = await codeOn(page);
    await context.setOffline(true);
    await page.clock.fastForward(31_000);
    await page.getByText('Offline – the code still works').waitFor();
    await page.waitForFunction(
      (old) => document.querySelector('[data-code]')?.getAttribute('data-code') !== old,
      first,
    );
    const second = await codeOn(page);
    expect({
      steps: parsed(second).step - parsed(first).step > 0,
      balance: await page.getByText('¥25,000').first().isVisible(),
    }).toEqual({ steps: true, balance: true });

    const settlement = await settle(second, 500);
    await context.setOffline(false);
    await page.clock.fastForward(4_000);
    await page.getByText('¥24,500').waitFor();
    expect(settlement.state).toBe('approved');
  });

  test('two customers in two tabs stay two customers', async () => {
    const [haru, mei] = [await openPhone('Haru Tanaka'), await openPhone('Mei Sato')];
    await haru.reload();
    await mei.reload();
    await haru.getByText('Haru Tanaka').waitFor();
    await mei.getByText('Mei Sato').waitFor();
    expect(parsed(await codeOn(haru)).claims.alias).not.toBe(parsed(await codeOn(mei)).claims.alias);
  });

  test('says what is wrong with a code, takes a good one, and lets the wallet be removed', async () => {
    const page = await context.newPage();
    await page.goto(`${wallet.base}/phone/#bind=AAAA-AAAAAA`);
    await page.getByRole('alert').getByText('That code is wrong, used or too old.').waitFor();
    await page.getByLabel('Binding code').fill((await customer('Yui Nakamura')).phoneUrl.split('bind=')[1] ?? '');
    await page.getByRole('button', { name: 'Continue' }).click();
    await codeOn(page);
    await page.getByRole('button', { name: 'Remove from this phone' }).click();
    await page.getByRole('button', { name: 'Tap again to remove' }).click();
    await page.getByLabel('Binding code').waitFor();
    await page.reload();
    await page.getByLabel('Binding code').waitFor();
  });

  test('that was revoked shows no code any more', async () => {
    const page = await openPhone('Haru Tanaka');
    const { alias } = parsed(await codeOn(page)).claims;
    const bound = await wallet.registry.findPhoneByAlias(alias);
    await wallet.registry.revoke(bound?.keyId ?? '', Date.now());
    await page.getByText('This phone was taken off the wallet.').waitFor();
    expect(await page.locator('[data-code]').count()).toBe(0);
  });

  test.each(['light', 'dark'] as const)(
    'fits 360 px in %s, in Japanese too, and breaks no rule of its page',
    async (scheme) => {
      const page = await context.newPage();
      const complaints: string[] = [];
      page.on('console', (message) => void (message.type() === 'error' && complaints.push(message.text())));
      page.on('pageerror', (error) => void complaints.push(error.message));
      await page.emulateMedia({ colorScheme: scheme });
      await showPhone(page, 'Haru Tanaka');
      await page.getByRole('button', { name: '日本語' }).click();
      await page.getByText('レジでこのコードを見せてください').waitFor();
      const width = await page.evaluate(() => document.documentElement.scrollWidth);
      expect({ width, language: await page.evaluate(() => document.documentElement.lang), complaints }).toEqual({
        width: 360,
        language: 'ja',
        complaints: [],
      });
    },
  );
});

test('the server’s front page opens a demo customer’s phone', async () => {
  const page = await context.newPage();
  await page.goto(wallet.base);
  const opening = context.waitForEvent('page');
  await page.getByRole('button', { name: /Ren Suzuki/ }).click();
  const phone = await opening;
  await phone.getByText('Ren Suzuki').waitFor();
  await codeOn(phone);
});

interface DemoCustomer {
  readonly name: string;
  readonly phoneUrl: string;
}

async function customer(name: string): Promise<DemoCustomer> {
  const list = (await (await fetch(`${wallet.base}/demo/customers`)).json()) as DemoCustomer[];
  const found = list.find((one) => one.name === name);
  if (found === undefined) throw new Error(`${name} is a demo customer`);
  return found;
}

async function openPhone(name: string): Promise<Page> {
  const page = await context.newPage();
  await showPhone(page, name);
  return page;
}

async function showPhone(page: Page, name: string): Promise<void> {
  await page.goto(wallet.base + (await customer(name)).phoneUrl);
  await codeOn(page);
}

async function codeOn(page: Page): Promise<string> {
  return (await page.locator('[data-code]').getAttribute('data-code')) ?? '';
}

function parsed(text: string): Extract<ReturnType<typeof parseCode>, { ok: true }>['code'] {
  const result = parseCode(text);
  if (!result.ok) throw new Error(result.error);
  return result.code;
}

/** The dark modules of the symbol on the page, as `column,row`, and of the text by the library. */
async function modulesOn(page: Page): Promise<string[]> {
  const path = (await page.locator('[data-code] path').getAttribute('d')) ?? '';
  return Array.from(path.matchAll(/M(\d+) (\d+)h1v1h-1z/g), ([, x, y]) => `${Number(x) - 4},${Number(y) - 4}`);
}

function modulesOf(text: string): string[] {
  const { modules } = create(text, { errorCorrectionLevel: 'M' });
  const dark: string[] = [];
  for (let row = 0; row < modules.size; row++) {
    for (let column = 0; column < modules.size; column++) if (modules.get(row, column)) dark.push(`${column},${row}`);
  }
  return dark;
}

async function settle(token: string, amount: number): Promise<Settlement> {
  return terminal.get(
    'putSettlement',
    { settlementId: attemptIdSchema.parse(newId()) },
    {
      checkId: checkIdSchema.parse(newId()),
      amount: { amount, currency: 'JPY' },
      token,
      capturedAt: new Date().toISOString(),
      mode: 'online',
    },
  );
}
