import { describe, expect, test } from 'vitest';
import type { Check } from '#contract/check.ts';
import { approved, cancelled } from '#test/support/scripted-wallet.ts';
import {
  type Till,
  bread,
  cake,
  customersCode,
  latte,
  openTill,
  owner,
  refusalOf,
  storeSetup,
  yen,
} from '#test/support/open-till.ts';

async function billOf(till: Till, ...barcodes: readonly string[]): Promise<Check> {
  await till.client.staff.signIn(owner);
  for (const barcode of barcodes) await till.scan(barcode);
  return till.front();
}

async function saleOf(till: Till) {
  const { lastSale } = await till.state();
  return till.client.sales.get({ saleId: lastSale?.saleId as never });
}

const francs = (amount: number) => ({ amount, currency: 'CHF' });
const swiss = storeSetup({ currency: 'CHF', cashRounding: { increment: 5, rounding: 'halfUp' } });

async function swissBill(till: Till, amount: number): Promise<Check> {
  await till.client.staff.signIn(owner);
  await till.client.check.addOpenAmount({ name: 'Tea', amount: francs(amount), taxClassId: 'standard' });
  return till.front();
}

describe('cash', () => {
  test('that is exact closes the bill', async () => {
    const till = await openTill();
    const { checkId } = await billOf(till, latte, cake);

    const { sale } = await till.client.pay.takeCash({ checkId, tendered: yen(800) });

    expect([sale?.number, sale?.total, sale?.change, (await till.state()).check]).toEqual([
      '01-000001',
      yen(800),
      yen(0),
      null,
    ]);
  });

  test('that is more brings change', async () => {
    const till = await openTill();
    const { checkId } = await billOf(till, latte);
    await till.client.pay.takeCash({ checkId, tendered: yen(10_000) });

    expect((await saleOf(till)).tenders).toMatchObject([
      { type: 'cash', amount: yen(500), rounding: yen(0), tendered: yen(10_000), change: yen(9_500) },
    ]);
  });

  test('that is less pays a part, and the next closes the bill', async () => {
    const till = await openTill();
    const { checkId } = await billOf(till, latte);
    expect(await till.client.pay.takeCash({ checkId, tendered: yen(200) })).toEqual({ sale: null });
    expect((await till.front()).due).toEqual(yen(300));

    await till.client.pay.takeCash({ checkId, tendered: yen(300) });

    expect((await saleOf(till)).tenders.map(({ amount }) => amount.amount)).toEqual([200, 300]);
  });

  test.each([0, -1, 1_000_000_001])('of %i is a slip of the finger', async (amount) => {
    const till = await openTill();
    const { checkId } = await billOf(till, latte);
    expect(await refusalOf(till.client.pay.takeCash({ checkId, tendered: yen(amount) }))).toEqual({
      reason: 'amountOutOfRange',
    });
  });

  test('of another currency is refused', async () => {
    const till = await openTill();
    const { checkId } = await billOf(till, latte);
    expect(await refusalOf(till.client.pay.takeCash({ checkId, tendered: francs(500) }))).toEqual({
      reason: 'amountOutOfRange',
    });
  });

  test.each([
    [1_002, 1_000, -2],
    [1_003, 1_005, 3 - 1],
    [1_005, 1_005, 0],
  ])('for %i rappen is %i, rounded by %i', async (due, tendered, rounding) => {
    const till = await openTill({ setup: swiss });
    const { checkId } = await swissBill(till, due);

    await till.client.pay.takeCash({ checkId, tendered: francs(tendered) });

    expect((await saleOf(till)).tenders).toMatchObject([
      { amount: francs(due), rounding: francs(rounding), tendered: francs(tendered), change: francs(0) },
    ]);
  });

  test('for less than half a coin is nothing: the bill closes without any', async () => {
    const till = await openTill({ setup: swiss });
    const { checkId } = await swissBill(till, 2);

    const { sale } = await till.client.pay.takeCash({ checkId, tendered: francs(0) });

    expect(sale?.total).toEqual(francs(2));
  });

  test('between the bill and the coin that it is rounded up to pays the bill, and never more', async () => {
    const till = await openTill({ setup: swiss });
    const { checkId } = await swissBill(till, 3);

    await till.client.pay.takeCash({ checkId, tendered: francs(4) });

    expect((await saleOf(till)).tenders).toMatchObject([
      { amount: francs(3), rounding: francs(0), tendered: francs(4), change: francs(1) },
    ]);
  });

  test('can be handed back before the bill is closed', async () => {
    const till = await openTill();
    const { checkId } = await billOf(till, latte);
    await till.client.pay.takeCash({ checkId, tendered: yen(200) });
    const tenderId = (await till.front()).tenders[0]?.tenderId as never;
    expect(await refusalOf(till.client.pay.leave({ checkId }))).toEqual({ reason: 'tendersTaken' });

    await till.client.pay.takeBackTender({ checkId, tenderId });

    expect(await till.front()).toMatchObject({ state: 'open', due: yen(500), tenders: [] });
    expect(await refusalOf(till.client.pay.takeBackTender({ checkId, tenderId }))).toEqual({ reason: 'tenderUnknown' });
  });

  test('handed back waits for no code any more', async () => {
    const till = await openTill();
    const { checkId } = await billOf(till, latte);
    await till.client.pay.takeCash({ checkId, tendered: yen(200) });
    await till.client.pay.awaitWallet({ checkId });
    await till.client.pay.takeBackTender({ checkId, tenderId: (await till.front()).tenders[0]?.tenderId as never });

    await till.client.pay.begin({ checkId });

    expect((await till.state()).prompt).toEqual({ purpose: 'none' });
  });
});

describe('a bill', () => {
  test('row 34: paid by cash and wallet has both, and they come to its total', async () => {
    const till = await openTill();
    const { checkId } = await billOf(till, latte, cake, bread);
    await till.client.pay.takeCash({ checkId, tendered: yen(120) });
    await till.client.pay.awaitWallet({ checkId, amount: yen(300) });
    await till.scan(customersCode(till.clock));
    await till.wallet.last('settle').reply(approved(till.wallet.last('settle')));
    expect(await till.front()).toMatchObject({ state: 'paying', due: yen(500) });
    await till.client.pay.awaitWallet({ checkId });
    await till.scan(customersCode(till.clock));
    await till.wallet.last('settle').reply(approved(till.wallet.last('settle')));

    const { tenders, totals } = await saleOf(till);
    expect([tenders.map(({ type, amount }) => [type, amount.amount]), totals.total]).toEqual([
      [
        ['cash', 120],
        ['wallet', 300],
        ['wallet', 500],
      ],
      yen(920),
    ]);
  });

  test('row 34: keeps the cash where the wallet part was taken back', async () => {
    const till = await openTill();
    const { checkId } = await billOf(till, latte, cake);
    await till.client.pay.takeCash({ checkId, tendered: yen(100) });
    await till.client.pay.awaitWallet({ checkId, amount: yen(300) });
    await till.scan(customersCode(till.clock));
    await till.wallet.last('settle').reply(approved(till.wallet.last('settle')));
    const tenderId = (await till.front()).tenders[1]?.tenderId as never;
    await till.client.pay.takeBackTender({ checkId, tenderId });
    await till.wallet.last('cancel').reply(cancelled(till.wallet.last('cancel'), true));

    expect(await till.front()).toMatchObject({ state: 'paying', due: yen(700), tenders: [{ type: 'cash' }] });
  });

  test('that is free closes with nothing taken', async () => {
    const till = await openTill();
    const { checkId } = await billOf(till, latte);
    const discount = { type: 'rate', rate: { numerator: 1, denominator: 1 }, reason: 'on the house' } as const;
    await till.client.check.discountCheck({ checkId, discount });
    expect(await refusalOf(till.client.pay.awaitWallet({ checkId }))).toEqual({ reason: 'amountOutOfRange' });

    const { sale } = await till.client.pay.takeCash({ checkId, tendered: yen(0) });

    expect([sale?.number, sale?.total]).toEqual(['01-000001', yen(0)]);
  });

  test('of nothing but voided lines cannot be paid', async () => {
    const till = await openTill();
    const { checkId, lines } = await billOf(till, latte);
    await till.client.check.voidLine({ checkId, lineId: lines[0]?.lineId as never });
    expect(await refusalOf(till.client.pay.begin({ checkId }))).toEqual({ reason: 'checkEmpty' });
  });

  test.each([0, -5, 501])('is not paid by wallet with %i', async (amount) => {
    const till = await openTill();
    const { checkId } = await billOf(till, latte);
    expect(await refusalOf(till.client.pay.awaitWallet({ checkId, amount: yen(amount) }))).toEqual({
      reason: 'amountOutOfRange',
    });
  });

  test('gets the next number, without a gap, over voids, declines and restarts', async () => {
    let till = await openTill();
    const numbers: unknown[] = [];
    for (let round = 0; round < 3; round += 1) {
      const { checkId } = await billOf(till, latte);
      await till.client.check.void({ checkId, reason: 'gone' });
      const next = await billOf(till, cake);
      await till.client.pay.takeCash({ checkId: next.checkId, tendered: yen(300) });
      numbers.push((await till.state()).lastSale?.number);
      till = await till.restart();
    }
    expect(numbers).toEqual(['01-000001', '01-000002', '01-000003']);
  });
});
