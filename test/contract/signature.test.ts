import { createHmac, timingSafeEqual } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  contentDigest,
  type RequestToVerify,
  REPLAY_WINDOW_SECONDS,
  signatureBase,
  signRequest,
  type VerifyingKey,
  verifyRequest,
} from '#contract/signature.ts';
import { makeKey, verifyEd25519 } from '#test/support/wallet-keys.ts';

test('RFC 9530: the digest of a known body', async () => {
  expect(await contentDigest(Buffer.from('{"hello": "world"}'))).toBe(
    'sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:',
  );
});

const device = makeKey();
const NOW = 1_795_435_000;
const NONCE = 'nonce-0123456789';

test('what one side signs the other side accepts', async () => {
  expect(await verifyRequest(await signed())).toEqual({
    ok: true,
    keyId: 'terminal-1',
    nonce: NONCE,
    created: NOW,
    idempotencyKey: '0190-id',
  });
});

test('a session key of HMAC fits the same seam', async () => {
  const mac = (base: Uint8Array): Buffer => createHmac('sha256', 'a session’s secret').update(base).digest();
  const headers = await signRequest({
    method: 'GET',
    url: 'http://127.0.0.1/v1/wallet',
    keyId: 'session-1',
    created: NOW,
    nonce: NONCE,
    algorithm: 'hmac-sha256',
    sign: mac,
  });
  const verdict = await verifyRequest({
    method: 'GET',
    url: 'http://127.0.0.1/v1/wallet',
    headers: { ...headers },
    body: new Uint8Array(),
    nowSeconds: NOW,
    findKey: async () => ({ algorithm: 'hmac-sha256', verify: (base, value) => timingSafeEqual(mac(base), value) }),
  });
  expect(verdict.ok).toBe(true);
});

test.each<[string, string, (request: RequestToVerify) => RequestToVerify]>([
  ['signature_missing', 'no signature', (request) => ({ ...request, headers: {} })],
  ['signature_invalid', 'another method', (request) => ({ ...request, method: 'POST' })],
  ['signature_invalid', 'another path', (request) => ({ ...request, url: `${request.url}x` })],
  ['signature_invalid', 'another body', (request) => ({ ...request, body: Buffer.from('{"amount":2}') })],
  ['signature_invalid', 'another digest', (request) => withHeader(request, 'content-digest', 'sha-256=:AAAA:')],
  ['signature_invalid', 'another idempotency key', (request) => withHeader(request, 'idempotency-key', '"0191-id"')],
  ['signature_invalid', 'an idempotency key left out', (request) => inInput(request, ' "idempotency-key"', '')],
  ['signature_invalid', 'a later time', (request) => inInput(request, `created=${NOW}`, `created=${NOW + 1}`)],
  ['signature_invalid', 'another nonce', (request) => inInput(request, NONCE, 'nonce-9876543210')],
  ['signature_invalid', 'no nonce', (request) => inInput(request, `;nonce="${NONCE}"`, '')],
  ['signature_invalid', 'another algorithm', (request) => inInput(request, 'ed25519', 'hmac-sha256')],
  ['signature_invalid', 'the body left out', (request) => inInput(request, ' "content-digest"', '')],
  ['signature_invalid', 'a component twice', (request) => inInput(request, '"@method"', '"@method" "@method"')],
  ['signature_invalid', 'a component with a parameter', (request) => inInput(request, '"@method"', '"@method";req')],
  [
    'signature_invalid',
    'headers that are no structured fields',
    (request) => withHeader(request, 'signature-input', '(('),
  ],
  ['signature_invalid', 'endless headers', (request) => withHeader(request, 'signature', 'a'.repeat(5_000))],
  ['device_unknown', 'another key', (request) => inInput(request, 'terminal-1', 'terminal-2')],
  ['clock_skew', 'too late', (request) => ({ ...request, nowSeconds: NOW + REPLAY_WINDOW_SECONDS + 1 })],
  ['clock_skew', 'too early', (request) => ({ ...request, nowSeconds: NOW - REPLAY_WINDOW_SECONDS - 1 })],
])('%s: %s', async (problem, _, change) => {
  const verdict = await verifyRequest(change(await signed()));
  expect(verdict).toMatchObject({ ok: false, problem });
});

const ALL = '("@method" "@target-uri" "content-digest" "idempotency-key")';

test.each([
  [
    'a component twice',
    '("@method" "@method" "@target-uri" "content-digest" "idempotency-key")',
    '',
    'signature_invalid',
  ],
  [
    'a component with a parameter',
    '("@method";req "@target-uri" "content-digest" "idempotency-key")',
    '',
    'signature_invalid',
  ],
  ['a component that is no string', ALL.replace(')', ' x)'), '', 'signature_invalid'],
  [
    'a parameter of the query with more to it',
    ALL.replace(')', ' "@query-param";name="at";req)'),
    '',
    'signature_invalid',
  ],
  ['no method', ALL.replace('"@method" ', ''), '', 'signature_invalid'],
  ['no URL', ALL.replace('"@target-uri" ', '"@path" '), '', 'signature_invalid'],
  ['no body', ALL.replace('"content-digest" ', ''), '', 'signature_invalid'],
  ['no idempotency key, though it is sent', ALL.replace(' "idempotency-key"', ''), '', 'signature_invalid'],
  ['another algorithm', ALL, ';alg="hmac-sha256"', 'signature_invalid'],
  ['an end that is no whole second', ALL, `;expires=${NOW}.5`, 'signature_invalid'],
  ['an end that is over', ALL, `;expires=${NOW - 1}`, 'clock_skew'],
])('%s is refused, though the key’s holder signed it so', async (_, list, more, problem) => {
  expect(await verifyRequest(await signedAs(list, more))).toMatchObject({ ok: false, problem });
});

test.each([
  ['an end that has not come', ALL, `;expires=${NOW}`],
  ['the purpose', ALL, ';tag="wallet"'],
  ['the parts of the URL', '("@path" "@authority" "@method" "@target-uri" "content-digest" "idempotency-key")', ''],
  [
    'a parameter of the query',
    '("@query-param";name="at" "@method" "@target-uri" "content-digest" "idempotency-key")',
    '',
  ],
])('a signer may say more: %s', async (_, list, more) => {
  expect(await verifyRequest(await signedAs(list, more))).toMatchObject({ ok: true });
});

test.each([
  ['base64 whose spare bits are set', 'signature', (value: string) => value.replace('A==:', 'B==:')],
  ['base64 without its padding', 'signature', (value: string) => value.replace('==:', ':')],
  ['a blank more in the list', 'signature-input', (value: string) => value.replace('("', '( "')],
  ['a parameter’s number with a fraction', 'signature-input', (value: string) => value.replace(`${NOW}`, `${NOW}.0`)],
])('the same signature written otherwise is refused: %s', async (_, name, rewrite) => {
  const request = await signedUntil((value) => value.includes('A==:'));
  const written = request.headers[name] ?? '';
  expect(rewrite(written)).not.toBe(written);
  expect(await verifyRequest(request)).toMatchObject({ ok: true });
  const verdict = await verifyRequest(withHeader(request, name, rewrite(written)));
  expect(verdict).toMatchObject({ ok: false, problem: 'signature_invalid' });
});

test('blanks around the idempotency key are no part of it', async () => {
  const request = await signed();
  const padded = withHeader(request, 'idempotency-key', ' "0190-id"\t');
  expect(await verifyRequest(padded)).toMatchObject({ ok: true, idempotencyKey: '0190-id' });
});

test('no text in the headers throws or is accepted', async () => {
  const request = await signed();
  await fc.assert(
    fc.asyncProperty(
      fc.string({ unit: 'binary', maxLength: 200 }),
      fc.string({ maxLength: 200 }),
      async (input, value) => {
        const headers = { ...request.headers, 'signature-input': input, signature: value };
        expect((await verifyRequest({ ...request, headers })).ok).toBe(false);
      },
    ),
    { numRuns: 2_000 },
  );
});

/** Signed by the holder of the key over another list, with more parameters. */
async function signedAs(list: string, more: string, nonce = NONCE): Promise<RequestToVerify> {
  const request = { ...(await signed()), url: 'http://127.0.0.1:8080/v1/settlements/0190-id?at=1' };
  const parameters = `${list};created=${NOW};nonce="${nonce}";keyid="terminal-1"${more}`;
  const components = Array.from(list.matchAll(/"([^"]+)"(?:;name="([^"]+)")?/g), ([, name = '', queryParam]) =>
    queryParam === undefined ? name : { queryParam },
  );
  const base = signatureBase(request, components, parameters) ?? '';
  const signature = Buffer.from(device.sign(Buffer.from(base))).toString('base64');
  const headers = { ...request.headers, 'signature-input': `sig1=${parameters}`, signature: `sig1=:${signature}:` };
  return { ...request, headers };
}

/** Signed with one nonce after another, until the signature is written as a test needs it: one in sixteen ends so. */
async function signedUntil(isWanted: (signature: string) => boolean): Promise<RequestToVerify> {
  for (let attempt = 0; ; attempt += 1) {
    const request = await signedAs(ALL, '', `nonce-${String(attempt).padStart(16, '0')}`);
    if (isWanted(request.headers['signature'] ?? '')) return request;
  }
}

async function signed(): Promise<RequestToVerify> {
  const method = 'PUT';
  const url = 'http://127.0.0.1:8080/v1/settlements/0190-id';
  const body = Buffer.from('{"amount":1}');
  const idempotencyKey = '0190-id';
  const sign = device.sign;
  const headers = await signRequest({
    method,
    url,
    body,
    idempotencyKey,
    keyId: 'terminal-1',
    created: NOW,
    nonce: NONCE,
    sign,
  });
  const findKey = (keyId: string): VerifyingKey | undefined =>
    keyId === 'terminal-1'
      ? { algorithm: 'ed25519', verify: (base, signature) => verifyEd25519(device.publicKey, base, signature) }
      : undefined;
  return { method, url, body, headers: { ...headers }, nowSeconds: NOW, findKey };
}

function withHeader(request: RequestToVerify, name: string, value: string): RequestToVerify {
  return { ...request, headers: { ...request.headers, [name]: value } };
}

function inInput(request: RequestToVerify, from: string, to: string): RequestToVerify {
  const input = request.headers['signature-input'] ?? '';
  expect(input).toContain(from);
  return withHeader(request, 'signature-input', input.replace(from, to));
}
