import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readText } from '#hardware/codec/text.ts';

test('strict UTF-8 comes first', () => {
  expect(readText(Buffer.from('コーヒー'), 'shift_jis')).toEqual({
    text: 'コーヒー',
    charset: 'utf-8',
    isLossy: false,
  });
});

test('what is no UTF-8 is read in the charset of the profile', () => {
  const time = Buffer.from('8e9e8ad4', 'hex');
  expect(readText(time, 'shift_jis')).toEqual({ text: '時間', charset: 'shift_jis', isLossy: false });
  expect(readText(Buffer.from([0x63, 0xe9]), 'latin1')).toEqual({ text: 'cé', charset: 'latin1', isLossy: false });
});

test('what fits no charset is Latin-1 and marked as lossy', () => {
  expect(readText(Buffer.from('41ff', 'hex'), 'shift_jis')).toEqual({ text: 'Aÿ', charset: 'latin1', isLossy: true });
});

test('controls in front of a code are noise, GS is not', () => {
  expect(readText(Buffer.from('\x00\x00\x024901234567894'), 'utf-8').text).toBe('4901234567894');
  expect(readText(Buffer.from('\x00\x1d0104912345678904'), 'utf-8').text).toBe('\x1d0104912345678904');
  expect(readText(Buffer.from('\x00\x01'), 'utf-8').text).toBe('');
});

test('controls inside and behind a code stay', () => {
  expect(readText(Buffer.from('[)>\x1e06\x1dA\x1e\x04'), 'utf-8').text).toBe('[)>\x1e06\x1dA\x1e\x04');
});

test('a code behind bytes that are no text is read, and marked as lossy', () => {
  const frame = Buffer.concat([Buffer.from('fffe80', 'hex'), Buffer.from('4901234567894')]);
  expect(readText(frame, 'utf-8')).toEqual({ text: '4901234567894', charset: 'utf-8', isLossy: true });
});

test('any bytes are read without an error, and no text is longer than its bytes', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 200 }),
      fc.constantFrom('utf-8', 'shift_jis', 'latin1'),
      (bytes, charset) => {
        expect(readText(bytes, charset).text.length).toBeLessThanOrEqual(bytes.length);
      },
    ),
  );
});
