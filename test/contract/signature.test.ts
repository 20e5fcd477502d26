import { createHmac, timingSafeEqual } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  contentDigest,
  type RequestToVerify,
  REPLAY_WINDOW_SECONDS,
  signatureBase,
  signatureParameters,
  signRequest,
  type VerifyingKey,
  verifyRequest,
} from '#contract/signature.ts';
import { keyFromJwk, makeKey, verifyEd25519 } from '#test/support/wallet-keys.ts';

/** The test request of RFC 9421 Appendix B.2. */
const rfcRequest = {
  method: 'POST',
  url: 'https://example.com/foo?param=Value&Pet=dog',
  headers: {
    host: 'example.com',
    date: 'Tue, 20 Apr 2021 02:07:55 GMT',
    'content-type': 'application/json',
    'content-length': '18',
  },
};
const rfcEd25519 = keyFromJwk(
  'n4Ni-HpISpVObnQMW0wOhCKROaIKqKtW_2ZYb2p9KcU',
  'JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bs',
);
const rfcSharedSecret = Buffer.from(
  'uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBtbmHhIDi6pcl8jsasjlTMtDQ==',
  'base64',
);

test('RFC 9421 B.2.6: an Ed25519 signature over the test request', () => {
  const components = ['date', '@method', '@path', '@authority', 'content-type', 'content-length'];
  const parameters = signatureParameters(components, [
    ['created', 1_618_884_473],
    ['keyid', 'test-key-ed25519'],
  ]);
  const base = signatureBase(rfcRequest, components, parameters) ?? '';

  expect({ base, signature: Buffer.from(rfcEd25519.sign(Buffer.from(base))).toString('base64') }).toEqual({
    base: [
      '"date": Tue, 20 Apr 2021 02:07:55 GMT',
      '"@method": POST',
      '"@path": /foo',
      '"@authority": example.com',
      '"content-type": application/json',
      '"content-length": 18',
      '"@signature-params": ("date" "@method" "@path" "@authority" "content-type" "content-length");created=1618884473;keyid="test-key-ed25519"',
    ].join('\n'),
    signature: 'wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==',
  });
});

test('RFC 9421 B.2.5: an HMAC-SHA-256 over the test request', () => {
  const components = ['date', '@authority', 'content-type'];
  const parameters = signatureParameters(components, [
    ['created', 1_618_884_473],
    ['keyid', 'test-shared-secret'],
  ]);
  const base = signatureBase(rfcRequest, components, parameters) ?? '';

  expect({ base, signature: createHmac('sha256', rfcSharedSecret).update(base).digest('base64') }).toEqual({
    base: [
      '"date": Tue, 20 Apr 2021 02:07:55 GMT',
      '"@authority": example.com',
      '"content-type": application/json',
      '"@signature-params": ("date" "@authority" "content-type");created=1618884473;keyid="test-shared-secret"',
    ].join('\n'),
    signature: 'pxcQw6G3AjtMBQjwo8XzkZf/bws5LelbaMk5rGIGtE8=',
  });
});

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
  const mac = (base: Uint8Array): Buffer => createHmac('sha256', rfcSharedSecret).update(base).digest();
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

test.each([
  ['a component twice', '("@method" "@method" "@target-uri" "content-digest" "idempotency-key")'],
  ['a component with a parameter', '("@method";req "@target-uri" "content-digest" "idempotency-key")'],
])('%s is refused, though the key’s holder signed it so', async (_, list) => {
  const request = await signed();
  const parameters = `${list};created=${NOW};nonce="${NONCE}";keyid="terminal-1"`;
  const components = Array.from(list.matchAll(/"([^"]+)"/g), ([, name = '']) => name);
  const base = signatureBase(request, components, parameters) ?? '';
  const signature = Buffer.from(device.sign(Buffer.from(base))).toString('base64');
  const headers = { ...request.headers, 'signature-input': `sig1=${parameters}`, signature: `sig1=:${signature}:` };
  expect(await verifyRequest({ ...request, headers })).toMatchObject({ ok: false, problem: 'signature_invalid' });
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
