// The terminal is killed with -9 at random moments of a busy sale. It must come back with every line that it said yes
// to, with no doubled charge, with sale numbers that have no gap, and with a journal that verifies.
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { type Attempt, inquiryLimitMs, isUnresolved } from '#contract/attempt.ts';
import type { CheckId } from '#contract/ids.ts';
import { productIdSchema, staffIdSchema } from '#contract/ids.ts';
import { money } from '#contract/money.ts';
import type { LineItem } from '#contract/order.ts';
import { allSales, movedByTill, movedByWallet } from '#test/support/books.ts';
import { codeOfCustomer } from '#test/support/demo-code.ts';
import {
  type Line,
  type RunningTill,
  type RunningWallet,
  makeFolder,
  openLine,
  runProgram,
  startTill,
  startWallet,
} from '#test/support/programs.ts';

/** `WARIKAN_KILLS=100` pulls the plug a hundred times. */
const kills = Number(process.env['WARIKAN_KILLS'] ?? 6);
const seed = Number(process.env['WARIKAN_SEED'] ?? Date.now() % 1_000_000);
/** From the first command of a round to its end. */
const LIFE_MS = { least: 5, most: 600 };
const TIMEOUT_MS = 60_000 + kills * 20_000;

const products = ['101', '103', '801', '803'].map((id) => productIdSchema.parse(id));
const customers = ['Haru', 'Mei', 'Ren', 'Sora', 'Yui'];
const signIn = { staffId: staffIdSchema.parse('ren'), pin: '1470' };

const undo: (() => Promise<unknown> | void)[] = [];

afterEach(async () => {
  for (const one of undo.splice(0).toReversed()) await one();
});

/** What the terminal has said yes to. */
interface Promised {
  /** By line: how often it was added, and on which check. */
  readonly lines: Map<string, { count: number; checkId: CheckId }>;
  readonly sales: Set<string>;
  /** Bills that wait for the word on an attempt that never left. */
  readonly setAside: Set<CheckId>;
}

test(`${kills} pulled plugs lose nothing and double nothing`, { timeout: TIMEOUT_MS }, async () => {
  process.stdout.write(`pulled plugs: ${kills}, WARIKAN_SEED=${seed}\n`);
  const random = generator(seed);
  const walletFolder = makeFolder('wallet');
  const tillFolder = makeFolder('till');
  undo.push(
    () => walletFolder.remove(),
    () => tillFolder.remove(),
  );
  const wallet = await startWallet(walletFolder.path);
  undo.push(() => wallet.stop());
  const promised: Promised = { lines: new Map(), sales: new Set(), setAside: new Set() };

  for (let round = 0; round < kills; round++) {
    const till = await open(tillFolder.path, wallet, promised);
    await expectKept(till.line, promised);
    const life = LIFE_MS.least + random() * (LIFE_MS.most - LIFE_MS.least);
    // The plug is pulled while commands are under way: whatever breaks then was not promised.
    const work = sell(till.line, wallet, promised, random).catch(() => {});
    await pause(life);
    await till.kill();
    await work;
    till.line.close();
  }

  const till = await open(tillFolder.path, wallet, promised);
  await expectKept(till.line, promised);
  await finishSetAside(till.line, promised);
  const sales = await allSales(till.line.client);
  const byTill: Record<string, number> = { ...(await movedByTill(till.line.client)) };
  const atWallet = await movedByWallet(walletFolder.path);
  // What is paid in part on the bill in front is at the wallet server too.
  for (const tender of till.line.state().check?.tenders ?? []) {
    if (tender.type === 'wallet') byTill[tender.attemptId] = tender.amount.amount;
  }
  till.line.close();
  await till.stop();
  const verified = await runProgram('main/verify.ts', ['--data', tillFolder.path]);

  expect({
    numbers: sales.map(({ sequence }) => sequence),
    charged: byTill,
    verify: verified.code === 0 ? 'clean' : verified.stdout,
  }).toEqual({ numbers: sales.map((_, index) => index + 1), charged: atWallet, verify: 'clean' });
  process.stdout.write(`${sales.length} sales, ${Object.keys(atWallet).length} of them with a wallet\n`);
});

async function open(
  folder: string,
  wallet: RunningWallet,
  promised: Promised,
): Promise<RunningTill & { readonly line: Line }> {
  const till = await startTill(folder, ['--wallet', wallet.url]);
  undo.push(() => till.kill());
  const line = await openLine(till.url);
  await line.client.staff.signIn(signIn);
  await line.until('the scanner', ({ devices }) => devices.every(({ state }) => state.state === 'ready'));
  await line.until('the wallet to be online', ({ walletLink }) => walletLink.state === 'online');
  // An attempt that the plug cut off is asked about first; until then nothing else can be taken for its bill.
  const { check } = await line.until('an outcome, or the word that there is none', (state) => {
    const attempt = state.check?.attempt;
    return attempt === undefined || !isUnresolved(attempt) || isNeverSeen(attempt);
  });
  // Cut off before it was sent, and the customer is gone: the next one is served meanwhile.
  if (check?.attempt !== undefined && isNeverSeen(check.attempt)) {
    await line.client.pay.setAside({ checkId: check.checkId });
    await line.until('the next customer', (state) => state.check === null);
    promised.setAside.add(check.checkId);
  }
  return { ...till, line };
}

/** Sells until the terminal is gone: lines by command and by scan, paid in cash, or in part by wallet. */
async function sell(line: Line, wallet: RunningWallet, promised: Promised, random: () => number): Promise<void> {
  const { client } = line;
  for (;;) {
    const front = line.state().check;
    let checkId = front?.checkId;
    if (front?.state !== 'paying') {
      const count = 1 + Math.floor(random() * 6);
      for (let index = 0; index < count; index++) {
        const productId = pick(products, random);
        const added = await client.check.addProduct({ productId, ...(checkId === undefined ? {} : { checkId }) });
        checkId = added.checkId;
        const known = promised.lines.get(added.lineId)?.count ?? 0;
        promised.lines.set(added.lineId, { count: known + 1, checkId });
      }
    }
    if (checkId === undefined) continue;
    if (random() < 0.5) {
      await client.pay.awaitWallet({ checkId, amount: money(1 + Math.floor(random() * 20), 'JPY') });
      const code = await codeOfCustomer(wallet.url, pick(customers, random));
      const tendersBefore = line.state().check?.tenders.length ?? 0;
      await client.demo.scanText({ text: code });
      await line.until('an outcome', ({ check, lastSale }) => {
        if (check?.checkId !== checkId) return lastSale !== null;
        return check.tenders.length > tendersBefore || check.attempt?.state === 'declined';
      });
    }
    if (line.state().check?.checkId !== checkId) continue;
    const { sale } = await client.pay.takeCash({ checkId, tendered: money(100_000, 'JPY') });
    if (sale !== null) promised.sales.add(sale.saleId);
    // The next bill begins when this one has left the screen, as at a counter.
    await line.until('the next customer', ({ check }) => check?.checkId !== checkId);
  }
}

/** Everything promised is there: in the bill in front, or in a sale. */
async function expectKept(line: Line, promised: Promised): Promise<void> {
  const { client } = line;
  const found: LineItem[] = [...(line.state().check?.lines ?? [])];
  const closed = new Set<string>();
  const { sales } = await client.sales.find({ text: '', offset: 0, limit: 100 });
  for (const { saleId } of sales) {
    const sale = await client.sales.get({ saleId });
    closed.add(saleId);
    found.push(...sale.lines);
  }
  const lost = [...promised.lines].filter(([lineId, { count, checkId }]) => {
    if (promised.setAside.has(checkId)) return false;
    const kept = found.find((one) => one.lineId === lineId);
    return kept === undefined || kept.quantity < count;
  });
  expect({ lost, lostSales: [...promised.sales].filter((saleId) => !closed.has(saleId)) }).toEqual({
    lost: [],
    lostSales: [],
  });
  // What is in a sale is for ever: the next rounds need not look for it again.
  for (const { lines } of await Promise.all(sales.map(({ saleId }) => client.sales.get({ saleId })))) {
    for (const { lineId } of lines) promised.lines.delete(lineId);
  }
  promised.sales.clear();
}

/** As the cashier ends it: cancels once the time is up, calls the bill back, finds every line, takes cash. */
async function finishSetAside(line: Line, promised: Promised): Promise<void> {
  const { client } = line;
  const front = line.state().check;
  if (front !== null) {
    await client.pay.takeCash({ checkId: front.checkId, tendered: money(100_000, 'JPY') });
    await line.until('the next customer', ({ check }) => check === null);
  }
  for (const checkId of promised.setAside) {
    const cancel = (): Promise<unknown> => client.pay.cancelAttempt({ checkId }).catch((error: unknown) => error);
    await expect.poll(cancel, { timeout: inquiryLimitMs + 30_000, interval: 1_000 }).toEqual({});
    await line.until('the server’s word', ({ parked }) => parked.some((bill) => bill.checkId === checkId));
    await client.check.recall({ checkId });
    await line.until('the bill', ({ check }) => check?.checkId === checkId);
    promised.setAside.delete(checkId);
    await expectKept(line, promised);
    await client.pay.takeCash({ checkId, tendered: money(100_000, 'JPY') });
    await line.until('the next customer', ({ check }) => check?.checkId !== checkId);
  }
}

function isNeverSeen(attempt: Attempt): boolean {
  return attempt.state === 'unknown' && attempt.lastAnswer === 'notFound';
}

function pick<T>(list: readonly T[], random: () => number): T {
  const one = list[Math.floor(random() * list.length)];
  if (one === undefined) throw new Error('the list is not empty');
  return one;
}

/** mulberry32: small, seeded, good enough to scatter the moments. */
function generator(start: number): () => number {
  let state = start;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
