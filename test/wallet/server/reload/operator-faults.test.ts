import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ReloadView } from '#contract/reload.ts';
import { makeKey } from '#test/support/wallet-keys.ts';
import { newId, type OpenOperator, signedInit, yen } from '#test/wallet/operator/open.ts';
import { type Customer, type OpenReloading, openTestReloading } from '#test/wallet/server/reload/open.ts';

// S11: whatever the operator's server does, and in whatever order it is heard, the wallet is credited once.

let wallet: OpenReloading;
let kumo: OpenOperator;
let haru: Customer;
let methodId: string;

beforeEach(async () => {
  wallet = await openTestReloading();
  kumo = await wallet.operator('kumo', 'Kumo');
  haru = await wallet.customer(1_000);
  methodId = await haru.method('kumo');
});

afterEach(async () => {
  const { sum, faults } = await wallet.ledger.readBooks();
  await wallet.close();
  expect({ sum, faults }).toEqual({ sum: 0, faults: [] });
});

async function reload(amount: number, reloadId = newId()): Promise<ReloadView> {
  return haru.get('putReload', { reloadId }, { methodId, amount: yen(amount) });
}

/** Waits until the server knows, by webhook or by asking. */
async function becomes(reloadId: string, state: ReloadView['state']): Promise<void> {
  await expect.poll(async () => (await haru.get('getReload', { reloadId })).state, { timeout: 10_000 }).toBe(state);
}

const allTold = (): boolean =>
  kumo.database.prepare('select count(*) from event where due_at_ms is not null').pluck().get() === 0;

describe('S11', () => {
  test('a success whose answer never comes is found by asking, and credited once', async () => {
    await kumo.control('webhooks', { paused: true });
    const { reloadId, state } = await reload(505);
    await becomes(reloadId, 'credited');
    await kumo.control('webhooks', { paused: false, duplicate: true });
    await expect.poll(allTold).toBe(true);
    expect({ state, ...(await haru.balance()), events: await haru.told() }).toEqual({
      state: 'pending',
      balance: 1_505,
      owed: 0,
      events: ['reloaded', 'reloaded'],
    });
  });

  test('a webhook may win against the answer', async () => {
    await kumo.control('delay', { ms: 700 });
    const reloadId = newId();
    const answer = reload(500, reloadId);
    await becomes(reloadId, 'credited');
    expect({ state: (await answer).state, ...(await haru.balance()) }).toEqual({
      state: 'credited',
      balance: 1_500,
      owed: 0,
    });
  });

  test('a pending one is credited, or declined, when a webhook says so', async () => {
    const [yes, no] = [await reload(506), await reload(507)];
    await becomes(yes.reloadId, 'credited');
    await becomes(no.reloadId, 'declined');
    expect({ states: [yes.state, no.state], ...(await haru.balance()) }).toEqual({
      states: ['pending', 'pending'],
      balance: 1_506,
      owed: 0,
    });
  });

  test('webhooks that come twice, the later first, before anybody has asked: credited once, taken back once', async () => {
    await kumo.control('webhooks', { paused: true });
    const { reloadId, state } = await reload(505);
    await kumo.control('charge-back', { authorisationId: reloadId });
    await kumo.control('webhooks', { paused: false, duplicate: true, reorder: true });
    await expect.poll(allTold, { timeout: 10_000 }).toBe(true);
    expect({ state, ...(await haru.balance()), events: await haru.told() }).toEqual({
      state: 'pending',
      balance: 1_000,
      owed: 0,
      events: ['reloaded', 'reloaded', 'charged_back'],
    });
    expect(await haru.get('getReload', { reloadId })).toMatchObject({ state: 'charged_back' });
  });

  test('a chargeback after the money was spent is owed, and the next reload pays it first', async () => {
    const { reloadId } = await reload(5_000);
    await haru.spend(5_500);
    await kumo.control('charge-back', { authorisationId: reloadId });
    await becomes(reloadId, 'charged_back');
    const after = await haru.balance();
    const { balance } = await reload(6_000);
    expect({ after, balance, now: await haru.balance() }).toEqual({
      after: { balance: 0, owed: 4_500 },
      balance: yen(1_500),
      now: { balance: 1_500, owed: 0 },
    });
  });

  test('an outage of a moment is not the customer’s trouble', async () => {
    const { reloadId, state } = await reload(510);
    await becomes(reloadId, 'credited');
    expect({ state, ...(await haru.balance()) }).toEqual({ state: 'pending', balance: 1_510, owed: 0 });
  });

  test('a money back by the operator is taken from the wallet, or owed where it was spent', async () => {
    const [kept, spent] = [await reload(500), await reload(2_000)];
    const reverse = (id: string): void => {
      // The operator’s own staff: nobody asked for it.
      const change = kumo.database.prepare('update authorisation set state = ? where id = ?');
      const tell = kumo.database.prepare(
        `insert into event (webhook_id, authorisation_id, type, amount, currency, moved, at_ms, is_shuffled, due_at_ms)
         select ?, id, 'reversed', amount, currency, 1, ?, 0, ? from authorisation where id = ?`,
      );
      change.run('reversed', id);
      tell.run(newId(), Date.now(), Date.now(), id);
    };
    reverse(kept.reloadId);
    await kumo.control('webhooks', { paused: false });
    await becomes(kept.reloadId, 'reversed');
    const first = await haru.balance();
    await haru.spend(2_900);
    reverse(spent.reloadId);
    await kumo.control('webhooks', { paused: false });
    await becomes(spent.reloadId, 'reversed');
    expect([first, await haru.balance()]).toEqual([
      { balance: 3_000, owed: 0 },
      { balance: 0, owed: 1_900 },
    ]);
  });

  test('what was asked when the server ended is taken up by the next one', async () => {
    await kumo.control('webhooks', { paused: true });
    const { reloadId, state } = await reload(505);
    await wallet.restart();
    await becomes(reloadId, 'credited');
    expect({ state, ...(await haru.balance()) }).toEqual({ state: 'pending', balance: 1_505, owed: 0 });
  });

  test('a server that is told to end does not wait for an operator that hangs, and loses nothing by it', async () => {
    await kumo.control('webhooks', { paused: true });
    const { reloadId } = await reload(505);
    await kumo.control('delay', { ms: 8_000 });
    const asking = async (): Promise<boolean> => {
      const rows = await wallet.books.db.selectFrom('reload').select('inquiries').execute();
      return rows.some(({ inquiries }) => inquiries === 1);
    };
    await expect.poll(asking, { timeout: 5_000 }).toBe(true);
    const startMs = performance.now();
    await wallet.restart();
    const tookMs = performance.now() - startMs;
    await kumo.control('delay', { ms: 0 });
    wallet.move(20_000);
    await becomes(reloadId, 'credited');
    expect({ inTime: tookMs < 2_000, ...(await haru.balance()) }).toEqual({ inTime: true, balance: 1_505, owed: 0 });
  });

  test('what was captured but not yet credited when the server ended is credited by the next one', async () => {
    await kumo.control('webhooks', { paused: true });
    const { reloadId } = await reload(505);
    // As a commit leaves it that nothing followed.
    const row = { state: 'captured' as const, next_inquiry_at_ms: Date.now() };
    await wallet.books.db.updateTable('reload').set(row).where('id', '=', reloadId).execute();
    await wallet.restart();
    await becomes(reloadId, 'credited');
    expect(await haru.balance()).toEqual({ balance: 1_505, owed: 0 });
  });

  test('what was written down but never sent is sent, or given up when nobody is looking any more', async () => {
    await kumo.control('outage', { on: true });
    const fresh = await reload(500);
    await wallet.restart();
    await kumo.control('outage', { on: false });
    await becomes(fresh.reloadId, 'credited');
    await kumo.control('outage', { on: true });
    const stale = await reload(700);
    await wallet.restart();
    wallet.move(40_000);
    await kumo.control('outage', { on: false });
    await becomes(stale.reloadId, 'declined');
    expect(await haru.balance()).toEqual({ balance: 1_500, owed: 0 });
  });

  test('captured money that cannot be credited any more goes back to where it came from', async () => {
    await kumo.control('delay', { ms: 300 });
    await kumo.control('webhooks', { paused: true });
    const reloadId = newId();
    const answer = reload(500, reloadId);
    await expect.poll(() => kumo.database.prepare('select count(*) from authorisation').pluck().get()).toBe(1);
    // The very id is used for something else meanwhile.
    const { walletId } = haru;
    const fromAccount = '00000000-0000-8000-8000-000000000001';
    await wallet.ledger.book([{ type: 'reload', reloadId, walletId, fromAccount, amount: yen(1), atMs: Date.now() }]);
    expect({ answer: (await answer).state, ...(await haru.balance()) }).toEqual({
      answer: 'declined',
      balance: 1_001,
      owed: 0,
    });
    expect(kumo.database.prepare('select state from authorisation').pluck().get()).toBe('reversed');
  });

  test(
    'a busy hour of every fault: each reload is credited once or not at all, and both sides agree',
    {
      timeout: 60_000,
    },
    async () => {
      await kumo.control('webhooks', { duplicate: true, reorder: true });
      const amounts = Array.from({ length: 60 }, (_, index) => 1_000 + (index % 11));
      const asked = amounts.map(async (amount, index) => {
        const reloadId = newId();
        const answers = await Promise.all([
          reload(amount, reloadId),
          index % 3 === 0 ? reload(amount, reloadId) : undefined,
        ]);
        return { reloadId, amount, answers };
      });
      const reloads = await Promise.all(asked);
      const isSettled = async (): Promise<boolean> => {
        const open = await wallet.books.db
          .selectFrom('reload')
          .select('id')
          .where('state', 'in', ['requested', 'authorising', 'unknown', 'captured'])
          .execute();
        const due = kumo.database
          .prepare(`select count(*) from authorisation where next_at_ms is not null or state = 'pending'`)
          .pluck()
          .get();
        return open.length === 0 && due === 0 && allTold();
      };
      await expect.poll(isSettled, { timeout: 45_000 }).toBe(true);

      const expected: Readonly<Record<number, string>> = {
        1: 'declined',
        2: 'declined',
        3: 'declined',
        7: 'declined',
        9: 'charged_back',
      };
      const wrong = [];
      for (const { reloadId, amount } of reloads) {
        const { state } = await haru.get('getReload', { reloadId });
        if (state !== (expected[amount % 100] ?? 'credited')) wrong.push({ amount, state });
      }
      const kept = reloads.filter(({ amount }) => expected[amount % 100] === undefined);
      const events = await haru.told();
      const today = new Date().toISOString().slice(0, 10);
      const reconciled: unknown = await (
        await wallet.admin(`/v1/admin/operators/kumo/reconciliation?date=${today}`)
      ).json();
      const net = kept.reduce((total, { amount }) => total + amount, 0);
      const taken = reloads.filter(({ amount }) => amount % 100 === 9).length;
      expect({
        wrong,
        ...(await haru.balance()),
        credited: events.filter((type) => type === 'reloaded').length,
        reconciled,
      }).toEqual({
        wrong: [],
        balance: 1_000 + net,
        owed: 0,
        credited: 1 + kept.length + taken,
        reconciled: {
          date: today,
          matched: { count: kept.length + 2 * taken, amount: net },
          oursOnly: [],
          theirsOnly: [],
          amountDiffers: [],
        },
      });
    },
  );
});

describe('a webhook', () => {
  const webhook = (authorisationId: string, amount: number) => ({
    webhookId: newId(),
    type: 'authorisation.captured',
    authorisationId,
    amount: yen(amount),
    at: new Date().toISOString(),
    sequence: 1,
  });

  async function post(body: unknown, by: { operatorId?: string; key?: ReturnType<typeof makeKey>; keyId?: string }) {
    const url = `${wallet.base}/v1/operators/${by.operatorId ?? 'umi'}/webhooks`;
    const init = await signedInit({
      method: 'POST',
      url,
      body,
      key: by.key ?? umi,
      ...(by.keyId ? { keyId: by.keyId } : {}),
    });
    const answer = (await (await fetch(url, init)).json()) as { code?: string; isAccepted?: boolean };
    return answer.code ?? answer.isAccepted;
  }

  const umi = makeKey();

  test('is heard from the operator that it concerns and from nobody else', async () => {
    const publicKey = Buffer.from(umi.publicKey).toString('base64url');
    await wallet.know({ operatorId: 'umi', name: 'Umi', base: 'http://127.0.0.1:9', publicKey });
    const { reloadId } = await reload(507);
    const phoneKey = { operatorId: 'kumo', key: haru.key, keyId: haru.keyId };
    expect([
      await post(webhook(reloadId, 507), {}),
      await post(webhook(newId(), 507), {}),
      await post(webhook(reloadId, 507), { operatorId: 'kumo' }),
      await post(webhook(reloadId, 507), phoneKey),
      await post(webhook(reloadId, 507), { operatorId: 'nobody' }),
      await post({ ...webhook(reloadId, 507), type: 'authorisation.lost' }, {}),
      await haru.balance(),
    ]).toEqual([
      'not_found',
      'not_found',
      'device_unknown',
      'device_unknown',
      'device_unknown',
      'bad_request',
      { balance: 1_000, owed: 0 },
    ]);
  });

  test('that speaks of another amount credits nothing', async () => {
    const publicKey = Buffer.from(umi.publicKey).toString('base64url');
    await wallet.know({ operatorId: 'umi', name: 'Umi', base: 'http://127.0.0.1:9', publicKey });
    const reloadId = newId();
    await wallet.books.db
      .insertInto('reload')
      .values({
        id: reloadId,
        wallet_id: haru.walletId,
        method_id: methodId,
        operator_id: 'umi',
        amount: 500,
        currency: 'JPY',
        state: 'unknown',
        reason: null,
        cause: 'customer',
        request_hash: randomBytes(8).toString('hex'),
        operator_reference: null,
        requested_at_ms: Date.now(),
        next_inquiry_at_ms: null,
        settled_at_ms: null,
      })
      .execute();
    const answers = [await post(webhook(reloadId, 5_000), {}), await post(webhook(reloadId, 500), {})];
    expect({ answers, ...(await haru.balance()) }).toEqual({ answers: ['conflict', true], balance: 1_500, owed: 0 });
  });
});
