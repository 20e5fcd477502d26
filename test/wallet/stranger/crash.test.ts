// A server that is killed in the middle of things, or answers badly: as a stranger sees it.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { at, type Json, textAt } from './json.ts';
import { done, newId, openTown, payment, type Person, type Terminal, type Town, wordOf } from './town.ts';

let town: Town;
let till: Terminal;
let mei: Person;

beforeAll(async () => {
  town = await openTown({ operators: ['Kaze'] });
  ({ till } = await town.openShop('Bar Mori'));
});

beforeEach(async () => {
  mei = await town.openPerson('Mei Sato', { balance: 1_500 });
});

afterAll(() => town.close());

describe('killed between commit and answer', () => {
  test('a payment is there after the restart, and the same request gets its answer once (as a stranger sees it)', async () => {
    await town.restart({ signal: 'SIGTERM', args: ['--fault', 'kill-after-commit=2'] });
    const settlementId = newId();
    const body = payment(await mei.showCode(), 400);
    const put = () => till.ask('putSettlement', { params: { settlementId }, body });
    await done(till.pay(await mei.showCode(), 100));
    await expect(put()).rejects.toThrow('fetch failed');
    await town.restart({ signal: 'SIGKILL' });
    const asked = await done(till.ask('getSettlement', { params: { settlementId } }));
    expect({ state: at(asked, 'state'), again: await done(put()), balance: await mei.balance() }).toEqual({
      state: 'approved',
      again: asked,
      balance: 1_500 - 100 - 400,
    });
  });

  test('a cancel and a refund are there too, and do nothing twice (as a stranger sees it)', async () => {
    const [first, second, refundId] = [newId(), newId(), newId()];
    await done(till.pay(await mei.showCode(), 400, { settlementId: first }));
    await done(till.pay(await mei.showCode(), 500, { settlementId: second }));
    await town.restart({ signal: 'SIGTERM', args: ['--fault', 'kill-after-commit=1'] });
    await expect(till.cancel(first)).rejects.toThrow('fetch failed');
    await town.restart({ signal: 'SIGKILL', args: ['--fault', 'kill-after-commit=1'] });
    const afterCancel = await mei.balance();
    await expect(till.refund(second, 200, { refundId })).rejects.toThrow('fetch failed');
    await town.restart({ signal: 'SIGKILL' });
    expect({
      afterCancel,
      afterRefund: await mei.balance(),
      cancelled: await wordOf(till.cancel(first)),
      refunded: at(await done(till.refund(second, 200, { refundId })), 'refunded.amount'),
      balance: await mei.balance(),
    }).toEqual({ afterCancel: 1_000, afterRefund: 1_200, cancelled: 'cancelled', refunded: 200, balance: 1_200 });
  });
});

describe('killed under load', () => {
  test('what was answered stays, what was not is asked again, and each takes the money once (as a stranger sees it)', async () => {
    const people = await Promise.all(Array.from({ length: 8 }, () => town.openPerson('Guest', { balance: 2_000 })));
    const orders = await Promise.all(
      people.flatMap((person) =>
        Array.from({ length: 20 }, async () => ({
          params: { settlementId: newId() },
          body: payment(await person.showCode(), 100),
        })),
      ),
    );
    const answered = new Map<string, Json>();
    const enough = Promise.withResolvers<void>();
    const storm = Promise.allSettled(
      orders.map(async (order) => {
        const answer = await done(till.ask('putSettlement', order));
        answered.set(order.params.settlementId, answer);
        if (answered.size === 40) enough.resolve();
      }),
    );
    await enough.promise;
    await town.restart({ signal: 'SIGKILL' });
    await storm;
    const before = new Map(answered);
    const again = await Promise.all(orders.map((order) => done(till.ask('putSettlement', order))));
    const changed = orders.filter(({ params: { settlementId } }, index) => {
      const first = before.get(settlementId);
      return first !== undefined && JSON.stringify(first) !== JSON.stringify(again[index]);
    });
    expect({
      states: new Set(again.map((answer) => at(answer, 'state'))),
      changed: changed.length,
      balances: new Set(await Promise.all(people.map((person) => person.balance()))),
    }).toEqual({ states: new Set(['approved']), changed: 0, balances: new Set([0]) });
  });

  test('a reload that the operator had left open is credited once by the server that comes after (as a stranger sees it)', async () => {
    const [methodId, reloadId] = [await mei.register('kaze'), newId()];
    const begin = textAt(await done(mei.ask('getWallet')), 'lastEventId');
    const first = await wordOf(mei.reload(methodId, 706, reloadId));
    await town.restart({ signal: 'SIGKILL' });
    const events = await mei.listen(begin);
    await events.next('reloaded');
    await events.close();
    expect({ first, later: await wordOf(mei.reload(methodId, 706, reloadId)), balance: await mei.balance() }).toEqual({
      first: 'pending',
      later: 'credited',
      balance: 2_206,
    });
  });
});

describe('bad answers', () => {
  test('an answer that is lost on its way is asked for again (as a stranger sees it)', async () => {
    await town.restart({ signal: 'SIGTERM', args: ['--fault', 'drop-answer=1'] });
    const settlementId = newId();
    const code = await mei.showCode();
    const pay = () => till.pay(code, 400, { settlementId, checkId: settlementId });
    await expect(pay()).rejects.toThrow('fetch failed');
    const asked = await wordOf(till.ask('getSettlement', { params: { settlementId } }));
    expect([asked, await wordOf(pay()), await mei.balance()]).toEqual(['approved', 'approved', 1_100]);
  });

  test('a busy server says when to come again, and has booked nothing (as a stranger sees it)', async () => {
    await town.restart({ signal: 'SIGTERM', args: ['--fault', 'busy=1'] });
    const settlementId = newId();
    const code = await mei.showCode();
    const pay = () => till.pay(code, 400, { settlementId, checkId: settlementId });
    const busy = await pay();
    expect({
      busy: [busy.status, at(busy.body, 'code'), Number(busy.headers.get('retry-after')) > 0],
      unseen: await wordOf(till.ask('getSettlement', { params: { settlementId } })),
      again: await wordOf(pay()),
    }).toEqual({ busy: [503, 'overloaded', true], unseen: 'not_found', again: 'approved' });
  });

  test('a phone that asks without end has to wait, and no other phone does (as a stranger sees it)', async () => {
    const ren = await town.openPerson('Ren Suzuki');
    await town.restart({ signal: 'SIGTERM', args: ['--rate-per-key', '1'] });
    const replies = await Promise.all(Array.from({ length: 20 }, () => mei.ask('getWallet')));
    const refused = replies.filter(({ status }) => status === 429);
    expect({
      isSome: refused.length > 0 && refused.length < 20,
      code: new Set(refused.map(({ body }) => at(body, 'code'))),
      isToldWhen: refused.every(({ headers }) => Number(headers.get('retry-after')) > 0),
      ren: await wordOf(ren.ask('getWallet')),
    }).toEqual({ isSome: true, code: new Set(['too_many_requests']), isToldWhen: true, ren: 'ok' });
    await town.restart({ signal: 'SIGTERM' });
  });

  test('sessions, revocations and tombstones outlive the server (as a stranger sees it)', async () => {
    const [tombstone, lost] = [newId(), await town.openPerson('Ren Suzuki')];
    await done(till.cancel(tombstone));
    await done(lost.ask('removePhone', { params: { deviceId: lost.phone.keyId } }));
    await town.restart({ signal: 'SIGTERM' });
    expect({
      session: await wordOf(till.pay(await mei.showCode(), 100)),
      tombstone: (await till.pay(await mei.showCode(), 100, { settlementId: tombstone })).status,
      revoked: await wordOf(lost.ask('getWallet')),
    }).toEqual({ session: 'approved', tombstone: 409, revoked: 'device_revoked' });
  });
});

test('after all that no money has come from nowhere, and the document told no lie (as a stranger sees it)', async () => {
  expect({ books: await town.checkBooks(), lies: town.client.lies() }).toEqual({
    books: { code: 0, sum: 0, faults: [] },
    lies: [],
  });
});
