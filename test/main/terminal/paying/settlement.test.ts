import { describe, expect, test } from 'vitest';
import type { Attempt } from '#contract/attempt.ts';
import type { ProblemCode } from '#contract/wallet.ts';
import { verifyTerminal } from '#main/terminal/verify.ts';
import { approved, cancelled, declined, member, noAnswer, notSent, problem } from '#test/support/scripted-wallet.ts';
import { settled } from '#test/support/till-clock.ts';
import {
  type Till,
  bread,
  cake,
  cashier,
  customersCode,
  latte,
  openTill,
  owner,
  refusalOf,
  yen,
} from '#test/support/open-till.ts';

/** The attempt of a bill, wherever the bill lies. */
function attemptOf(till: Till, attemptId: string): Attempt {
  const row = till.database.one({ text: 'SELECT body FROM attempt WHERE attempt_id = ?', values: [attemptId] });
  return JSON.parse((row as { body: string }).body) as Attempt;
}

function rowsOf(till: Till, table: string): number {
  return (till.database.one({ text: `SELECT count(*) AS count FROM ${table}`, values: [] }) as { count: number }).count;
}

/** What was asked of the wallet server, and at which second. */
function asked(till: Till): string[] {
  return till.wallet.calls.map(({ errand, atMs }) => `${errand} ${atMs / 1_000}`);
}

/** A payment whose answer did not come: the first question is asked after 5 + 1 seconds. */
async function unknownPayment(till: Till) {
  const check = await till.payByCode([latte, cake]);
  await till.clock.advance(5_000);
  return { checkId: check.checkId, attemptId: till.wallet.calls[0]?.attemptId ?? '' };
}

/** As `unknownPayment`, and the whole waiting time is over. */
async function longUnknownPayment(till: Till) {
  const payment = await unknownPayment(till);
  await till.clock.advance(45_000);
  return payment;
}

test('row 21: a bill that is to be paid by wallet says how much, and the next code is for it', async () => {
  const till = await openTill();
  const { checkId } = await till.askForCode([latte, cake, latte]);

  const { check, prompt } = await till.state();
  expect({ state: check?.state, due: check?.due, prompt, asked: till.wallet.calls }).toEqual({
    state: 'paying',
    due: yen(1_300),
    prompt: { purpose: 'wallet', checkId, amount: yen(1_300) },
    asked: [],
  });
});

describe('an attempt that is answered', () => {
  test('rows 22 and 32: is stored with its request before it is sent, and with its code nowhere but in its own table', async () => {
    const till = await openTill();
    await till.askForCode([latte]);
    const code = customersCode(till.clock);

    await till.scan(code);

    const { attemptId, body } = till.wallet.last('settle');
    const { checkId } = await till.front();
    expect({ body, attempt: attemptOf(till, attemptId).state, outbox: rowsOf(till, 'outbox') }).toEqual({
      body: { checkId, amount: yen(500), token: code, capturedAt: '2026-11-23T00:00:00.000Z', mode: 'online' },
      attempt: 'sent',
      outbox: 1,
    });
    const journal = JSON.stringify(till.database.all({ text: 'SELECT * FROM journal', values: [] }));
    expect([journal.includes(code), rowsOf(till, 'attempt_token')]).toEqual([false, 1]);
  });

  test('rows 25 and 32: as approved in time closes the bill with the sale, and forgets the code', async () => {
    const till = await openTill();
    const { checkId } = await till.payByCode([latte, cake]);
    const call = till.wallet.last('settle');

    await call.reply(approved(call));

    const { check, prompt, lastSale } = await till.state();
    const sale = await till.client.sales.get({ saleId: lastSale?.saleId ?? '' });
    expect({ check, prompt, number: lastSale?.number, outbox: rowsOf(till, 'outbox') }).toEqual({
      check: null,
      prompt: { purpose: 'product' },
      number: '01-000001',
      outbox: 0,
    });
    expect([sale.checkId, sale.tenders, rowsOf(till, 'attempt_token')]).toEqual([
      checkId,
      [
        {
          type: 'wallet',
          tenderId: sale.tenders[0]?.tenderId,
          amount: yen(800),
          attemptId: call.attemptId,
          reference: 'ABCD-1234',
          member,
        },
      ],
      0,
    ]);
  });

  test('row 26: as declined gives the bill back to its lines, with the reason', async () => {
    const till = await openTill();
    await till.payByCode([latte]);
    const call = till.wallet.last('settle');

    await call.reply(declined(call));

    const { state, attempt } = await till.front();
    expect([state, attempt?.state === 'declined' && [attempt.reason, attempt.detail]]).toEqual([
      'open',
      ['insufficient_funds', 'The balance is too low.'],
    ]);
  });

  test('row 26: as declined leaves the bill to any other tender', async () => {
    const till = await openTill();
    const { checkId } = await till.payByCode([latte]);
    await till.wallet.last('settle').reply(declined(till.wallet.last('settle')));

    const { sale } = await till.client.pay.takeCash({ checkId, tendered: yen(500) });

    expect((await till.client.sales.get({ saleId: sale?.saleId as never })).tenders).toMatchObject([
      { type: 'cash', amount: yen(500) },
    ]);
  });

  test('row 32: leaves no code in the books, on the receipt, on the screen or in the log', async () => {
    const till = await openTill();
    await till.askForCode([latte]);
    const code = customersCode(till.clock);
    await till.scan(code);
    await till.wallet.last('settle').reply(approved(till.wallet.last('settle')));

    const state = await till.state();
    const receipt = await till.client.sales.receipt({ saleId: state.lastSale?.saleId as never, isReprint: false });
    const tables = till.database.all({ text: "SELECT name FROM sqlite_schema WHERE type = 'table'", values: [] });
    const kept = (tables as { name: string }[]).map(({ name }) => [
      name,
      JSON.stringify(till.database.all({ text: `SELECT * FROM "${name}"`, values: [] })),
    ]);
    const places = Object.fromEntries([
      ...kept,
      ['the receipt', `${receipt.text}${receipt.svg}`],
      ['the screen', JSON.stringify(state)],
      ['the log', till.logged.join('\n')],
    ]) as Record<string, string>;
    expect(places['journal']).toContain('ABCD-1234');
    expect(Object.keys(places).filter((place) => places[place]?.includes(code))).toEqual([]);
  });

  test('by a word about another settlement, or of another amount, is not answered', async () => {
    const till = await openTill();
    await till.payByCode([latte]);
    const call = till.wallet.last('settle');
    const other = '019ab000-0000-7000-8000-00000000000f';
    await call.reply(approved({ ...call, attemptId: other }));
    expect((await till.front()).attempt?.state).toBe('unknown');

    await till.clock.advance(1_000);
    await till.wallet.last('inquire').reply(approved(till.wallet.last('inquire'), 499));
    expect((await till.front()).attempt).toMatchObject({ state: 'unknown', lastAnswer: 'refused' });
  });

  test.each<ProblemCode>([
    'bad_request',
    'signature_missing',
    'signature_invalid',
    'clock_skew',
    'device_unknown',
    'device_revoked',
    'body_too_large',
    'unsupported_media_type',
    'token_invalid',
    'token_expired',
  ])('with %s was refused as a request: nothing was booked', async (code) => {
    const till = await openTill();
    await till.payByCode([latte]);

    await till.wallet.last('settle').reply(problem(code));

    expect(await till.front()).toMatchObject({
      state: 'open',
      attempt: { state: 'declined', reason: 'request_refused', detail: code },
    });
  });

  test.each<ProblemCode>([
    'internal',
    'overloaded',
    'too_many_requests',
    'request_replayed',
    'duplicate_mismatch',
    'not_found',
  ])('with %s may have been booked, and is asked about', async (code) => {
    const till = await openTill();
    await till.payByCode([latte]);

    await till.wallet.last('settle').reply(problem(code));
    await till.clock.advance(1_000);

    expect(await till.front()).toMatchObject({ state: 'paying', attempt: { state: 'unknown', lastAnswer: 'refused' } });
    expect(asked(till)).toEqual(['settle 0', 'inquire 1']);
  });

  test('with "cancelled" was cancelled', async () => {
    const till = await openTill();
    await till.payByCode([latte]);

    await till.wallet.last('settle').reply(problem('cancelled'));

    expect(await till.front()).toMatchObject({ state: 'open', attempt: { state: 'cancelled' } });
  });
});

describe('a request that never left', () => {
  test('charged nobody: the bill goes back at once', async () => {
    const till = await openTill();
    await till.payByCode([latte]);

    await till.wallet.last('settle').reply(notSent);

    expect(await till.front()).toMatchObject({
      state: 'open',
      attempt: { state: 'declined', reason: 'wallet_unreachable', detail: 'ECONNREFUSED' },
    });
  });

  test('and says so only after the five seconds still charged nobody', async () => {
    const till = await openTill();
    await unknownPayment(till);

    await till.wallet.calls[0]?.reply(notSent);

    expect(await till.front()).toMatchObject({ state: 'open', attempt: { state: 'declined' } });
  });

  test('proves nothing about one that was sent again', async () => {
    const till = await openTill();
    await unknownPayment(till);
    await till.clock.advance(1_000);
    await till.wallet.last('inquire').reply(problem('not_found'));
    expect(asked(till)).toEqual(['settle 0', 'inquire 6', 'settle 6']);

    await till.wallet.calls[0]?.reply(notSent);
    await till.wallet.last('settle').reply(notSent);

    expect(await till.front()).toMatchObject({ state: 'paying', attempt: { state: 'unknown' } });
  });

  test('as a question leaves the outcome unknown', async () => {
    const till = await openTill();
    await unknownPayment(till);
    await till.clock.advance(1_000);

    await till.wallet.last('inquire').reply(notSent);

    expect((await till.front()).attempt).toMatchObject({ state: 'unknown', questions: 1, lastAnswer: 'unreachable' });
  });
});

describe('an outcome that stays unknown', () => {
  test('row 29: is unknown after five seconds, and not before', async () => {
    const till = await openTill();
    const { checkId } = await till.payByCode([latte]);
    await till.clock.advance(4_999);
    expect((await till.front()).attempt?.state).toBe('sent');

    await till.clock.advance(1);

    const { attemptId, tenderId } = attemptOf(till, till.wallet.calls[0]?.attemptId ?? '');
    expect((await till.front()).attempt).toEqual({
      state: 'unknown',
      attemptId,
      checkId,
      tenderId,
      amount: yen(500),
      createdAt: '2026-11-23T00:00:00.000Z',
      unknownSince: '2026-11-23T00:00:05.000Z',
      limitAt: '2026-11-23T00:00:50.000Z',
      questions: 0,
      lastAnswer: 'none',
    });
  });

  test('row 29: is asked about after 1, 2, 4, then 5 seconds, again and again', async () => {
    const till = await openTill();
    await unknownPayment(till);

    for (let question = 0; question < 6; question += 1) {
      await till.clock.advance(till.clock.nextDueMs() ?? 0);
      await till.wallet.last('inquire').reply(problem('overloaded'));
    }

    expect(asked(till)).toEqual([
      'settle 0',
      'inquire 6',
      'inquire 8',
      'inquire 12',
      'inquire 17',
      'inquire 22',
      'inquire 27',
    ]);
    expect((await till.front()).attempt).toMatchObject({ state: 'unknown', questions: 6, lastAnswer: 'refused' });
  });

  test('keeps its rhythm where old requests fail late', async () => {
    const till = await openTill();
    await unknownPayment(till);
    await till.clock.advance(1_000);
    await till.wallet.last('inquire').reply(problem('overloaded'));
    await till.clock.advance(1_900);

    await till.wallet.calls[0]?.reply(noAnswer);
    await till.clock.advance(100);

    expect(asked(till)).toEqual(['settle 0', 'inquire 6', 'inquire 8']);
  });

  test('does not forget what the latest question brought where an old request fails late', async () => {
    const till = await openTill();
    await unknownPayment(till);
    await till.clock.advance(1_000);
    await till.wallet.last('inquire').reply(problem('overloaded'));

    await till.wallet.calls[0]?.reply(noAnswer);

    expect((await till.front()).attempt).toMatchObject({ questions: 1, lastAnswer: 'refused' });
  });

  test('gives each question five seconds, and asks again', async () => {
    const till = await openTill();
    await unknownPayment(till);

    await till.clock.advance(1_000 + 5_000 + 2_000 + 5_000 + 4_000);

    expect(asked(till)).toEqual(['settle 0', 'inquire 6', 'inquire 13', 'inquire 22']);
  });

  test('ends with the late answer of the first request', async () => {
    const till = await openTill();
    await unknownPayment(till);
    const [first] = till.wallet.calls;

    await first?.reply(approved(first));
    await till.clock.advance(60_000);

    expect([(await till.state()).lastSale?.total, asked(till)]).toEqual([yen(800), ['settle 0']]);
  });

  test('ends with the answer to a question, and takes the late answer of the first request for nothing new', async () => {
    const till = await openTill();
    await unknownPayment(till);
    await till.clock.advance(1_000);
    await till.wallet.last('inquire').reply(approved(till.wallet.last('inquire'), 800));
    const entries = rowsOf(till, 'journal');

    const [first] = till.wallet.calls;
    await first?.reply(approved(first));

    expect([rowsOf(till, 'sale'), rowsOf(till, 'journal') - entries]).toEqual([1, 0]);
  });

  test('ends as declined by the answer to a question', async () => {
    const till = await openTill();
    await unknownPayment(till);
    await till.clock.advance(1_000);

    await till.wallet.last('inquire').reply(declined(till.wallet.last('inquire')));

    expect(await till.front()).toMatchObject({ state: 'open', attempt: { state: 'declined' } });
  });

  test('row 28: that the server never saw is sent again as it was, under its own id', async () => {
    const till = await openTill();
    const { attemptId } = await unknownPayment(till);
    await till.clock.advance(1_000);

    await till.wallet.last('inquire').reply(problem('not_found'));

    const [first] = till.wallet.calls;
    const again = till.wallet.last('settle');
    expect([again.attemptId, again.body, asked(till)]).toEqual([
      attemptId,
      first?.body,
      ['settle 0', 'inquire 6', 'settle 6'],
    ]);
    await again.reply(approved(again));
    expect((await till.state()).lastSale?.total).toEqual(yen(800));
  });

  test('is sent again only while the customer still stands there', async () => {
    const till = await openTill();
    await unknownPayment(till);
    await till.clock.advance(38_000);
    const before = till.wallet.calls.length;
    await till.wallet.last('inquire').reply(problem('overloaded'));
    await till.clock.advance(2_100);
    await till.clock.advance(till.clock.nextDueMs() ?? 0);

    await till.wallet.last('inquire').reply(problem('not_found'));

    expect(
      asked(till)
        .slice(before)
        .map((line) => line.split(' ')[0]),
    ).not.toContain('settle');
    expect((await till.front()).attempt).toMatchObject({ state: 'unknown', lastAnswer: 'notFound' });
  });

  test('is not sent again for an hour because the wall clock was set back by one', async () => {
    const till = await openTill();
    await unknownPayment(till);
    till.clock.setWall(-3_600_000);
    await till.clock.advance(45_000);
    await till.wallet.last('inquire').reply(problem('overloaded'));
    await till.clock.advance(5_000);

    await till.wallet.last('inquire').reply(problem('not_found'));

    expect(till.wallet.calls.filter(({ errand }) => errand === 'settle')).toHaveLength(1);
  });

  test('is asked about at once where the cashier wants it, and not twice at the same time', async () => {
    const till = await openTill();
    const { checkId } = await unknownPayment(till);

    await till.client.pay.askNow({ checkId });
    await till.client.pay.askNow({ checkId });

    expect(asked(till)).toEqual(['settle 0', 'inquire 5']);
  });

  test('is a matter of the five seconds first: asking now asks nothing yet', async () => {
    const till = await openTill();
    const { checkId } = await till.payByCode([latte]);

    await till.client.pay.askNow({ checkId });

    expect(asked(till)).toEqual(['settle 0']);
  });
});

describe('cancelling', () => {
  test('is refused before 45 seconds of not knowing, and offered from then on', async () => {
    const till = await openTill();
    const { checkId } = await till.payByCode([latte]);
    expect(await refusalOf(till.client.pay.cancelAttempt({ checkId }))).toEqual({ reason: 'tooEarlyToCancel' });
    await till.clock.advance(5_000 + 44_999);
    expect(await refusalOf(till.client.pay.cancelAttempt({ checkId }))).toEqual({ reason: 'tooEarlyToCancel' });

    await till.clock.advance(1);
    await till.client.pay.cancelAttempt({ checkId });

    expect((await till.front()).attempt).toMatchObject({ state: 'cancelling', tries: 1 });
    expect(till.wallet.last('cancel').atMs).toBe(50_000);
  });

  test('is offered after 45 seconds, wherever the wall clock was set to', async () => {
    const till = await openTill();
    const { checkId } = await unknownPayment(till);
    till.clock.setWall(-86_400_000);
    await till.clock.advance(45_000);

    await till.client.pay.cancelAttempt({ checkId });

    expect((await till.front()).attempt?.state).toBe('cancelling');
  });

  test('is "not paid" only by the word of the wallet server', async () => {
    const till = await openTill();
    const { checkId } = await longUnknownPayment(till);
    await till.client.pay.cancelAttempt({ checkId });

    for (const reply of [noAnswer, notSent, problem('internal'), problem('too_many_requests'), problem('not_found')]) {
      await till.wallet.last('cancel').reply(reply);
      expect((await till.front()).attempt?.state).toBe('cancelling');
      await till.clock.advance(till.clock.nextDueMs() ?? 0);
    }
    await till.wallet.last('cancel').reply(cancelled(till.wallet.last('cancel')));

    expect(await till.front()).toMatchObject({ state: 'open', attempt: { state: 'cancelled' }, tenders: [] });
  });

  test('is tried again in the same rhythm, and one at a time', async () => {
    const till = await openTill();
    const { checkId } = await longUnknownPayment(till);
    const before = till.wallet.calls.length;
    await till.client.pay.cancelAttempt({ checkId });
    await till.client.pay.cancelAttempt({ checkId });

    await till.clock.advance(5_000 + 2_000 + 5_000 + 4_000);

    expect(asked(till).slice(before)).toEqual(['cancel 50', 'cancel 57', 'cancel 66']);
  });

  test('row 30: undoes an approval that comes late: it is no sale', async () => {
    const till = await openTill();
    const { checkId } = await longUnknownPayment(till);
    await till.client.pay.cancelAttempt({ checkId });

    const [first] = till.wallet.calls;
    await first?.reply(approved(first));
    expect((await till.front()).attempt?.state).toBe('cancelling');
    await till.wallet.last('cancel').reply(cancelled(till.wallet.last('cancel'), true));

    expect([rowsOf(till, 'sale'), (await till.front()).attempt?.state]).toEqual([0, 'cancelled']);
  });

  test('row 30: undoes an approval that a question brings late: it was asked before the cancel', async () => {
    const till = await openTill();
    const { checkId } = await unknownPayment(till);
    await till.clock.advance(1_000);
    const question = till.wallet.last('inquire');
    await till.clock.advance(44_000);
    await till.client.pay.cancelAttempt({ checkId });

    await question.reply(approved(question, 800));

    expect([rowsOf(till, 'sale'), (await till.front()).attempt?.state]).toEqual([0, 'cancelling']);
  });

  test('is not taken for done by a decline that comes late', async () => {
    const till = await openTill();
    const { checkId } = await longUnknownPayment(till);
    await till.client.pay.cancelAttempt({ checkId });

    const [first] = till.wallet.calls;
    await first?.reply(declined(first));

    expect((await till.front()).attempt?.state).toBe('cancelling');
  });

  test('that the server cannot do any more ends with what it booked', async () => {
    const till = await openTill();
    const { checkId } = await longUnknownPayment(till);
    await till.client.pay.cancelAttempt({ checkId });

    await till.wallet.last('cancel').reply(problem('not_refundable'));
    await till.wallet.last('inquire').reply(approved(till.wallet.last('inquire'), 800));

    expect((await till.state()).lastSale?.total).toEqual(yen(800));
  });

  test('of nothing is refused', async () => {
    const till = await openTill();
    await till.askForCode([latte]);
    const { checkId } = await till.front();
    expect(await refusalOf(till.client.pay.cancelAttempt({ checkId }))).toEqual({ reason: 'attemptUnknown' });
    expect(await refusalOf(till.client.pay.askNow({ checkId }))).toEqual({ reason: 'attemptUnknown' });
  });
});

describe('while an outcome is unknown', () => {
  test('row 29: no other money is taken for the bill', async () => {
    const till = await openTill();
    const { checkId } = await unknownPayment(till);

    const refusals = await Promise.all([
      refusalOf(till.client.pay.takeCash({ checkId, tendered: yen(800) })),
      refusalOf(till.client.pay.awaitWallet({ checkId })),
      refusalOf(till.client.pay.leave({ checkId })),
      refusalOf(till.client.pay.begin({ checkId })),
      till.scan(customersCode(till.clock)),
    ]);

    const unresolved = { reason: 'attemptUnresolved' };
    expect(refusals).toEqual([unresolved, unresolved, unresolved, unresolved, { type: 'walletNotArmed' }]);
    expect(rowsOf(till, 'attempt')).toBe(1);
  });

  test('nothing on the bill changes', async () => {
    const till = await openTill();
    const { checkId } = await unknownPayment(till);
    const lineId = (await till.front()).lines[0]?.lineId as never;
    const frozen = { reason: 'checkFrozen' };

    expect([
      await till.scan(latte),
      await refusalOf(till.client.check.undo({ checkId })),
      await refusalOf(till.client.check.voidLine({ checkId, lineId })),
      await refusalOf(till.client.check.void({ checkId, reason: 'gone' })),
      await refusalOf(till.client.check.park({ checkId })),
    ]).toEqual([{ type: 'refused', refusal: frozen }, frozen, frozen, frozen, frozen]);
  });

  test('two codes scanned at the same time are one attempt', async () => {
    const till = await openTill();
    await till.askForCode([latte]);

    const outcomes = await Promise.all([till.scan(customersCode(till.clock)), till.scan(customersCode(till.clock))]);

    expect([outcomes.map((outcome) => (outcome as { type: string }).type), rowsOf(till, 'attempt')]).toEqual([
      ['walletTaken', 'walletTaken'],
      1,
    ]);
  });

  test('the next customer is served, and the bill closes by itself where it was approved', async () => {
    const till = await openTill();
    const { checkId } = await unknownPayment(till);
    await till.client.pay.setAside({ checkId });
    await till.scan(bread);
    const next = await till.front();
    expect((await till.state()).unresolved).toMatchObject([{ checkId, state: 'paying', attemptState: 'unknown' }]);

    await till.clock.advance(1_000);
    await till.wallet.last('inquire').reply(approved(till.wallet.last('inquire'), 800));

    const { unresolved, check, lastSale } = await till.state();
    expect([unresolved, check?.checkId, lastSale?.total]).toEqual([[], next.checkId, yen(800)]);
  });

  test('a bill that closes in the background is the sale of whoever opened it', async () => {
    const till = await openTill();
    const { checkId } = await unknownPayment(till);
    await till.client.pay.setAside({ checkId });
    const { signedIn: opener } = await till.state();
    await till.client.staff.signOut();
    await till.client.staff.signIn({ staffId: cashier.staffId, pin: cashier.pin });

    await till.clock.advance(1_000);
    await till.wallet.last('inquire').reply(approved(till.wallet.last('inquire'), 800));

    expect((await till.state()).lastSale?.staffName).toBe(opener?.name);
  });

  test('the next customer is served, and the bill is parked where it was declined', async () => {
    const till = await openTill();
    const { checkId } = await unknownPayment(till);
    await till.client.pay.setAside({ checkId });
    await till.scan(bread);
    const next = await till.front();

    await till.clock.advance(1_000);
    await till.wallet.last('inquire').reply(declined(till.wallet.last('inquire')));

    const { unresolved, parked, check } = await till.state();
    expect([unresolved, parked.map((one) => one.checkId), check?.checkId]).toEqual([[], [checkId], next.checkId]);
    expect(await refusalOf(till.client.check.recall({ checkId }))).toEqual({ reason: 'checkInTheWay' });
  });

  test('a bill that was set aside can be given up, and can come back to the front', async () => {
    const till = await openTill();
    const { checkId } = await longUnknownPayment(till);
    await till.client.pay.setAside({ checkId });
    await till.client.check.recall({ checkId });
    expect([(await till.front()).checkId, (await till.state()).unresolved]).toEqual([checkId, []]);
    await till.client.pay.setAside({ checkId });

    await till.client.pay.cancelAttempt({ checkId });
    await till.wallet.last('cancel').reply(cancelled(till.wallet.last('cancel')));

    expect((await till.state()).parked).toMatchObject([{ checkId, attemptState: 'cancelled' }]);
  });
});

describe('a terminal that was killed', () => {
  test('row 29: with a request in the air asks first, and sends nothing', async () => {
    const till = await openTill();
    const { checkId } = await till.payByCode([latte, cake]);

    const after = await till.restart();

    expect([asked(after), (await after.state()).check?.attempt]).toMatchObject([
      ['inquire 0'],
      { state: 'unknown', checkId, questions: 1 },
    ]);
    await after.wallet.last('inquire').reply(approved(after.wallet.last('inquire'), 800));
    expect([(await after.state()).lastSale?.total, verifyTerminal(after.database).findings]).toEqual([yen(800), []]);
  });

  test('does not send an attempt anew that the server never saw: the customer may be gone', async () => {
    const till = await openTill();
    await till.payByCode([latte]);
    const after = await till.restart();

    await after.wallet.last('inquire').reply(problem('not_found'));
    await after.clock.advance(60_000);

    expect(new Set(after.wallet.calls.map(({ errand }) => errand))).toEqual(new Set(['inquire']));
    expect((await after.state()).check?.attempt).toMatchObject({ state: 'unknown' });
  });

  test('with an unknown outcome asks at once', async () => {
    const till = await openTill();
    await unknownPayment(till);

    const after = await till.restart();

    expect([asked(after), (await after.state()).check?.attempt?.state]).toEqual([['inquire 5'], 'unknown']);
  });

  test('while cancelling goes on cancelling, and nothing but cancelling', async () => {
    const till = await openTill();
    const { checkId } = await longUnknownPayment(till);
    await till.client.pay.cancelAttempt({ checkId });

    const after = await till.restart();
    await after.wallet.last('cancel').reply(cancelled(after.wallet.last('cancel')));

    expect([asked(after), (await after.state()).check]).toMatchObject([
      ['cancel 50'],
      { state: 'open', attempt: { state: 'cancelled' } },
    ]);
  });

  test('hears nothing of what its forerunner sent', async () => {
    const till = await openTill();
    await till.payByCode([latte]);
    till.terminal.close();

    const [first] = till.wallet.calls;
    await first?.reply(approved(first));

    expect([rowsOf(till, 'sale'), attemptOf(till, first?.attemptId ?? '').state]).toEqual([0, 'sent']);
  });

  test('with a bill set aside has it set aside still', async () => {
    const till = await openTill();
    const { checkId } = await unknownPayment(till);
    await till.client.pay.setAside({ checkId });

    const after = await till.restart();

    expect((await after.state()).unresolved.map((one) => one.checkId)).toEqual([checkId]);
    await after.wallet.last('inquire').reply(approved(after.wallet.last('inquire'), 800));
    expect(rowsOf(after, 'sale')).toBe(1);
  });
});

describe('taking a wallet payment back before the bill is closed', () => {
  async function partlyPaid(till: Till) {
    const { checkId } = await till.payByCode([latte, cake], 300);
    const call = till.wallet.last('settle');
    await call.reply(approved(call));
    const { tenders } = await till.front();
    return { checkId, tenderId: tenders[0]?.tenderId as never, attemptId: call.attemptId };
  }

  test('keeps the tender until the server has undone it', async () => {
    const till = await openTill();
    const { checkId, tenderId } = await partlyPaid(till);
    await till.client.pay.takeBackTender({ checkId, tenderId });
    expect(await till.front()).toMatchObject({ due: yen(500), attempt: { state: 'cancelling' } });

    await till.wallet.last('cancel').reply(cancelled(till.wallet.last('cancel'), true));

    expect(await till.front()).toMatchObject({ state: 'open', due: yen(800), tenders: [] });
  });

  test('is not confused by an answer of the time before', async () => {
    const till = await openTill();
    const { checkId } = await till.payByCode([latte, cake], 300);
    await till.clock.advance(6_000);
    const question = till.wallet.last('inquire');
    const [first] = till.wallet.calls;
    await first?.reply(approved(first));
    const tenderId = (await till.front()).tenders[0]?.tenderId as never;
    await till.client.pay.takeBackTender({ checkId, tenderId });

    await question.reply(approved(question, 300));

    expect((await till.front()).attempt?.state).toBe('cancelling');
  });

  test('that the server cannot do any more keeps the tender', async () => {
    const till = await openTill();
    const { checkId, tenderId } = await partlyPaid(till);
    await till.client.pay.takeBackTender({ checkId, tenderId });
    await till.wallet.last('cancel').reply(problem('not_refundable'));
    await till.wallet.last('inquire').reply(approved(till.wallet.last('inquire'), 300));

    expect(await till.front()).toMatchObject({ state: 'paying', due: yen(500), attempt: { state: 'approved' } });
    expect(verifyTerminal(till.database).findings).toEqual([]);
  });

  test('is shown while it goes on, after a restart too, though a later attempt was declined', async () => {
    const till = await openTill();
    const { checkId, tenderId, attemptId } = await partlyPaid(till);
    await till.client.pay.awaitWallet({ checkId });
    await till.scan(customersCode(till.clock));
    await till.wallet.last('settle').reply(declined(till.wallet.last('settle')));
    await till.client.pay.takeBackTender({ checkId, tenderId });
    const before = (await till.front()).attempt;

    const after = await till.restart();

    expect([before, (await after.front()).attempt]).toMatchObject([
      { state: 'cancelling', attemptId },
      { state: 'cancelling', attemptId },
    ]);
  });
});

describe('a disk that does not take the outcome', () => {
  test('loses nothing and doubles nothing: the server is asked again', async () => {
    let isFull = false;
    const till = await openTill({
      wrap: (database) => ({
        ...database,
        write: (work) =>
          database.write((writer) => {
            const result = work(writer);
            if (isFull) throw Object.assign(new Error('full'), { name: 'Refused' });
            return result;
          }),
      }),
    });
    const { checkId } = await till.payByCode([latte, cake]);
    const first = till.wallet.last('settle');
    isFull = true;
    await first.reply(approved(first));
    expect([attemptOf(till, first.attemptId).state, (await till.front()).tenders]).toEqual(['sent', []]);
    expect((await refusalOf(till.client.pay.takeCash({ checkId, tendered: yen(800) }))).reason).toBe(
      'attemptUnresolved',
    );

    isFull = false;
    await till.clock.advance(1_000);
    await till.wallet.last('inquire').reply(approved(till.wallet.last('inquire'), 800));

    expect([rowsOf(till, 'sale'), rowsOf(till, 'tender'), verifyTerminal(till.database).findings]).toEqual([1, 1, []]);
  });

  test('at the start does not keep the till from opening', async () => {
    const till = await openTill();
    await till.payByCode([latte]);
    let isFull = true;
    const { Refused } = await import('#main/terminal/refused.ts');
    const after = await openTill({
      path: till.path,
      clock: till.clock,
      wrap: (database) => ({
        ...database,
        write: (work) => {
          if (isFull) throw new Refused({ reason: 'storageFailed', detail: 'database or disk is full' });
          return database.write(work);
        },
      }),
    });
    expect(asked(after)).toEqual(['inquire 0']);

    isFull = false;
    await after.wallet.last('inquire').reply(approved(after.wallet.last('inquire'), 500));

    expect((await after.state()).lastSale?.total).toEqual(yen(500));
  });
});

test('a wallet that is not ready takes no code', async () => {
  const till = await openTill();
  await till.client.staff.signIn(owner);
  await till.scan(latte);
  const { checkId } = await till.front();
  till.wallet.setReady('this terminal is not enrolled at a wallet server');

  expect(await refusalOf(till.client.pay.awaitWallet({ checkId }))).toEqual({
    reason: 'walletNotReady',
    detail: 'this terminal is not enrolled at a wallet server',
  });
  await settled();
  expect((await till.front()).state).toBe('open');
});
