import { join } from 'node:path';
import { AxeBuilder } from '@axe-core/playwright';
import { source as axeSource } from 'axe-core';
import type { Page } from 'playwright';
import { afterEach, describe, expect, test } from 'vitest';
import { testIds } from '#renderer/test-ids.ts';
import { codeOfCustomer } from '#test/support/demo-code.ts';
import { legsOfThisRun } from '#test/support/legs.ts';
import { makeFolder, startWallet } from '#test/support/programs.ts';
import { type Pty, openPty, ptyMissing } from '#test/support/pty.ts';
import {
  type Screen,
  countTouches,
  figure,
  goods,
  keyPin,
  openScreen,
  people,
  signIn,
  untilLines,
} from '#test/support/screen.ts';

/** What is undone after a test, the latest first: also when it failed half-way. */
const undo: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const one of undo.splice(0).toReversed()) await one();
});

describe.each(legsOfThisRun())('the till under the %s host', (leg) => {
  /** An empty till with somebody signed in. */
  async function open(args: readonly string[] = [], folder = tidyFolder()): Promise<Screen> {
    const screen = await openScreen(leg, folder, args);
    undo.push(() => screen.close());
    return screen;
  }

  async function openSelling(args: readonly string[] = []): Promise<Screen> {
    const screen = await open(args);
    await signIn(screen.page, people.ren);
    return screen;
  }

  test.skipIf(ptyMissing !== undefined)('reads a scanner on a wire, however its bytes arrive', async () => {
    const pty = await plug();
    const { page, problems } = await openSelling(['--device', `scanner=serial:${pty.path}`]);
    await untilScannerReady(page, 2);

    await pty.write(`${goods.beans.barcode}\r`);
    await untilLines(page, [[1, goods.beans.name]]);

    await pty.write(`${goods.beans.barcode}\r`);
    await untilLines(page, [[2, goods.beans.name]]);

    for (const byte of `${goods.drip.barcode}\r\n`) await pty.write(byte);
    await untilLines(page, [
      [2, goods.beans.name],
      [1, goods.drip.name],
    ]);

    await pty.write(`${goods.filters.barcode}\r${goods.filters.barcode}\r`);
    await untilLines(page, [
      [2, goods.beans.name],
      [1, goods.drip.name],
      [2, goods.filters.name],
    ]);

    await pty.write(new Uint8Array([0xff, 0x00, 0x1b, 0x5b, 0x9c, 0x0d]));
    await pty.write(`${goods.filters.barcode}\r`);
    await untilLines(page, [
      [2, goods.beans.name],
      [1, goods.drip.name],
      [3, goods.filters.name],
    ]);

    await pty.write(`${'9'.repeat(1024 * 1024)}\r${goods.filters.barcode}\r`);
    await untilLines(page, [
      [2, goods.beans.name],
      [1, goods.drip.name],
      [4, goods.filters.name],
    ]);

    expect(await figure(page, testIds.total)).toBe(2 * 1_280 + 900 + 4 * 480);
    expect(problems).toEqual([]);
  });

  test.skipIf(ptyMissing !== undefined)('takes a scan whatever has the focus, and leaks none of it', async () => {
    const pty = await plug();
    const wallet = await startWallet(tidyFolder());
    undo.push(async () => void (await wallet.stop()));
    const { page, problems } = await openSelling(['--device', `scanner=serial:${pty.path}`, '--wallet', wallet.url]);
    await untilScannerReady(page, 2);
    await untilWalletOnline(page);

    const search = page.getByTestId(testIds.search);
    await search.fill('latte');
    await pty.write(`${goods.beans.barcode}\r`);
    await untilLines(page, [[1, goods.beans.name]]);
    expect(await search.inputValue()).toBe('latte');

    await page.getByTestId(testIds.park).click();
    const label = page.getByRole('dialog').getByRole('textbox');
    await label.fill('window seat');
    await pty.write(`${goods.drip.barcode}\r`);
    await untilLines(page, [
      [1, goods.beans.name],
      [1, goods.drip.name],
    ]);
    expect(await label.inputValue()).toBe('window seat');
    await page.keyboard.press('Escape');

    // A customer's code: with a dialog open, then with a text field in the focus.
    await page.getByTestId(testIds.payWallet).click();
    await untilWaitingForCode(page);
    await page.getByTestId(testIds.settings).click();
    await page.getByRole('dialog').waitFor();
    await pty.write(`${await codeOfCustomer(wallet.url, 'Haru')}\r`);
    await page.getByTestId(testIds.saleDone).waitFor({ state: 'attached' });
    await page.keyboard.press('Escape');

    await pty.write(`${goods.beans.barcode}\r`);
    await untilLines(page, [[1, goods.beans.name]]);
    await page.getByTestId(testIds.payWallet).click();
    await untilWaitingForCode(page);
    await page.getByTestId(testIds.navSales).click();
    const salesSearch = page.getByTestId(testIds.salesSearch);
    await salesSearch.fill('bea');
    await pty.write(`${await codeOfCustomer(wallet.url, 'Mei')}\r`);
    await page.getByTestId(testIds.sale).nth(1).waitFor();
    expect(await salesSearch.inputValue()).toBe('bea');
    expect(problems).toEqual([]);
  });

  test('an unknown barcode offers to search and eats nothing', async () => {
    const { page, problems } = await openSelling();
    await untilScannerReady(page);
    await page.getByTestId(testIds.product('101')).click();
    await untilLines(page, [[1, 'Blend coffee']]);

    await page.getByTestId(testIds.demoButton).click();
    await page.getByTestId(testIds.demoUnknown).click();
    const notice = page.locator(`[data-testid="${testIds.scanNotice}"][data-type="unknownBarcode"]`);
    await notice.waitFor();
    await untilLines(page, [[1, 'Blend coffee']]);

    await notice.getByTestId(testIds.noticeSearch).click();
    await page.waitForFunction(
      (testId) => (document.querySelector<HTMLInputElement>(`[data-testid="${testId}"]`)?.value ?? '') !== '',
      testIds.search,
    );
    await page.getByTestId(testIds.demoProduct('103')).click();
    await untilLines(page, [
      [1, 'Blend coffee'],
      [1, 'Café latte'],
    ]);
    expect(problems).toEqual([]);
  });

  test('a cash sale takes two touches, a wallet sale one and the customer’s scan', async () => {
    const { page, problems } = await openSelling();
    await untilScannerReady(page);
    await untilWalletOnline(page);
    await page.getByTestId(testIds.product('101')).click();
    await untilLines(page, [[1, 'Blend coffee']]);

    const touches = await countTouches(page);
    await page.getByTestId(testIds.payCash).click();
    await page.getByTestId(testIds.cashNote(1_000)).click();
    await page.getByTestId(testIds.saleDone).waitFor();
    expect({ touches: await touches(), change: await figure(page, testIds.change) }).toEqual({
      touches: 2,
      change: 520,
    });

    await page.getByTestId(testIds.product('103')).click();
    await untilLines(page, [[1, 'Café latte']]);
    await page.getByTestId(testIds.demoButton).click();
    const customer = page.locator('[data-testid^="demo-customer-"]').first();
    await customer.waitFor();
    const again = await countTouches(page);
    await page.getByTestId(testIds.payWallet).click();
    await untilWaitingForCode(page);
    expect(await again()).toBe(1);
    // The button is the demo's scanner: the customer's hand, not the cashier's.
    await customer.click();
    await page.getByTestId(testIds.saleDone).waitFor();
    expect(problems).toEqual([]);
  });

  test('row 34: a bill is discounted, undone, parked and called back, and paid with cash and wallet', async () => {
    const { page, problems } = await openSelling();
    await untilScannerReady(page);
    await untilWalletOnline(page);
    await page.getByTestId(testIds.product('101')).click();
    await page.getByTestId(testIds.product('101')).click();
    await untilLines(page, [[2, 'Blend coffee']]);
    const full = await figure(page, testIds.total);

    await page.getByTestId(testIds.discount).click();
    await page.getByTestId('discount-10').click();
    await untilFigure(page, testIds.total, full - Math.round(full / 10));
    await page.getByTestId(testIds.undo).click();
    await untilFigure(page, testIds.total, full);

    await page.getByTestId(testIds.park).click();
    await page.getByRole('dialog').getByRole('textbox').fill('window seat');
    await page.getByTestId('park-now').click();
    await page.getByTestId(testIds.cartLine).first().waitFor({ state: 'detached' });
    await page.getByTestId(testIds.recall).click();
    await page.getByTestId(testIds.parkedBill).filter({ hasText: 'window seat' }).click();
    await untilFigure(page, testIds.total, full);

    await page.getByTestId(testIds.payCash).click();
    for (const key of '500') await page.getByTestId(testIds.keypadKey(key)).click();
    await page.getByTestId(testIds.cashTake).click();
    await page.getByTestId(testIds.tenderTaken).waitFor();
    await untilFigure(page, testIds.due, full - 500);

    await page.getByTestId(testIds.tenderWallet).click();
    await untilWaitingForCode(page);
    await page.getByTestId(testIds.demoButton).click();
    await page.locator('[data-testid^="demo-customer-"]').first().click();
    await page.getByTestId(testIds.saleDone).waitFor();
    expect(problems).toEqual([]);
  });

  test('a sale is found again, with its receipt as paper and as text', async () => {
    const { page, problems } = await openSelling();
    await page.getByTestId(testIds.product('101')).click();
    await page.getByTestId(testIds.payCash).click();
    await page.getByTestId(testIds.cashExact).click();
    await page.getByTestId(testIds.saleDone).waitFor();

    await page.getByTestId(testIds.navSales).click();
    await page.getByTestId(testIds.salesSearch).fill('000001');
    await page.getByTestId(testIds.sale).click();
    await page.getByTestId(testIds.receiptSvg).waitFor();
    await page.getByTestId(testIds.receiptAsText).click();
    const text = (await page.getByTestId(testIds.receiptText).textContent()) ?? '';
    expect(['Kissa Warikan', 'Blend coffee', '01-000001', '480'].filter((word) => !text.includes(word))).toEqual([]);

    await page.getByTestId(testIds.reprint).click();
    await page.waitForFunction(
      (testId) => /COPY/i.test(document.querySelector(`[data-testid="${testId}"]`)?.textContent ?? ''),
      testIds.receiptText,
    );
    expect(problems).toEqual([]);
  });

  test('wrong PINs make a person wait, and a reload does not help', async () => {
    const { page } = await open();
    await page.getByTestId(testIds.staffTile(people.ren.staffId)).click();
    const message = page.getByTestId(testIds.pinMessage);
    for (const words of [/2 more tries/, /One more try/, /means a wait|Try again in/, /Try again in/]) {
      if (/Try again in/.test((await message.textContent()) ?? '')) break;
      await keyPin(page, '0000');
      await message.filter({ hasText: words }).waitFor();
    }
    expect(await message.textContent()).toMatch(/Try again in/);

    await page.reload();
    await page.getByTestId(testIds.staffTile(people.ren.staffId)).click();
    await keyPin(page, people.ren.pin);
    await message.filter({ hasText: /Try again in/ }).waitFor();
    expect(await page.getByTestId(testIds.cart).count()).toBe(0);
  });

  test('a reload loses nothing, at any point of a sale', async () => {
    const { page, problems } = await openSelling();
    await untilScannerReady(page);
    await untilWalletOnline(page);
    await page.getByTestId(testIds.product('101')).click();
    await untilLines(page, [[1, 'Blend coffee']]);
    await page.reload();
    await untilLines(page, [[1, 'Blend coffee']]);

    await page.getByTestId(testIds.payCash).click();
    await page.getByTestId(testIds.keypadKey('1')).waitFor();
    await page.reload();
    await untilFigure(page, testIds.due, 480);

    await page.getByTestId(testIds.tenderWallet).click();
    await untilWaitingForCode(page);
    await page.reload();
    await untilWaitingForCode(page);
    await page.getByTestId(testIds.demoButton).click();
    await page.locator('[data-testid^="demo-customer-"]').first().click();
    await page.getByTestId(testIds.cartLine).first().waitFor({ state: 'detached' });
    await page.reload();
    await page.getByTestId(testIds.navSales).click();
    await page.getByTestId(testIds.sale).waitFor();
    expect(await page.getByTestId(testIds.sale).count()).toBe(1);
    expect(problems).toEqual([]);
  });

  test('a whole sale by keyboard alone', async () => {
    const { page, problems } = await open();
    await page.getByTestId(testIds.staffTile(people.ren.staffId)).focus();
    await page.keyboard.press('Enter');
    await page.keyboard.type(people.ren.pin);
    await page.getByTestId(testIds.cart).waitFor();

    await page.keyboard.press('F2');
    await page.keyboard.type('blend coffee');
    await page.waitForFunction(
      (testId) => document.querySelector(`[data-testid="${testId}"]`)?.getAttribute('data-text') === 'blend coffee',
      testIds.searchResults,
    );
    await page.keyboard.press('Enter');
    await untilLines(page, [[1, 'Blend coffee']]);

    await page.keyboard.press('F4');
    await page.getByTestId(testIds.due).waitFor();
    await page.keyboard.type('1000');
    await page.keyboard.press('Enter');
    await page.getByTestId(testIds.saleDone).waitFor();
    expect(await figure(page, testIds.change)).toBe(520);
    expect(problems).toEqual([]);
  });

  test('every screen can be used by everybody, light and dark, in English and in Japanese', async () => {
    const { page, problems } = await open();
    await page.getByTestId(testIds.staffTile(people.ren.staffId)).waitFor();
    const found: Record<string, readonly string[]> = { 'sign in': await violations(page) };
    await signIn(page, people.ren);
    await page.getByTestId(testIds.product('101')).click();
    await untilLines(page, [[1, 'Blend coffee']]);

    for (const [theme, words] of [
      ['light', { cash: 'Cash', theme: 'Light' }],
      ['dark', { cash: '現金', theme: 'ダーク' }],
    ] as const) {
      if (theme === 'dark') {
        await page.emulateMedia({ colorScheme: 'dark' });
        await page.getByTestId(testIds.settings).click();
        await page.getByRole('dialog').getByText('日本語').click();
        await page.keyboard.press('Escape');
        await page.getByRole('dialog').waitFor({ state: 'detached' });
      }
      await page.getByTestId(testIds.payCash).filter({ hasText: words.cash }).waitFor();
      found[`sell ${theme}`] = await violations(page);
      await page.getByTestId(testIds.discount).click();
      await page.getByRole('dialog').waitFor();
      found[`discount ${theme}`] = await violations(page);
      await page.keyboard.press('Escape');
      await page.getByTestId(testIds.payCash).click();
      await page.getByTestId(testIds.cashExact).waitFor();
      found[`cash ${theme}`] = await violations(page);
      await page.getByTestId(testIds.tenderWallet).click();
      await untilWaitingForCode(page);
      found[`wallet ${theme}`] = await violations(page);
      await page.getByTestId(testIds.tenderCash).click();
      await page.getByTestId(testIds.cashExact).click();
      await page.getByTestId(testIds.saleDone).waitFor();
      found[`paid ${theme}`] = await violations(page);
      await page.getByTestId(testIds.navSales).click();
      await page.getByTestId(testIds.sale).first().click();
      await page.getByTestId(testIds.receiptSvg).waitFor();
      found[`sales ${theme}`] = await violations(page);
      await page.getByTestId(testIds.navSell).click();
      await page.getByTestId(testIds.product('101')).click();
    }

    expect(Object.entries(found).filter(([, list]) => list.length > 0)).toEqual([]);
    expect(problems).toEqual([]);
  });
});

function tidyFolder(): string {
  const folder = makeFolder('e2e');
  undo.push(() => folder.remove());
  return folder.path;
}

async function plug(): Promise<Pty> {
  const pty = await openPty(join(tidyFolder(), 'scanner'));
  undo.push(() => pty.unplug());
  return pty;
}

/** The simulated one, and where a real one is plugged in that one too. */
async function untilScannerReady(page: Page, count = 1): Promise<void> {
  await page.getByTestId(testIds.deviceState).click();
  const ready = page.getByRole('dialog').getByText('Ready', { exact: true });
  await ready.nth(count - 1).waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
}

async function untilWalletOnline(page: Page): Promise<void> {
  await page.getByTestId(testIds.walletLink).filter({ hasText: 'online' }).waitFor();
}

async function untilWaitingForCode(page: Page): Promise<void> {
  await page.locator(`[data-testid="${testIds.attempt}"][data-state="waiting"]`).waitFor();
}

async function untilFigure(page: Page, testId: string, amount: number): Promise<void> {
  await page.locator(`[data-testid="${testId}"][data-amount="${amount}"]`).first().waitFor();
}

/** What keeps somebody from using the screen, by axe: nothing serious may be left. */
async function violations(page: Page): Promise<readonly string[]> {
  const result = await new AxeBuilder({ page, axeSource }).setLegacyMode().analyze();
  return result.violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.map(({ target }) => `${id}: ${target.join(' ')}`));
}
