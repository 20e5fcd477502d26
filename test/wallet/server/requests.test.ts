import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { attemptIdSchema, type AttemptId } from '#contract/ids.ts';
import { contentDigest, signRequest } from '#contract/signature.ts';
import { problemSchema, type ProblemCode } from '#contract/wallet.ts';
import { makeKey } from '#test/support/wallet-keys.ts';
import { type Caller, makeCaller, newId, type Sent, send, type TestPhone } from '#test/wallet/server/caller.ts';
import { openWallet, type OpenWallet } from '#test/wallet/server/open.ts';

let wallet: OpenWallet;
let terminal: Caller;
let haru: TestPhone & { walletId: string };

beforeEach(async () => {
  wallet = await openWallet();
  terminal = await wallet.terminalOf('Kissa Warikan');
  haru = await wallet.customer({ balance: 1_500 });
});

afterEach(() => wallet.close());

describe('a signed request', () => {
  test('is needed for everything about money', async () => {
    const response = await fetch(`${wallet.base}/v1/settlements/${newId()}`);
    expect({
      status: response.status,
      type: response.headers.get('content-type'),
      asks: response.headers.get('www-authenticate'),
      body: (await response.json()) as unknown,
    }).toEqual({
      status: 401,
      type: 'application/problem+json; charset=utf-8',
      asks: 'Signature',
      body: {
        type: 'urn:warikan:problem:signature_missing',
        title: 'The request is not signed',
        status: 401,
        code: 'signature_missing',
        detail: 'The request is not signed.',
      },
    });
  });

  test('row 33: by a terminal that nobody enrolled is refused', async () => {
    expect(await codeOf(ask({ keyId: newId() }))).toBe('device_unknown');
  });

  test('by another key is refused', async () => {
    expect(await codeOf(ask({ key: makeKey() }))).toBe('signature_invalid');
  });

  test('S12: that was heard before is refused, also with another body or path, by the same key', async () => {
    const nonce = 'the-same-nonce-again';
    const neighbour = await wallet.terminalOf('Next door');
    expect([
      await codeOf(ask({ nonce })),
      await codeOf(ask({ nonce })),
      await codeOf(ask({ nonce, name: 'resolveToken', params: {}, body: { token: 'WRK1:X' } })),
      await codeOf(ask({ nonce, key: neighbour.key, keyId: neighbour.keyId })),
    ]).toEqual(['not_found', 'request_replayed', 'request_replayed', 'not_found']);
  });

  test('S12: that was heard before is refused for as long as its time is accepted', async () => {
    await ask();
    wallet.clock.move(300_000);
    const nonce = 'the-same-nonce-again';
    const nowMs = wallet.clock.nowMs() + 299_000;
    const first = await codeOf(ask({ nonce, nowMs }));
    wallet.clock.move(597_000);
    expect([first, await codeOf(ask({ nonce, nowMs }))]).toEqual(['not_found', 'request_replayed']);
  });

  test.each([-601_000, -301_000, 301_000, 601_000])(
    'S12: from a clock that is %i ms off is refused with the server’s time',
    async (offMs) => {
      const response = await ask({ nowMs: wallet.clock.nowMs() + offMs });
      expect({ date: response.headers.get('date'), body: (await response.json()) as unknown }).toMatchObject({
        date: new Date(wallet.clock.nowMs()).toUTCString(),
        body: { code: 'clock_skew', serverTime: new Date(wallet.clock.nowMs()).toISOString() },
      });
    },
  );

  test('S12: with another body than the one that was signed is refused, whichever digest is sent', async () => {
    const url = `${wallet.base}/v1/tokens/resolve`;
    const body = JSON.stringify({ token: await haru.show() });
    const swapped = JSON.stringify({ token: `${await haru.show()}` });
    const signed = await signedHeaders('POST', url, body);
    const post = (headers: Record<string, string>): Promise<Response> =>
      fetch(url, { method: 'POST', headers: { ...headers, 'content-type': 'application/json' }, body: swapped });
    const digest = await contentDigest(Buffer.from(swapped));
    expect([await codeOf(post(signed)), await codeOf(post({ ...signed, 'content-digest': digest }))]).toEqual([
      'signature_invalid',
      'signature_invalid',
    ]);
  });

  test('of a phone reaches nothing of a terminal, nor the other way round, and neither is an operator', async () => {
    const operator = await wallet.operator('kumo-card');
    const webhook = {
      webhookId: newId(),
      type: 'authorisation.captured' as const,
      authorisationId: newId(),
      amount: { amount: 100, currency: 'JPY' },
      at: new Date(wallet.clock.nowMs()).toISOString(),
      sequence: 1,
    };
    expect([
      await haru.codeOf('getSettlement', { settlementId: newAttemptId() }),
      await terminal.codeOf('getWallet', {}),
      await operator.codeOf('getWallet', {}),
      await terminal.codeOf('operatorWebhook', { operatorId: 'kumo-card' }, webhook),
      await operator.codeOf('operatorWebhook', { operatorId: 'minato-bank' }, webhook),
      await operator.codeOf('operatorWebhook', { operatorId: 'kumo-card' }, webhook),
    ]).toEqual(['device_unknown', 'device_unknown', 'device_unknown', 'device_unknown', 'device_unknown', 'not_found']);
  });

  test('signed for another server is refused', async () => {
    const path = `/v1/settlements/${newId()}`;
    const signed = await signedHeaders('GET', `http://elsewhere.example${path}`);
    expect(await codeOf(fetch(wallet.base + path, { headers: signed }))).toBe('signature_invalid');
  });

  test('behind a proxy is signed for the name that callers know', async () => {
    const proxied = await openWallet({ publicOrigin: 'https://wallet.example' });
    const code = await proxied.enrolmentCodeOf('Kissa Warikan');
    const key = makeKey();
    const { keyId } = await makeCaller({ base: proxied.base }).get(
      'enrolTerminal',
      {},
      { enrolmentCode: code, publicKey: Buffer.from(key.publicKey).toString('base64url'), name: 'Counter' },
    );
    const signed = await signRequest({
      method: 'GET',
      url: 'https://wallet.example/v1/terminals/me',
      keyId,
      created: Math.floor(proxied.clock.nowMs() / 1_000),
      nonce: 'a-nonce-of-16-chars',
      sign: key.sign,
    });
    const response = await fetch(`${proxied.base}/v1/terminals/me`, { headers: { ...signed } });
    expect(response.status).toBe(200);
    await proxied.close();
  });

  test('may carry its id as Idempotency-Key too, and no other one', async () => {
    const settlementId = newAttemptId();
    const keyed = (idempotencyKey: string): Promise<string> =>
      codeOf(ask({ name: 'cancelSettlement', params: { settlementId }, idempotencyKey }));
    const unquoted = await ask({ params: { settlementId }, headers: { 'idempotency-key': settlementId } });
    expect([await keyed(settlementId), await keyed(newId()), await codeOf(Promise.resolve(unquoted))]).toEqual([
      'ok',
      'bad_request',
      // It is not among what was signed.
      'signature_invalid',
    ]);
  });

  test('with a query that its route does not know is refused', async () => {
    const query = (text: string) => codeOf(askFor('GET', `/v1/deny-list?${text}`));
    expect([
      await query('since=0'),
      await query('since=x'),
      await query('since=0&since=1'),
      await query('sinse=0'),
    ]).toEqual(['ok', 'bad_request', 'bad_request', 'bad_request']);
  });
});

describe('a malformed request', () => {
  const post = (body: string | Buffer<ArrayBuffer>, type = 'application/json'): Promise<Response> =>
    fetch(`${wallet.base}/v1/terminals`, { method: 'POST', headers: { 'content-type': type }, body });

  test.each<[number, ProblemCode, string, () => Promise<Response>]>([
    [400, 'bad_request', 'broken JSON', () => post('{"a')],
    [400, 'bad_request', 'a missing field', () => post('{}')],
    [400, 'bad_request', 'no body', () => post('')],
    [400, 'bad_request', 'bytes that are not UTF-8', () => post(Buffer.from(enrolment('\u00ff'), 'latin1'))],
    [400, 'bad_request', 'half a surrogate pair', () => post(enrolment('\\ud800'))],
    [400, 'bad_request', 'a NUL', () => post(enrolment('\\u0000'))],
    [415, 'unsupported_media_type', 'another media type', () => post('a=b', 'text/plain')],
    [413, 'body_too_large', 'a large body', () => post(JSON.stringify({ name: 'x'.repeat(20_000) }))],
    [404, 'not_found', 'an unknown path', () => fetch(`${wallet.base}/v1/nothing`)],
    [
      404,
      'not_found',
      'an unknown path, whatever it carries',
      () => fetch(`${wallet.base}/x`, { method: 'PATCH', body: 'x' }),
    ],
    [
      405,
      'method_not_allowed',
      'a known path, asked otherwise',
      () => fetch(`${wallet.base}/v1/keys`, { method: 'PUT' }),
    ],
    [400, 'bad_request', 'an address that is no text', () => fetch(`${wallet.base}/v1/stores/%ff`)],
    [400, 'bad_request', 'an address without end', () => fetch(`${wallet.base}/v1/keys?${'x'.repeat(3_000)}`)],
  ])('%i %s for %s', async (status, code, _, request) => {
    const response = await request();
    const problem = problemSchema.parse(await response.json());
    expect({ status: response.status, code: problem.code, type: response.headers.get('content-type') }).toEqual({
      status,
      code,
      type: 'application/problem+json; charset=utf-8',
    });
  });

  test('by an unknown method is told which there are, also by HEAD; OPTIONS asks for them', async () => {
    const at = (method: string): Promise<Response> => fetch(`${wallet.base}/v1/keys`, { method });
    const [head, options, put] = [await at('HEAD'), await at('OPTIONS'), await at('PUT')];
    expect([head, options, put].map(({ status, headers }) => [status, headers.get('allow')])).toEqual([
      [405, 'GET, OPTIONS'],
      [204, 'GET, OPTIONS'],
      [405, 'GET, OPTIONS'],
    ]);
  });

  test('with an id that is not a UUIDv7 is a bad request', async () => {
    const settlementId = '00000000-0000-4000-8000-000000000000' as AttemptId;
    expect(await terminal.codeOf('getSettlement', { settlementId })).toBe('bad_request');
  });

  test.each([
    ['\x00\x01garbage\r\n\r\n', 'This is not HTTP/1.1.'],
    [`GET / HTTP/1.1\r\nhost: x\r\nx: ${'x'.repeat(20_000)}\r\n\r\n`, 'The headers are too large.'],
  ])('that is not even HTTP gets a problem, and leaves the server standing', async (text, detail) => {
    const answer = await exchange(text);
    const [head = '', body = ''] = answer.split('\r\n\r\n');
    expect({
      head: head.split('\r\n').slice(0, 1),
      isProblem: head.includes('application/problem+json'),
      problem: JSON.parse(body) as unknown,
      after: (await fetch(`${wallet.base}/v1/keys`)).status,
    }).toMatchObject({
      head: ['HTTP/1.1 400 Bad Request'],
      isProblem: true,
      problem: { code: 'bad_request', detail },
      after: 200,
    });
  });

  test('that fails within says nothing of what is within', async () => {
    const broken = await openWallet({
      wrap: (ledger) => ({
        ...ledger,
        findSettlement: () => Promise.reject(new Error('connection to 10.0.0.7 with password hunter2 failed')),
      }),
    });
    const counter = await broken.terminalOf('Kissa Warikan');
    const answer = await counter.call('getSettlement', { settlementId: newAttemptId() });
    expect(answer).toEqual({
      ok: false,
      problem: {
        type: 'urn:warikan:problem:internal',
        title: 'Something is wrong with this server',
        status: 500,
        code: 'internal',
      },
    });
    await broken.close();
  });
});

async function codeOf(asked: Promise<Response>): Promise<string> {
  const response = await asked;
  const body = (await response.json()) as { readonly code?: string };
  return response.ok ? 'ok' : (body.code ?? 'no problem');
}

function ask(options: Partial<Sent> = {}): Promise<Response> {
  return send({
    base: wallet.base,
    key: terminal.key,
    keyId: terminal.keyId,
    nowMs: wallet.clock.nowMs(),
    name: 'getSettlement',
    params: { settlementId: newAttemptId() },
    ...options,
  });
}

async function askFor(method: string, path: string): Promise<Response> {
  return fetch(wallet.base + path, { method, headers: await signedHeaders(method, wallet.base + path) });
}

async function signedHeaders(method: string, url: string, body?: string): Promise<Record<string, string>> {
  const signed = await signRequest({
    method,
    url,
    body,
    keyId: terminal.keyId,
    created: Math.floor(wallet.clock.nowMs() / 1_000),
    nonce: newId(),
    sign: terminal.key.sign,
  });
  return { ...signed };
}

function enrolment(name: string): string {
  const publicKey = Buffer.from(terminal.key.publicKey).toString('base64url');
  return `{"enrolmentCode":"AAAA-AAAAAA","publicKey":"${publicKey}","name":"${name}"}`;
}

function newAttemptId(): AttemptId {
  return attemptIdSchema.parse(newId());
}

/** What comes back on one connection, up to its end. */
async function exchange(request: string): Promise<string> {
  const socket = connect(Number(new URL(wallet.base).port), '127.0.0.1');
  let received = '';
  await new Promise<void>((resolve) => {
    socket.once('close', () => resolve()).on('error', () => {});
    socket.on('data', (chunk: Buffer) => (received += chunk.toString()));
    socket.write(request);
  });
  return received;
}
