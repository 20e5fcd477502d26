import { rmSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startOperator } from '#test/wallet/operator/operator-process.ts';
import { newId, type OpenOperator, yen } from '#test/wallet/operator/open.ts';
import { type Customer, type OpenReloading, openTestReloading } from '#test/wallet/server/reload/open.ts';

let wallet: OpenReloading;
let kumo: OpenOperator;
let kaze: OpenOperator;
let haru: Customer;

beforeEach(async () => {
  wallet = await openTestReloading();
  kumo = await wallet.operator('kumo', 'Kumo');
  kaze = await wallet.operator('kaze', 'Kaze');
  haru = await wallet.customer(1_000);
});

afterEach(async () => {
  // Whatever happened: nothing was made or lost, and every kept balance is the sum of its moves.
  const { sum, faults } = await wallet.ledger.readBooks();
  await wallet.close();
  expect({ sum, faults }).toEqual({ sum: 0, faults: [] });
});

const namesOf = async (customer: Customer): Promise<readonly string[]> =>
  (await customer.get('getWallet', {})).reloadMethods.map(({ operatorName, kind }) => `${operatorName} ${kind}`);

describe('a payment means', () => {
  test('row 1: that was registered is a reloading method of the wallet', async () => {
    const answer = await haru.get('addReloadMethod', {}, { operatorId: 'kumo', kind: 'card', setupToken: 'haru' });
    expect({ answer, listed: (await haru.get('getWallet', {})).reloadMethods }).toMatchObject({
      answer: { method: { operatorId: 'kumo', operatorName: 'Kumo', kind: 'card' }, wasRegistered: false },
      listed: [answer.method],
    });
  });

  test('row 2: of another operator is listed beside the first', async () => {
    await haru.method('kumo');
    await haru.method('kaze');
    expect(await namesOf(haru)).toEqual(['Kumo card', 'Kaze card']);
  });

  test('row 3: that is registered again is still one, and the answer says so', async () => {
    const body = { operatorId: 'kumo', kind: 'card' as const, setupToken: 'haru' };
    const [first, again] = [await haru.get('addReloadMethod', {}, body), await haru.get('addReloadMethod', {}, body)];
    const usable = kumo.database.prepare('select count(*) from token where removed_at_ms is null').pluck().get();
    expect({ again, names: await namesOf(haru), usable }).toEqual({
      again: { method: first.method, wasRegistered: true },
      names: ['Kumo card'],
      usable: 1,
    });
  });

  test('row 3: that is registered by many calls at once is one', async () => {
    const body = { operatorId: 'kumo', kind: 'card' as const, setupToken: 'haru' };
    const answers = await Promise.all(Array.from({ length: 6 }, () => haru.get('addReloadMethod', {}, body)));
    expect([new Set(answers.map(({ method }) => method.methodId)).size, await namesOf(haru)]).toEqual([
      1,
      ['Kumo card'],
    ]);
  });

  test('row 4: of an unknown kind or without a token is refused with a reason, and nothing is stored', async () => {
    const add = async (body: unknown): Promise<string> => {
      const answer = await haru.call('addReloadMethod', {}, body as never);
      return answer.ok ? 'ok' : `${answer.problem.code}: ${answer.problem.detail ?? ''}`;
    };
    const answers = [
      await add({ operatorId: 'kumo', kind: 'gold', setupToken: 'haru' }),
      await add({ operatorId: 'kumo', kind: 'card' }),
      await add({ operatorId: 'kumo', kind: 'carrier', setupToken: 'haru' }),
      await add({ operatorId: 'nobody', kind: 'card', setupToken: 'haru' }),
      await add({ operatorId: 'kumo', kind: 'card', setupToken: '4242 4242 4242 4242' }),
      await add({ operatorId: 'kumo', kind: 'card', setupToken: 'abc' }),
    ];
    const methods = await wallet.books.db.selectFrom('reload_method').select('id').execute();
    expect({ answers, methods, isLogged: wallet.logged.join('').includes('4242 4242') }).toEqual({
      answers: [
        'bad_request: body.kind: invalid_value',
        'bad_request: body.setupToken: invalid_type',
        'method_unknown: ',
        'method_unknown: ',
        'operator_refused: A card number is not taken here, and nothing of it was kept.',
        'operator_refused: Kumo does not take this.',
      ],
      methods: [],
      isLogged: false,
    });
  });

  test('of an operator that is out of order can be tried again later', async () => {
    await kumo.control('outage', { on: true });
    const body = { operatorId: 'kumo', kind: 'card' as const, setupToken: 'haru' };
    expect([await haru.codeOf('addReloadMethod', {}, body), await namesOf(haru)]).toEqual(['operator_unavailable', []]);
  });

  test('row 11: that was removed is gone, and what it reloaded remains', async () => {
    const [methodId, other] = [await haru.method('kumo'), await haru.method('kaze')];
    const reloadId = newId();
    await haru.reload(methodId, 500, reloadId);
    await haru.get(
      'putAutoReload',
      {},
      { isOn: true, methodId, threshold: 100, amount: 500, dailyCap: 500, monthlyCap: 500 },
    );
    await wallet.books.db
      .updateTable('wallet')
      .set({ settlement_method: `linked:${methodId}` })
      .execute();
    const removed = await haru.get('removeReloadMethod', { methodId });
    const { settlement_method: settlementMethod } = await wallet.books.db
      .selectFrom('wallet')
      .select('settlement_method')
      .executeTakeFirstOrThrow();
    expect({
      removed,
      again: await haru.codeOf('removeReloadMethod', { methodId }),
      others: await (await wallet.customer()).codeOf('removeReloadMethod', { methodId: other }),
      names: await namesOf(haru),
      reload: await haru.get('getReload', { reloadId }),
      history: await haru.told(),
      refused: await haru.reload(methodId, 500),
      auto: await wallet.books.db.selectFrom('auto_reload').select('is_on').execute(),
      settlementMethod,
      usable: kumo.database.prepare('select count(*) from token where removed_at_ms is null').pluck().get(),
    }).toMatchObject({
      removed: { methodId },
      again: 'not_found',
      others: 'not_found',
      names: ['Kaze card'],
      reload: { methodId, state: 'credited', amount: yen(500) },
      history: ['reloaded', 'reloaded'],
      refused: { ok: false, problem: { code: 'method_unknown' } },
      auto: [{ is_on: 0 }],
      settlementMethod: 'shown_code',
      usable: 0,
    });
  });
});

describe('a reload', () => {
  test('row 6: of 500 makes exactly 1,500 of 1,000', async () => {
    const methodId = await haru.method('kumo');
    const reloadId = newId();
    expect(await haru.reload(methodId, 500, reloadId)).toMatchObject({
      ok: true,
      value: { reloadId, methodId, state: 'credited', amount: yen(500), cause: 'customer', balance: yen(1_500) },
    });
    expect({ ...(await haru.balance()), events: await haru.told() }).toEqual({
      balance: 1_500,
      owed: 0,
      events: ['reloaded', 'reloaded'],
    });
  });

  test('row 7: by B asks B’s server with B’s means, and not A’s', async () => {
    await haru.method('kumo');
    const methodId = await haru.method('kaze');
    const reloadId = newId();
    await haru.reload(methodId, 500, reloadId);
    const { token } = await wallet.books.db
      .selectFrom('reload_method')
      .select('token')
      .where('id', '=', methodId)
      .executeTakeFirstOrThrow();
    const seen = ({ database }: OpenOperator): unknown[] =>
      database.prepare('select id, token, amount from authorisation').all();
    expect({ kumo: seen(kumo), kaze: seen(kaze) }).toEqual({ kumo: [], kaze: [{ id: reloadId, token, amount: 500 }] });
  });

  test('row 7: it is so with the operators as processes of their own', async () => {
    const data = mkdtempSync(join(tmpdir(), 'warikan-operators-'));
    const shared = { walletUrl: wallet.base, walletKey: wallet.reloading.requestKey };
    const started = await Promise.all(
      ['umi', 'yama'].map((operatorId) =>
        startOperator({ data: join(data, operatorId), operatorId, name: operatorId, ...shared }),
      ),
    );
    try {
      for (const operator of started) await wallet.know({ ...operator, name: operator.operatorId });
      const methods = [await haru.method('umi'), await haru.method('yama')];
      const [late, plain] = [newId(), newId()];
      await haru.reload(methods[0] ?? '', 506, late);
      await haru.reload(methods[1] ?? '', 700, plain);
      await expect
        .poll(async () => (await haru.get('getReload', { reloadId: late })).state, { timeout: 15_000 })
        .toBe('credited');
      expect(await haru.balance()).toEqual({ balance: 2_206, owed: 0 });
      const file = async (operatorId: string): Promise<unknown> => {
        const date = new Date().toISOString().slice(0, 10);
        return (await wallet.admin(`/v1/admin/operators/${operatorId}/reconciliation?date=${date}`)).json();
      };
      expect([await file('umi'), await file('yama')]).toMatchObject([
        { matched: { count: 1, amount: 506 }, oursOnly: [], theirsOnly: [], amountDiffers: [] },
        { matched: { count: 1, amount: 700 }, oursOnly: [], theirsOnly: [], amountDiffers: [] },
      ]);
    } finally {
      await Promise.all(started.map(({ kill }) => kill('SIGKILL')));
      rmSync(data, { recursive: true });
    }
  });

  test.each([
    [501, 'do_not_honour'],
    [502, 'insufficient_funds'],
    [503, 'expired'],
  ])('row 8: of %i is declined, %s: the balance is unchanged and the phone is told why', async (amount, reason) => {
    const answer = await haru.reload(await haru.method('kumo'), amount);
    const { detail } = await wallet.books.db
      .selectFrom('outbox')
      .select('detail')
      .where('type', '=', 'reload_declined')
      .executeTakeFirstOrThrow();
    expect({ answer, ...(await haru.balance()), told: JSON.parse(detail ?? '') as unknown }).toMatchObject({
      answer: { ok: true, value: { state: 'declined', reason } },
      balance: 1_000,
      told: { reason, cause: 'customer' },
    });
  });

  test('row 8: that nobody answers is pending, and in the end declined: the balance is unchanged', async () => {
    const methodId = await haru.method('kumo');
    const reloadId = newId();
    await kumo.control('outage', { on: true });
    const answer = await haru.reload(methodId, 500, reloadId);
    wallet.move(60_000);
    await kumo.control('outage', { on: false });
    await expect
      .poll(async () => haru.get('getReload', { reloadId }), { timeout: 10_000 })
      .toMatchObject({
        state: 'declined',
        reason: 'operator_unavailable',
      });
    expect({ answer, ...(await haru.balance()), events: await haru.told() }).toMatchObject({
      answer: { ok: true, value: { state: 'pending' } },
      balance: 1_000,
      events: ['reloaded', 'reload_declined'],
    });
    // Given up means blocked: the request cannot take money any more, however late it arrives.
    expect(kumo.database.prepare('select id, state, amount from authorisation').all()).toEqual([
      { id: reloadId, state: 'reversed', amount: null },
    ]);
  });

  test('row 9: that comes twice, and many times at once, is one', async () => {
    const methodId = await haru.method('kumo');
    const reloadId = newId();
    await Promise.all(Array.from({ length: 8 }, () => haru.reload(methodId, 500, reloadId)));
    const again = await haru.reload(methodId, 500, reloadId);
    expect({ again, ...(await haru.balance()), events: await haru.told() }).toMatchObject({
      again: { ok: true, value: { state: 'credited' } },
      balance: 1_500,
      events: ['reloaded', 'reloaded'],
    });
  });

  test('row 9: under an id that was used for something else is refused', async () => {
    const [methodId, other] = [await haru.method('kumo'), await haru.method('kaze')];
    const reloadId = newId();
    await haru.reload(methodId, 500, reloadId);
    const mei = await wallet.customer();
    const transfer = await wallet.books.db
      .selectFrom('transfer')
      .select('id')
      .where('id', '!=', reloadId)
      .executeTakeFirst();
    const codes = [
      await haru.reload(methodId, 600, reloadId),
      await haru.reload(other, 500, reloadId),
      await mei.reload(await mei.method('kumo', 'mei1'), 500, reloadId),
      await haru.reload(methodId, 500, transfer?.id ?? ''),
    ].map((answer) => (answer.ok ? 'ok' : answer.problem.code));
    expect({ codes, theirs: await mei.codeOf('getReload', { reloadId }), ...(await haru.balance()) }).toEqual({
      codes: Array.from({ length: 4 }, () => 'duplicate_mismatch'),
      theirs: 'not_found',
      balance: 1_500,
      owed: 0,
    });
  });

  test('row 10: by a means that is not registered, of nothing, or above a limit is refused, and nobody is asked', async () => {
    const methodId = await haru.method('kumo');
    const mei = await wallet.customer();
    const theirs = await mei.method('kumo', 'mei1');
    const code = async (method: string, amount: number): Promise<string> => {
      const answer = await haru.reload(method, amount);
      return answer.ok ? answer.value.state : answer.problem.code;
    };
    const body = { methodId, amount: { amount: 500, currency: 'EUR' } };
    const codes = {
      unknown: await code(newId(), 500),
      theirs: await code(theirs, 500),
      zero: await code(methodId, 0),
      negative: await code(methodId, -500),
      small: await code(methodId, 99),
      large: await code(methodId, 100_001),
      currency: await haru.codeOf('putReload', { reloadId: newId() }, body),
    };
    expect({ codes, asked: kumo.database.prepare('select count(*) from authorisation').pluck().get() }).toEqual({
      codes: {
        unknown: 'method_unknown',
        theirs: 'method_unknown',
        zero: 'bad_request',
        negative: 'bad_request',
        small: 'limit_exceeded',
        large: 'limit_exceeded',
        currency: 'bad_request',
      },
      asked: 0,
    });
  });

  test('row 10: that would fill the wallet beyond what it may hold is refused, with what is on its way counted', async () => {
    const methodId = await haru.method('kumo');
    const codes = [];
    for (const amount of [100_000, 99_906, 100_000, 99_000]) {
      const answer = await haru.reload(methodId, amount);
      codes.push(answer.ok ? answer.value.state : `${answer.problem.code}: ${answer.problem.detail ?? ''}`);
    }
    expect(codes).toEqual(['credited', 'pending', 'limit_exceeded: A wallet holds 300000 at most.', 'credited']);
    await haru.spend(190_000);
    expect(await haru.reload(methodId, 2_000)).toMatchObject({
      ok: false,
      problem: { code: 'limit_exceeded', detail: 'No more than 300000 is reloaded in a day.' },
    });
  });

  test('by a wallet that is locked is refused', async () => {
    const methodId = await haru.method('kumo');
    await wallet.books.db.updateTable('wallet').set({ is_locked: 1 }).execute();
    expect(await haru.reload(methodId, 500)).toMatchObject({ ok: false, problem: { code: 'wallet_locked' } });
  });
});
