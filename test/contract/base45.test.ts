import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeBase45, encodeBase45 } from '#contract/base45.ts';

test.each([
  ['AB', 'BB8'],
  ['Hello!!', '%69 VD92EX0'],
  ['base-45', 'UJCLQE7W581'],
  ['ietf!', 'QED8WEX0'],
  ['', ''],
])('the examples of RFC 9285 §4: %j is %j', (plain, encoded) => {
  expect({
    encoded: encodeBase45(new TextEncoder().encode(plain)),
    decoded: new TextDecoder().decode(decodeBase45(encoded)),
  }).toEqual({ encoded, decoded: plain });
});

test('any bytes come back as they were', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => isSame(decodeBase45(encodeBase45(bytes)), bytes)),
  );
});

test('a text decodes only where it is the encoding of what it decodes to', () => {
  const text = fc.string({
    unit: fc.constantFrom(...Array.from('0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:')),
    maxLength: 12,
  });
  fc.assert(
    fc.property(text, (value) => {
      const bytes = decodeBase45(value);
      return bytes === undefined || encodeBase45(bytes) === value;
    }),
    { numRuns: 5_000 },
  );
});

test.each([
  ['a group above 65535', 'GGW'],
  ['a last group above 255', ':::6U'],
  ['a length that no encoding has', 'BB8A'],
  ['a lower-case letter', 'bb8'],
  ['a character outside the alphabet', 'BB_'],
])('%s is refused', (_, text) => {
  expect(decodeBase45(text)).toBeUndefined();
});

function isSame(left: Uint8Array | undefined, right: Uint8Array): boolean {
  return left !== undefined && Buffer.from(left).equals(right);
}
