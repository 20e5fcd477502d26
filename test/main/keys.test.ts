import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { SealedKeys, openKeys, openPepper, sealedMark } from '#main/keys.ts';

let folder: string;

beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), 'warikan-keys-')), 'keys');
});

afterEach(() => rmSync(join(folder, '..'), { recursive: true }));

test('keys are made once and kept where only their owner can read them', () => {
  const first = openKeys(folder);
  const pepper = openPepper(first);
  first.write('identity', '{"店":1}');
  const again = openKeys(folder);

  expect({
    pepper: Buffer.from(openPepper(again)).equals(pepper),
    identity: again.read('identity'),
    files: readdirSync(folder).toSorted(),
    modes: readdirSync(folder).map((name) => statSync(join(folder, name)).mode & 0o777),
    folder: statSync(folder).mode & 0o777,
  }).toEqual({
    pepper: true,
    identity: '{"店":1}',
    files: ['identity', 'pin-pepper'],
    modes: [0o600, 0o600],
    folder: 0o700,
  });
});

test('a seal stands between the key and its file', () => {
  const flip = (bytes: Uint8Array): Uint8Array => bytes.map((byte) => byte ^ 0xff);
  const keys = openKeys(folder, { close: flip, open: flip });

  keys.write('one', 'abc');

  expect([keys.read('one'), [...readFileSync(join(folder, 'one'))], keys.read('two')]).toEqual([
    'abc',
    [0x9e, 0x9d, 0x9c],
    undefined,
  ]);
});

test('a sealed file is refused where there is no seal, and never replaced', () => {
  const seal = { close: (bytes: Uint8Array) => Buffer.concat([sealedMark, bytes]), open: (bytes: Uint8Array) => bytes };
  const pepper = openPepper(openKeys(folder, seal));
  const file = readFileSync(join(folder, 'pin-pepper'));

  expect(() => openPepper(openKeys(folder))).toThrow(SealedKeys);
  expect([pepper.length, readFileSync(join(folder, 'pin-pepper')).equals(file)]).toEqual([32, true]);
});
