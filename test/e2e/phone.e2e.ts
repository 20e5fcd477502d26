import { type Browser, type Page, chromium } from 'playwright';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { testIds } from '#renderer/test-ids.ts';
import { chromiumLaunchOptions } from '#test/support/chromium.ts';
import { type Line, makeFolder, openLine, runProgram, startTill, startWallet } from '#test/support/programs.ts';
import { goods, openPage, people, signIn, untilLines } from '#test/support/screen.ts';

const PIN = '2580';

/** What is undone after a test, the latest first: also when it failed half-way. */
const undo: (() => Promise<unknown> | void)[] = [];
let browser: Browser;

beforeAll(async () => {
  await runProgram('main/build.ts', ['--only', 'phone', '--if-changed']);
  browser = await chromium.launch(chromiumLaunchOptions());
});
afterEach(async () => {
  for (const one of undo.splice(0).toReversed()) await one();
});
afterAll(() => browser.close());

test('the whole product: a demo customer reloads from two operators and pays at the till with what the phone shows', async () => {
  const till = await startTill(tidyFolder());
  undo.push(() => till.stop());
  const line = await openLine(till.url);
  undo.push(() => line.close());
  const cashier = await openPage(browser, till.url);
  undo.push(() => cashier.context().close());
  await signIn(cashier, people.ren);
  await cashier.getByTestId(testIds.walletLink).filter({ hasText: 'online' }).waitFor();

  const phone = await openPhone(await phoneUrlOf(line, 'Ren Suzuki'));
  await choosePin(phone);
  await money(phone, '¥3,000').waitFor();
  for (const operator of ['Kumo Card', 'Minato Bank']) {
    await phone.goto(new URL('#/reload/add', phone.url()).href);
    await phone.getByRole('radio', { name: operator }).check();
    await phone.getByLabel('Set-up code').fill('mine');
    await phone.getByRole('button', { name: 'Register' }).click();
    await phone.getByText(/ is registered\.$/).waitFor();
    await phone.goto(new URL('#/reload', phone.url()).href);
    await phone.getByRole('radio', { name: new RegExp(operator) }).check();
    await phone.getByLabel('Amount').fill('2000');
    await phone.getByRole('button', { name: 'Reload ¥2,000' }).click();
    await phone.locator('[data-state=credited]').first().waitFor();
    await phone.getByRole('button', { name: 'Close' }).click();
  }
  await phone.goto(new URL('#/', phone.url()).href);
  await money(phone, '¥7,000').waitFor();

  await line.client.demo.scanText({ text: goods.beans.barcode });
  await untilLines(cashier, [[1, goods.beans.name]]);
  await cashier.getByTestId(testIds.payWallet).click();
  await cashier.locator(`[data-testid="${testIds.attempt}"][data-state="waiting"]`).waitFor();
  await line.client.demo.scanText({ text: await showCode(phone) });
  await cashier.getByTestId(testIds.saleDone).waitFor();
  await phone.getByRole('heading', { name: 'Paid' }).waitFor();
  expect(await phone.locator('.paid-amount').textContent()).toBe('¥1,280');
  await phone.getByRole('button', { name: 'Done' }).click();
  await money(phone, '¥5,720').waitFor();
});

test('a wallet server that is killed leaves the phone with its last state and a code; it goes on when it is back', async () => {
  const folder = tidyFolder();
  const wallet = await startWallet(folder);
  const port = Number(new URL(wallet.url).port);
  const customers = customersSchema.parse(await (await fetch(`${wallet.url}/demo/customers`)).json());
  const phone = await openPhone(`${wallet.url}${customers.find(({ name }) => name === 'Sora Ito')?.phoneUrl}`);
  await choosePin(phone);
  await money(phone, '¥25,000').waitFor();
  await phone.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));

  await wallet.kill();
  await phone.getByText(/^No connection/).waitFor();
  await phone.reload();
  await money(phone, '¥25,000').waitFor();
  // Choosing the PIN has stored a code already.
  await showCode(phone);
  await phone.getByText('No connection: the code works all the same.').waitFor();
  await phone.getByRole('button', { name: 'Put away' }).click();

  const again = await startWallet(folder, { port });
  undo.push(() => again.stop());
  await phone.getByText(/^No connection/).waitFor({ state: 'detached' });
  await showCode(phone);
  await phone.getByText('Not read? Turn the brightness up.').waitFor();
});

const customersSchema = z.array(z.object({ name: z.string(), phoneUrl: z.string() }));

async function phoneUrlOf(line: Line, name: string): Promise<string> {
  const { customers } = await line.client.demo.customers();
  return customers.find((customer) => customer.name === name)?.phoneUrl ?? '';
}

async function openPhone(url: string): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 360, height: 740 }, locale: 'en-GB' });
  undo.push(() => context.close());
  const page = await context.newPage();
  await page.goto(url);
  return page;
}

async function choosePin(phone: Page): Promise<void> {
  await phone.getByText('Choose a PIN').waitFor();
  await keyPin(phone);
  await phone.getByText('Enter it once more').waitFor();
  await keyPin(phone);
}

/** The code, from home. */
async function showCode(phone: Page): Promise<string> {
  await phone.getByRole('button', { name: 'Show code' }).click();
  await keyPin(phone);
  return (await phone.locator('[data-code]').getAttribute('data-code')) ?? '';
}

async function keyPin(phone: Page): Promise<void> {
  for (const digit of PIN) await phone.getByRole('button', { name: digit, exact: true }).click();
  await phone.getByRole('button', { name: 'OK' }).click();
}

function money(phone: Page, amount: string) {
  return phone.locator('.money-amount').filter({ hasText: amount });
}

function tidyFolder(): string {
  const folder = makeFolder('phone');
  undo.push(() => folder.remove());
  return folder.path;
}
