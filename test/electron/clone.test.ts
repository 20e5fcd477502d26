import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { makeCodec } from '#test/support/electron-stand-in/clone.ts';

const codec = makeCodec();
const pass = (value: unknown): unknown => codec.decode(codec.encode(value));

describe('a structured clone through text', () => {
  test('equals what structuredClone makes, for any data', () => {
    const data = fc.anything({ withBigInt: true, withDate: true, withMap: true, withSet: true, withTypedArray: true });
    fc.assert(
      fc.property(data, (value) => {
        expect(pass(value)).toEqual(structuredClone(value));
      }),
    );
  });

  test('keeps cycles, shared references, holes and buffers that views share', () => {
    const buffer = new Uint8Array([1, 2, 3, 4]).buffer;
    const shared = { name: 'shared' };
    const holes: unknown[] = [];
    holes[2] = 'third';
    const root: Record<string, unknown> = { first: shared, second: shared, holes, head: new Uint8Array(buffer, 0, 2) };
    root['tail'] = new DataView(buffer, 2);
    root['self'] = root;

    const clone = pass(root) as Record<string, unknown>;
    const { head, tail } = clone as { head: Uint8Array; tail: DataView };

    expect({
      isSelf: clone['self'] === clone,
      isShared: clone['first'] === clone['second'],
      holes: Object.keys(clone['holes'] as object),
      length: (clone['holes'] as unknown[]).length,
      isOneBuffer: head.buffer === tail.buffer,
      bytes: [...head, tail.getUint8(1)],
    }).toEqual({ isSelf: true, isShared: true, holes: ['2'], length: 3, isOneBuffer: true, bytes: [1, 2, 4] });
  });

  test('keeps an error with its kind, message and cause', () => {
    const error = new RangeError('too far', { cause: new Error('why') });

    const clone = pass(error) as Error;

    expect([clone instanceof RangeError, clone.message, (clone.cause as Error).message]).toEqual([
      true,
      'too far',
      'why',
    ]);
  });

  test.each([
    ['a function', () => 1],
    ['a symbol', Symbol('s')],
    ['a promise', Promise.resolve()],
    ['a weak map', new WeakMap()],
  ])('refuses %s with a DataCloneError', (_name, value) => {
    expect(() => codec.encode({ value })).toThrow(expect.objectContaining({ name: 'DataCloneError' }));
  });
});
