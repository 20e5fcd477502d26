// The wallet server is stopped, slowed, made to answer twice and killed between commit and answer; the books of both
// sides must agree afterwards. Real processes, real sockets, real time-outs.
import { afterEach, describe, expect, test } from 'vitest';
import { productIdSchema, staffIdSchema } from '#contract/ids.ts';
import { movedByTill, movedByWallet } from '#test/support/books.ts';
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

const undo: (() => Promise<unknown> | void)[] = [];

afterEach(async () => {
  for (const one of undo.splice(0).toReversed()) await one();
});

const cashier = staffIdSchema.parse('ren');
const coffee = { productId: productIdSchema.parse('101'), price: 480 };

/** A till at a wallet server of its own, with somebody signed in. */
class Shop {
  readonly walletFolder: string;
  wallet: RunningWallet;
  readonly till: RunningTill;
  readonly line: Line;

  private constructor(walletFolder: string, wallet: RunningWallet, till: RunningTill, line: Line) {
    this.walletFolder = walletFolder;
    this.wallet = wallet;
    this.till = till;
    this.line = line;
  }

  static async open(faults: readonly string[] = []): Promise<Shop> {
    const walletFolder = makeFolder('wallet');
    undo.push(() => walletFolder.remove());
    const tillFolder = makeFolder('till');
    undo.push(() => tillFolder.remove());
    const wallet = await startWallet(walletFolder.path, { faults });
    const till = await startTill(tillFolder.path, ['--wallet', wallet.url]);
    undo.push(() => till.stop());
    const line = await openLine(till.url);
    undo.push(() => line.close());
    const shop = new Shop(walletFolder.path, wallet, till, line);
    undo.push(() => shop.wallet.kill());
    await line.client.staff.signIn({ staffId: cashier, pin: '1470' });
    await line.until('the wallet to be online', ({ walletLink }) => walletLink.state === 'online');
    await line.until('the scanner', ({ devices }) => devices.every(({ state }) => state.state === 'ready'));
    return shop;
  }

  /** A coffee, and the customer's code before the scanner. Resolves when the code was taken. */
  async payByWallet(code: string): Promise<void> {
    const { client } = this.line;
    const front = this.line.state().check;
    const checkId = front?.checkId ?? (await client.check.addProduct({ productId: coffee.productId })).checkId;
    const scans = this.line.events.filter(({ type }) => type === 'scanned').length;
    await client.pay.awaitWallet({ checkId });
    await client.demo.scanText({ text: code });
    await this.line.until('the scan', () => this.line.events.filter(({ type }) => type === 'scanned').length > scans);
  }

  async untilSales(count: number): Promise<void> {
    await this.line.until(
      `${count} sales`,
      () => this.line.events.filter(({ type }) => type === 'saleClosed').length >= count,
    );
  }

  async untilAttempt(state: string): Promise<void> {
    await this.line.until(`the attempt to be ${state}`, ({ check }) => check?.attempt?.state === state);
  }

  /** The same books, at the same address, without faults. */
  async restartWallet(): Promise<void> {
    this.wallet = await startWallet(this.walletFolder, { port: Number(new URL(this.wallet.url).port) });
  }

  async books() {
    const { code, stdout } = await runProgram('main/verify.ts', ['--data', this.till.dataFolder]);
    return {
      till: await movedByTill(this.line.client),
      wallet: await movedByWallet(this.walletFolder),
      verify: code === 0 ? 'clean' : stdout,
    };
  }
}

describe('the books agree', { timeout: 90_000 }, () => {
  async function expectAgreement(shop: Shop, amounts: readonly number[]): Promise<void> {
    const { till, wallet, verify } = await shop.books();
    expect({ till, verify, amounts: Object.values(wallet) }).toEqual({ till: wallet, verify: 'clean', amounts });
  }

  test('when nothing goes wrong', async () => {
    const shop = await Shop.open();
    await shop.payByWallet(await codeOfCustomer(shop.wallet.url, 'Haru'));
    await shop.untilSales(1);
    await expectAgreement(shop, [480]);
  });

  test('when the server was stopped: nothing is charged, and the bill is paid when it is back', async () => {
    const shop = await Shop.open();
    const code = await codeOfCustomer(shop.wallet.url, 'Haru');
    await shop.wallet.stop();
    await shop.payByWallet(code);
    await shop.untilAttempt('declined');
    expect(shop.line.state().check?.attempt).toMatchObject({ state: 'declined', reason: 'wallet_unreachable' });

    await shop.restartWallet();
    await shop.payByWallet(await codeOfCustomer(shop.wallet.url, 'Haru'));
    await shop.untilSales(1);
    await expectAgreement(shop, [480]);
  });

  test('row 29: when it answers too late: the outcome is unknown, then known, and nothing is taken meanwhile', async () => {
    const shop = await Shop.open(['delay-answer=7000']);
    await shop.payByWallet(await codeOfCustomer(shop.wallet.url, 'Mei'));
    await shop.untilAttempt('unknown');
    const checkId = shop.line.state().check?.checkId;
    const second = await shop.line.client.pay
      .awaitWallet({ checkId: checkId as never })
      .catch((error: unknown) => (error as { data?: unknown }).data);
    expect(second).toEqual({ reason: 'attemptUnresolved' });
    await shop.untilSales(1);
    await expectAgreement(shop, [480]);
  });

  test('row 28: when it answers twice', async () => {
    const shop = await Shop.open(['answer-twice']);
    for (const [index, name] of ['Haru', 'Mei', 'Haru'].entries()) {
      await shop.payByWallet(await codeOfCustomer(shop.wallet.url, name));
      await shop.untilSales(index + 1);
    }
    await expectAgreement(shop, [480, 480, 480]);
  });

  test('row 29: when its answer is lost on the way', async () => {
    const shop = await Shop.open(['drop-answer=1']);
    await shop.payByWallet(await codeOfCustomer(shop.wallet.url, 'Ren'));
    await shop.untilSales(1);
    await expectAgreement(shop, [480]);
  });

  test('when it was too busy at first', async () => {
    const shop = await Shop.open(['busy=2']);
    await shop.payByWallet(await codeOfCustomer(shop.wallet.url, 'Ren'));
    await shop.line.until(
      'an outcome',
      ({ check }) => check === null || ['declined', 'cancelled'].includes(check.attempt?.state ?? ''),
    );
    const { till, wallet, verify } = await shop.books();
    expect({ till, verify }).toEqual({ till: wallet, verify: 'clean' });
  });

  test('row 29: when it is killed between its commit and its answer', async () => {
    const shop = await Shop.open(['kill-after-commit=1']);
    await shop.payByWallet(await codeOfCustomer(shop.wallet.url, 'Sora'));
    await shop.untilAttempt('unknown');
    expect(Object.values(await movedByWallet(shop.walletFolder))).toEqual([480]);

    await shop.restartWallet();
    await shop.untilSales(1);
    await expectAgreement(shop, [480]);
  });

  test('row 29: when the terminal is killed while it does not know', async () => {
    const shop = await Shop.open(['kill-after-commit=1']);
    await shop.payByWallet(await codeOfCustomer(shop.wallet.url, 'Yui'));
    await shop.untilAttempt('unknown');
    await shop.till.kill();
    await shop.restartWallet();

    const till = await startTill(shop.till.dataFolder, ['--wallet', shop.wallet.url]);
    undo.push(() => till.stop());
    const line = await openLine(till.url);
    undo.push(() => line.close());
    await line.until('the sale', ({ lastSale }) => lastSale !== null);
    await line.client.staff.signIn({ staffId: cashier, pin: '1470' });
    expect(await movedByTill(line.client)).toEqual(await movedByWallet(shop.walletFolder));
    expect(Object.values(await movedByTill(line.client))).toEqual([480]);
  });
});
