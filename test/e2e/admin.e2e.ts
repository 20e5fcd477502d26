// The administrator's page in a real Chromium, over a wallet server with real books.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import AxeBuilder from '@axe-core/playwright';
import { type Browser, chromium, type Page } from 'playwright';
import { build } from 'vite';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { chromiumLaunchOptions } from '#test/support/chromium.ts';
import { bind, enrol, makeAdmin, newId } from '#test/wallet/server/caller.ts';
import { openWallet, type OpenWallet } from '#test/wallet/server/open.ts';
import { makeAdminToken } from '#wallet/server/admin-token.ts';

const CONFIG = fileURLToPath(new URL('../../vite.admin.config.ts', import.meta.url));
/** Where pictures of the page are left, for whoever wants to look. */
const PICTURES = process.env['WARIKAN_PICTURES'];
const SIZE = { width: 1_024, height: 768 };

let folder: string;
let browser: Browser;
let wallet: OpenWallet;
let token: string;
let page: Page;
const problems: string[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'warikan-admin-'));
  await build({ configFile: CONFIG, logLevel: 'warn', build: { outDir: folder } });
  browser = await chromium.launch(chromiumLaunchOptions());
});

afterAll(async () => {
  await browser.close();
  rmSync(folder, { recursive: true });
});

beforeEach(async () => {
  problems.length = 0;
  wallet = await openWallet({ adminPage: folder, clock: { nowMs: Date.now } });
  const made = { id: newId(), name: 'page', random: crypto.getRandomValues(new Uint8Array(32)), atMs: Date.now() };
  token = await makeAdminToken(wallet.books, made);
  page = await openPage('light');
});

afterEach(async () => {
  await page.context().close();
  await wallet.close();
  expect(problems).toEqual([]);
});

test('opens a store, gives a code, shows the terminal that waits, and approves and revokes it', async () => {
  await signIn(page);
  await page.getByRole('link', { name: 'Stores' }).click();
  await page.getByRole('button', { name: 'Open a store' }).click();
  await page.getByLabel('Name', { exact: true }).fill('Bar Mori');
  await page.getByLabel('Fee').fill('9.5');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('cell', { name: 'Bar Mori' }).waitFor();

  await page.getByRole('button', { name: 'Enrolment code' }).click();
  await picture('code-question');
  await page.getByRole('button', { name: 'Make a code' }).click();
  const code = await page.getByText(/^[0-9A-Z]{4}-[0-9A-Z]{6}$/).textContent();
  await picture('code');
  await page.getByRole('button', { name: 'Close' }).click();

  const terminal = await enrol(wallet.base, code ?? '');
  const { fingerprint } = await terminal.get('getTerminal', {});
  await page.getByRole('link', { name: 'Terminals' }).click();
  // It comes by itself.
  await page.getByRole('cell', { name: fingerprint }).waitFor({ timeout: 10_000 });
  await page.getByRole('button', { name: 'Approve' }).click();
  const question = page.getByRole('dialog');
  expect(await question.textContent()).toContain(fingerprint);
  await picture('approve');
  await question.getByRole('button', { name: 'Approve' }).click();
  await page.getByText('Active', { exact: true }).waitFor();
  const approved = await terminal.codeOf('openSession', {});

  await page.getByRole('button', { name: 'Revoke' }).click();
  await question.getByRole('button', { name: 'Revoke' }).click();
  await page.getByText('Revoked', { exact: true }).waitFor();
  const store = await wallet.books.db.selectFrom('store').selectAll().executeTakeFirst();
  expect({ approved, revoked: await terminal.codeOf('getTerminal', {}), store }).toMatchObject({
    approved: 'ok',
    revoked: 'device_revoked',
    store: { name: 'Bar Mori', fee_numerator: 95, fee_denominator: 10_000 },
  });
});

test('adds an operator, shows the risk, unlocks a wallet, and says what was refused', async () => {
  await busyShop();
  const haru = await wallet.customer({ balance: 8_000 });
  await haru.show();
  await wallet.books.db.updateTable('wallet').set({ is_locked: 1 }).where('id', '=', haru.walletId).execute();
  await signIn(page);
  await page.getByRole('link', { name: 'Operators' }).click();
  await page.getByRole('button', { name: 'Add an operator' }).click();
  await page.getByLabel('Name', { exact: true }).fill('Kumo Card');
  await page.getByLabel('Short name').fill('kumo-card');
  await page.getByLabel('Address').fill('https://operator.example');
  await page.getByLabel('Key of its webhooks').fill('1'.repeat(43));
  await picture('operator');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('cell', { name: 'https://operator.example' }).waitFor();

  await page.getByRole('link', { name: 'Offline risk' }).click();
  const risk = await page.getByText(/¥\d/).first().textContent();
  await picture('risk');

  await page.getByRole('link', { name: 'Wallets' }).click();
  await page.getByLabel('Wallet', { exact: true }).fill(newId());
  await page.getByRole('button', { name: 'Unlock' }).click();
  await page.getByText('There is no such thing.').waitFor();
  await page.getByLabel('Wallet', { exact: true }).fill(haru.walletId);
  await page.getByRole('button', { name: 'Unlock' }).click();
  await page.getByText('Unlocked.').waitFor();
  await picture('wallets');
  await page.getByRole('button', { name: 'Code for a new phone' }).click();
  const code = await page.getByText(/^[0-9A-Z]{4}-[0-9A-Z]{6}$/).textContent();
  const phone = await bind(wallet.base, code ?? '');
  expect((await phone.get('getWallet', {})).walletId).toBe(haru.walletId);
  const row = await wallet.books.db
    .selectFrom('wallet')
    .select('is_locked')
    .where('id', '=', haru.walletId)
    .executeTakeFirst();
  expect({ risk: risk !== null, isLocked: row?.is_locked }).toEqual({ risk: true, isLocked: 0 });
});

test('keeps the token to the tab, refuses a wrong one in words, and forgets it on signing out', async () => {
  await page.getByLabel('Administrator’s token').fill('wka_wrong');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByText('This token is not valid.').waitFor();
  await signIn(page);
  await page.reload();
  await page.getByRole('link', { name: 'Terminals' }).waitFor();
  const other = await page.context().newPage();
  await other.goto(`${wallet.base}/admin/`);
  await other.getByLabel('Administrator’s token').waitFor();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.reload();
  await page.getByLabel('Administrator’s token').waitFor();
  expect(page.url()).not.toContain(token);
});

test.each(['light', 'dark'] as const)(
  'fits a screen of 1024 by 768 and is accessible, %s, in both languages',
  async (scheme) => {
    await busyShop();
    const themed = await openPage(scheme);
    await picture(`sign-in-${scheme}`, themed);
    await signIn(themed);
    for (const language of ['en', 'ja']) {
      for (const section of ['terminals', 'stores', 'operators', 'exposure', 'wallets']) {
        await themed.locator(`nav a[href="#${section}"]`).click();
        await themed.locator(`nav a[href="#${section}"][aria-current="page"]`).waitFor();
        await picture(`${section}-${scheme}-${language}`, themed);
        const { violations } = await new AxeBuilder({ page: themed }).analyze();
        const isWide = await themed.evaluate(() =>
          Array.from(document.querySelectorAll('main > *')).some(
            ({ scrollWidth, parentElement }) => scrollWidth > (parentElement?.clientWidth ?? 0),
          ),
        );
        expect({
          section,
          language,
          isWide,
          violations: violations.map(({ id, nodes }) => [id, nodes[0]?.html]),
        }).toEqual({
          section,
          language,
          isWide: false,
          violations: [],
        });
      }
      await themed
        .getByRole('button', { name: '日本語' })
        .or(themed.getByRole('button', { name: 'English' }))
        .click();
    }
    await themed.setViewportSize({ width: 390, height: 844 });
    await themed.locator('nav a[href="#terminals"]').click();
    await themed.getByText('Izakaya').waitFor();
    await picture(`narrow-${scheme}`, themed);
    expect(await themed.evaluate(() => document.documentElement.scrollWidth > innerWidth)).toBe(false);
    await themed.context().close();
  },
);

/** Stores and terminals in every state. */
async function busyShop(): Promise<void> {
  const admin = makeAdmin(wallet.base, token);
  await wallet.terminalOf('Kissa Warikan');
  await wallet.terminalOf('Kissa Warikan', { isApproved: false });
  await wallet.terminalOf('Izakaya Hanabi, by the south exit of the station');
  const revoked = await wallet.terminalOf('Kissa Warikan');
  await wallet.registry.revoke(revoked.keyId, Date.now());
  await wallet.operator('minato-bank');
  const haru = await wallet.customer({ balance: 20_000 });
  await haru.get('putOfflineAllowance', {}, { amount: { amount: 5_000, currency: 'JPY' } });
  await haru.show();
  await admin.get('adminOverview', {});
}

async function openPage(colorScheme: 'light' | 'dark'): Promise<Page> {
  const context = await browser.newContext({ viewport: SIZE, colorScheme, locale: 'en-GB' });
  const opened = await context.newPage();
  // A refused token is an answer of the server, which the console counts as an error.
  opened.on('console', (message) => {
    if (message.type() === 'error' && !message.text().includes('status of 40')) problems.push(message.text());
  });
  opened.on('pageerror', (error) => problems.push(String(error)));
  await opened.goto(`${wallet.base}/admin/`);
  return opened;
}

async function signIn(opened: Page): Promise<void> {
  await opened.getByLabel('Administrator’s token').fill(token);
  await opened.getByRole('button', { name: 'Sign in' }).click();
  await opened.getByRole('link', { name: 'Terminals' }).waitFor();
}

async function picture(name: string, opened = page): Promise<void> {
  if (PICTURES !== undefined) await opened.screenshot({ path: join(PICTURES, `admin-${name}.png`) });
}
