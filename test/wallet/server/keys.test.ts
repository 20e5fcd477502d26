import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { verifyEd25519 } from '#test/support/wallet-keys.ts';
import { openKeys, rotateKeys } from '#wallet/server/keys.ts';

const DAY_MS = 24 * 3_600_000;
let folder: string;
let path: string;
let nowMs = Date.UTC(2026, 10, 23);
const clock = { nowMs: () => nowMs };

beforeEach(() => {
  nowMs = Date.UTC(2026, 10, 23);
  folder = mkdtempSync(join(tmpdir(), 'warikan-keys-'));
  path = join(folder, 'keys.json');
});

afterEach(() => rmSync(folder, { recursive: true }));

describe('the key file', () => {
  test('is made once, for its owner only, and read by every server that shares it', () => {
    const [first, second] = [openKeys(path, clock), openKeys(path, clock)];
    expect([
      statSync(path).mode & 0o777,
      first.signing.keyId,
      first.blind('member', 'x').equals(second.blind('member', 'x')),
      first.blind('member', 'x').equals(first.blind('session', 'x')),
    ]).toEqual([0o600, second.signing.keyId, true, false]);
  });

  test('of the first version is read as it is', () => {
    const seed = Buffer.alloc(32, 7).toString('base64url');
    const signing = {
      keyId: 'abcd',
      seed,
      notBefore: '2026-01-01T00:00:00.000Z',
      notAfter: '2031-01-01T00:00:00.000Z',
    };
    writeFileSync(path, JSON.stringify({ version: 1, signing, blindingSecret: seed }));
    expect(openKeys(path, clock).published.map(({ keyId }) => keyId)).toEqual(['abcd']);
  });

  test('that is spoilt or gone while a server runs leaves it with the keys that it has', () => {
    const keys = openKeys(path, clock);
    const before = keys.signing.keyId;
    writeFileSync(path, '{');
    nowMs += 2 * 60_000;
    const spoilt = keys.signing.keyId;
    rmSync(path);
    nowMs += 2 * 60_000;
    expect([spoilt, keys.signing.keyId, existsSync(path)]).toEqual([before, before, false]);
  });
});

describe('a rotation', () => {
  test('publishes the next key at once, signs with it 8 days later, and keeps the old one until its credentials ran out', () => {
    const keys = openKeys(path, clock);
    const old = keys.signing.keyId;
    const begins = rotateKeys(path, nowMs, false)?.getTime() ?? 0;
    const states: unknown[] = [];
    const look = (): void => {
      states.push([keys.published.length, keys.signing.keyId === old]);
    };
    look();
    // It is looked at once a minute.
    nowMs += 61_000;
    look();
    nowMs = begins - 1;
    look();
    nowMs = begins;
    look();
    nowMs = begins + 30 * DAY_MS;
    look();
    nowMs = begins + 31 * DAY_MS;
    look();
    expect({ states, aheadDays: Math.round((begins - Date.UTC(2026, 10, 23)) / DAY_MS) }).toEqual({
      states: [
        [1, true],
        [2, true],
        [2, true],
        [2, false],
        [2, false],
        [1, false],
      ],
      aheadDays: 8,
    });
  });

  test('waits for the last one, and changes nothing about who is who', () => {
    const keys = openKeys(path, clock);
    const before = keys.blind('member', 'x');
    rotateKeys(path, nowMs, false);
    expect([
      rotateKeys(path, nowMs + 7 * DAY_MS, false),
      rotateKeys(path, nowMs + 9 * DAY_MS, false) instanceof Date,
      openKeys(path, clock).blind('member', 'x').equals(before),
    ]).toEqual([undefined, true, true]);
  });

  test('at once trusts nothing that was signed before, and signs with the new key', () => {
    const keys = openKeys(path, clock);
    const old = keys.signing;
    rotateKeys(path, nowMs, true);
    nowMs += 61_000;
    const { signing, published } = keys;
    const message = Buffer.from('a credential');
    expect([
      published.map(({ keyId }) => keyId),
      verifyEd25519(signing.publicKey, message, signing.sign(message)),
      verifyEd25519(signing.publicKey, message, old.sign(message)),
      readFileSync(path, 'utf8').includes(old.keyId),
    ]).toEqual([[signing.keyId], true, false, false]);
  });
});
