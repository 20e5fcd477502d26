import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import type { ReloadView } from '#contract/reload.ts';
import { openPostgres, type PostgresServer } from '#test/support/postgres.ts';
import { newId, type OpenOperator, yen } from '#test/wallet/operator/open.ts';
import { makeCaller } from '#test/wallet/server/caller.ts';
import { type Customer, type OpenReloading, openTestReloading } from '#test/wallet/server/reload/open.ts';

// Two wallet servers over one PostgreSQL, and an operator that tells only the first.

let server: PostgresServer;
let databases = 0;
let wallet: OpenReloading;
let kumo: OpenOperator;
let here: Customer;
let there: ReturnType<typeof makeCaller>;
let methodId: string;

beforeAll(async () => {
  server = await openPostgres({ inMemory: true });
});
afterAll(() => server.remove());

beforeEach(async () => {
  databases += 1;
  wallet = await openTestReloading({ databaseUrl: await server.createDatabase(`reload_${databases}`) });
  const base = await wallet.besides();
  kumo = await wallet.operator('kumo', 'Kumo');
  here = await wallet.customer(1_000);
  there = makeCaller({ base, key: here.key, keyId: here.keyId });
  methodId = await here.method('kumo');
});

afterEach(async () => {
  const { sum, faults } = await wallet.ledger.readBooks();
  await wallet.close();
  expect({ sum, faults }).toEqual({ sum: 0, faults: [] });
});

const put = async (by: Pick<Customer, 'get'>, amount: number, reloadId: string): Promise<ReloadView> =>
  by.get('putReload', { reloadId }, { methodId, amount: yen(amount) });

test('row 3: a means that is registered at both servers at once is one', async () => {
  const body = { operatorId: 'kumo', kind: 'card' as const, setupToken: 'mei1' };
  const answers = await Promise.all(
    Array.from({ length: 8 }, (_, index) => (index % 2 === 0 ? here : there).get('addReloadMethod', {}, body)),
  );
  const { reloadMethods } = await there.get('getWallet', {});
  expect([new Set(answers.map(({ method }) => method.methodId)).size, reloadMethods.length]).toEqual([1, 2]);
});

test('row 9: a reload that comes to both servers many times at once is credited once', async () => {
  const reloadId = newId();
  await Promise.all(Array.from({ length: 12 }, (_, index) => put(index % 2 === 0 ? here : there, 500, reloadId)));
  expect({ view: await there.get('getReload', { reloadId }), ...(await here.balance()) }).toMatchObject({
    view: { state: 'credited' },
    balance: 1_500,
  });
  const mei = await wallet.customer();
  const theirs = await mei.method('kumo', 'mei1');
  expect(await mei.reload(theirs, 500, reloadId)).toMatchObject({ ok: false, problem: { code: 'duplicate_mismatch' } });
});

test('row 10: reloads that come to both servers at once keep to the limit together', async () => {
  const answers = await Promise.all(
    Array.from({ length: 8 }, (_, index) =>
      (index % 2 === 0 ? here : there).call('putReload', { reloadId: newId() }, { methodId, amount: yen(90_000) }),
    ),
  );
  const granted = answers.filter(({ ok }) => ok).length;
  expect({ granted, ...(await here.balance()) }).toEqual({ granted: 3, balance: 271_000, owed: 0 });
});

test('S11: both servers ask, both hear, and every reload is credited once or not at all', async () => {
  await kumo.control('webhooks', { duplicate: true, reorder: true });
  const amounts = Array.from({ length: 33 }, (_, index) => 1_000 + (index % 11));
  const reloads = await Promise.all(
    amounts.map(async (amount, index) => {
      const reloadId = newId();
      await Promise.all([put(here, amount, reloadId), index % 2 === 0 ? put(there, amount, reloadId) : undefined]);
      return { reloadId, amount };
    }),
  );
  const states = async (): Promise<readonly string[]> =>
    Promise.all(reloads.map(async ({ reloadId }) => (await there.get('getReload', { reloadId })).state));
  const told = kumo.database.prepare('select count(*) from event where due_at_ms is not null').pluck();
  const open = kumo.database.prepare('select count(*) from authorisation where next_at_ms is not null').pluck();
  await expect
    .poll(async () => !(await states()).includes('pending') && told.get() === 0 && open.get() === 0, {
      timeout: 45_000,
    })
    .toBe(true);
  const expected: Readonly<Record<number, string>> = {
    1: 'declined',
    2: 'declined',
    3: 'declined',
    7: 'declined',
    9: 'charged_back',
  };
  const kept = reloads.filter(({ amount }) => expected[amount % 100] === undefined);
  expect({ states: await states(), ...(await here.balance()) }).toEqual({
    states: amounts.map((amount) => expected[amount % 100] ?? 'credited'),
    balance: 1_000 + kept.reduce((total, { amount }) => total + amount, 0),
    owed: 0,
  });
});

test('an automatic reload is one, though both servers look after the wallet', async () => {
  const chosen = { isOn: true, methodId, threshold: 500, amount: 1_006, dailyCap: 5_000, monthlyCap: 5_000 };
  await here.get('putAutoReload', {}, chosen);
  await here.spend(900);
  await there.get('putAutoReload', {}, chosen);
  await expect.poll(here.balance, { timeout: 20_000 }).toEqual({ balance: 1_106, owed: 0 });
  const rows = await wallet.books.db.selectFrom('reload').select(['state', 'cause']).execute();
  expect(rows).toEqual([{ state: 'credited', cause: 'auto' }]);
});

test('what a day’s file says agrees with PostgreSQL’s books too', async () => {
  await put(here, 500, newId());
  const date = new Date().toISOString().slice(0, 10);
  const answer = await wallet.admin(`/v1/admin/operators/kumo/reconciliation?date=${date}`);
  expect(await answer.json()).toMatchObject({ matched: { count: 1, amount: 500 }, oursOnly: [], theirsOnly: [] });
});
