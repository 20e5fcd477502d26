// What a dishonest or broken caller may try over HTTP: as a stranger sees it.
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Ask } from './client.ts';
import { signBySession, signHeaders, type Tampering } from './http-signature.ts';
import { at, type Json, textAt } from './json.ts';
import { done, money, newId, openTown, payment, type Person, type Terminal, type Town, wordOf } from './town.ts';

const WINDOW_SECONDS = 300;

let town: Town;
let till: Terminal;
let hot: Terminal;
let mei: Person;

beforeAll(async () => {
  town = await openTown();
  ({ till } = await town.openShop('Bar Mori'));
  ({ till: hot } = await town.openShop('Hot Store'));
  mei = await town.openPerson('Mei Sato', { balance: 10_000 });
});

afterAll(() => town.close());

describe('signatures', () => {
  test('the document’s own example comes out alike here, byte for byte (as a stranger sees it)', async () => {
    const document = (await (await fetch(`${town.client.base}/openapi.json`)).json()) as Json;
    const guide = textAt(document, 'info.description');
    const pick = (pattern: RegExp) => pattern.exec(guide)?.[1] ?? `nothing like ${pattern}`;
    const secret = pick(/session whose secret is `([\w-]{43})`/);
    const example = guide.slice(guide.indexOf('By a session whose secret is'));
    const from = (pattern: RegExp) => pattern.exec(example)?.[1] ?? `nothing like ${pattern}`;
    const keyId = from(/keyid="([^"]+)"/);
    const made = signHeaders(
      {
        method: 'POST',
        url: 'https://wallet.example/v1/tokens/resolve',
        body: Buffer.from(from(/\n\n(\{.*\})\n/)),
      },
      signBySession(keyId, secret),
      { created: Number(from(/created=(\d+)/)), nonce: from(/nonce="([^"]+)"/) },
    );
    expect(made).toEqual({
      'content-digest': from(/Content-Digest: (.*)/),
      'signature-input': from(/Signature-Input: (.*)/),
      signature: from(/Signature: (.*)/),
    });
  });

  test('a request that was seen before is refused, though it is the very same (as a stranger sees it)', async () => {
    const tampering = { nonce: `once-and-no-more-${newId().slice(-6)}` };
    const ask = () => wordOf(mei.ask('getWallet', { tampering }));
    expect([await ask(), await ask()]).toEqual(['ok', 'request_replayed']);
  });

  test('clocks may differ by 300 s and no more, and the server tells its own (as a stranger sees it)', async () => {
    const now = Math.floor(Date.now() / 1_000);
    const ask = (created: number) => mei.ask('getWallet', { tampering: { created } });
    const [slow, fast, early, late] = await Promise.all(
      [-WINDOW_SECONDS + 10, WINDOW_SECONDS - 10, -WINDOW_SECONDS - 10, WINDOW_SECONDS + 10].map((by) => ask(now + by)),
    );
    const told = Date.parse(textAt(late?.body, 'serverTime'));
    expect({
      within: [slow?.status, fast?.status],
      beyond: [at(early?.body, 'code'), at(late?.body, 'code')],
      isNow: Math.abs(told - Date.now()) < 30_000,
    }).toEqual({ within: [200, 200], beyond: ['clock_skew', 'clock_skew'], isNow: true });
  });

  test.each<[string, Tampering]>([
    ['a digest of other bytes', { contentDigest: `sha-256=:${Buffer.alloc(32).toString('base64')}:` }],
    ['no digest under the signature', { components: ['@method', '@target-uri'] }],
    ['no target under the signature', { components: ['@method', 'content-digest'] }],
    ['no method under the signature', { components: ['@target-uri', 'content-digest'] }],
    ['nothing under the signature', { components: [] }],
    ['a component twice', { components: ['@method', '@method', '@target-uri', 'content-digest'] }],
    ['another’s name', { keyId: newId() }],
    ['one bit turned', { spoil: (bytes) => Buffer.concat([Buffer.from([bytes.readUInt8(0) ^ 1]), bytes.subarray(1)]) }],
    ['a signature cut short', { spoil: (bytes) => bytes.subarray(1) }],
    ['an empty signature', { spoil: () => Buffer.alloc(0) }],
    ['a short nonce', { nonce: 'short' }],
    ['a nonce that ends the header', { nonce: 'a"b;keyid="c"____' }],
  ])('%s takes no money (as a stranger sees it)', async (_, tampering) => {
    const before = await mei.balance();
    const settlementId = newId();
    const body = payment(await mei.showCode(), 100);
    const reply = await till.ask('putSettlement', { params: { settlementId }, body, tampering });
    expect([reply.status, await mei.balance()]).toEqual([401, before]);
  });

  test('a good signature carries to no other method, path, query, host or body (as a stranger sees it)', async () => {
    const { base } = town.client;
    const url = `${base}/v1/settlements/${newId()}`;
    const body = Buffer.from(JSON.stringify(payment(await mei.showCode(), 100)));
    const other = Buffer.from(JSON.stringify(payment(await mei.showCode(), 9_000)));
    const send = async (to: { url?: string; method?: string; body?: Buffer; headers?: Record<string, string> }) => {
      const headers = signHeaders({ method: 'PUT', url, body }, till.session);
      const response = await fetch(to.url ?? url, {
        method: to.method ?? 'PUT',
        headers: { ...headers, 'content-type': 'application/json', ...to.headers },
        body: new Uint8Array(to.body ?? body),
      });
      return at((await response.json()) as Json, 'code') ?? response.status;
    };
    const before = await mei.balance();
    expect({
      path: await send({ url: `${base}/v1/settlements/${newId()}` }),
      query: await send({ url: `${url}?a=b` }),
      refund: await send({ url: `${url}/refunds/${newId()}` }),
      cancel: await send({ url: `${url}/cancel`, method: 'POST' }),
      body: await send({ body: other }),
      key: await send({ headers: { 'idempotency-key': `"${newId()}"` } }),
      balance: await mei.balance(),
      itself: await send({}),
    }).toEqual({
      path: 'signature_invalid',
      query: 'signature_invalid',
      refund: 'signature_invalid',
      cancel: 'signature_invalid',
      body: 'signature_invalid',
      key: 'signature_invalid',
      balance: before,
      itself: 200,
    });
  });

  test('an Idempotency-Key says the id in the path once more, or is refused (as a stranger sees it)', async () => {
    const settlementId = newId();
    const body = payment(await mei.showCode(), 100);
    const put = (idempotencyKey: string) =>
      wordOf(till.ask('putSettlement', { params: { settlementId }, body, idempotencyKey }));
    expect([await put(newId()), await put(settlementId)]).toEqual(['bad_request', 'approved']);
  });

  test('every operation that asks for a key says so to whoever has none (as a stranger sees it)', async () => {
    const open = ['enrolTerminal', 'listKeys', 'getStore', 'openWallet', 'bindPhone'];
    const asked = town.client.operations().filter((operation) => !open.includes(operation));
    const words = await Promise.all(
      asked.map(async (operation): Promise<[string, number]> => {
        const { status } = await town.ask(operation, { params: someParams, isWrong: true });
        return [operation, status];
      }),
    );
    expect(words.filter(([, status]) => status !== 401)).toEqual([]);
  });

  test('whoever guesses at tokens is slowed down, and the administrator is not (as a stranger sees it)', async () => {
    const guesses = await Promise.all(
      Array.from({ length: 30 }, (_, index) =>
        town.ask('adminOverview', { by: { token: String(index).padStart(43, 'a') }, isWrong: true }),
      ),
    );
    const statuses = new Set(guesses.map(({ status }) => status));
    expect([statuses.has(200), statuses.has(429), await wordOf(town.ask('adminOverview', { by: town.admin }))]).toEqual(
      [false, true, 'ok'],
    );
  });

  test('nobody asks what is another’s to ask (as a stranger sees it)', async () => {
    const words = await Promise.all([
      wordOf(mei.ask('getStore', { params: { storeId: newId() }, isWrong: true })),
      wordOf(mei.ask('listStoreLedger', { params: { storeId: newId() }, isWrong: true })),
      wordOf(till.ask('getWallet', { isWrong: true })),
      wordOf(till.askByDevice('issueCredential', { body: { pin: '4719', method: 'shown_code' }, isWrong: true })),
      wordOf(town.ask('getWallet', { by: town.admin, isWrong: true })),
    ]);
    expect(words).toEqual(['not_found', 'device_unknown', 'device_unknown', 'device_unknown', 'signature_missing']);
  });
});

describe('bodies', () => {
  test.each<[string, Buffer, number]>([
    ['nothing', Buffer.alloc(0), 400],
    ['no JSON', Buffer.from('{"checkId":'), 400],
    ['a list', Buffer.from('[]'), 400],
    ['null', Buffer.from('null'), 400],
    ['a number', Buffer.from('1e999'), 400],
    ['bytes that are no UTF-8', Buffer.from([0x22, 0xff, 0xfe, 0x22]), 400],
    ['a thousand brackets', Buffer.from('['.repeat(1_000) + ']'.repeat(1_000)), 400],
    ['a million brackets', Buffer.from('['.repeat(200_000)), 400],
    ['a body above the limit', Buffer.from(`{"a":"${'x'.repeat(600 * 1_024)}"}`), 413],
  ])('%s is refused in words (as a stranger sees it)', async (_, raw, status) => {
    const reply = await till.ask('putSettlement', { params: { settlementId: newId() }, raw, isWrong: true });
    expect([reply.status, at(reply.body, 'status')]).toEqual([status, status]);
  });

  test.each<[string, Record<string, Json>]>([
    ['an amount as text', { amount: { amount: '100', currency: 'JPY' } }],
    ['half a yen', { amount: { amount: 0.5, currency: 'JPY' } }],
    ['more than numbers hold', { amount: { amount: 2 ** 60, currency: 'JPY' } }],
    ['no currency', { amount: { amount: 100 } }],
    ['a currency that is none', { amount: { amount: 100, currency: 'jpy' } }],
    ['an unknown mode', { mode: 'later' }],
    ['a local time', { capturedAt: '2026-11-23T12:00:00+09:00' }],
    ['no day', { capturedAt: '2026-02-30T12:00:00Z' }],
    ['a code of a megabyte', { token: 'x'.repeat(1_025) }],
    ['an upper-case id', { checkId: newId().toUpperCase() }],
    ['a random id', { checkId: '5f0c9a0e-8a0b-4c1c-9d2a-3f1f6c1a2b3c' }],
    ['a NUL', { token: 'WRK1:\0' }],
    ['half a character', { token: 'WRK1:\ud800' }],
    ['a group without guests', { group: { guests: [], lines: [], payer: 'a' } }],
    [
      '65 guests',
      { group: { guests: Array.from({ length: 65 }, (_, i) => ({ guestId: `g${i}` })), lines: [], payer: 'g0' } },
    ],
  ])('a settlement with %s is refused (as a stranger sees it)', async (_, change) => {
    const before = await mei.balance();
    const body = { ...payment(await mei.showCode(), 100), ...change };
    const reply = await till.ask('putSettlement', { params: { settlementId: newId() }, body, isWrong: true });
    expect([reply.status, at(reply.body, 'code'), await mei.balance()]).toEqual([400, 'bad_request', before]);
  });

  test('what a body says beyond the document changes nothing (as a stranger sees it)', async () => {
    const before = await mei.balance();
    const body = JSON.stringify({ ...payment(await mei.showCode(), 100), isApproved: true, fee: 0 });
    const raw = Buffer.from(body.replace('{', '{"__proto__":{"amount":{"amount":1,"currency":"JPY"}},'));
    const word = await wordOf(till.ask('putSettlement', { params: { settlementId: newId() }, raw, isWrong: true }));
    expect([word, await mei.balance()]).toEqual(['approved', before - 100]);
  });

  test('another content type, method, path, query or id is told apart (as a stranger sees it)', async () => {
    const { base } = town.client;
    const params = { settlementId: newId() };
    const body = payment(await mei.showCode(), 100);
    const ask = async (request: Ask) =>
      (await till.ask('putSettlement', { params, body, isWrong: true, ...request })).status;
    const bare = async (method: string, path: string) => (await fetch(`${base}${path}`, { method })).status;
    expect({
      type: await ask({ headers: { 'content-type': 'text/plain' } }),
      form: await ask({ headers: { 'content-type': 'application/x-www-form-urlencoded' } }),
      query: await ask({ query: { force: 'true' } }),
      id: await ask({ params: { settlementId: 'latest' } }),
      patch: await bare('PATCH', `/v1/settlements/${newId()}`),
      remove: await bare('DELETE', `/v1/settlements/${newId()}`),
      unknown: await bare('GET', '/v1/settlement'),
      above: await bare('GET', '/v1/%2e%2e/%2e%2e/wallet-keys.json'),
      long: await bare('GET', `/v1/keys?${'a'.repeat(3_000)}`),
      books: await bare('GET', '/phone/../../wallet.sqlite'),
    }).toEqual({
      type: 415,
      form: 415,
      query: 400,
      id: 400,
      patch: 405,
      remove: 405,
      unknown: 404,
      above: 404,
      long: 400,
      books: 404,
    });
  });

  test('no operation falls over an empty or foreign body (as a stranger sees it)', async () => {
    const askers: readonly ((operation: string, request: Ask) => ReturnType<Town['ask']>)[] = [
      (operation, request) => town.ask(operation, { by: town.admin, ...request }),
      (operation, request) => till.askByDevice(operation, request),
      (operation, request) => mei.ask(operation, request),
      (operation, request) => town.ask(operation, request),
    ];
    // Whoever asks these gets a stream.
    const streams = ['walletEvents', 'storeEvents', 'checkEvents'];
    const operations = town.client.operations().filter((operation) => !streams.includes(operation));
    const bodies: readonly (Json | undefined)[] = [undefined, {}, [], 'x', { amount: money(-1), pin: '', items: [{}] }];
    const fallen: string[] = [];
    for (const operation of operations) {
      const replies = await Promise.all(
        askers.flatMap((ask) =>
          bodies.map((body) =>
            ask(operation, { params: someParams, isWrong: true, ...(body === undefined ? {} : { body }) }),
          ),
        ),
      );
      fallen.push(...replies.filter(({ status }) => status >= 500).map(({ status }) => `${operation} ${status}`));
    }
    expect(fallen).toEqual([]);
  });
});

describe('connections', () => {
  test('bytes that are no HTTP are answered and the server lives on (as a stranger sees it)', async () => {
    const { port } = new URL(town.client.base);
    const socket = connect(Number(port), '127.0.0.1');
    await once(socket, 'connect');
    socket.write('WRK1 /v1/wallet\r\nContent-Length: -1\r\n\r\n');
    const [answer] = (await once(socket, 'data')) as [Buffer];
    socket.destroy();
    expect([answer.toString().split(' ')[1], (await fetch(`${town.client.base}/v1/keys`)).status]).toEqual([
      '400',
      200,
    ]);
  });

  test('two lengths for one body are refused: nobody smuggles a request (as a stranger sees it)', async () => {
    const { port } = new URL(town.client.base);
    const socket = connect(Number(port), '127.0.0.1');
    await once(socket, 'connect');
    socket.write(
      'POST /v1/wallets HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    );
    const [answer] = (await once(socket, 'data')) as [Buffer];
    socket.destroy();
    expect(answer.toString().split(' ')[1]).toBe('400');
  });

  test('a caller who goes away in the middle of his body takes nothing along (as a stranger sees it)', async () => {
    const url = new URL(`${town.client.base}/v1/wallets`);
    const request = httpRequest(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'content-length': 900 },
    });
    request.on('error', () => undefined);
    request.write('{"name":');
    await once(request, 'socket');
    request.destroy();
    expect((await fetch(`${town.client.base}/v1/keys`)).status).toBe(200);
  });

  test('a stream resumes after the event that was seen last, without a gap (as a stranger sees it)', async () => {
    const ren = await town.openPerson('Ren Suzuki', { balance: 3_000 });
    const begin = textAt(await done(ren.ask('getWallet')), 'lastEventId');
    const first = await ren.listen(begin);
    const pay = async () => textAt(await done(till.pay(await ren.showCode(), 100)), 'settlementId');
    const ids = [await pay()];
    const seen = await first.next('settled');
    await first.close();
    ids.push(await pay(), await pay());
    const second = await ren.listen(seen.id);
    const [b, c] = [await second.next('settled'), await second.next('settled')];
    const whole = await ren.listen(begin);
    const all = [await whole.next('settled'), await whole.next('settled'), await whole.next('settled')];
    await Promise.all([second.close(), whole.close()]);
    const refs = (events: readonly { readonly data: Json }[]) => events.map(({ data }) => at(data, 'refId'));
    expect([refs([seen, b, c]), refs(all)]).toEqual([ids, ids]);
  });

  test('whoever opens a fifth stream loses the first (as a stranger sees it)', async () => {
    const ren = await town.openPerson('Ren Suzuki');
    const streams = [
      await ren.listen(),
      await ren.listen(),
      await ren.listen(),
      await ren.listen(),
      await ren.listen(),
    ];
    await streams[0]?.ended;
    const { seen = [] } = streams[0] ?? {};
    await Promise.all(streams.map((stream) => stream.close()));
    expect(seen).toEqual([]);
  });

  test('a phone hears of its own wallet alone (as a stranger sees it)', async () => {
    const [a, b] = [await town.openPerson('Aoi', { balance: 1_000 }), await town.openPerson('Ben', { balance: 1_000 })];
    const stream = await a.listen();
    await done(till.pay(await b.showCode(), 100));
    const mine = textAt(await done(till.pay(await a.showCode(), 100)), 'settlementId');
    await stream.next('settled');
    await stream.close();
    expect(stream.seen.map(({ data }) => at(data, 'refId'))).toEqual([mine]);
  });
});

test('a crowd of 150 payments by one till and 15 phones books each of them once (as a stranger sees it)', async () => {
  const people = await Promise.all(Array.from({ length: 15 }, () => town.openPerson('Guest', { balance: 1_000 })));
  // Twelve of 100 from 1,000: two of each must be declined, whichever they are.
  const words = await Promise.all(
    people.flatMap((person) => Array.from({ length: 12 }, async () => wordOf(hot.pay(await person.showCode(), 100)))),
  );
  const count = (word: string) => words.filter((one) => one === word).length;
  const balances = await Promise.all(people.map((person) => person.balance()));
  expect([count('approved'), count('insufficient_funds'), new Set(balances)]).toEqual([150, 30, new Set([0])]);
});

test('after all that no money has come from nowhere, and the document told no lie (as a stranger sees it)', async () => {
  expect({ books: await town.checkBooks(), lies: town.client.lies() }).toEqual({
    books: { code: 0, sum: 0, faults: [] },
    lies: [],
  });
});

/** One that fits each name in a path. */
const someParams = {
  settlementId: newId(),
  refundId: newId(),
  checkId: newId(),
  storeId: newId(),
  tableId: newId(),
  noticeId: newId(),
  deviceId: newId(),
  methodId: newId(),
  reloadId: newId(),
  checkInId: newId(),
  groupPaymentId: newId(),
  allotmentId: newId(),
  repaymentId: newId(),
  terminalId: newId(),
  walletId: newId(),
  operatorId: 'nobody',
};
