import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { AutoReload } from '#contract/reload.ts';
import type { SettlementMethodId } from '#contract/wallet.ts';
import { newId, type OpenOperator, yen } from '#test/wallet/operator/open.ts';
import { type Customer, type OpenReloading, openTestReloading } from '#test/wallet/server/reload/open.ts';
import { linkedReloadId } from '#wallet/server/reload/linked.ts';

let wallet: OpenReloading;
let kumo: OpenOperator;
let haru: Customer;
let methodId: string;

beforeEach(async () => {
  wallet = await openTestReloading();
  kumo = await wallet.operator('kumo', 'Kumo');
  haru = await wallet.customer(5_000);
  methodId = await haru.method('kumo');
});

afterEach(async () => {
  const { sum, faults } = await wallet.ledger.readBooks();
  await wallet.close();
  expect({ sum, faults }).toEqual({ sum: 0, faults: [] });
});

const choose = (chosen: Partial<AutoReload> = {}, by = haru) =>
  by.codeOf(
    'putAutoReload',
    {},
    {
      isOn: true,
      methodId,
      threshold: 2_000,
      amount: 3_000,
      dailyCap: 10_000,
      monthlyCap: 20_000,
      ...chosen,
    },
  );

let counters = 0;
const nextCounter = (): number => (counters += 1);

const balanceOf = async (): Promise<number> => (await haru.balance()).balance;

/** What was asked for by itself, oldest first. */
async function autoReloads(): Promise<readonly { state: string; amount: number }[]> {
  return wallet.books.db
    .selectFrom('reload')
    .select(['state', 'amount'])
    .where('cause', '=', 'auto')
    .orderBy('requested_at_ms')
    .orderBy('id')
    .execute();
}

/** The server has looked for wallets that run low once more. */
async function looked(): Promise<void> {
  const looks = (): number => wallet.logged.filter((line) => line.includes('wallets that run low')).length;
  const before = looks();
  wallet.reloading.noticeSpending();
  await expect.poll(looks).toBeGreaterThan(before);
}

describe('an automatic reload', () => {
  test('follows when a payment leaves less than the threshold, and not before', async () => {
    await choose();
    await haru.spend(3_000);
    await looked();
    const atThreshold = await balanceOf();
    await haru.spend(1);
    await expect.poll(balanceOf).toBe(4_999);
    expect({ atThreshold, reloads: await autoReloads() }).toEqual({
      atThreshold: 2_000,
      reloads: [{ state: 'credited', amount: 3_000 }],
    });
  });

  test('is one at a time', async () => {
    await choose({ amount: 1_006 });
    await kumo.control('webhooks', { paused: true });
    await haru.spend(4_900);
    await expect.poll(async () => (await autoReloads()).length).toBe(1);
    for (let look = 0; look < 3; look++) await looked();
    const open = await autoReloads();
    await kumo.control('webhooks', { paused: false });
    await expect.poll(balanceOf, { timeout: 10_000 }).toBe(2_112);
    expect({ open, all: (await autoReloads()).map(({ state }) => state) }).toEqual({
      open: [{ state: 'authorising', amount: 1_006 }],
      all: ['credited', 'credited'],
    });
  });

  test('keeps to the cap of a day and of a month', async () => {
    await choose({ amount: 1_000, dailyCap: 2_500, monthlyCap: 3_500 });
    await haru.spend(4_900);
    await expect.poll(balanceOf).toBe(2_100);
    await haru.spend(2_000);
    await looked();
    const onFirstDay = await balanceOf();
    const nextDay = 24 * 3_600_000;
    wallet.move(nextDay);
    await expect.poll(balanceOf).toBe(1_100);
    wallet.move(nextDay);
    await looked();
    expect({ onFirstDay, later: await balanceOf(), count: (await autoReloads()).length }).toEqual({
      onFirstDay: 100,
      later: 1_100,
      count: 3,
    });
  });

  test('stops after two declines and tells the phone', async () => {
    await choose({ amount: 1_001 });
    await haru.spend(4_900);
    await looked();
    await expect.poll(async () => (await autoReloads()).length).toBe(1);
    await looked();
    await expect.poll(haru.told).toContain('auto_reload_stopped');
    await looked();
    expect({ reloads: await autoReloads(), balance: await balanceOf(), told: (await haru.told()).slice(-3) }).toEqual({
      reloads: [
        { state: 'declined', amount: 1_001 },
        { state: 'declined', amount: 1_001 },
      ],
      balance: 100,
      told: ['reload_declined', 'reload_declined', 'auto_reload_stopped'],
    });
    await choose({ amount: 3_000 });
    await expect.poll(balanceOf).toBe(3_100);
  });

  test('begins to count declines anew after one that was credited', async () => {
    await choose({ amount: 1_001 });
    await haru.spend(4_900);
    await expect.poll(async () => (await autoReloads()).length).toBe(1);
    await wallet.books.db.updateTable('auto_reload').set({ amount: 2_500 }).execute();
    await looked();
    await expect.poll(balanceOf).toBe(2_600);
    const rows = await wallet.books.db.selectFrom('auto_reload').select(['declines', 'is_on']).execute();
    expect(rows).toEqual([{ declines: 0, is_on: 1 }]);
  });

  test('is off where it was switched off', async () => {
    await choose();
    await choose({ isOn: false });
    await haru.spend(4_900);
    await looked();
    expect([await balanceOf(), await autoReloads()]).toEqual([100, []]);
  });

  test('needs a registered means, an amount within the limits, and caps with room for it', async () => {
    const mei = await wallet.customer();
    expect([
      await choose(),
      await choose({ methodId: newId() }),
      await choose({}, mei),
      await choose({ amount: 50 }),
      await choose({ amount: 100_001, dailyCap: 200_000, monthlyCap: 200_000 }),
      await choose({ threshold: 299_000 }),
      await choose({ dailyCap: 2_999 }),
      await choose({ monthlyCap: 9_999 }),
      await choose({ amount: 0 }),
    ]).toEqual([
      'ok',
      'method_unknown',
      'method_unknown',
      'limit_exceeded',
      'limit_exceeded',
      'limit_exceeded',
      'limit_exceeded',
      'limit_exceeded',
      'bad_request',
    ]);
  });
});

describe('an automatic reload that was declined', () => {
  test('leaves the means alone for a while', async () => {
    await wallet.close();
    wallet = await openTestReloading({ autoRetryMs: 60_000 });
    kumo = await wallet.operator('kumo', 'Kumo');
    haru = await wallet.customer(5_000);
    methodId = await haru.method('kumo');
    await choose({ amount: 1_001 });
    await haru.spend(4_900);
    await expect.poll(async () => (await autoReloads()).map(({ state }) => state)).toEqual(['declined']);
    await looked();
    const meanwhile = (await autoReloads()).length;
    wallet.move(61_000);
    await expect.poll(async () => (await autoReloads()).length).toBe(2);
    expect(meanwhile).toBe(1);
  });
});

describe('a payment by a linked method', () => {
  const pay = (
    amount: number,
    settlementId = newId(),
    { method = `linked:${methodId}`, counter = nextCounter() }: { method?: SettlementMethodId; counter?: number } = {},
  ) =>
    wallet.reloading.cover({
      settlementId,
      walletId: haru.walletId,
      alias: haru.walletId,
      counter,
      method,
      amount: yen(amount),
      limits: { perPayment: 50_000, perDay: 54_000, perMonth: 70_000, day: 20_000, month: 660 },
    });

  test('reloads what the wallet lacks, to the yen, before it is booked', async () => {
    const settlementId = newId();
    await pay(5_040, settlementId);
    const reload = await haru.get('getReload', { reloadId: linkedReloadId(settlementId) });
    expect([await balanceOf(), reload]).toMatchObject([5_040, { state: 'credited', cause: 'linked', amount: yen(40) }]);
  });

  test('reloads once for a settlement, however often it is asked for', async () => {
    const settlementId = newId();
    await Promise.all([pay(6_000, settlementId), pay(6_000, settlementId)]);
    await haru.spend(6_000);
    await pay(6_000, settlementId);
    expect(await balanceOf()).toBe(0);
  });

  test('reloads nothing for a settlement that was booked without it', async () => {
    const settlementId = newId();
    await pay(3_000, settlementId);
    await haru.spend(3_000, settlementId);
    await pay(3_000, settlementId);
    expect(await balanceOf()).toBe(2_000);
  });

  test('reloads nothing by a code that has paid before, nor for what is above a limit', async () => {
    const counter = nextCounter();
    await haru.spend(1_000, newId(), counter);
    await pay(4_500, newId(), { counter });
    await pay(50_001);
    await haru.spend(4_000);
    await pay(49_500);
    await wallet.books.db.updateTable('wallet').set({ per_payment_limit: 400 }).execute();
    await pay(500);
    const asked = kumo.database.prepare('select count(*) from authorisation').pluck();
    const before = asked.get();
    await pay(400);
    expect({ before, after: asked.get() }).toEqual({ before: 0, after: 1 });
  });

  test('reloads nothing where the wallet has enough, or the customer chose another way to pay', async () => {
    await pay(5_000);
    await pay(9_000, newId(), { method: 'shown_code' });
    await pay(9_000, newId(), { method: `linked:${newId()}` });
    expect([await balanceOf(), kumo.database.prepare('select count(*) from authorisation').pluck().get()]).toEqual([
      5_000, 0,
    ]);
  });

  test('pays first what is owed, and still covers the payment', async () => {
    const { reloadId } = await haru.get('putReload', { reloadId: newId() }, { methodId, amount: yen(1_000) });
    await haru.spend(5_700);
    await kumo.control('charge-back', { authorisationId: reloadId });
    await expect.poll(haru.balance).toEqual({ balance: 0, owed: 700 });
    await pay(300);
    expect(await haru.balance()).toEqual({ balance: 300, owed: 0 });
  });

  test('does not wait for an operator that is slow, and keeps what comes later', async () => {
    await kumo.control('webhooks', { paused: true });
    await kumo.control('delay', { ms: 4_000 });
    const startMs = performance.now();
    await pay(6_000);
    const tookMs = performance.now() - startMs;
    const before = await balanceOf();
    await expect.poll(balanceOf, { timeout: 10_000 }).toBe(6_000);
    expect({ before, inTime: tookMs < 4_000 }).toEqual({ before: 5_000, inTime: true });
  });

  test('is over at once where the means is declined', async () => {
    const startMs = performance.now();
    await pay(6_001);
    expect([await balanceOf(), performance.now() - startMs < 2_000]).toEqual([5_000, true]);
  });
});

describe('the reconciliation with an operator', () => {
  const today = (): string => new Date().toISOString().slice(0, 10);
  const read = async (date = today()): Promise<unknown> =>
    (await wallet.admin(`/v1/admin/operators/kumo/reconciliation?date=${date}`)).json();
  const reload = async (amount: number): Promise<string> =>
    (await haru.get('putReload', { reloadId: newId() }, { methodId, amount: yen(amount) })).reloadId;

  test('finds what matches, what only one side has, and what differs', async () => {
    const [same, lost, changed, back] = [await reload(500), await reload(600), await reload(700), await reload(800)];
    await kumo.control('charge-back', { authorisationId: back });
    await expect.poll(async () => (await haru.get('getReload', { reloadId: back })).state).toBe('charged_back');
    const stray = newId();
    kumo.database.prepare('delete from event where authorisation_id = ?').run(lost);
    kumo.database.prepare('update event set amount = 770 where authorisation_id = ?').run(changed);
    kumo.database.pragma('foreign_keys = off');
    const insert = kumo.database.prepare(
      `insert into event (webhook_id, authorisation_id, type, amount, currency, moved, at_ms, is_shuffled)
       values (?, ?, ?, 900, 'JPY', 1, ?, 0)`,
    );
    insert.run(newId(), stray, 'captured', Date.now());
    // Taken and given back, and never heard of here: nothing moved.
    const undone = newId();
    insert.run(newId(), undone, 'captured', Date.now());
    insert.run(newId(), undone, 'reversed', Date.now());
    expect({ same, read: await read() }).toEqual({
      same,
      read: {
        date: today(),
        matched: { count: 3, amount: 500 },
        oursOnly: [{ reloadId: lost, amount: 600, currency: 'JPY' }],
        theirsOnly: [{ reloadId: stray, amount: 900, currency: 'JPY' }],
        amountDiffers: [{ reloadId: changed, ours: 700, theirs: 770, currency: 'JPY' }],
      },
    });
  });

  test('finds a movement that one side booked before midnight and the other after', async () => {
    const midnightMs = Date.parse(`${today()}T00:00:00Z`);
    const reloadId = await reload(500);
    kumo.database.prepare('update event set at_ms = ?').run(midnightMs - 1_000);
    await sql`drop trigger transfer_stays`.execute(wallet.books.db);
    await wallet.books.db
      .updateTable('transfer')
      .set({ booked_at_ms: midnightMs + 1_000 })
      .where('id', '=', reloadId)
      .execute();
    const yesterday = new Date(midnightMs - 1).toISOString().slice(0, 10);
    expect([await read(yesterday), await read()]).toEqual([
      { date: yesterday, matched: { count: 1, amount: 500 }, oursOnly: [], theirsOnly: [], amountDiffers: [] },
      { date: today(), matched: { count: 0, amount: 0 }, oursOnly: [], theirsOnly: [], amountDiffers: [] },
    ]);
  });

  test('is made by itself after the end of each day', async () => {
    await reload(500);
    const date = today();
    const halfPastOneMs = Date.parse(`${date}T00:00:00Z`) + 25.5 * 3_600_000;
    wallet.move(halfPastOneMs - Date.now());
    const lines = (): readonly unknown[] =>
      wallet.logged
        .filter((line) => line.includes('reloads reconciled') && line.includes(date))
        .map((line): unknown => JSON.parse(line));
    await expect.poll(lines).toHaveLength(1);
    expect(lines()).toMatchObject([{ operatorId: 'kumo', matched: { count: 1, amount: 500 }, ours: 0, theirs: 0 }]);
  });

  test('of an operator that is out of order, or not there, says so', async () => {
    await kumo.control('outage', { on: true });
    expect([
      await read(),
      await (await wallet.admin(`/v1/admin/operators/nobody/reconciliation?date=${today()}`)).json(),
    ]).toMatchObject([{ code: 'operator_unavailable' }, { code: 'not_found' }]);
  });
});
