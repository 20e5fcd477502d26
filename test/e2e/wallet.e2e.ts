// The whole demo as a cashier and the customers see it: `npm start` with the wallet server and the two operators that it
// carries with it, the till's page and the customers' pages in a real Chromium, the till's scanner held to the phones.
import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Browser, type Locator, type Page, chromium } from 'playwright';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { testIds } from '#renderer/test-ids.ts';
import { movedByTill, movedByWallet } from '#test/support/books.ts';
import { chromiumLaunchOptions } from '#test/support/chromium.ts';
import { type Line, type RunningTill, makeFolder, openLine, runProgram, startTill } from '#test/support/programs.ts';
import { openPage, people, signIn } from '#test/support/screen.ts';

/** What a person at the counter takes for at once. */
const SOON_MS = 2_000;
const PIN = '2580';
const GLASS = { width: 360, height: 740 };
const STORE = 'Kissa Warikan';
const KUMO = 'Kumo Card';
const MINATO = 'Minato Bank';
/** Whose phone is open when the server is killed. */
const KILLED = 'Ren';
const coffee = { productId: '101', price: 480 };

let folder: ReturnType<typeof makeFolder>;
let till: RunningTill;
let line: Line;
let browser: Browser;
let counter: Page;
const problems: string[] = [];
/** Every code that was held before the scanner. */
const shown: string[] = [];
const undo: (() => Promise<unknown> | void)[] = [];

beforeAll(async () => {
  folder = makeFolder('demo');
  till = await startTill(folder.path);
  line = await openLine(till.url);
  browser = await chromium.launch(chromiumLaunchOptions());
  counter = await openPage(browser, till.url);
  watch(counter, 'till');
  await signIn(counter, people.ren);
  await counter.getByTestId(testIds.walletLink).filter({ hasText: 'online' }).waitFor();
  await line.until('the scanner', ({ devices }) => devices.every(({ state }) => state.state === 'ready'));
});

afterEach(async () => {
  for (const one of undo.splice(0).toReversed()) await one();
});

afterAll(async () => {
  await browser.close();
  line.close();
  await till.stop();
  folder.remove();
});

describe('a customer of the demo', () => {
  test('rows 1, 2, 5 and 6: opens the phone by its link, chooses a PIN, registers two means and reloads', async () => {
    const page = await phoneOf('Mei');
    await registerBoth(page);
    await page.locator('.mean label').nth(1).waitFor();
    const [left, right] = await page.locator('.mean label').all();
    const tops = [(await left?.boundingBox())?.y, (await right?.boundingBox())?.y];
    expect({ areBeside: tops[0] === tops[1], left: await left?.innerText() }).toEqual({
      areBeside: true,
      left: expect.stringContaining(KUMO) as string,
    });

    await reload(page, MINATO, 2_000);
    await page.locator('[data-state=credited]').waitFor();
    await home(page);
    await page.locator('.money-amount').filter({ hasText: '¥10,400' }).waitFor();
    await page.locator('[data-kind=reload]').filter({ hasText: MINATO }).filter({ hasText: '+¥2,000' }).waitFor();
  });

  test('rows 18, 21, 22, 23 and 25: pays by PIN and shown code, and both screens tell it at once', async () => {
    const page = await phoneOf('Haru');
    await ring(2);
    await counter.getByTestId(testIds.payWallet).click();
    const panel = counter.locator(`[data-testid="${testIds.attempt}"][data-state="waiting"]`);
    await panel.filter({ hasText: '¥960' }).waitFor();

    const code = await showCode(page);
    await line.client.demo.scanText({ text: code });
    await counter.getByTestId(testIds.saleDone).waitFor();
    await soon(page.getByText('Paid', { exact: true }).first());
    expect(await page.locator('.paid').innerText()).toMatch(new RegExp(`¥960\\s+${STORE}`));
    await page.getByRole('button', { name: 'Done' }).click();
    await soon(page.locator('.money-amount').filter({ hasText: '¥11,040' }));
    await soon(page.locator('[data-kind=settlement]').filter({ hasText: STORE }).filter({ hasText: '−¥960' }));

    expect(await lastReceipt()).toMatch(/Wallet \(shown code\) +¥960\n +Haru •••\n +Ref\. \S+/);
  });

  test('rows 18 and 37: pays by the contactless method with the same PIN, before the same pay screen', async () => {
    const page = await phoneOf('Sora');
    await ring(1);
    await counter.getByTestId(testIds.payWallet).click();
    const code = await showCode(page, 'contactless');
    await line.client.demo.scanText({ text: code });
    await counter.getByTestId(testIds.saleDone).waitFor();
    await soon(page.getByText('Paid', { exact: true }).first());
    await home(page);
    await page
      .locator('[data-kind=settlement]')
      .filter({ hasText: 'Contactless' })
      .filter({ hasText: '−¥480' })
      .waitFor();
  });

  test('row 8: is told where the operator is out, reloads with the other one, and is credited once it is back', async () => {
    const page = await phoneOf('Yui');
    await registerBoth(page);
    await turnOutage(KUMO, true);
    await reload(page, KUMO, 1_000);
    const waiting = page.locator('.progress').filter({ hasText: '¥1,000' });
    await waiting.filter({ hasText: 'The operator has not decided yet.' }).waitFor();
    await reload(page, MINATO, 3_000);
    await page.locator('.progress[data-state=credited]').filter({ hasText: '¥3,000' }).waitFor();

    await home(page);
    await page.locator('.money-amount').filter({ hasText: '¥8,600' }).waitFor();
    await turnOutage(KUMO, false);
    await page.locator('.money-amount').filter({ hasText: '¥9,600' }).waitFor();
    await page.locator('[data-kind=reload]').filter({ hasText: '+¥1,000' }).waitFor();
    expect(await page.locator('[data-kind=reload]').filter({ hasText: '+¥1,000' }).count()).toBe(1);

    await page.getByRole('link', { name: 'Reload' }).click();
    await reload(page, KUMO, 1_002);
    const declined = page.getByText('Declined. Nothing was taken. There is not enough money on it.');
    await declined.waitFor();
    expect(await isInSight(declined)).toBe(true);
    await home(page);
    await page.locator('.money-amount').filter({ hasText: '¥9,600' }).waitFor();
  });

  test('row 29: is charged once where the server was killed with the payment on its way', async () => {
    const page = await phoneOf(KILLED);
    await ring(1);
    await counter.getByTestId(testIds.payWallet).click();
    const code = await showCode(page);
    // It hears the request and does not answer: then it is gone, and the terminal starts it again.
    const [server = 0] = childrenOf(till.process.pid, 'wallet/server');
    process.kill(server, 'SIGSTOP');
    await line.client.demo.scanText({ text: code });
    await line.until('the request to be on its way', ({ check }) => check?.attempt?.state === 'sent');
    process.kill(server, 'SIGKILL');
    await counter.locator(`[data-testid="${testIds.attempt}"][data-state="unknown"]`).waitFor();
    await counter.getByTestId(testIds.saleDone).waitFor();

    await page.locator('.paid').filter({ hasText: '¥480' }).waitFor();
    await home(page);
    await page.locator('.money-amount').filter({ hasText: '¥2,520' }).waitFor();
    expect(await page.locator('[data-kind=settlement]').count()).toBe(1);
    expect(childrenOf(till.process.pid, 'wallet/server')).not.toEqual([server]);
  });
});

test('rows 28 and 32: both books agree on all of it, and no code was written down', async () => {
  const [byTill, byWallet] = [await movedByTill(line.client), await movedByWallet(join(folder.path, 'wallet'))];
  const verified = await runProgram('main/verify.ts', ['--data', folder.path]);
  expect({
    byTill,
    amounts: Object.values(byTill).toSorted((left, right) => left - right),
    verify: verified.code === 0 ? 'clean' : verified.stdout,
  }).toEqual({ byTill: byWallet, amounts: [480, 480, 960], verify: 'clean' });

  const logs = join(folder.path, 'logs');
  const written = [till.output(), ...readdirSync(logs).map((name) => readFileSync(join(logs, name), 'utf8'))].join(
    '\n',
  );
  expect(shown.filter((code) => written.includes(code))).toEqual([]);
  // That the server was gone for a while is the browser's own word, and was meant.
  expect(problems.filter((problem) => !problem.includes(`${KILLED}: Failed to load resource: net::`))).toEqual([]);
});

/** By the link in the drawer of the till's demo, in a browser of its own; a PIN is the first thing that it asks for. */
async function phoneOf(name: string): Promise<Page> {
  const drawer = counter.getByTestId(testIds.demoDrawer);
  if (!(await drawer.isVisible())) await counter.getByTestId(testIds.demoButton).click();
  const link = await drawer.getByRole('link', { name }).getAttribute('href');
  if (link === null) throw new Error(`${name} has a phone`);
  const context = await browser.newContext({ viewport: GLASS, locale: 'en-GB' });
  undo.push(() => context.close());
  const page = await context.newPage();
  watch(page, name);
  await page.goto(link);
  await page.getByText('Choose a PIN').waitFor();
  await keyPin(page);
  await page.getByText('Enter it once more').waitFor();
  await keyPin(page);
  await page.locator('.money-name').filter({ hasText: name }).waitFor();
  return page;
}

async function keyPin(page: Page): Promise<void> {
  for (const digit of PIN) await page.getByRole('button', { name: digit, exact: true }).click();
  await page.getByRole('button', { name: 'OK' }).click();
}

/** A means of either operator, from home to the screen on which both can be chosen. */
async function registerBoth(page: Page): Promise<void> {
  await page.getByRole('link', { name: 'Reload' }).click();
  await page.getByRole('link', { name: 'Add a payment means' }).click();
  for (const operator of [KUMO, MINATO]) {
    await page.getByRole('radio', { name: operator, exact: true }).check();
    await page.getByLabel('Set-up code').fill(`code of ${operator}`);
    await page.getByRole('button', { name: 'Register' }).click();
    await page.getByRole('status').filter({ hasText: operator }).filter({ hasText: 'is registered.' }).waitFor();
  }
  await page.getByRole('button', { name: 'Back' }).click();
}

async function reload(page: Page, operator: string, amount: number): Promise<void> {
  await page.locator('.mean label').filter({ hasText: operator }).click();
  await page.getByLabel('Amount').fill(String(amount));
  await page.getByRole('button', { name: /^Reload ¥/ }).click();
}

/** The method's button, the PIN, and the code as a scanner would read it. */
async function showCode(page: Page, method = 'shown_code'): Promise<string> {
  await page.locator(`[data-method=${method}]`).getByRole('button').last().click();
  await keyPin(page);
  const code = await page.locator('[data-code]').getAttribute('data-code');
  if (code === null) throw new Error('the phone shows a code');
  shown.push(code);
  return code;
}

/** Coffees on a new bill. */
async function ring(count: number): Promise<void> {
  for (let index = 0; index < count; index++) await counter.getByTestId(testIds.product(coffee.productId)).click();
  await counter
    .locator(`[data-testid="${testIds.total}"][data-amount="${count * coffee.price}"]`)
    .first()
    .waitFor();
}

async function lastReceipt(): Promise<string> {
  const { lastSale } = line.state();
  const receipt = await line.client.sales.receipt({ saleId: lastSale?.saleId as never, isReprint: false });
  return receipt.text;
}

async function home(page: Page): Promise<void> {
  await page
    .getByRole('button', { name: /^(Back|Done)$/ })
    .last()
    .click();
  await page.locator('.money-amount').waitFor();
}

function soon(part: Locator): Promise<void> {
  return part.waitFor({ timeout: SOON_MS });
}

/** Not only on the page, but on the part of it that the glass shows. */
async function isInSight(part: Locator): Promise<boolean> {
  const { y, height } = (await part.boundingBox()) ?? { y: -1, height: 0 };
  return y >= 0 && y + height <= GLASS.height;
}

/** The switch of a simulating operator, which the wallet server knows the address of. */
async function turnOutage(name: string, on: boolean): Promise<void> {
  const { stdout } = await runProgram('wallet/server/process.ts', [
    '--data',
    join(folder.path, 'wallet'),
    '--operators',
  ]);
  const url = new RegExp(`^\\S+ +(\\S+) .*${name}$`, 'm').exec(stdout)?.[1];
  const answer = await fetch(`${url}/control/outage`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ on }),
  });
  expect(await answer.json()).toEqual({ on });
}

function childrenOf(pid: number | undefined, script: string): readonly number[] {
  return execFileSync('ps', ['-o', 'pid=,args=', '--ppid', String(pid)], { encoding: 'utf8' })
    .split('\n')
    .filter((text) => text.includes(script))
    .map((text) => Number.parseInt(text, 10));
}

function watch(page: Page, who: string): void {
  page.on('pageerror', (error) => problems.push(`${who}: ${String(error)}`));
  page.on('console', (message) => {
    if (message.type() === 'error') problems.push(`${who}: ${message.text()} ${message.location().url}`);
  });
}
