import { encode, rfc8949EncodeOptions } from 'cborg';
import fc from 'fast-check';
import QRCode from 'qrcode';
import { expect, test } from 'vitest';
import { decodeBase45, encodeBase45 } from '#contract/base45.ts';
import {
  type CodeRefusal,
  type CredentialClaims,
  CLOCK_SKEW_MS,
  encodeClaims,
  encodeCode,
  encodeCredential,
  isWalletCode,
  type ParsedCode,
  parseCode,
  readClaims,
  stepAt,
  verifyCode,
} from '#contract/token.ts';
import { makeIssuer, makeKey, showCode, verifyEd25519 } from '#test/support/wallet-keys.ts';

const NOW = Date.UTC(2026, 10, 23, 3, 0, 0);
const issuer = makeIssuer('k1ab');
const phone = makeKey();
const claims: CredentialClaims = {
  version: 1,
  alias: 'iYkogf66Dj',
  phoneKey: phone.publicKey,
  currency: 'JPY',
  perPaymentLimit: 50_000,
  offlineAllowance: 10_000,
  issuedAt: NOW / 1_000,
  expiresAt: NOW / 1_000 + 48 * 3_600,
};
const credential = issuer.issue(claims);

test('a code carries its claims, counter and step, and both signatures hold', () => {
  const code = parsed(showCode(phone, credential, 7, NOW));

  expect({
    claims: code.claims,
    keyId: code.keyId,
    counter: code.counter,
    step: code.step,
    credential: Buffer.from(code.credential).equals(credential),
    verdict: verifyCode(code, [issuer.key], NOW, verifyEd25519),
  }).toEqual({
    claims,
    keyId: 'k1ab',
    counter: 7,
    step: stepAt(NOW),
    credential: true,
    verdict: { ok: true },
  });
});

test('a code fits QR version 11 at level M', () => {
  const text = showCode(phone, credential, 65_535, NOW);
  expect(QRCode.create(text, { errorCorrectionLevel: 'M' }).version).toBe(11);
});

test('a phone reads the claims of the credential that it was given', () => {
  expect({ good: readClaims(credential), bad: readClaims(credential.subarray(1)) }).toEqual({
    good: claims,
    bad: undefined,
  });
});

test.each<[CodeRefusal, string, (text: string) => [ParsedCode, number]]>([
  [
    'credential_forged',
    'another server signed it',
    () => [parsed(showCode(phone, makeIssuer('k1ab').issue(claims), 1, NOW)), NOW],
  ],
  ['unknown_key', 'nobody knows the key', () => [parsed(showCode(phone, makeIssuer('zz').issue(claims), 1, NOW)), NOW]],
  ['proof_forged', 'another phone shows it', () => [parsed(showCode(makeKey(), credential, 1, NOW)), NOW]],
  ['proof_forged', 'the counter was raised', (text) => [{ ...parsed(text), counter: 2 }, NOW]],
  ['proof_forged', 'the step was moved', (text) => [{ ...parsed(text), step: stepAt(NOW) + 1 }, NOW]],
  ['code_too_old', '90 s after its half minute', (text) => [parsed(text), NOW + 30_000 + CLOCK_SKEW_MS]],
  ['code_from_the_future', 'more than 90 s early', () => [parsed(showCode(phone, credential, 1, NOW + 120_000)), NOW]],
  [
    'credential_expired',
    'its days are over',
    () => {
      const late = claims.expiresAt * 1_000 + CLOCK_SKEW_MS + 1;
      return [parsed(showCode(phone, credential, 1, late)), late];
    },
  ],
  [
    'credential_not_yet_valid',
    'its days have not begun',
    () => {
      const early = NOW - CLOCK_SKEW_MS - 30_001;
      return [parsed(showCode(phone, credential, 1, early)), early];
    },
  ],
])('%s: %s', (reason, _, change) => {
  const [code, nowMs] = change(showCode(phone, credential, 1, NOW));
  expect(verifyCode(code, [issuer.key], nowMs, verifyEd25519)).toEqual({ ok: false, reason });
});

test('a code is good from 90 s before its half minute to 90 s after it', () => {
  const code = parsed(showCode(phone, credential, 1, NOW));
  const verdicts = [NOW - CLOCK_SKEW_MS, NOW + 30_000 + CLOCK_SKEW_MS - 1].map(
    (nowMs) => verifyCode(code, [issuer.key], nowMs, verifyEd25519).ok,
  );
  expect(verdicts).toEqual([true, true]);
});

test('a signing key that had run out when the credential was issued vouches for nothing', () => {
  const old = { ...issuer.key, notAfterMs: NOW - 1 };
  const code = parsed(showCode(phone, credential, 1, NOW));
  expect(verifyCode(code, [old], NOW, verifyEd25519)).toEqual({ ok: false, reason: 'unknown_key' });
});

test('the server refuses to issue a credential that lasts longer than 72 hours', () => {
  const tooLong = { ...claims, expiresAt: claims.issuedAt + 72 * 3_600 + 1 };
  expect(() => encodeClaims(tooLong, 'k1ab')).toThrow('validity');
});

test('one changed byte never makes a code that is accepted', { timeout: 60_000 }, () => {
  const text = showCode(phone, credential, 300, NOW);
  const bytes = decodeBase45(text.slice(5)) ?? new Uint8Array();
  const change = fc.tuple(fc.nat({ max: bytes.length - 1 }), fc.integer({ min: 1, max: 255 }));
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 3 }), (changes) => {
      const mutated = Uint8Array.from(bytes);
      for (const [index, flip] of changes) mutated[index] = (mutated[index] ?? 0) ^ flip;
      return Buffer.from(mutated).equals(bytes) || !isAccepted(`WRK1:${encodeBase45(mutated)}`);
    }),
    { numRuns: 10_000 },
  );
});

test('cut, doubled and foreign texts are refused without an exception', () => {
  const text = showCode(phone, credential, 300, NOW);
  const mutation = fc.oneof(
    fc.nat({ max: text.length - 1 }).map((length) => text.slice(0, length)),
    fc.nat({ max: text.length - 1 }).map((index) => text + text.slice(index)),
    fc
      .tuple(fc.nat({ max: text.length }), fc.string({ minLength: 1, maxLength: 4 }))
      .map(([index, more]) => text.slice(0, index) + more + text.slice(index)),
    fc.string({ maxLength: 700 }).map((rest) => `WRK1:${rest}`),
    fc.uint8Array({ maxLength: 400 }).map((bytes) => `WRK1:${encodeBase45(bytes)}`),
    fc.string({ unit: 'binary', maxLength: 50 }),
  );
  fc.assert(
    fc.property(mutation, (value) => value === text || !isAccepted(value)),
    { numRuns: 10_000 },
  );
});

test('nested CBOR to the depth that a text can hold is refused, not overflowed', () => {
  const deep = new Uint8Array(395).fill(0x81);
  deep[394] = 0x00;
  expect(parseCode(`WRK1:${encodeBase45(deep)}`).ok).toBe(false);
});

test('the same code in another CBOR form is refused: one meaning has one text', () => {
  const text = showCode(phone, credential, 7, NOW);
  const bytes = decodeBase45(text.slice(5)) ?? new Uint8Array();
  const counterAt = 1 + credential.length;
  const longer = Uint8Array.from([...bytes.subarray(0, counterAt), 0x18, 7, ...bytes.subarray(counterAt + 1)]);

  expect({
    inPlace: bytes[counterAt],
    longerInteger: parseCode(`WRK1:${encodeBase45(longer)}`).ok,
    tail: parseCode(`WRK1:${encodeBase45(Uint8Array.from([...bytes, 0]))}`).ok,
  }).toEqual({ inPlace: 7, longerInteger: false, tail: false });
});

test('claims of the wrong kind are refused, even under a good signature', () => {
  const proof = new Uint8Array(64);
  const wrong = (payload: unknown): boolean =>
    parseCode(
      encodeCode({
        credential: cbor([
          cbor(
            new Map<number, unknown>([
              [1, -8],
              [4, Buffer.from('k1ab')],
            ]),
          ),
          new Map(),
          cbor(payload),
          proof,
        ]),
        counter: 1,
        step: 1,
        proof,
      }),
    ).ok;
  const phoneKey = new Map<number, unknown>([
    [1, 1],
    [-1, 6],
    [-2, phone.publicKey],
  ]);
  const good: [number, unknown][] = [
    [2, 'alias'],
    [4, 2_000],
    [6, 1_000],
    [8, new Map([[1, phoneKey]])],
    [-70_001, [1, 'JPY', 1, 1]],
  ];
  const withClaim = (key: number, value: unknown): Map<number, unknown> => new Map([...good, [key, value]]);

  expect({
    good: wrong(new Map(good)),
    alias: wrong(withClaim(2, 7)),
    order: wrong(withClaim(4, 1_000)),
    fraction: wrong(withClaim(4, 1_500.5)),
    key: wrong(withClaim(8, new Map([[1, new Map([[1, 1]])]]))),
    version: wrong(withClaim(-70_001, [2, 'JPY', 1, 1])),
    negative: wrong(withClaim(-70_001, [1, 'JPY', -1, 1])),
    extra: wrong(withClaim(1, 'iss')),
    list: wrong([]),
  }).toEqual({
    good: true,
    alias: false,
    order: false,
    fraction: false,
    key: false,
    version: false,
    negative: false,
    extra: false,
    list: false,
  });
});

test('claims in another order are refused, even under a good signature', () => {
  const { protectedHeader, payload } = encodeClaims(claims, 'k1ab');
  const aliasEntry = 2 + claims.alias.length;
  // A map of five: the first entry (2: alias) moves behind the last.
  const reordered = Uint8Array.from([
    0xa5,
    ...payload.subarray(1 + aliasEntry),
    ...payload.subarray(1, 1 + aliasEntry),
  ]);
  const accepts = (bytes: Uint8Array): boolean =>
    parseCode(
      encodeCode({
        credential: encodeCredential({ protectedHeader, payload: bytes, signature: new Uint8Array(64) }),
        counter: 1,
        step: 1,
        proof: new Uint8Array(64),
      }),
    ).ok;
  expect({ inOrder: accepts(payload), reordered: accepts(reordered) }).toEqual({ inOrder: true, reordered: false });
});

test('a text of a megabyte is refused before it is read', () => {
  expect(parseCode(`WRK1:${'0'.repeat(1_000_000)}`)).toEqual({ ok: false, error: 'the code is too long' });
});

test('a scan is a wallet code by its beginning alone', () => {
  expect(['WRK1:garbage', 'WRK1:', '4901234567894', ' WRK1:X', 'wrk1:X'].map(isWalletCode)).toEqual([
    true,
    true,
    false,
    false,
    false,
  ]);
});

function parsed(text: string): ParsedCode {
  const result = parseCode(text);
  if (!result.ok) throw new Error(result.error);
  return result.code;
}

function isAccepted(text: string): boolean {
  const result = parseCode(text);
  return result.ok && verifyCode(result.code, [issuer.key], NOW, verifyEd25519).ok;
}

function cbor(value: unknown): Uint8Array {
  return new Uint8Array(encode(value, rfc8949EncodeOptions));
}
