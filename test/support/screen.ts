import { type Browser, type Page, _electron, chromium } from 'playwright';
import { testIds } from '#renderer/test-ids.ts';
import { findElectron } from '#main/find-electron.ts';
import { chromiumLaunchOptions } from './chromium.ts';
import { launchStandIn } from './electron-stand-in/launch.ts';
import type { Leg } from './legs.ts';
import { PROJECT, startTill } from './programs.ts';

/** The till as a person sees it, under any of the hosts. */
export interface Screen {
  readonly page: Page;
  /** Errors that the page reported by itself, such as a refused script or a broken import. */
  readonly problems: readonly string[];
  close(): Promise<void>;
}

/** Far longer than anything takes: a wait that ends by it has failed. */
const WAIT_TIMEOUT_MS = 20_000;
const SIZE = { width: 1366, height: 768 };

export async function openScreen(leg: Leg, dataFolder: string, args: readonly string[] = []): Promise<Screen> {
  const opened = await openers[leg](dataFolder, args);
  const { page } = opened;
  page.setDefaultTimeout(WAIT_TIMEOUT_MS);
  const problems: string[] = [];
  page.on('pageerror', (error) => problems.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error') problems.push(message.text());
  });
  return { page, problems, close: () => opened.close() };
}

/** A second look at a till of the browser host, as a page of its own. */
export async function openPage(browser: Browser, url: string): Promise<Page> {
  const context = await browser.newContext({ viewport: SIZE, locale: 'en-GB', timezoneId: 'Asia/Tokyo' });
  const page = await context.newPage();
  await page.goto(url);
  return page;
}

const openers: Record<
  Leg,
  (dataFolder: string, args: readonly string[]) => Promise<{ page: Page; close(): Promise<void> }>
> = {
  async browser(dataFolder, args) {
    const till = await startTill(dataFolder, args);
    const browser = await chromium.launch(chromiumLaunchOptions());
    const page = await openPage(browser, till.url);
    return {
      page,
      async close() {
        await browser.close();
        await till.stop();
      },
    };
  },

  async 'stand-in'(dataFolder, args) {
    const till = await launchStandIn({ dataDir: dataFolder, args: ['--no-open', ...args] });
    return { page: till.page, close: () => till.close() };
  },

  async electron(dataFolder, args) {
    const found = findElectron();
    if (!found.isUsable) throw new Error(`${found.reason}.`);
    const sandbox = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
    const app = await _electron.launch({
      executablePath: found.binary,
      args: [...sandbox, PROJECT, '--data', dataFolder, '--no-open', ...args],
    });
    return { page: await app.firstWindow(), close: () => app.close() };
  },
};

/** People of the demo store. */
export const people = {
  aoi: { staffId: 'aoi', pin: '2580' },
  ren: { staffId: 'ren', pin: '1470' },
} as const;

/** Goods of the demo store, as their packages say. */
export const goods = {
  beans: { barcode: '4569951000010', name: 'House blend beans', price: 1_280 },
  drip: { barcode: '4569951000041', name: 'Drip bags', price: 900 },
  filters: { barcode: '4569951000102', name: 'Paper filters', price: 480 },
} as const;

export async function signIn(page: Page, { staffId, pin }: { readonly staffId: string; readonly pin: string }) {
  await page.getByTestId(testIds.staffTile(staffId)).click();
  await keyPin(page, pin);
  await page.getByTestId(testIds.cart).waitFor();
}

export async function keyPin(page: Page, pin: string): Promise<void> {
  for (const digit of pin) await page.getByTestId(testIds.pinKey(digit)).click();
}

/** A `data-` figure of the screen, as a number. */
export async function figure(page: Page, testId: string, name = 'data-amount'): Promise<number> {
  return Number(await page.getByTestId(testId).first().getAttribute(name));
}

/** Waits until the lines of the bill are these: quantity and the beginning of each name. */
export async function untilLines(page: Page, lines: readonly (readonly [quantity: number, name: string])[]) {
  await page.waitForFunction(
    ({ testId, wanted }) => {
      const shown = [...document.querySelectorAll(`[data-testid="${testId}"]`)].filter(
        (line) => !line.hasAttribute('data-voided'),
      );
      return (
        shown.length === wanted.length &&
        shown.every((line, index) => {
          const [quantity, name] = wanted[index] ?? [0, ''];
          return line.getAttribute('data-quantity') === String(quantity) && (line.textContent ?? '').includes(name);
        })
      );
    },
    { testId: testIds.cartLine, wanted: lines },
  );
}

/** Counts what a person's finger or mouse does from now on. */
export async function countTouches(page: Page): Promise<() => Promise<number>> {
  await page.evaluate(() => {
    const { dataset } = document.documentElement;
    if (dataset['touches'] === undefined) {
      const count = (): void => void (dataset['touches'] = String(Number(dataset['touches']) + 1));
      addEventListener('pointerdown', count, { capture: true });
    }
    dataset['touches'] = '0';
  });
  return async () => Number(await page.evaluate(() => document.documentElement.dataset['touches']));
}
