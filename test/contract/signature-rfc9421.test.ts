import { constants, createHash, createHmac, createPublicKey, verify } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import {
  type Component,
  type SignedMessage,
  type SignedResponse,
  signatureBase,
  signatureParameters,
  verifyRequest,
} from '#contract/signature.ts';
import { keyFromJwk, verifyEd25519 } from '#test/support/wallet-keys.ts';

/**
 * The test cases of RFC 9421 Appendix B, with the messages and keys that they use, and the examples of §2 that our
 * components have part in. Every signature is checked with node:crypto against the base that we build: a byte that
 * were wrong here, or there, would not verify.
 */
const CREATED = 1_618_884_473;

/** B.1.2 to B.1.5. (The key of B.1.1 signs no case.) */
const rsaPss = createPublicKey(`-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAr4tmm3r20Wd/PbqvP1s2
+QEtvpuRaV8Yq40gjUR8y2Rjxa6dpG2GXHbPfvMs8ct+Lh1GH45x28Rw3Ry53mm+
oAXjyQ86OnDkZ5N8lYbggD4O3w6M6pAvLkhk95AndTrifbIFPNU8PPMO7OyrFAHq
gDsznjPFmTOtCEcN2Z1FpWgchwuYLPL+Wokqltd11nqqzi+bJ9cvSKADYdUAAN5W
Utzdpiy6LbTgSxP7ociU4Tn0g5I6aDZJ7A8Lzo0KSyZYoA485mqcO0GVAdVw9lq4
aOT9v6d+nb4bnNkQVklLQ3fVAvJm+xdDOp9LCNCN48V2pnDOkFV6+U9nV5oyc6XI
2wIDAQAB
-----END PUBLIC KEY-----`);
const eccP256 = createPublicKey(`-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEqIVYZVLCrPZHGHjP17CTW0/+D9Lf
w0EkjqF7xB4FivAxzic30tMM4GF+hR6Dxh71Z50VGGdldkkDXZCnTNnoXQ==
-----END PUBLIC KEY-----`);
const ed25519 = keyFromJwk(
  'n4Ni-HpISpVObnQMW0wOhCKROaIKqKtW_2ZYb2p9KcU',
  'JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bs',
);
const sharedSecret = Buffer.from(
  'uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBtbmHhIDi6pcl8jsasjlTMtDQ==',
  'base64',
);

/** B.2. */
const requestDigest =
  'sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:';
const responseDigest =
  'sha-512=:mEWXIS7MaLRuGgxOBdODa3xqM1XdEvxoYhvlCFJ41QJgJc4GTsPp29l5oGX69wWdXymyU0rjJuahq4l5aGgfLQ==:';
const request: SignedMessage = {
  method: 'POST',
  url: 'https://example.com/foo?param=Value&Pet=dog',
  headers: {
    host: 'example.com',
    date: 'Tue, 20 Apr 2021 02:07:55 GMT',
    'content-type': 'application/json',
    'content-digest': requestDigest,
    'content-length': '18',
  },
};
const response: SignedResponse = {
  status: 200,
  headers: {
    date: 'Tue, 20 Apr 2021 02:07:56 GMT',
    'content-type': 'application/json',
    'content-digest': responseDigest,
    'content-length': '23',
  },
};

/** B.3: what a proxy that ends TLS sends on, with the client's certificate. */
const clientCert =
  ':MIIBqDCCAU6gAwIBAgIBBzAKBggqhkjOPQQDAjA6MRswGQYDVQQKDBJMZXQncyBBdXRoZW50aWNhdGUxGzAZBgNVBAMMEkxBIEludGVybWVka' +
  'WF0ZSBDQTAeFw0yMDAxMTQyMjU1MzNaFw0yMTAxMjMyMjU1MzNaMA0xCzAJBgNVBAMMAkJDMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE8YnX' +
  'XfaUgmnMtOXU/IncWalRhebrXmckC8vdgJ1p5Be5F/3YC8OthxM4+k1M6aEAEFcGzkJiNy6J84y7uzo9M6NyMHAwCQYDVR0TBAIwADAfBgNVHSM' +
  'EGDAWgBRm3WjLa38lbEYCuiCPct0ZaSED2DAOBgNVHQ8BAf8EBAMCBsAwEwYDVR0lBAwwCgYIKwYBBQUHAwIwHQYDVR0RAQH/BBMwEYEPYmRjQG' +
  'V4YW1wbGUuY29tMAoGCCqGSM49BAMCA0gAMEUCIBHda/r1vaL6G3VliL4/Di6YK0Q6bMjeSkC3dFCOOB8TAiEAx/kHSB4urmiZ0NX5r5XarmPk0' +
  'wmuydBVoU4hBVZ1yhk=:';
const proxied: SignedMessage = {
  method: 'POST',
  url: 'https://service.internal.example/foo?param=Value&Pet=dog',
  headers: { ...request.headers, host: 'service.internal.example', 'client-cert': clientCert },
};

/** B.4: the request before anybody changed it. */
const demo: SignedMessage = {
  method: 'GET',
  url: 'https://example.org/demo?name1=Value1&Name2=value2',
  headers: { host: 'example.org', date: 'Fri, 15 Jul 2022 14:24:55 GMT', accept: 'application/json, */*' },
};

type Verify = (base: Uint8Array, signature: Uint8Array) => boolean;
const verifyRsaPss: Verify = (base, signature) =>
  verify('sha512', base, { key: rsaPss, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 64 }, signature);
const verifyEcdsa: Verify = (base, signature) =>
  verify('sha256', base, { key: eccP256, dsaEncoding: 'ieee-p1363' }, signature);
const verifyEd: Verify = (base, signature) => verifyEd25519(ed25519.publicKey, base, signature);
const hmac = (base: Uint8Array): Buffer => createHmac('sha256', sharedSecret).update(base).digest();

interface Case {
  readonly section: string;
  readonly message: SignedMessage | SignedResponse;
  readonly components: readonly Component[];
  readonly parameters: readonly (readonly [string, string | number])[];
  readonly base: readonly string[];
  readonly signature: string;
  readonly verify: Verify;
}

const cases: readonly Case[] = [
  {
    section: 'B.2.1: nothing covered, rsa-pss-sha512',
    message: request,
    components: [],
    parameters: [
      ['created', CREATED],
      ['keyid', 'test-key-rsa-pss'],
      ['nonce', 'b3k2pp5k7z-50gnwp.yemd'],
    ],
    base: ['"@signature-params": ();created=1618884473;keyid="test-key-rsa-pss";nonce="b3k2pp5k7z-50gnwp.yemd"'],
    signature:
      'd2pmTvmbncD3xQm8E9ZV2828BjQWGgiwAaw5bAkgibUopemLJcWDy/lkbbHAve4cRAtx31Iq786U7it++wgGxbtRxf8Udx7zFZsckzXaJMkA7ChG52eSkFxykJeNqsrWH5S+oxNFlD4dzVuwe8DhTSja8xxbR/Z2cOGdCbzR72rgFWhzx2VjBqJzsPLMIQKhO4DGezXehhWwE56YCE+O6c0mKZsfxVrogUvA4HELjVKWmAvtl6UnCh8jYzuVG5WSb/QEVPnP5TmcAnLH1g+s++v6d4s8m0gCw1fV5/SITLq9mhho8K3+7EPYTU8IU1bLhdxO5Nyt8C8ssinQ98Xw9Q==',
    verify: verifyRsaPss,
  },
  {
    section: 'B.2.2: some components, one of them a parameter of the query, rsa-pss-sha512',
    message: request,
    components: ['@authority', 'content-digest', { queryParam: 'Pet' }],
    parameters: [
      ['created', CREATED],
      ['keyid', 'test-key-rsa-pss'],
      ['tag', 'header-example'],
    ],
    base: [
      '"@authority": example.com',
      `"content-digest": ${requestDigest}`,
      '"@query-param";name="Pet": dog',
      '"@signature-params": ("@authority" "content-digest" "@query-param";name="Pet");created=1618884473;keyid="test-key-rsa-pss";tag="header-example"',
    ],
    signature:
      'LjbtqUbfmvjj5C5kr1Ugj4PmLYvx9wVjZvD9GsTT4F7GrcQEdJzgI9qHxICagShLRiLMlAJjtq6N4CDfKtjvuJyE5qH7KT8UCMkSowOB4+ECxCmT8rtAmj/0PIXxi0A0nxKyB09RNrCQibbUjsLS/2YyFYXEu4TRJQzRw1rLEuEfY17SARYhpTlaqwZVtR8NV7+4UKkjqpcAoFqWFQh62s7Cl+H2fjBSpqfZUJcsIk4N6wiKYd4je2U/lankenQ99PZfB4jY3I5rSV2DSBVkSFsURIjYErOs0tFTQosMTAoxk//0RoKUqiYY8Bh0aaUEb0rQl3/XaVe4bXTugEjHSw==',
    verify: verifyRsaPss,
  },
  {
    section: 'B.2.3: the whole request, rsa-pss-sha512',
    message: request,
    components: [
      'date',
      '@method',
      '@path',
      '@query',
      '@authority',
      'content-type',
      'content-digest',
      'content-length',
    ],
    parameters: [
      ['created', CREATED],
      ['keyid', 'test-key-rsa-pss'],
    ],
    base: [
      '"date": Tue, 20 Apr 2021 02:07:55 GMT',
      '"@method": POST',
      '"@path": /foo',
      '"@query": ?param=Value&Pet=dog',
      '"@authority": example.com',
      '"content-type": application/json',
      `"content-digest": ${requestDigest}`,
      '"content-length": 18',
      '"@signature-params": ("date" "@method" "@path" "@query" "@authority" "content-type" "content-digest" "content-length");created=1618884473;keyid="test-key-rsa-pss"',
    ],
    signature:
      'bbN8oArOxYoyylQQUU6QYwrTuaxLwjAC9fbY2F6SVWvh0yBiMIRGOnMYwZ/5MR6fb0Kh1rIRASVxFkeGt683+qRpRRU5p2voTp768ZrCUb38K0fUxN0O0iC59DzYx8DFll5GmydPxSmme9v6ULbMFkl+V5B1TP/yPViV7KsLNmvKiLJH1pFkh/aYA2HXXZzNBXmIkoQoLd7YfW91kE9o/CCoC1xMy7JA1ipwvKvfrs65ldmlu9bpG6A9BmzhuzF8Eim5f8ui9eH8LZH896+QIF61ka39VBrohr9iyMUJpvRX2Zbhl5ZJzSRxpJyoEZAFL2FUo5fTIztsDZKEgM4cUA==',
    verify: verifyRsaPss,
  },
  {
    section: 'B.2.4: a response, ecdsa-p256-sha256',
    message: response,
    components: ['@status', 'content-type', 'content-digest', 'content-length'],
    parameters: [
      ['created', CREATED],
      ['keyid', 'test-key-ecc-p256'],
    ],
    base: [
      '"@status": 200',
      '"content-type": application/json',
      `"content-digest": ${responseDigest}`,
      '"content-length": 23',
      '"@signature-params": ("@status" "content-type" "content-digest" "content-length");created=1618884473;keyid="test-key-ecc-p256"',
    ],
    signature: 'wNmSUAhwb5LxtOtOpNa6W5xj067m5hFrj0XQ4fvpaCLx0NKocgPquLgyahnzDnDAUy5eCdlYUEkLIj+32oiasw==',
    verify: verifyEcdsa,
  },
  {
    section: 'B.2.5: hmac-sha256',
    message: request,
    components: ['date', '@authority', 'content-type'],
    parameters: [
      ['created', CREATED],
      ['keyid', 'test-shared-secret'],
    ],
    base: [
      '"date": Tue, 20 Apr 2021 02:07:55 GMT',
      '"@authority": example.com',
      '"content-type": application/json',
      '"@signature-params": ("date" "@authority" "content-type");created=1618884473;keyid="test-shared-secret"',
    ],
    signature: 'pxcQw6G3AjtMBQjwo8XzkZf/bws5LelbaMk5rGIGtE8=',
    verify: (base, signature) => hmac(base).equals(signature),
  },
  {
    section: 'B.2.6: ed25519',
    message: request,
    components: ['date', '@method', '@path', '@authority', 'content-type', 'content-length'],
    parameters: [
      ['created', CREATED],
      ['keyid', 'test-key-ed25519'],
    ],
    base: [
      '"date": Tue, 20 Apr 2021 02:07:55 GMT',
      '"@method": POST',
      '"@path": /foo',
      '"@authority": example.com',
      '"content-type": application/json',
      '"content-length": 18',
      '"@signature-params": ("date" "@method" "@path" "@authority" "content-type" "content-length");created=1618884473;keyid="test-key-ed25519"',
    ],
    signature: 'wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==',
    verify: verifyEd,
  },
  {
    section: 'B.3: behind a proxy that ends TLS, ecdsa-p256-sha256',
    message: proxied,
    components: ['@path', '@query', '@method', '@authority', 'client-cert'],
    parameters: [
      ['created', CREATED],
      ['keyid', 'test-key-ecc-p256'],
    ],
    base: [
      '"@path": /foo',
      '"@query": ?param=Value&Pet=dog',
      '"@method": POST',
      '"@authority": service.internal.example',
      `"client-cert": ${clientCert}`,
      '"@signature-params": ("@path" "@query" "@method" "@authority" "client-cert");created=1618884473;keyid="test-key-ecc-p256"',
    ],
    signature: 'xVMHVpawaAC/0SbHrKRs9i8I3eOs5RtTMGCWXm/9nvZzoHsIg6Mce9315T6xoklyy0yzhD9ah4JHRwMLOgmizw==',
    verify: verifyEcdsa,
  },
  {
    section: 'B.4: before the message is transformed, ed25519',
    message: demo,
    components: ['@method', '@path', '@authority', 'accept'],
    parameters: [
      ['created', CREATED],
      ['keyid', 'test-key-ed25519'],
    ],
    base: [
      '"@method": GET',
      '"@path": /demo',
      '"@authority": example.org',
      '"accept": application/json, */*',
      '"@signature-params": ("@method" "@path" "@authority" "accept");created=1618884473;keyid="test-key-ed25519"',
    ],
    signature: 'ZT1kooQsEHpZ0I1IjCqtQppOmIqlJPeo7DHR3SoMn0s5JZ1eRGS0A+vyYP9t/LXlh5QMFFQ6cpLt2m0pmj3NDA==',
    verify: verifyEd,
  },
];

describe('RFC 9421 Appendix B', () => {
  test.each(cases)('$section: our base is the RFC’s, and its signature verifies over ours', (example) => {
    const base = signatureBase(
      example.message,
      example.components,
      signatureParameters(example.components, example.parameters),
    );
    expect(base).toBe(example.base.join('\n'));
    const signature = Buffer.from(example.signature, 'base64');
    expect(example.verify(Buffer.from(base ?? ''), signature)).toBe(true);
    expect(example.verify(Buffer.from(`${base} `), signature)).toBe(false);
  });

  test('B.2.5 and B.2.6: signing gives the RFC’s very bytes', () => {
    const signed = (section: string, sign: (base: Uint8Array) => Uint8Array): string => {
      const base = cases.find((example) => example.section.startsWith(section))?.base.join('\n') ?? '';
      return Buffer.from(sign(Buffer.from(base))).toString('base64');
    };
    expect([signed('B.2.5', hmac), signed('B.2.6', (base) => ed25519.sign(base))]).toEqual([
      'pxcQw6G3AjtMBQjwo8XzkZf/bws5LelbaMk5rGIGtE8=',
      'wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==',
    ]);
  });

  test('B.2: the digests are of the bodies that the RFC shows', () => {
    const digest = (body: string): string => `sha-512=:${createHash('sha512').update(body).digest('base64')}:`;
    expect([digest('{"hello": "world"}'), digest('{"message": "good dog"}')]).toEqual([requestDigest, responseDigest]);
  });

  test.each<[string, boolean, SignedMessage]>([
    [
      'a parameter and a field are added',
      true,
      {
        ...demo,
        url: `${demo.url}&param=added`,
        headers: { ...demo.headers, 'accept-language': 'en-US,en;q=0.5' },
      },
    ],
    [
      'a field is removed, another added and two lines are joined',
      true,
      {
        ...demo,
        headers: {
          host: 'example.org',
          referer: 'https://developer.example.org/demo',
          accept: 'application/json, */*',
        },
      },
    ],
    [
      'the fields change places',
      true,
      {
        ...demo,
        headers: { accept: 'application/json, */*', date: 'Fri, 15 Jul 2022 14:24:55 GMT', host: 'example.org' },
      },
    ],
    [
      'the method and the authority are others',
      false,
      {
        ...demo,
        method: 'POST',
        url: demo.url.replace('.org', '.com'),
        headers: { ...demo.headers, host: 'example.com' },
      },
    ],
    [
      'the values of a covered field change places',
      false,
      { ...demo, headers: { ...demo.headers, accept: '*/*, application/json' } },
    ],
  ])('B.4: where %s, the signature holds: %s', (_, holds, message) => {
    const example = cases.at(-1);
    const components = example?.components ?? [];
    const base = signatureBase(message, components, signatureParameters(components, example?.parameters ?? [])) ?? '';
    expect(verifyEd(Buffer.from(base), Buffer.from(example?.signature ?? '', 'base64'))).toBe(holds);
  });

  test('B.2.6 as it was sent is refused: our server asks for a nonce and for more to be covered', async () => {
    const example = cases.find(({ section }) => section.startsWith('B.2.6'));
    const parameters = signatureParameters(example?.components ?? [], example?.parameters ?? []);
    const verdict = await verifyRequest({
      ...request,
      headers: {
        ...request.headers,
        'signature-input': `sig-b26=${parameters}`,
        signature: `sig-b26=:${example?.signature}:`,
      },
      body: Buffer.from('{"hello": "world"}'),
      nowSeconds: CREATED,
      findKey: () => ({ algorithm: 'ed25519', verify: verifyEd }),
    });
    expect(verdict).toMatchObject({ ok: false, problem: 'signature_invalid' });
  });
});

describe('RFC 9421 §2', () => {
  const parameters = signatureParameters([], []);
  const lines = (message: SignedMessage | SignedResponse, ...components: Component[]): string[] | undefined =>
    signatureBase(message, components, parameters)?.split('\n').slice(0, -1);

  test('§2.1: the blanks around a field’s value are no part of it, and an empty field is covered', () => {
    const headers = {
      'x-ows-header': ' \tLeading and trailing whitespace.   ',
      'x-empty-header': '',
      'cache-control': 'max-age=60,    must-revalidate',
    };
    expect(lines({ ...request, headers }, 'x-ows-header', 'x-empty-header', 'cache-control')).toEqual([
      '"x-ows-header": Leading and trailing whitespace.',
      '"x-empty-header": ',
      '"cache-control": max-age=60,    must-revalidate',
    ]);
  });

  test('§2.2: derived components of a request', () => {
    const message = { method: 'POST', url: 'https://WWW.Example.com:443/path?param=value', headers: {} };
    expect(lines(message, '@method', '@target-uri', '@authority', '@path', '@query')).toEqual([
      '"@method": POST',
      '"@target-uri": https://WWW.Example.com:443/path?param=value',
      '"@authority": www.example.com',
      '"@path": /path',
      '"@query": ?param=value',
    ]);
    expect(lines({ ...message, url: 'https://www.example.com' }, '@path', '@query')).toEqual([
      '"@path": /',
      '"@query": ?',
    ]);
    expect(lines({ ...message, url: 'https://www.example.com/path?queryString' }, '@query')).toEqual([
      '"@query": ?queryString',
    ]);
  });

  test('§2.2.1: a method in another case is another method', () => {
    expect(lines({ ...request, method: 'post' }, '@method')).toEqual(['"@method": post']);
  });

  test('§2.2.8: parameters of the query, encoded anew', () => {
    const message = {
      method: 'GET',
      url: 'https://www.example.com/parameters?var=this%20is%20a%20big%0Amultiline%20value&bar=with+plus+whitespace&fa%C3%A7ade%22%3A%20=something&qux=&it%27s=%28%7E%21%29',
      headers: {},
    };
    const named = (queryParam: string): Component => ({ queryParam });
    const names = ['var', 'bar', 'fa%C3%A7ade%22%3A%20', 'qux', 'it%27s'];
    expect(lines(message, ...names.map(named))).toEqual([
      '"@query-param";name="var": this%20is%20a%20big%0Amultiline%20value',
      '"@query-param";name="bar": with%20plus%20whitespace',
      '"@query-param";name="fa%C3%A7ade%22%3A%20": something',
      '"@query-param";name="qux": ',
      '"@query-param";name="it%27s": %28%7E%21%29',
    ]);
    expect(lines({ ...message, url: 'https://example.com/?a=1&a=2&b=3' }, { queryParam: 'a' })).toBeUndefined();
  });

  test.each<[string, SignedMessage | SignedResponse, Component]>([
    ['a field that the message has not', request, 'x-dictionary'],
    ['a field named like something of JavaScript’s own', request, 'constructor'],
    ['a parameter that the query has not', request, { queryParam: 'pet' }],
    ['a parameter of the query without its name', request, '@query-param'],
    ['a status of a request', request, '@status'],
    ['a method of a response', response, '@method'],
    ['a parameter of a response’s query', response, { queryParam: 'Pet' }],
    ['a component that is not supported', request, '@scheme'],
    ['a component that does not exist', request, '@nonsense'],
    ['a value of more than one line', { ...request, headers: { date: 'now\n"@method": GET' } }, 'date'],
    ['a path of what is no URL', { ...request, url: '/foo' }, '@path'],
  ])('§2.5: there is no base over %s', (_, message, component) => {
    expect(lines(message, component)).toBeUndefined();
  });
});
