import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { scanBytesMax } from '#contract/devices.ts';
import { lineCodec, type LineEvent, type LineSettings } from '#hardware/codec/line.ts';

const plain: LineSettings = { aim: 'none', partialMs: 500 };

function bytes(text: string): Uint8Array {
  return Buffer.from(text, 'latin1');
}

/** Feeds a stream cut as told, all at one moment, and says what came out in words that compare well. */
function feed(settings: LineSettings, ...chunks: readonly (string | Uint8Array)[]): unknown[] {
  const codec = lineCodec(settings);
  return chunks.flatMap((chunk) => codec.push(typeof chunk === 'string' ? bytes(chunk) : chunk, 0)).map(inWords);
}

function inWords(event: LineEvent): unknown {
  if (event.type === 'fault') return { fault: event.code, byteCount: event.byteCount };
  const text = Buffer.from(event.payload).toString('latin1');
  return event.symbology === undefined ? text : { text, ...event.symbology };
}

describe('lines of a serial scanner', () => {
  test('CR, LF and CR LF each end one line', () => {
    expect(feed(plain, 'a\rb\nc\r\nd\r')).toEqual(['a', 'b', 'c', 'd']);
  });

  test('CR LF is one terminator when it is cut in two', () => {
    expect(feed(plain, '4901234567894\r', '\n4912345678904\r', '\n')).toEqual(['4901234567894', '4912345678904']);
  });

  test('a code arrives whole when it comes byte by byte', () => {
    expect(feed(plain, ...'4901234567894\r\n'.split(''))).toEqual(['4901234567894']);
  });

  test('two codes in one chunk are two frames, also when they are equal', () => {
    expect(feed(plain, '111\r111\r222\r')).toEqual(['111', '111', '222']);
  });

  test('empty lines mean nothing', () => {
    expect(feed(plain, '\r\r\n\n\r\n', 'a\r', '\n\n\r')).toEqual(['a']);
  });

  test('GS, NUL and other controls stay in the payload', () => {
    expect(feed(plain, '0101\x1d10AB\x00\x02\x7f\x1b\r')).toEqual(['0101\x1d10AB\x00\x02\x7f\x1b']);
  });

  test('the longest payload passes, one byte more is told once and the next code is intact', () => {
    expect(feed(plain, `${'x'.repeat(scanBytesMax)}\r`)).toEqual(['x'.repeat(scanBytesMax)]);
    expect(feed(plain, `${'x'.repeat(scanBytesMax + 1)}\r4901234567894\r`)).toEqual([
      { fault: 'frameTooLong', byteCount: scanBytesMax + 1 },
      '4901234567894',
    ]);
  });

  test('an identifier does not count against the longest payload', () => {
    const guessed: LineSettings = { ...plain, aim: 'guessed' };
    expect(feed(guessed, `]Q1${'x'.repeat(scanBytesMax)}\r`)).toEqual([
      { text: 'x'.repeat(scanBytesMax), aim: ']Q1', trust: 'guessed' },
    ]);
    expect(feed(guessed, `${'x'.repeat(scanBytesMax + 1)}\ra\r`)).toEqual([
      { fault: 'frameTooLong', byteCount: scanBytesMax + 1 },
      'a',
    ]);
  });

  test('a line of 1 MB costs one fault, and the next code is intact', () => {
    expect(feed(plain, Buffer.alloc(1_000_000, 0x41), '\r4901234567894\r')).toEqual([
      { fault: 'frameTooLong', byteCount: scanBytesMax + 1 },
      '4901234567894',
    ]);
  });

  test('silence discards an unfinished line, tells it once, and the next code is intact', () => {
    const codec = lineCodec(plain);
    expect(codec.push(bytes('49012'), 1_000)).toEqual([]);
    expect(codec.tick(1_499)).toEqual([]);
    expect(codec.isPending).toBe(true);
    expect(codec.tick(1_500)).toEqual([{ type: 'fault', code: 'partialFrame', byteCount: 5 }]);
    expect(codec.isPending).toBe(false);
    expect(codec.tick(9_000)).toEqual([]);
    expect(codec.push(bytes('4912345678904\r'), 9_001).map(inWords)).toEqual(['4912345678904']);
  });

  test('silence is counted from the last byte, not from the first', () => {
    const codec = lineCodec(plain);
    codec.push(bytes('49'), 0);
    codec.push(bytes('01'), 400);
    expect(codec.tick(600)).toEqual([]);
    expect(codec.push(bytes('\r'), 650).map(inWords)).toEqual(['4901']);
  });

  test('silence ends an over-long line that has no terminator', () => {
    const codec = lineCodec(plain);
    expect(codec.push(Buffer.alloc(5_000, 0x41), 0)).toHaveLength(1);
    expect(codec.tick(500)).toEqual([]);
    expect(codec.push(bytes('4901234567894\r'), 501).map(inWords)).toEqual(['4901234567894']);
  });

  test('a new connection does not continue the line of an old one', () => {
    const codec = lineCodec(plain);
    codec.push(bytes('490'), 0);
    codec.reset();
    expect(codec.push(bytes('123\r'), 1).map(inWords)).toEqual(['123']);
  });
});

describe('AIM identifiers', () => {
  const frame = ']E04901234567894\r';

  test.each([
    ['reported', { text: '4901234567894', aim: ']E0', trust: 'reported' }],
    ['guessed', { text: '4901234567894', aim: ']E0', trust: 'guessed' }],
    ['none', ']E04901234567894'],
  ] as const)('a profile with identifiers %s', (aim, expected) => {
    expect(feed({ ...plain, aim }, frame)).toEqual([expected]);
    expect(feed({ ...plain, aim }, ...frame.split(''))).toEqual([expected]);
  });

  test('only known code characters are guessed, and never a whole frame', () => {
    const guessed: LineSettings = { ...plain, aim: 'guessed' };
    expect(feed(guessed, ']Y0123\r', ']E0\r', '[E0123\r', ']E\r')).toEqual([']Y0123', ']E0', '[E0123', ']E']);
  });

  test('an identifier without data is no scan when the scanner is known to send identifiers', () => {
    expect(feed({ ...plain, aim: 'reported' }, ']E0\r')).toEqual([]);
  });
});

describe('laws', () => {
  const settings = fc.record({
    aim: fc.constantFrom('reported', 'guessed', 'none' as const),
    partialMs: fc.constant(500),
  });
  /** Bytes that matter to a framer come often. */
  const byte = fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(0x0d, 0x0a, 0x5d, 0x45, 0x30, 0x1d, 0x00) },
    { weight: 2, arbitrary: fc.integer({ min: 0, max: 255 }) },
  );
  const stretch = fc.oneof(
    { weight: 8, arbitrary: fc.array(byte, { maxLength: 40 }).map((list) => Uint8Array.from(list)) },
    {
      weight: 1,
      arbitrary: fc.integer({ min: scanBytesMax - 4, max: scanBytesMax + 6 }).map((n) => Buffer.alloc(n, 65)),
    },
  );
  const stream = fc.array(stretch, { maxLength: 12 }).map((parts) => new Uint8Array(Buffer.concat(parts)));

  test('the events do not depend on where the stream was cut', () => {
    fc.assert(
      fc.property(settings, stream, fc.array(fc.nat(), { maxLength: 30 }), (lineSettings, all, cuts) => {
        const edges = [0, ...cuts.map((cut) => cut % (all.length + 1)), all.length].toSorted((a, b) => a - b);
        const chunks = edges.slice(1).map((edge, index) => all.subarray(edges[index], edge));
        expect(feed(lineSettings, ...chunks)).toEqual(feed(lineSettings, all));
      }),
    );
  });

  test('a code is delivered intact after any garbage that a terminator or silence ends', () => {
    fc.assert(
      fc.property(settings, stream, fc.boolean(), (lineSettings, garbage, isEndedBySilence) => {
        const codec = lineCodec(lineSettings);
        codec.push(garbage, 0);
        if (isEndedBySilence) codec.tick(500);
        else codec.push(bytes('\r'), 0);
        expect(codec.push(bytes('4901234567894\r'), 600).map(inWords)).toEqual(['4901234567894']);
      }),
    );
  });

  test('no frame is empty, over-long or holds a terminator, and no byte is made up', () => {
    fc.assert(
      fc.property(settings, stream, (lineSettings, all) => {
        const codec = lineCodec(lineSettings);
        for (const event of codec.push(all, 0)) {
          if (event.type === 'fault') continue;
          expect(event.payload.length).toBeGreaterThan(0);
          expect(event.payload.length).toBeLessThanOrEqual(codec.limits.payloadBytesMax);
          expect(event.payload.some((value) => value === 0x0d || value === 0x0a)).toBe(false);
          expect(Buffer.from(all).includes(Buffer.from(event.payload))).toBe(true);
        }
      }),
    );
  });
});

test('memory stays bounded while a line never ends', () => {
  const codec = lineCodec(plain);
  const chunk = Buffer.alloc(65_536, 0x41);
  let faults = 0;
  const before = process.memoryUsage().arrayBuffers;
  for (let round = 0; round < 800; round += 1) faults += codec.push(chunk, round).length;
  expect(faults).toBe(1);
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1_000_000);
});
