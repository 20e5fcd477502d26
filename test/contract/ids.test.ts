import fc from 'fast-check';
import { expect, test } from 'vitest';
import { uuidV7, uuidV7Schema } from '#contract/ids.ts';

const random = fc.uint8Array({ minLength: 10, maxLength: 10 });
const unixMs = fc.integer({ min: 0, max: 2 ** 48 - 1 });

test('lays out the example of RFC 9562, appendix A.6', () => {
  const bytes = Uint8Array.from([0x0c, 0xc3, 0x18, 0xc4, 0xdc, 0x0c, 0x0c, 0x07, 0x39, 0x8f]);
  expect(uuidV7(0x017f22e279b0, bytes)).toBe('017f22e2-79b0-7cc3-98c4-dc0c0c07398f');
});

test('is a UUIDv7 whatever the time and the random bytes', () => {
  fc.assert(
    fc.property(unixMs, random, (time, bytes) => {
      const id = uuidV7(time, bytes);
      expect(uuidV7Schema.safeParse(id).success).toBe(true);
      expect(parseInt(id.slice(0, 8) + id.slice(9, 13), 16)).toBe(time);
    }),
  );
});

test('sorts by the time of its making', () => {
  fc.assert(
    fc.property(unixMs, unixMs, random, random, (early, late, some, other) => {
      fc.pre(early < late);
      expect(uuidV7(early, some) < uuidV7(late, other)).toBe(true);
    }),
  );
});

test('keeps 74 random bits', () => {
  const ids = Array.from({ length: 80 }, (_, bit) => {
    const bytes = new Uint8Array(10);
    bytes[bit >> 3] = 1 << (bit & 7);
    return uuidV7(0, bytes);
  });
  expect(new Set(ids).size).toBe(74 + 1);
});

test.each([
  '017F22E2-79B0-7CC3-98C4-DC0C0C07398F',
  '017f22e2-79b0-4cc3-98c4-dc0c0c07398f',
  '017f22e2-79b0-7cc3-c8c4-dc0c0c07398f',
  '',
])('refuses %j as an id', (text) => {
  expect(uuidV7Schema.safeParse(text).success).toBe(false);
});
