import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { looksLikeCardNumber, type OperatorWebhook } from '#contract/operator.ts';
import { makeKey } from '#test/support/wallet-keys.ts';
import {
  type Listener,
  newId,
  openListener,
  type OpenOperator,
  openTestOperator,
  quickDelays,
  signedInit,
  yen,
} from '#test/wallet/operator/open.ts';

let wallet: Listener;
let operator: OpenOperator;

beforeEach(async () => {
  wallet = await openListener();
  operator = await openTestOperator({ walletUrl: wallet.url });
  wallet.expectKey(operator.publicKey);
});

afterEach(async () => {
  await operator.close();
  await wallet.close();
});

/** Asks for money by a new id. */
async function ask(amount: number, { capture = true, authorisationId = newId() } = {}) {
  const token = await operator.means();
  const body = { token, amount: yen(amount), capture };
  return { authorisationId, body, answer: await operator.ask('putAuthorisation', { authorisationId }, { body }) };
}

describe('a means', () => {
  test('is the same one by its fingerprint, under another token each time', async () => {
    const create = (setupToken: string, kind: 'card' | 'bank_account' = 'card') =>
      operator.get('createToken', {}, { body: { setupToken, kind } });
    const [first, again, other, account] = [
      await create('haru'),
      await create(' Haru '),
      await create('mei1'),
      await create('haru', 'bank_account'),
    ];
    expect({
      isShown: /^Kumo card •••• \d{4}$/.test(first.displayName),
      sameMeans: again.fingerprint === first.fingerprint && again.displayName === first.displayName,
      sameToken: again.token === first.token,
      others: new Set([first.fingerprint, other.fingerprint, account.fingerprint]).size,
    }).toEqual({
      isShown: true,
      sameMeans: true,
      sameToken: false,
      others: 3,
    });
  });

  test('that was asked for twice under one key is one token, and nothing else under that key', async () => {
    const create = (setupToken: string) =>
      operator.ask('createToken', {}, { body: { setupToken, kind: 'card' }, idempotencyKey: 'one' });
    const first = await create('haru');
    expect([await create('haru'), await create('other')]).toEqual([first, 'duplicate_mismatch']);
  });

  test('of a kind that this operator does not run is refused', async () => {
    const body = { setupToken: 'haru', kind: 'carrier' as const };
    expect(await operator.ask('createToken', {}, { body })).toBe('kind_unknown');
  });

  test('that is a card number is refused, and no file and no log line has it', async () => {
    const numbers = ['4242424242424242', '5555 5555 5555 4444', '378282246310005', '6011-1111-1111-1117'];
    const answers = [];
    for (const setupToken of numbers) {
      answers.push(await operator.ask('createToken', {}, { body: { setupToken, kind: 'card' } }));
    }
    const written = readdirSync(operator.folder).map((name) => readFileSync(join(operator.folder, name), 'latin1'));
    const digits = [...written, ...operator.logged].join('\n').replaceAll(/[\s-]/g, '');
    expect({
      answers,
      kept: numbers.filter((number) => digits.includes(number.replaceAll(/[\s-]/g, ''))),
      tokens: operator.database.prepare('select count(*) from token').pluck().get(),
    }).toEqual({ answers: Array.from(numbers, () => 'card_number_refused'), kept: [], tokens: 0 });
  });

  test('that was typed is kept nowhere, only its fingerprint', async () => {
    await operator.means('sakura-no-hana');
    operator.database.pragma('wal_checkpoint(truncate)');
    const file = readFileSync(join(operator.folder, 'operator.sqlite'), 'latin1');
    expect([file.includes('sakura'), operator.logged.join('').includes('sakura')]).toEqual([false, false]);
  });

  test('that was removed pays nothing more; to remove it twice is no error', async () => {
    const token = await operator.means();
    const removals = [
      await operator.ask('deleteToken', { token }),
      await operator.ask('deleteToken', { token }),
      await operator.ask('deleteToken', { token: 'never-was-a-token-here' }),
    ];
    const authorisationId = newId();
    const body = { token, amount: yen(500), capture: true };
    expect({ removals, answer: await operator.ask('putAuthorisation', { authorisationId }, { body }) }).toMatchObject({
      removals: [{ token }, { token }, 'not_found'],
      answer: { state: 'declined', reason: 'means_removed' },
    });
  });
});

test.each([
  ['4242424242424242', true],
  ['4242 4242 4242 4242', true],
  ['4222222222222', true],
  ['4242424242424241', false],
  ['424242424242', false],
  ['haru4242424242424242', false],
])('%s is a card number: %s', (text, isOne) => {
  expect(looksLikeCardNumber(text)).toBe(isOne);
});

describe('money that is asked for', () => {
  test('comes at once where it is to be captured, and the same id gets the same answer', async () => {
    const { authorisationId, body, answer } = await ask(500);
    expect(answer).toMatchObject({ authorisationId, state: 'captured', amount: yen(500) });
    expect([
      await operator.ask('putAuthorisation', { authorisationId }, { body }),
      await operator.ask('getAuthorisation', { authorisationId }),
    ]).toEqual([answer, answer]);
  });

  test('is set aside first where it is not, and taken once', async () => {
    const { authorisationId, answer } = await ask(500, { capture: false });
    const params = { authorisationId };
    const taken = await operator.ask('captureAuthorisation', params);
    expect([answer, taken, await operator.ask('captureAuthorisation', params)]).toMatchObject([
      { state: 'authorised' },
      { state: 'captured' },
      { state: 'captured' },
    ]);
    await wallet.hear(1);
    expect(operator.database.prepare('select count(*) from event').pluck().get()).toBe(1);
  });

  test('under an id that was used for something else is refused', async () => {
    const { authorisationId, body } = await ask(500);
    const changed = { ...body, amount: yen(600) };
    expect(await operator.ask('putAuthorisation', { authorisationId }, { body: changed })).toBe('duplicate_mismatch');
  });

  test('is above zero', async () => {
    expect([(await ask(0)).answer, (await ask(-5)).answer]).toEqual(['bad_request', 'bad_request']);
  });

  test('is let go by a reverse, given back where it was taken, and cannot be captured afterwards', async () => {
    const [held, taken] = [await ask(500, { capture: false }), await ask(700)];
    const reverse = (authorisationId: string) => operator.get('reverseAuthorisation', { authorisationId });
    const states = [
      (await reverse(held.authorisationId)).state,
      (await reverse(taken.authorisationId)).state,
      (await reverse(taken.authorisationId)).state,
      await operator.ask('captureAuthorisation', { authorisationId: held.authorisationId }),
    ];
    const moved = operator.database.prepare('select type, amount from event where moved = 1 order by sequence').all();
    expect({ states, moved }).toEqual({
      states: ['reversed', 'reversed', 'reversed', 'not_capturable'],
      moved: [
        { type: 'captured', amount: 700 },
        { type: 'reversed', amount: 700 },
      ],
    });
  });

  test('under an id that was reversed before it came is never taken', async () => {
    const authorisationId = newId();
    const early = await operator.get('reverseAuthorisation', { authorisationId });
    const { answer } = await ask(500, { authorisationId });
    expect([early.state, answer, await operator.ask('getAuthorisation', { authorisationId })]).toMatchObject([
      'reversed',
      { state: 'reversed' },
      { state: 'reversed' },
    ]);
  });

  test('that was never asked for is not found', async () => {
    const params = { authorisationId: newId() };
    expect([
      await operator.ask('getAuthorisation', params),
      await operator.ask('captureAuthorisation', params),
    ]).toEqual(['not_found', 'not_found']);
  });
});

describe('a simulation', () => {
  test.each([
    [1_001, 'do_not_honour'],
    [1_002, 'insufficient_funds'],
    [1_003, 'expired'],
  ])('declines %i: %s', async (amount, reason) => {
    expect((await ask(amount)).answer).toMatchObject({ state: 'declined', reason });
  });

  test('04: answers late', async () => {
    const startMs = performance.now();
    const { answer } = await ask(1_004);
    expect([answer, performance.now() - startMs >= quickDelays.slowMs - 5]).toMatchObject([
      { state: 'captured' },
      true,
    ]);
  });

  test('05: takes the money and never says so, but the next who asks is told', async () => {
    const authorisationId = newId();
    await expect(ask(1_005, { authorisationId })).rejects.toThrow('fetch failed');
    expect(await operator.ask('getAuthorisation', { authorisationId })).toMatchObject({ state: 'captured' });
  });

  test.each([
    [1_006, 'authorisation.captured', 'captured'],
    [1_007, 'authorisation.declined', 'declined'],
  ])('%i is pending until a webhook says %s', async (amount, type, state) => {
    const { authorisationId, answer } = await ask(amount);
    const [webhook] = await wallet.hear(1);
    expect({ answer, webhook, after: await operator.ask('getAuthorisation', { authorisationId }) }).toMatchObject({
      answer: { state: 'pending' },
      webhook: { type, authorisationId, amount: yen(amount) },
      after: { state },
    });
  });

  test('08: tells everything twice, and what came later first', { timeout: 10_000 }, async () => {
    const { authorisationId } = await ask(1_008);
    await operator.control('charge-back', { authorisationId });
    const heard = await wallet.hear(4);
    expect({
      types: heard.map(({ type }) => type),
      ids: new Set(heard.map(({ webhookId }) => webhookId)).size,
    }).toEqual({
      types: [
        'authorisation.charged_back',
        'authorisation.charged_back',
        'authorisation.captured',
        'authorisation.captured',
      ],
      ids: 2,
    });
  });

  test('09: takes the money and loses it to the customer’s bank', async () => {
    const { answer } = await ask(1_009);
    const heard = await wallet.hear(2);
    expect([answer, heard.map(({ type }) => type)]).toMatchObject([
      { state: 'captured' },
      ['authorisation.captured', 'authorisation.charged_back'],
    ]);
  });

  test('10: is out of order once, and nothing is left of that', async () => {
    const { authorisationId, body, answer } = await ask(1_010);
    expect([
      answer,
      await operator.ask('getAuthorisation', { authorisationId }),
      await operator.ask('putAuthorisation', { authorisationId }, { body }),
    ]).toMatchObject(['unavailable', 'not_found', { state: 'captured' }]);
  });

  test('that is switched off takes every amount at its word, and has no switches', async () => {
    const real = await openTestOperator({ walletUrl: wallet.url, simulates: false });
    try {
      const token = await real.means();
      const states = [];
      for (const amount of [1_001, 1_005, 1_006, 1_010]) {
        const body = { token, amount: yen(amount), capture: true };
        states.push((await real.get('putAuthorisation', { authorisationId: newId() }, { body })).state);
      }
      const control = await real.control('outage', { on: true });
      expect({ states, control: control.status }).toEqual({
        states: ['captured', 'captured', 'captured', 'captured'],
        control: 404,
      });
    } finally {
      await real.close();
    }
  });
});

describe('a webhook', () => {
  test('is told again until it is confirmed, in the words of the first time', async () => {
    wallet.answer(503);
    await ask(500);
    await wallet.hear(2);
    wallet.answer(200);
    const [first, ...again] = await wallet.hear(3);
    const isOpen = operator.database.prepare('select count(*) from event where due_at_ms is not null').pluck();
    expect(again).toEqual([first, first]);
    await expect.poll(() => isOpen.get()).toBe(0);
  });

  test('waits while they are paused, and is reordered and doubled where that is asked', async () => {
    await operator.control('webhooks', { paused: true });
    const ids = [];
    for (const amount of [100, 200, 300]) ids.push((await ask(amount)).authorisationId);
    const whilePaused = wallet.heard.length;
    await operator.control('webhooks', { paused: false, reorder: true, duplicate: true });
    const heard = await wallet.hear(6);
    expect({ whilePaused, heard: heard.map(({ authorisationId }) => authorisationId) }).toEqual({
      whilePaused: 0,
      heard: ids.toReversed().flatMap((id) => [id, id]),
    });
  });

  test('has a sequence that rises with what happened', async () => {
    const { authorisationId } = await ask(500);
    await operator.get('reverseAuthorisation', { authorisationId });
    const heard = await wallet.hear(2);
    const ordered = Array.from(heard).toSorted((one, other) => one.sequence - other.sequence);
    expect(ordered.map(({ type }: OperatorWebhook) => type)).toEqual([
      'authorisation.captured',
      'authorisation.reversed',
    ]);
  });
});

describe('the settlement file', () => {
  test('has every movement of money of a day, and adds up', async () => {
    const [kept, returned, lost, held] = [
      await ask(500),
      await ask(700),
      await ask(900),
      await ask(50, { capture: false }),
    ];
    await operator.get('reverseAuthorisation', { authorisationId: returned.authorisationId });
    await operator.get('reverseAuthorisation', { authorisationId: held.authorisationId });
    await operator.control('charge-back', { authorisationId: lost.authorisationId });
    await ask(1_001);
    const date = new Date().toISOString().slice(0, 10);
    const file = await operator.get('getSettlementFile', {}, { query: { date } });
    expect({
      ...file,
      rows: file.rows.map(({ authorisationId, type, amount }) => [authorisationId, type, amount.amount]),
    }).toEqual({
      operatorId: 'kumo',
      date,
      rows: [
        [kept.authorisationId, 'captured', 500],
        [returned.authorisationId, 'captured', 700],
        [lost.authorisationId, 'captured', 900],
        [returned.authorisationId, 'reversed', 700],
        [lost.authorisationId, 'charged_back', 900],
      ],
      totals: [{ currency: 'JPY', count: 5, captured: 2_100, reversed: 700, chargedBack: 900, net: 500 }],
    });
    const other = await operator.get('getSettlementFile', {}, { query: { date: '2001-01-01' } });
    expect(other).toEqual({ operatorId: 'kumo', date: '2001-01-01', rows: [], totals: [] });
  });

  test('of a busy day comes in pages that leave nothing out', async () => {
    const insert = operator.database.prepare(
      `insert into event (webhook_id, authorisation_id, type, amount, currency, moved, at_ms, is_shuffled)
       values (?, ?, 'captured', 3, 'JPY', 1, ?, 0)`,
    );
    const { authorisationId } = await ask(3);
    const atMs = Date.UTC(2026, 10, 20, 12);
    operator.database.transaction(() => {
      for (let row = 0; row < 2_300; row++) insert.run(newId(), authorisationId, atMs);
    })();
    const pages = [];
    let cursor: string | undefined;
    do {
      const query = { date: '2026-11-20', ...(cursor === undefined ? {} : { cursor }) };
      const page = await operator.get('getSettlementFile', {}, { query });
      pages.push(page);
      cursor = page.nextCursor;
    } while (cursor !== undefined);
    const sequences = pages.flatMap(({ rows }) => rows.map(({ sequence }) => sequence));
    expect({
      pages: pages.map(({ rows }) => rows.length),
      whole: new Set(sequences).size,
      totals: pages[0]?.totals,
    }).toEqual({
      pages: [1_000, 1_000, 300],
      whole: 2_300,
      totals: [{ currency: 'JPY', count: 2_300, captured: 6_900, reversed: 0, chargedBack: 0, net: 6_900 }],
    });
  });
});

describe('the door', () => {
  test('is shut to whoever is not the wallet server, or says the same twice, or at another time', async () => {
    const url = `${operator.base}/v1/authorisations/${newId()}`;
    const codeOf = async (init: RequestInit, target = url): Promise<unknown> =>
      ((await (await fetch(target, init)).json()) as { code: string }).code;
    const nonce = randomBytes(16).toString('base64url');
    const { key } = operator;
    const get = (rest: Partial<Parameters<typeof signedInit>[0]> = {}) =>
      signedInit({ method: 'GET', url, key, ...rest });
    expect([
      await codeOf({ method: 'GET' }),
      await codeOf(await get({ key: makeKey() })),
      await codeOf(await get({ key: makeKey(), keyId: Buffer.from(key.publicKey).toString('base64url') })),
      await codeOf(await get({ nowMs: Date.now() - 600_000 })),
      await codeOf(await get(), url.replace('/v1/', '/v1//')),
      await codeOf(await get(), `${operator.base}/v1/authorisations/${newId()}`),
      await codeOf(await get({ nonce })),
      await codeOf(await get({ nonce })),
    ]).toEqual([
      'signature_missing',
      'device_unknown',
      'signature_invalid',
      'clock_skew',
      'not_found',
      'signature_invalid',
      'not_found',
      'request_replayed',
    ]);
  });

  test('answers what is wrong with a request by a code, never by what was sent', async () => {
    const url = `${operator.base}/v1/tokens`;
    const { key } = operator;
    const send = async (body: unknown, headers: Record<string, string> = {}) => {
      const init = await signedInit({ method: 'POST', url, key, body });
      const response = await fetch(url, { ...init, headers: { ...(init.headers as object), ...headers } });
      return [response.status, await response.text()] as const;
    };
    const answers = [
      await send({ setupToken: 'abc', kind: 'card' }),
      await send({ setupToken: 'x'.repeat(20_000), kind: 'card' }),
      await send({ setupToken: 'secret-word', kind: 'card' }, { 'content-type': 'text/plain' }),
    ];
    expect(answers.map(([status, text]) => [status, (JSON.parse(text) as { code: string }).code])).toEqual([
      [400, 'bad_request'],
      [413, 'body_too_large'],
      [415, 'unsupported_media_type'],
    ]);
    expect(answers.some(([, text]) => text.includes('abc') || text.includes('secret'))).toBe(false);
  });

  test('is shut to everybody during an outage, and slow when it is told to be', async () => {
    await operator.control('outage', { on: true });
    const during = await operator.ask('getInfo', {});
    await operator.control('outage', { on: false });
    await operator.control('delay', { ms: 120 });
    const startMs = performance.now();
    const after = await operator.get('getInfo', {});
    expect([during, after.simulates, performance.now() - startMs >= 115]).toEqual(['unavailable', true, true]);
  });

  test('has its switches for callers on this machine only', async () => {
    const { port } = new URL(operator.base);
    const { request } = await import('node:http');
    const status = await new Promise((resolve) => {
      const headers = { host: `operator.example:${port}`, 'content-type': 'application/json' };
      request({ port, method: 'POST', path: '/control/outage', headers }, (response) => {
        response.resume();
        resolve(response.statusCode);
      }).end('{"on":true}');
    });
    const wrong = await operator.control('outage', { on: 'yes' });
    expect([status, wrong.status, typeof (await operator.ask('getInfo', {}))]).toEqual([404, 400, 'object']);
  });
});
