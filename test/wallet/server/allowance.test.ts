import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { attemptIdSchema, checkIdSchema } from '#contract/ids.ts';
import { parseCode } from '#contract/token.ts';
import { bind, type Caller, newId, PIN, type TestPhone } from '#test/wallet/server/caller.ts';
import { startSweeper } from '#wallet/server/sweeper.ts';
import type { Bookkeeper } from '#wallet/server/group-commit.ts';
import { openWallet, type OpenWallet } from '#test/wallet/server/open.ts';

let wallet: OpenWallet;
let terminal: Caller;
let haru: TestPhone & { walletId: string };

const HOUR_MS = 3_600_000;
const yen = (amount: number) => ({ amount, currency: 'JPY' });

beforeEach(async () => {
  wallet = await openWallet();
  terminal = await wallet.terminalOf('Kissa Warikan');
  haru = await wallet.customer({ balance: 10_000 });
});

afterEach(() => wallet.close());

describe('an allowance for shops without the network', () => {
  test('that is chosen is reserved at once, and no longer available to anything else', async () => {
    expect([await choose(3_000), await moneyOf()]).toEqual([
      { chosen: yen(3_000), reserved: yen(3_000) },
      { balance: 10_000, available: 7_000, chosen: 3_000, reserved: 3_000 },
    ]);
    expect(await pay('online', 7_001)).toBe('insufficient_funds');
    expect(await pay('online', 7_000)).toBe('approved');
  });

  test('is signed into the credential: what the phone may spend is what is held', async () => {
    await choose(3_000);
    const token = await haru.show();
    const parsed = parseCode(token);
    const resolved = await terminal.get('resolveToken', {}, { token });
    expect([parsed.ok && parsed.code.claims.offlineAllowance, resolved.offlineAllowance]).toEqual([3_000, yen(3_000)]);
  });

  test('is no more than the balance has', async () => {
    await pay('online', 9_000);
    const chosen = await choose(3_000);
    expect([chosen, await promise()]).toEqual([{ chosen: yen(3_000), reserved: yen(1_000) }, 1_000]);
  });

  test('grows up to what was chosen when the balance allows it again', async () => {
    await pay('online', 9_000);
    await choose(3_000);
    await promise();
    await reload(5_000);
    expect([await promise(), await moneyOf()]).toMatchObject([3_000, { reserved: 3_000, available: 3_000 }]);
  });

  test('funds the first use for certain: all that was free is spent, and a shop without the network is paid', async () => {
    await choose(3_000);
    const token = await haru.show();
    const readAt = nowText();
    await pay('online', 7_000);
    wallet.clock.move(40 * HOUR_MS);
    expect([await pay('offline', 3_000, token, readAt), await moneyOf()]).toMatchObject([
      'approved',
      { balance: 0, reserved: 0 },
    ]);
  });

  test('is used first by an offline settlement, and then the rest of the balance', async () => {
    await choose(3_000);
    const tokens = [await haru.show(), await haru.show()];
    await pay('offline', 1_000, tokens[0]);
    const after = await moneyOf();
    await pay('offline', 5_000, tokens[1]);
    expect([after, await moneyOf()]).toMatchObject([
      { balance: 9_000, available: 7_000, reserved: 2_000 },
      { balance: 4_000, available: 4_000, reserved: 0 },
    ]);
  });

  test('is filled up again with the next credential', async () => {
    await choose(3_000);
    await pay('offline', 1_000, await haru.show());
    expect([await promise(), await moneyOf()]).toMatchObject([3_000, { reserved: 3_000, balance: 9_000 }]);
  });

  test('that is lowered still holds what a credential promises, until that has run out', async () => {
    await choose(3_000);
    await promise();
    const lowered = await choose(1_000);
    const promised = await promise();
    wallet.clock.move(47 * HOUR_MS);
    // Renewed meanwhile, as a phone does each day: that promises 1,000, and must not keep the 3,000 alive.
    const renewed = [await promise(), (await moneyOf()).reserved];
    wallet.clock.move(HOUR_MS);
    expect([lowered, promised, renewed, await promise(), (await moneyOf()).reserved]).toEqual([
      { chosen: yen(1_000), reserved: yen(3_000) },
      1_000,
      [1_000, 3_000],
      1_000,
      1_000,
    ]);
  });

  test('that is given up is free again only after the newest credential has run out', async () => {
    await choose(3_000);
    await promise();
    wallet.clock.move(24 * HOUR_MS);
    await choose(1_000);
    await promise();
    wallet.clock.move(24 * HOUR_MS);
    // The 3,000 are promised no more, the 1,000 are.
    const early = await choose(0);
    wallet.clock.move(24 * HOUR_MS);
    expect([early.reserved, (await choose(0)).reserved, await moneyOf()]).toMatchObject([
      yen(1_000),
      yen(0),
      { available: 10_000 },
    ]);
  });

  test('is there for late items three days longer than the credential, and then free again by itself', async () => {
    await choose(3_000);
    wallet.clock.move(10 * HOUR_MS);
    const token = await haru.show();
    const readAt = nowText();
    await pay('online', 7_000);
    wallet.clock.move(48 * HOUR_MS + 71 * HOUR_MS);
    const before = await sweep();
    const late = await pay('offline', 1_000, token, readAt);
    wallet.clock.move(HOUR_MS);
    expect([before, late, await sweep(), await moneyOf()]).toMatchObject([
      0,
      'approved',
      1,
      { balance: 2_000, available: 2_000, reserved: 0 },
    ]);
  });

  test('of a wallet with two phones is reserved for each: both first uses are paid', async () => {
    await choose(3_000);
    const { bindingCode } = await haru.get('makeBindingCode', {}, { pin: PIN });
    const second = await bind(wallet.base, bindingCode, wallet.clock.nowMs);
    const tokens = [await haru.show(), await second.show()];
    expect(await moneyOf()).toMatchObject({ reserved: 6_000, available: 4_000 });
    await pay('online', 4_000);
    expect([await pay('offline', 3_000, tokens[0]), await pay('offline', 3_000, tokens[1])]).toEqual([
      'approved',
      'approved',
    ]);
  });

  test('is promised to one of two phones only, where it holds for one, though both ask at the same instant', async () => {
    await pay('online', 7_000);
    await choose(3_000);
    const { bindingCode } = await haru.get('makeBindingCode', {}, { pin: PIN });
    const second = await bind(wallet.base, bindingCode, wallet.clock.nowMs);
    const promises = await Promise.all([promise(), promise(second)]);
    expect([promises.toSorted((a, b) => a - b), (await moneyOf()).reserved]).toEqual([[0, 3_000], 3_000]);
  });

  test.each([
    ['more than the place allows', yen(10_001), 'limit_exceeded'],
    ['less than nothing', yen(-1), 'bad_request'],
    ['another currency', { amount: 100, currency: 'USD' }, 'bad_request'],
  ])('of %s is refused, and changes nothing', async (_, amount, code) => {
    expect([await haru.codeOf('putOfflineAllowance', {}, { amount }), await moneyOf()]).toMatchObject([
      code,
      { chosen: 0, reserved: 0 },
    ]);
  });

  test('agrees with the books after all of that', async () => {
    await choose(3_000);
    await pay('offline', 1_000, await haru.show());
    await choose(500);
    wallet.clock.move(130 * HOUR_MS);
    await sweep();
    await promise();
    const { faults, sum } = await wallet.ledger.readBooks();
    expect({ faults, sum }).toEqual({ faults: [], sum: 0 });
  });
});

const choose = (amount: number) => haru.get('putOfflineAllowance', {}, { amount: yen(amount) });

/** What a credential that is issued now promises. */
async function promise(phone: Caller = haru): Promise<number> {
  const { offlineAllowance } = await phone.get('issueCredential', {}, { pin: PIN, method: 'shown_code' });
  return offlineAllowance.amount;
}

async function moneyOf() {
  const { balance, available, offlineAllowance } = await haru.get('getWallet', {});
  const { chosen, reserved } = offlineAllowance;
  return { balance: balance.amount, available: available.amount, chosen: chosen.amount, reserved: reserved.amount };
}

async function pay(
  mode: 'online' | 'offline',
  amount: number,
  token?: string,
  capturedAt: string = nowText(),
): Promise<string> {
  const settlementId = attemptIdSchema.parse(newId());
  const body = { checkId: checkIdSchema.parse(newId()), amount: yen(amount), mode, capturedAt };
  const settlement = await terminal.get(
    'putSettlement',
    { settlementId },
    { ...body, token: token ?? (await haru.show()) },
  );
  return settlement.state === 'declined' ? settlement.reason : settlement.state;
}

async function reload(amount: number): Promise<void> {
  const { walletId } = haru;
  const from = '00000000-0000-8000-8000-000000000001';
  const atMs = wallet.clock.nowMs();
  await wallet.ledger.book([
    { type: 'reload', reloadId: newId(), walletId, fromAccount: from, amount: yen(amount), atMs },
  ]);
}

/** What the server does each minute; resolves to how many holds ended. */
async function sweep(): Promise<number> {
  const { ledger, clock } = wallet;
  const bookkeeper: Pick<Bookkeeper, 'book'> = {
    book: async (command) => {
      const [outcome] = await ledger.book([command]);
      if (outcome === undefined) throw new Error('a command has an outcome');
      return outcome;
    },
  };
  const counted: number[] = [];
  const onError = (error: unknown): never => {
    throw error;
  };
  const sweeper = startSweeper({ bookkeeper, clock, onSwept: (count) => counted.push(count), onError });
  await sweeper.close();
  return counted.reduce((sum, count) => sum + count, 0);
}

function nowText(): string {
  return new Date(wallet.clock.nowMs()).toISOString();
}
