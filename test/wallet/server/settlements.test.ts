import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { attemptIdSchema } from '#contract/ids.ts';
import type { Settlement } from '#contract/settlement.ts';
import { encodeCode, proofSigningInput, stepAt } from '#contract/token.ts';
import { type Caller, newId, openSession, PIN, send } from '#test/wallet/server/caller.ts';
import {
  line,
  type Meal,
  newAttemptId,
  newCheckId,
  newRefundId,
  openMeal,
  type Phone,
  yen,
} from '#test/wallet/server/meal.ts';

let meal: Meal;

beforeAll(async () => {
  meal = await openMeal();
});

beforeEach(async () => {
  meal = await meal.others();
});

afterAll(() => meal.close());

describe('a settlement', () => {
  test('row 23: of 1,200 from 1,500 leaves 300 and one entry in the history', async () => {
    const haru = await meal.wallet.customer({ balance: 1_500 });
    const paid = await meal.settle(haru, 1_200);
    const { entries } = await haru.get('listHistory', {});
    expect([paid.state, await balanceOf(haru), entries.filter(({ kind }) => kind === 'settlement')]).toMatchObject([
      'approved',
      300,
      [{ amount: -1_200, store: 'Kissa Warikan', settlementMethod: 'shown_code', settlementId: paid.settlementId }],
    ]);
  });

  test('row 24: of 1,200 from 1,000 is declined for insufficient funds, and nothing changes', async () => {
    const haru = await meal.wallet.customer({ balance: 1_000 });
    const before = await haru.get('listHistory', {});
    expect(await meal.settle(haru, 1_200)).toMatchObject({ state: 'declined', reason: 'insufficient_funds' });
    expect([await balanceOf(haru), await haru.get('listHistory', {})]).toEqual([1_000, before]);
  });

  test('row 27: a code that was used is refused, and one that is too old', async () => {
    const token = await meal.a.show();
    const old = await meal.b.show();
    expect([
      (await meal.settle(meal.a, 100, { token })).state,
      await meal.settle(meal.a, 100, { token, checkId: newCheckId() }),
    ]).toMatchObject(['approved', { state: 'declined', reason: 'token_replayed' }]);
    meal.wallet.clock.move(150_000);
    expect(await meal.settle(meal.b, 100, { token: old })).toMatchObject({ reason: 'token_expired' });
  });

  test('row 28: the same id sent twice moves money once, and the answer is the same', async () => {
    const settlementId = newAttemptId();
    const body = await meal.bodyOf(meal.a, 1_000);
    const answers = [
      await meal.terminal.get('putSettlement', { settlementId }, body),
      await meal.terminal.get('putSettlement', { settlementId }, body),
      await meal.terminal.get('getSettlement', { settlementId }),
    ];
    expect([new Set(answers.map((answer) => JSON.stringify(answer))).size, await balanceOf(meal.a)]).toEqual([
      1, 9_000,
    ]);
  });

  test('S5: the same id from 64 callers at once moves money once, with 64 equal answers', async () => {
    const settlementId = newAttemptId();
    const body = await meal.bodyOf(meal.a, 1_000, { group: meal.group() });
    const answers = await Promise.all(
      Array.from({ length: 64 }, () => meal.terminal.get('putSettlement', { settlementId }, body)),
    );
    expect([new Set(answers.map((answer) => JSON.stringify(answer))).size, await meal.balances()]).toEqual([
      1,
      { A: 9_000, B: 10_000, C: 10_000 },
    ]);
    expect((await meal.a.get('listGroupPayments', {})).groupPayments).toHaveLength(1);
  });

  test('row 30: a late approval is undone by the cancel, also where the cancel came first', async () => {
    const paid = await meal.settle(meal.a, 1_000);
    meal.wallet.clock.move(1);
    const cancelled = await meal.terminal.get('cancelSettlement', { settlementId: paid.settlementId });
    const settlementId = newAttemptId();
    const late = await meal.bodyOf(meal.a, 1_000);
    await meal.terminal.get('cancelSettlement', { settlementId });
    expect([
      cancelled,
      await meal.terminal.codeOf('putSettlement', { settlementId }, late),
      await balanceOf(meal.a),
      (await meal.a.get('listHistory', {})).entries[0],
    ]).toMatchObject([{ state: 'cancelled', wasBooked: true }, 'cancelled', 10_000, { kind: 'cancel', amount: 1_000 }]);
  });

  test('row 31: a refund raises the balance, stands in the history, and never exceeds the sale', async () => {
    const paid = await meal.settle(meal.a, 1_000);
    await meal.refund(paid, 400);
    await meal.refund(paid, 600);
    const more = await meal.terminal.codeOf(
      'putRefund',
      { settlementId: paid.settlementId, refundId: newRefundId() },
      { amount: yen(1) },
    );
    const { entries } = await meal.a.get('listHistory', {});
    expect([more, await balanceOf(meal.a), entries.slice(0, 2)]).toMatchObject([
      'refund_exceeds_settlement',
      10_000,
      [
        { kind: 'refund', amount: expect.any(Number) as number, store: 'Kissa Warikan' },
        { kind: 'refund', settlementId: paid.settlementId },
      ],
    ]);
  });

  test('row 31: lines of a settlement that nobody shared change nothing about its refund', async () => {
    const paid = await meal.settle(meal.a, 1_000);
    expect(await meal.refund(paid, 300, [{ lineId: 'anything' }])).not.toHaveProperty('shrunk');
    expect(await balanceOf(meal.a)).toBe(9_300);
  });

  test('row 34: a part is paid by wallet and the rest stays due by another tender, or by another wallet', async () => {
    const haru = await meal.wallet.customer({ balance: 700 });
    const states = [
      (await meal.settle(haru, 1_000)).state,
      (await meal.settle(haru, 700)).state,
      (await meal.settle(meal.b, 300)).state,
    ];
    expect([states, await balanceOf(haru), await balanceOf(meal.b)]).toEqual([
      ['declined', 'approved', 'approved'],
      0,
      9_700,
    ]);
  });

  test('the limits of the jurisdiction hold: per payment, and in a day', async () => {
    const rich = await meal.wallet.customer({ balance: 900_000, limit: 900_000 });
    expect(await meal.settle(rich, 50_001)).toMatchObject({ state: 'declined', reason: 'limit_exceeded' });
    const states: string[] = [];
    for (let index = 0; index < 5; index++) states.push((await meal.settle(rich, 50_000)).state);
    meal.wallet.clock.move(24 * 3_600_000);
    expect([states, (await meal.settle(rich, 50_000)).state]).toEqual([
      ['approved', 'approved', 'approved', 'approved', 'declined'],
      'approved',
    ]);
  });

  test('row 35: a shop says which settlement methods it accepts, to anyone', async () => {
    const storeId = await meal.wallet.storeIdOf('Kissa Warikan');
    const response = await fetch(`${meal.wallet.base}/v1/stores/${storeId}`);
    const unknown = await fetch(`${meal.wallet.base}/v1/stores/${newId()}`);
    expect([await response.json(), unknown.status]).toEqual([
      { storeId, name: 'Kissa Warikan', settlementMethods: ['shown_code', 'contactless', 'store_code', 'linked'] },
      404,
    ]);
  });
});

describe('a settlement that was accepted offline', () => {
  test('is judged by when the code was read, however late it comes', async () => {
    const [token, capturedAt] = [await meal.a.show(), meal.nowText()];
    meal.wallet.clock.move(72 * 3_600_000);
    const offline = { token, capturedAt, mode: 'offline' as const };
    expect((await meal.settle(meal.a, 100, offline)).state).toBe('approved');
  });

  test('counts though the phone was removed after it, and not if it was removed before', async () => {
    const phones = [await meal.wallet.customer(), await meal.wallet.customer()] as const;
    const shown = await Promise.all(phones.map((phone) => phone.show()));
    const capturedAt = meal.nowText();
    await meal.wallet.registry.revoke(phones[1].keyId, meal.wallet.clock.nowMs());
    meal.wallet.clock.move(1);
    await meal.wallet.registry.revoke(phones[0].keyId, meal.wallet.clock.nowMs());
    meal.wallet.clock.move(3_600_000);
    const offline = { capturedAt, mode: 'offline' as const };
    expect([
      await meal.settle(phones[0], 100, { ...offline, token: shown[0] ?? '' }),
      await meal.settle(phones[1], 100, { ...offline, token: shown[1] ?? '' }),
    ]).toMatchObject([{ state: 'approved' }, { state: 'declined', reason: 'credential_revoked' }]);
  });

  test('by a clock that is ahead is judged by now, and by one that is behind the code’s own is no code yet', async () => {
    const offline = (ms: number) => ({
      mode: 'offline' as const,
      capturedAt: new Date(meal.wallet.clock.nowMs() + ms).toISOString(),
    });
    expect([
      await meal.settle(meal.a, 100, offline(24 * 3_600_000)),
      await meal.settle(meal.a, 100, offline(-24 * 3_600_000)),
    ]).toMatchObject([{ state: 'approved' }, { state: 'declined', reason: 'token_invalid' }]);
  });

  test('of a credential that had run out when the code was read is declined', async () => {
    const show = await offlinePhone(meal.a);
    meal.wallet.clock.move(49 * 3_600_000);
    const read = { token: show(1), capturedAt: meal.nowText(), mode: 'offline' as const };
    expect(await meal.settle(meal.a, 100, read)).toMatchObject({ state: 'declined', reason: 'token_expired' });
  });

  test('under the id of an attempt that was declined online is judged once more', async () => {
    const settlementId = newAttemptId();
    const [token, capturedAt] = [await meal.a.show(), meal.nowText()];
    meal.wallet.clock.move(200_000);
    const body = await meal.bodyOf(meal.a, 100, { token, capturedAt });
    const online = await meal.terminal.get('putSettlement', { settlementId }, body);
    const offline = await meal.terminal.get('putSettlement', { settlementId }, { ...body, mode: 'offline' });
    expect([online, offline, await balanceOf(meal.a)]).toMatchObject([
      { state: 'declined', reason: 'token_expired' },
      { state: 'approved' },
      9_900,
    ]);
  });

  test('with a code that another terminal took too puts the phone on the deny list, once', async () => {
    const offline = { token: await meal.a.show(), capturedAt: meal.nowText(), mode: 'offline' as const };
    const before = (await meal.terminal.get('getDenyList', {})).version;
    const first = await meal.settle(meal.a, 100, offline);
    const settlementId = newAttemptId();
    const body = await meal.bodyOf(meal.a, 200, { ...offline, checkId: newCheckId() });
    const second = await meal.terminal.get('putSettlement', { settlementId }, body);
    expect(await meal.terminal.get('putSettlement', { settlementId }, body)).toEqual(second);
    const denied = await meal.terminal.get('getDenyList', {}, undefined, { since: String(before) });
    expect([first, second, denied.entries]).toMatchObject([
      { state: 'approved' },
      { state: 'declined', reason: 'token_replayed' },
      [{ alias: await aliasOf(meal.a), isDenied: true }],
    ]);
  });

  test('a code that was used up online puts nobody on the deny list when it is shown again', async () => {
    const token = await meal.a.show();
    const before = (await meal.terminal.get('getDenyList', {})).version;
    await meal.settle(meal.a, 100, { token });
    await meal.settle(meal.a, 100, { token, checkId: newCheckId() });
    expect((await meal.terminal.get('getDenyList', {})).version).toBe(before);
  });
});

describe('a batch', () => {
  test('books each item as if it came alone; a bad one spoils no other', async () => {
    const poor = await meal.wallet.customer({ balance: 150 });
    const offline = { mode: 'offline' as const };
    const taken = await meal.settle(meal.a, 100, offline);
    const items = [
      { settlementId: newAttemptId(), ...(await meal.bodyOf(meal.a, 1_000, { ...offline, group: meal.group() })) },
      { settlementId: newAttemptId(), ...(await meal.bodyOf(meal.a, 0, offline)) },
      { settlementId: newAttemptId(), ...(await meal.bodyOf(poor, 100, offline)) },
      { settlementId: taken.settlementId, ...(await meal.bodyOf(meal.a, 7, offline)) },
      { settlementId: newAttemptId(), ...(await meal.bodyOf(poor, 100, offline)) },
      { settlementId: newAttemptId(), ...(await meal.bodyOf(meal.a, 10, { ...offline, token: 'WRK1:NONSENSE' })) },
      {
        settlementId: newAttemptId(),
        ...(await meal.bodyOf(meal.a, 9, { ...offline, group: meal.group({ payer: 'X' }) })),
      },
      { settlementId: newAttemptId(), ...(await meal.bodyOf(meal.b, 500, offline)) },
    ];
    const answer = await meal.terminal.get('putSettlements', {}, { items });
    expect(answer.items.map(({ settlement, problem }) => settlement?.state ?? problem?.code)).toEqual([
      'approved',
      'bad_request',
      'approved',
      'duplicate_mismatch',
      // In the order of the items, so it is the second of the poor one's that finds nothing left.
      'declined',
      'declined',
      'group_invalid',
      'approved',
    ]);
    expect([await meal.balances(), await balanceOf(poor)]).toEqual([{ A: 8_900, B: 9_500, C: 10_000 }, 50]);
    const again = await meal.terminal.get('putSettlements', {}, { items });
    expect(again).toEqual(answer);
  });

  test('of a hundred items is one answer, in their order', async () => {
    const show = await offlinePhone(meal.a);
    const items = Array.from({ length: 100 }, (_, index) => ({
      settlementId: newAttemptId(),
      checkId: meal.checkId,
      amount: yen(1 + index),
      token: show(index + 1),
      capturedAt: meal.nowText(),
      mode: 'offline' as const,
    }));
    const answer = await meal.terminal.get('putSettlements', {}, { items });
    expect(
      answer.items.map(({ settlementId, settlement }) => [
        settlementId,
        settlement?.state === 'approved' ? settlement.amount.amount : settlement?.state,
      ]),
    ).toEqual(items.map(({ settlementId, amount }) => [settlementId, amount.amount]));
    expect(await balanceOf(meal.a)).toBe(10_000 - 5_050);
  });

  test('and a cancel are the device key’s to sign, not a session’s', async () => {
    const session = await openSession(meal.terminal, meal.wallet.base, meal.wallet.clock.nowMs);
    const items = [{ settlementId: newAttemptId(), ...(await meal.bodyOf(meal.a, 100, { mode: 'offline' })) }];
    expect([
      await session.codeOf('putSettlements', {}, { items }),
      await session.codeOf('cancelSettlement', { settlementId: newAttemptId() }),
      await session.codeOf('putSettlement', { settlementId: newAttemptId() }, await meal.bodyOf(meal.a, 100)),
    ]).toEqual(['device_key_required', 'device_key_required', 'ok']);
  });
});

describe('a store’s ledger', () => {
  let storeName: string;
  let counter: Caller;
  let storeId: Awaited<ReturnType<Meal['wallet']['storeIdOf']>>;

  beforeEach(async () => {
    storeName = `Store ${newId()}`;
    counter = await meal.wallet.terminalOf(storeName);
    storeId = await meal.wallet.storeIdOf(storeName);
  });

  test('row 36: holds what the terminal’s own books hold: settlements, declines, cancels, refunds, fees', async () => {
    const admin = await meal.wallet.admin();
    const fee = { numerator: 325, denominator: 10_000 as const };
    await admin.get('adminOpenStore', { storeId }, { name: storeName, fee });
    const paid = await put(await meal.bodyOf(meal.a, 1_000));
    const declined = await put(await meal.bodyOf(meal.b, 10_001));
    const cancelled = await put(await meal.bodyOf(meal.c, 999));
    meal.wallet.clock.move(5);
    const refundId = newRefundId();
    await counter.get('putRefund', { settlementId: paid.settlementId, refundId }, { amount: yen(300) });
    meal.wallet.clock.move(5);
    await counter.get('cancelSettlement', { settlementId: cancelled.settlementId });
    meal.wallet.clock.move(5);
    const blocked = newAttemptId();
    await counter.get('cancelSettlement', { settlementId: blocked });

    const { entries } = await counter.get('listStoreLedger', { storeId });
    const common = { terminalId: counter.keyId, checkId: meal.checkId, currency: 'JPY' };
    const booked = { ...common, kind: 'settlement', mode: 'online' };
    expect(entries.slice(0, 3).toSorted((a, b) => a.amount - b.amount)).toMatchObject([
      { ...common, kind: 'declined', id: declined.settlementId, amount: 0, fee: 0, reason: 'insufficient_funds' },
      { ...booked, id: cancelled.settlementId, amount: 999, fee: 32 },
      { ...booked, id: paid.settlementId, amount: 1_000, fee: 32 },
    ]);
    expect(entries.slice(3)).toMatchObject([
      { ...common, kind: 'refund', id: refundId, settlementId: paid.settlementId, amount: -300, fee: 0 },
      { ...common, kind: 'cancel', settlementId: cancelled.settlementId, amount: -999, fee: -32 },
      { kind: 'cancel', settlementId: blocked, amount: 0, fee: 0 },
    ]);
    const { balances } = await meal.wallet.ledger.readBooks();
    expect(balances.find(({ account }) => account === storeId)?.balance).toBe(
      entries.reduce((sum, { amount, fee: part }) => sum + amount - part, 0),
    );
  });

  test('comes in pages, in the order of booking, each row once', async () => {
    const ids: string[] = [];
    const show = await offlinePhone(meal.a);
    for (let index = 0; index < 9; index++) {
      // Three at each instant.
      if (index % 3 === 0) meal.wallet.clock.move(1_000);
      const body = await meal.bodyOf(meal.a, 10 + index, { token: show(index + 1) });
      ids.push((await put(body)).settlementId);
    }
    // At the instant of the last three.
    const [cancelled, refunded] = [ids[4], ids[8]].map((id) => attemptIdSchema.parse(id));
    if (cancelled === undefined || refunded === undefined) throw new Error('nine were booked');
    await counter.get('cancelSettlement', { settlementId: cancelled });
    await counter.get('putRefund', { settlementId: refunded, refundId: newRefundId() }, { amount: yen(1) });
    meal.wallet.clock.move(60_000);
    const pages = await readPages('4');
    const rows = pages.flat();
    expect(pages.map((page) => page.length)).toEqual([4, 4, 3]);
    expect((await readPages('1')).flat()).toEqual(rows);
    expect(new Set(rows.map(({ kind, id }) => `${kind} ${id}`)).size).toBe(11);
    expect(rows.map(({ at }) => Date.parse(at))).toEqual(
      rows.map(({ at }) => Date.parse(at)).toSorted((x, y) => x - y),
    );
    expect(rows.slice(-2)).toMatchObject([
      { kind: 'cancel', settlementId: cancelled },
      { kind: 'refund', settlementId: refunded },
    ]);

    const from = new Date(meal.wallet.clock.nowMs() - 61_500).toISOString();
    const part = await counter.get('listStoreLedger', { storeId }, undefined, { from });
    expect(part.entries.length).toBe(8);
  });

  test('a page skips no row that is committed late: a cursor never goes past what may still come', async () => {
    const show = await offlinePhone(meal.a);
    for (let index = 0; index < 4; index++) {
      await put(await meal.bodyOf(meal.a, 10 + index, { token: show(index + 1) }));
    }
    const first = await counter.get('listStoreLedger', { storeId }, undefined, { limit: '2' });
    // It waited for its commit while later ones were booked.
    const late = await putLate(7, 3_000);
    meal.wallet.clock.move(10_000);
    const rest = await readPages('2', first.nextCursor);
    const rows = [...first.entries, ...rest.flat()].map(({ settlementId }) => settlementId);
    expect([rows.length, new Set(rows).size, rows.includes(late)]).toEqual([5, 5, true]);
  });

  test('is not for another store, and not by a cursor that nobody gave', async () => {
    expect([
      await meal.terminal.codeOf('listStoreLedger', { storeId }),
      await counter.codeOf('listStoreLedger', { storeId }, undefined, { cursor: 'e30' }),
    ]).toEqual(['not_found', 'bad_request']);
  });

  async function put(body: Awaited<ReturnType<Meal['bodyOf']>>): Promise<Settlement> {
    return counter.get('putSettlement', { settlementId: newAttemptId() }, body);
  }

  async function readPages(limit: string, from?: string) {
    const pages = [];
    let cursor = from;
    do {
      const page = await counter.get('listStoreLedger', { storeId }, undefined, { limit, cursor });
      pages.push(page.entries);
      if (pages.length > 50) throw new Error('the pages have no end');
      cursor = page.nextCursor;
    } while (cursor !== undefined);
    return pages;
  }

  /** Books a settlement now that was stamped some time ago. */
  async function putLate(amount: number, agoMs: number): Promise<Settlement['settlementId']> {
    const settlementId = newAttemptId();
    const atMs = meal.wallet.clock.nowMs() - agoMs;
    await meal.wallet.ledger.book([
      {
        type: 'settle',
        settlementId,
        storeId,
        terminalId: newId() as never,
        checkId: meal.checkId,
        amount: yen(amount),
        payer: {
          isGood: true,
          alias: 'late',
          counter: atMs,
          walletId: meal.b.walletId,
          perPaymentLimit: 1_000,
          offlineAllowance: yen(0),
          member: { memberRef: 'late', maskedName: 'Late', settlementMethod: 'shown_code' },
        },
        mode: 'online',
        fee: 0,
        limits: { perPayment: 1_000, perDay: 1_000_000, perMonth: 1_000_000, day: 0, month: 0 },
        capturedAtMs: atMs,
        atMs,
      },
    ]);
    return settlementId;
  }
});

test('what was logged of a group holds no name, no code and no PIN', async () => {
  const body = await meal.bodyOf(meal.a, 1_000, { group: meal.group({ lines: [line('secret dish', 1_000, 'B')] }) });
  await meal.terminal.get('putSettlement', { settlementId: newAttemptId() }, body);
  const log = meal.wallet.logged.join('');
  expect(['WRK1', 'Aoi', 'secret dish', `"${PIN}"`, meal.refs.B].filter((secret) => log.includes(secret))).toEqual([]);
});

test('a batch of the largest size fits through the door', async () => {
  const show = await offlinePhone(meal.a);
  const lines = Array.from({ length: 20 }, (_, index) => line(`line ${index}`, 1, 'A', 'B', 'C'));
  const items = Array.from({ length: 100 }, (_, index) => ({
    settlementId: newAttemptId(),
    checkId: meal.checkId,
    amount: yen(20),
    token: show(index + 1),
    capturedAt: meal.nowText(),
    mode: 'offline' as const,
    group: meal.group({ lines }),
  }));
  const { key, keyId } = meal.terminal;
  const nowMs = meal.wallet.clock.nowMs();
  const { base } = meal.wallet;
  const response = await send({ base, key, keyId, nowMs, name: 'putSettlements', params: {}, body: { items } });
  expect(response.status).toBe(200);
});

/** A phone that has its credential and makes codes without asking anybody. */
async function offlinePhone(phone: Phone): Promise<(counter: number) => string> {
  const issued = await phone.get('issueCredential', {}, { pin: PIN, method: 'shown_code' });
  const credential = Buffer.from(issued.credential, 'base64url');
  return (counter) => {
    const step = stepAt(meal.wallet.clock.nowMs());
    const proof = phone.key.sign(proofSigningInput(credential, 1_000 + counter, step));
    return encodeCode({ credential, counter: 1_000 + counter, step, proof });
  };
}

async function balanceOf(phone: Phone): Promise<number> {
  return (await phone.get('getWallet', {})).balance.amount;
}

async function aliasOf({ walletId }: Phone): Promise<string> {
  const { db } = meal.wallet.books;
  const row = await db.selectFrom('phone').select('alias').where('wallet_id', '=', walletId).executeTakeFirstOrThrow();
  return row.alias;
}
