import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  contentDigest,
  type RequestToVerify,
  type SignatureAlgorithm,
  signRequest,
  type VerifyingKey,
  verifyRequest,
} from '#contract/signature.ts';
import { makeKey, verifyEd25519 } from '#test/support/wallet-keys.ts';

/** Of each algorithm. What changes nothing that was signed is not counted. */
const mutationCount = process.env['CI'] === undefined ? 2_000 : 10_000;
const SEED = 9_421;
const NOW = 1_795_435_000;
const TEN_MINUTES = 600;

/** What somebody between the two sides may do to a signed request. Undefined: nothing, this time. */
type Mutation = (request: RequestToVerify, body: Buffer) => RequestToVerify | Promise<RequestToVerify> | undefined;

/** One character of a text replaced, put in or taken out. */
const edit = fc
  .tuple(fc.constantFrom('replace', 'insert', 'remove'), fc.nat(), fc.integer({ min: 0x20, max: 0x7e }))
  .map(([kind, place, code]) => (text: string): string => {
    const at = place % (text.length + (kind === 'insert' ? 1 : 0));
    const after = text.slice(kind === 'insert' ? at : at + 1);
    return text.slice(0, at) + (kind === 'remove' ? '' : String.fromCharCode(code)) + after;
  });
const bit = fc.tuple(fc.nat(), fc.nat(7));
const headerName = fc.constantFrom('content-digest', 'idempotency-key', 'signature-input', 'signature');
const COMPONENTS = ['@method', '@target-uri', 'content-digest', 'idempotency-key'];

const mutations: Readonly<Record<string, fc.Arbitrary<Mutation>>> = {
  method: fc
    .constantFrom('GET', 'POST', 'DELETE', 'PATCH', 'put', 'Put', 'PUT ', '')
    .map((method) => (request) => ({ ...request, method })),
  'a character of the method': edit.map((change) => (request) => ({ ...request, method: change(request.method) })),
  'a character of the URL': edit.map((change) => (request) => ({ ...request, url: change(request.url) })),
  'the URL, written otherwise': fc
    .constantFrom(
      ['https:', 'http:'],
      ['wallet', 'WALLET'],
      ['example/', 'example:443/'],
      ['example/', 'example/./'],
      ['/v1/', '//v1/'],
      ['/v1/', '/v1/../v1/'],
      ['settlements', '%73ettlements'],
      ['?a=1', '?a=1&a=1'],
      ['?a=1', '?a=1#'],
      ['?a=1', '/?a=1'],
      ['?a=1', ''],
    )
    .map(([from = '', to = '']) => (request) => ({ ...request, url: request.url.replace(from, to) })),
  'a character of a header': fc.tuple(headerName, edit).map(
    ([name, change]) =>
      (request) =>
        withHeader(request, name, change(request.headers[name] ?? '')),
  ),
  'a header left out': headerName.map((name) => (request) => withHeader(request, name, undefined)),
  'a header sent twice': headerName.map(
    (name) => (request) => withHeader(request, name, `${request.headers[name]}, ${request.headers[name]}`),
  ),
  'a bit of the body': bit.map((place) => (request, body) => ({ ...request, body: flip(body, place) })),
  'the length of the body': fc
    .tuple(fc.nat(), fc.uint8Array({ maxLength: 4 }))
    .map(([end, more]) => (request, body) => ({
      ...request,
      body: Buffer.concat([body.subarray(0, end % (body.length + 1)), more]),
    })),
  'the body and its digest': bit.map((place) => async (request, body) => {
    const other = flip(body, place);
    return withHeader({ ...request, body: other }, 'content-digest', await contentDigest(other));
  }),
  'the digest': fc
    .constantFrom('sha-512', 'SHA-256', 'sha-256 of something else', 'both', 'none')
    .map((kind) => (request, body) => withHeader(request, 'content-digest', digestOf(kind, body))),
  'a bit of the signature': bit.map(
    (place) => (request) => withSignature(request, (signature) => flip(signature, place)),
  ),
  'the length of the signature': fc.tuple(fc.nat(), fc.uint8Array({ maxLength: 4 })).map(
    ([end, more]) =>
      (request) =>
        withSignature(request, (signature) =>
          Buffer.concat([signature.subarray(0, end % (signature.length + 1)), more]),
        ),
  ),
  'all of the signature': fc
    .constantFrom(0, 1, 0xff)
    .map((byte) => (request) => withSignature(request, (signature) => Buffer.alloc(signature.length, byte))),
  'the signature, to one that the curve holds for equal': fc.constant((request) =>
    withSignature(request, (signature) => (signature.length === 64 ? addGroupOrder(signature) : Buffer.alloc(0))),
  ),
  'the order of the components': fc
    .shuffledSubarray(COMPONENTS, { minLength: COMPONENTS.length })
    .map((components) => (request) => withComponents(request, components)),
  'components left out': fc
    .subarray(COMPONENTS, { maxLength: COMPONENTS.length - 1 })
    .map((components) => (request) => withComponents(request, components)),
  'a component twice': fc.tuple(fc.constantFrom(...COMPONENTS), fc.nat(COMPONENTS.length)).map(
    ([again, place]) =>
      (request) =>
        withComponents(request, COMPONENTS.toSpliced(place, 0, again)),
  ),
  'a component more': fc
    .tuple(
      fc.constantFrom('host', '@path', '@query', '@authority', '@scheme', 'constructor', '@signature-params', 'a b'),
      fc.nat(COMPONENTS.length),
    )
    .map(
      ([more, place]) =>
        (request) =>
          withComponents(request, COMPONENTS.toSpliced(place, 0, more)),
    ),
  'a component’s own parameter': fc
    .tuple(fc.constantFrom(...COMPONENTS), fc.constantFrom(';req', ';sf', ';bs', ';tr', ';key="a"', ';name="a"'))
    .map(
      ([of, own]) =>
        (request) =>
          inInput(request, `"${of}"`, `"${of}"${own}`),
    ),
  'when it was made': fc
    .oneof(fc.integer({ min: -TEN_MINUTES, max: TEN_MINUTES }), fc.constantFrom(-TEN_MINUTES, TEN_MINUTES))
    .map((by) => (request) => inInput(request, `created=${NOW}`, `created=${NOW + by}`)),
  'the verifier’s clock, by ten minutes and more': fc
    .tuple(fc.integer({ min: TEN_MINUTES, max: 10_000_000 }), fc.constantFrom(1, -1))
    .map(([by, sign]) => (request) => ({ ...request, nowSeconds: request.nowSeconds + sign * by })),
  'whose key it is': fc
    .constantFrom('other-ed25519', 'other-hmac-sha256', 'nobody', '', 'terminal-1 ')
    .map((keyId) => (request) => withParameter(request, 'keyid', `"${keyId}"`)),
  'the nonce': fc
    .stringMatching(/^[A-Za-z0-9_-]{1,70}$/)
    .map((nonce) => (request) => withParameter(request, 'nonce', `"${nonce}"`)),
  'the algorithm': fc
    .constantFrom('"ed25519"', '"hmac-sha256"', '"rsa-pss-sha512"', '""', 'ed25519', '?1')
    .map((algorithm) => (request) => withParameter(request, 'alg', algorithm)),
  'a parameter left out': fc
    .constantFrom('created', 'nonce', 'keyid', 'alg')
    .map((name) => (request) => withParameter(request, name, undefined)),
  'a parameter more': fc
    .constantFrom('tag="app"', `expires=${NOW + 60}`, `expires=${NOW - 1}`, 'a', `created=${NOW}`, 'keyid="nobody"')
    .map(
      (more) => (request) => withHeader(request, 'signature-input', `${request.headers['signature-input']};${more}`),
    ),
  'the order of the parameters': fc.shuffledSubarray([0, 1, 2, 3], { minLength: 4 }).map((order) => (request) => {
    const [list = '', ...parameters] = (request.headers['signature-input'] ?? '').split(';');
    const moved = [list, ...order.map((place) => parameters[place] ?? '')].join(';');
    return withHeader(request, 'signature-input', moved);
  }),
  'the label of one header': fc
    .constantFrom('signature-input', 'signature')
    .map((name) => (request) => withHeader(request, name, `sig2${(request.headers[name] ?? '').slice(4)}`)),
};

describe.each<SignatureAlgorithm>(['ed25519', 'hmac-sha256'])('a request signed with %s', (algorithm) => {
  test('fault S12: is accepted as it was sent, and in none of its mutations', async () => {
    const signed = await sign(algorithm);
    expect((await verifyRequest(signed)).ok).toBe(true);

    const seen = new Map(Object.keys(mutations).map((name) => [name, 0]));
    const accepted: string[] = [];
    const named = Object.entries(mutations).map(([name, mutation]) => mutation.map((mutate) => ({ name, mutate })));
    let count = 0;
    for (let round = 0; count < mutationCount; round += 1) {
      for (const { name, mutate } of fc.sample(fc.oneof(...named), { seed: SEED + round, numRuns: 1_000 })) {
        const mutated = await mutate(signed, Buffer.from(signed.body));
        if (mutated === undefined || isSame(mutated, signed)) continue;
        count += 1;
        seen.set(name, (seen.get(name) ?? 0) + 1);
        const verdict = await verifyRequest(mutated);
        if (verdict.ok) accepted.push(`${name}: ${JSON.stringify([mutated.method, mutated.url, mutated.headers])}`);
      }
    }
    expect(accepted).toEqual([]);
    expect([...seen].filter(([, times]) => times < mutationCount / 200)).toEqual([]);
  });

  test('no signature of one request is accepted for another', async () => {
    const [one, other] = [await sign(algorithm), await sign(algorithm, '{"amount":2}')];
    for (const names of [['signature'], ['signature', 'content-digest'], ['signature', 'signature-input']]) {
      const moved = names.reduce((request, name) => withHeader(request, name, other.headers[name]), one);
      expect(await verifyRequest(moved)).toMatchObject({ ok: false, problem: 'signature_invalid' });
    }
  });
});

const device = makeKey();
const otherDevice = makeKey();

async function sign(algorithm: SignatureAlgorithm, text = '{"amount":1}'): Promise<RequestToVerify> {
  const [method, url, body] = ['PUT', 'https://wallet.example/v1/settlements/0190-id?a=1', Buffer.from(text)];
  const headers = await signRequest({
    method,
    url,
    body,
    idempotencyKey: '0190-id',
    keyId: 'terminal-1',
    created: NOW,
    nonce: 'nonce-0123456789',
    algorithm,
    sign: algorithm === 'ed25519' ? device.sign : (base) => mac('a secret', base),
  });
  const keys: Readonly<Record<string, VerifyingKey>> = {
    'terminal-1': algorithm === 'ed25519' ? ed25519Key(device.publicKey) : hmacKey('a secret'),
    'other-ed25519': ed25519Key(otherDevice.publicKey),
    'other-hmac-sha256': hmacKey('another secret'),
  };
  const findKey = (keyId: string): VerifyingKey | undefined => keys[keyId];
  return { method, url, body, headers: { host: 'wallet.example', ...headers }, nowSeconds: NOW, findKey };
}

function ed25519Key(publicKey: Uint8Array): VerifyingKey {
  return { algorithm: 'ed25519', verify: (base, signature) => verifyEd25519(publicKey, base, signature) };
}

function hmacKey(secret: string): VerifyingKey {
  return { algorithm: 'hmac-sha256', verify: (base, signature) => timingSafeEqual(mac(secret, base), signature) };
}

function mac(secret: string, base: Uint8Array): Buffer {
  return createHmac('sha256', secret).update(base).digest();
}

/** Blanks around a header’s value are no part of it, RFC 9110 §5.5. */
function isSame(one: RequestToVerify, other: RequestToVerify): boolean {
  const signed = ({ method, url, headers, body, nowSeconds }: RequestToVerify): string =>
    JSON.stringify([
      method,
      url,
      COVERED.map((name) => headers[name]?.trim()),
      Buffer.from(body).toString('hex'),
      nowSeconds,
    ]);
  return signed(one) === signed(other);
}

const COVERED = ['content-digest', 'idempotency-key', 'signature-input', 'signature'];

function withHeader(request: RequestToVerify, name: string, value: string | undefined): RequestToVerify {
  return { ...request, headers: { ...request.headers, [name]: value } };
}

function inInput(request: RequestToVerify, from: string, to: string): RequestToVerify {
  return withHeader(request, 'signature-input', request.headers['signature-input']?.replace(from, to));
}

function withComponents(request: RequestToVerify, components: readonly string[]): RequestToVerify {
  const list = components.map((name) => `"${name}"`).join(' ');
  const input = request.headers['signature-input'] ?? '';
  return withHeader(request, 'signature-input', input.replace(/\([^)]*\)/, `(${list})`));
}

function withParameter(request: RequestToVerify, name: string, value: string | undefined): RequestToVerify {
  const input = request.headers['signature-input'] ?? '';
  const replaced = input.replace(new RegExp(`;${name}=[^;]*`), value === undefined ? '' : `;${name}=${value}`);
  return withHeader(request, 'signature-input', replaced);
}

function withSignature(request: RequestToVerify, change: (signature: Buffer) => Buffer): RequestToVerify {
  const [, encoded = ''] = (request.headers['signature'] ?? '').split(':');
  const changed = change(Buffer.from(encoded, 'base64'));
  return withHeader(request, 'signature', `sig1=:${changed.toString('base64')}:`);
}

function flip(bytes: Uint8Array, [place, ofByte]: readonly [number, number]): Buffer {
  const flipped = Buffer.from(bytes);
  const at = place % flipped.length;
  flipped[at] = (flipped[at] ?? 0) ^ (1 << ofByte);
  return flipped;
}

/** RFC 8032 §5.1.7: a verifier that does not bound the second half holds `S` and `S + L` for equal. */
function addGroupOrder(signature: Buffer): Buffer {
  const order = 2n ** 252n + 27_742_317_777_372_353_535_851_937_790_883_648_493n;
  const half = BigInt(`0x${Buffer.from(signature.subarray(32)).reverse().toString('hex')}`) + order;
  const hex = half.toString(16).padStart(64, '0');
  return Buffer.concat([signature.subarray(0, 32), Buffer.from(hex, 'hex').reverse()]);
}

function digestOf(kind: string, body: Buffer): string | undefined {
  const digest = (name: string, of: string | Buffer): string => createHash(name).update(of).digest('base64');
  if (kind === 'none') return undefined;
  if (kind === 'sha-512') return `sha-512=:${digest('sha512', body)}:`;
  if (kind === 'SHA-256') return `SHA-256=:${digest('sha256', body)}:`;
  if (kind === 'both') return `sha-256=:${digest('sha256', body)}:, sha-512=:${digest('sha512', body)}:`;
  return `sha-256=:${digest('sha256', 'something else')}:`;
}
