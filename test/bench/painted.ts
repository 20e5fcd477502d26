import { join } from 'node:path';
import type { Browser, Page } from 'playwright';
import { staffIdSchema } from '#contract/ids.ts';
import { testIds } from '#renderer/test-ids.ts';
import { type Line, type RunningTill, openLine, startTill } from '#test/support/programs.ts';
import { type Pty, openPty } from '#test/support/pty.ts';
import { openPage } from '#test/support/screen.ts';
import { barcodeOf, makeCatalogue } from './goods.ts';
import { type Measured, measured, median, percentile } from './measure.ts';

const FRAME_MS = 16.7;
const LINES_PER_BILL = 8;
const WARM_UP = 8;

/** A till with so many products, a scanner on a pseudo-terminal, and its page in Chromium. */
interface Counter {
  readonly till: RunningTill;
  readonly line: Line;
  readonly pty: Pty;
  readonly page: Page;
  readonly productCount: number;
  close(): Promise<void>;
}

async function openCounter(browser: Browser, folder: string, productCount: number): Promise<Counter> {
  const pty = await openPty(join(folder, `scanner-${productCount}`));
  const till = await startTill(join(folder, `till-${productCount}`), ['--device', `scanner=serial:${pty.path}`]);
  const line = await openLine(till.url);
  await line.client.staff.signIn({ staffId: staffIdSchema.parse('aoi'), pin: '2580' });
  const content = JSON.stringify(makeCatalogue(productCount));
  const report = await line.client.catalogue.import({ format: 'json', content, isTrial: false });
  if (report.added !== productCount) throw new Error(`only ${report.added} products were taken`);
  await line.until('the scanners', ({ devices }) => devices.every(({ state }) => state.state === 'ready'));
  const page = await openPage(browser, till.url);
  await page.getByTestId(testIds.cart).waitFor();
  await page.evaluate(watchPaints, { line: testIds.cartLine, results: testIds.searchResults, search: testIds.search });
  return {
    till,
    line,
    pty,
    page,
    productCount,
    async close() {
      line.close();
      await page.context().close();
      await till.stop();
      await pty.unplug();
    },
  };
}

/** What the page keeps for the bench: when a line or a list was painted, on the clock of the whole machine. */
interface Watch {
  __lines: Map<string, number>;
  __lists: Map<string, number>;
  __typed: Map<string, number>;
}

/** Runs in the page. Painted: the frame after the change was made, when its callbacks have run and it was handed over. */
function watchPaints(ids: { readonly line: string; readonly results: string; readonly search: string }): void {
  const watch = window as unknown as Watch;
  watch.__lines = new Map();
  watch.__lists = new Map();
  watch.__typed = new Map();
  const afterPaint = (note: (at: number) => void): void => {
    requestAnimationFrame(() => {
      const channel = new MessageChannel();
      channel.port1.addEventListener('message', () => note(performance.timeOrigin + performance.now()));
      channel.port1.start();
      channel.port2.postMessage(null);
    });
  };
  new MutationObserver(() => {
    for (const line of document.querySelectorAll<HTMLElement>(`[data-testid="${ids.line}"]`)) {
      const name = `${line.dataset['lineId']}:${line.dataset['quantity']}`;
      if (watch.__lines.has(name)) continue;
      watch.__lines.set(name, 0);
      afterPaint((at) => watch.__lines.set(name, at));
    }
    const text = document.querySelector<HTMLElement>(`[data-testid="${ids.results}"]`)?.dataset['text'];
    if (text === undefined || watch.__lists.has(text) || !watch.__typed.has(text)) return;
    watch.__lists.set(text, 0);
    afterPaint((at) => watch.__lists.set(text, at));
  }).observe(document.body, { subtree: true, childList: true, attributes: true });
  document.addEventListener(
    'input',
    (event) => {
      const field = event.target;
      if (!(field instanceof HTMLInputElement) || field.dataset['testid'] !== ids.search) return;
      // The moment of the key, not of the handler: what waits in between counts.
      watch.__typed.set(field.value, performance.timeOrigin + event.timeStamp);
    },
    { capture: true },
  );
}

/** From the byte written to the pseudo-terminal to the painted frame. */
async function scanOnce({ line, pty, page, productCount }: Counter): Promise<number> {
  if ((line.state().check?.lines.length ?? 0) >= LINES_PER_BILL) {
    const checkId = line.state().check?.checkId;
    if (checkId !== undefined) await line.client.check.void({ checkId, reason: 'the next round' });
    await line.until('an empty counter', ({ check }) => check === null);
    await page.getByTestId(testIds.cartLine).first().waitFor({ state: 'detached' });
  }
  const before = line.state().check?.lines.length ?? 0;
  // Never the product of the last line: that would count up and add no line.
  const last = Number(line.state().check?.lines.at(-1)?.productId?.slice(1) ?? 0);
  const barcode = barcodeOf((last + 1 + Math.floor(Math.random() * (productCount - 1))) % productCount);
  const startedAt = performance.timeOrigin + performance.now();
  await pty.write(`${barcode}\r`);
  const { check } = await line.until('the line', (state) => (state.check?.lines.length ?? 0) > before);
  const added = check?.lines.at(-1);
  const name = `${added?.lineId}:${added?.quantity}`;
  const paintedAt = await page.waitForFunction(
    (wanted) => (window as unknown as Watch).__lines.get(wanted) || false,
    name,
    { polling: 'raf' },
  );
  return Number(await paintedAt.jsonValue()) - startedAt;
}

const SEARCHES = ['ginger', 'cocoa tea', 'jasmine 99', 'hojicha', '4700000012', 'kinako bread 1'];

/** From each key to the list that answers it, painted. */
async function searchOnce(page: Page, text: string): Promise<number[]> {
  const field = page.getByTestId(testIds.search);
  await field.fill('');
  await page.evaluate(() => {
    const watch = window as unknown as Watch;
    watch.__lists.clear();
    watch.__typed.clear();
  });
  await field.focus();
  const samples: number[] = [];
  for (let length = 1; length <= text.length; length++) {
    const typed = text.slice(0, length);
    await page.keyboard.press(typed.at(-1) === ' ' ? 'Space' : typed.slice(-1));
    // The list answers the text without the space at its end.
    if (typed.endsWith(' ')) continue;
    const took = await page.waitForFunction(
      (wanted) => {
        const { __lists, __typed } = window as unknown as Watch;
        const painted = __lists.get(wanted) ?? 0;
        return painted > 0 && painted - (__typed.get(wanted) ?? 0);
      },
      typed,
      { polling: 'raf' },
    );
    samples.push(Number(await took.jsonValue()));
  }
  return samples;
}

export async function benchPainted(options: {
  readonly browser: Browser;
  readonly folder: string;
  readonly commitMs: number;
  readonly rounds: number;
  readonly counts: readonly [few: number, many: number];
}): Promise<Measured[]> {
  const { browser, folder, commitMs, rounds, counts } = options;
  const few = await openCounter(browser, folder, counts[0]);
  const many = await openCounter(browser, folder, counts[1]);
  try {
    const samples = new Map<Counter, number[]>([
      [few, []],
      [many, []],
    ]);
    for (let round = 0; round < rounds + WARM_UP; round++) {
      for (const [counter, list] of samples) {
        const took = await scanOnce(counter);
        if (round >= WARM_UP) list.push(took);
      }
    }
    const keys: number[] = [];
    const times = Math.max(1, Math.round(rounds / 30));
    for (let round = 0; round <= times; round++) {
      for (const text of SEARCHES) {
        const took = await searchOnce(many.page, text);
        if (round > 0) keys.push(...took);
      }
    }

    const oneFrame = commitMs + FRAME_MS;
    const rows: Measured[] = [];
    for (const [{ productCount }, list] of samples) {
      const name = `scan to painted, ${productCount.toLocaleString('en')} products`;
      rows.push(measured(`${name}, p50`, median(list), 'ms', oneFrame, 'none: see p99', list));
      rows.push(measured(`${name}, p99`, percentile(list, 0.99), 'ms', oneFrame, 'ratio <= 3', list));
    }
    const [ofFew = [], ofMany = []] = [...samples.values()];
    const against = `scan to painted, ${counts[1].toLocaleString('en')} against ${counts[0].toLocaleString('en')}`;
    rows.push(measured(`${against}, p50`, median(ofMany), 'ms', median(ofFew), 'ratio <= 1.3', ofMany));
    const search = `search key to painted, ${counts[1].toLocaleString('en')} products`;
    rows.push(measured(`${search}, p50`, median(keys), 'ms', FRAME_MS, 'none: see p99', keys));
    rows.push(measured(`${search}, p99`, percentile(keys, 0.99), 'ms', FRAME_MS, 'ratio <= 2', keys));
    return rows;
  } finally {
    await few.close();
    await many.close();
  }
}
