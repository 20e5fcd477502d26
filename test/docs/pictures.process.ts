// Takes the pictures of README.md and docs/ from the real product: `node test/docs/pictures.process.ts`.
import { join } from 'node:path';
import { type Page, chromium } from 'playwright';
import { testIds } from '#renderer/test-ids.ts';
import { chromiumLaunchOptions } from '#test/support/chromium.ts';
import { PROJECT, makeFolder, startTill } from '#test/support/programs.ts';
import { takePhonePictures } from './phone-pictures.ts';
import { openPage, people, signIn } from '#test/support/screen.ts';

const folder = makeFolder('pictures');
const till = await startTill(folder.path);
const browser = await chromium.launch(chromiumLaunchOptions());
try {
  const page = await openPage(browser, till.url);
  await page.getByTestId(testIds.staffTile('ren')).waitFor();
  await take(page, 'sign-in');
  await signIn(page, people.ren);
  await page.getByTestId(testIds.walletLink).filter({ hasText: 'online' }).waitFor();
  for (const productId of ['103', '103', '602', '101']) {
    const tile = page.getByTestId(testIds.product(productId));
    if ((await tile.count()) > 0) await tile.click();
  }
  await page.getByTestId(testIds.cartLine).nth(1).waitFor();
  await take(page, 'sell');

  await page.getByTestId(testIds.payCash).click();
  await page.getByTestId(testIds.cashExact).waitFor();
  await take(page, 'cash');

  await page.getByTestId(testIds.tenderWallet).click();
  await page.locator(`[data-testid="${testIds.attempt}"][data-state="waiting"]`).waitFor();
  await page.getByTestId(testIds.demoButton).click();
  const customer = page.locator('[data-testid^="demo-customer-"]').first();
  await customer.waitFor();
  await take(page, 'wallet');
  await customer.click();
  await page.getByTestId(testIds.saleDone).waitFor();
  await page.getByTestId(testIds.demoButton).click();
  await page.getByTestId(testIds.receiptSvg).waitFor();
  await take(page, 'paid');

  await page.getByTestId(testIds.navSales).click();
  await page.getByTestId(testIds.sale).first().click();
  await page.getByTestId(testIds.receiptSvg).waitFor();
  await take(page, 'sales');
} finally {
  await browser.close();
  await till.stop();
  folder.remove();
}
await takePhonePictures(take);

async function take(page: Page, name: string): Promise<void> {
  await page.evaluate(() => document.fonts.ready);
  await page.screenshot({ path: join(PROJECT, 'docs', 'pictures', `${name}.png`), animations: 'disabled' });
}
