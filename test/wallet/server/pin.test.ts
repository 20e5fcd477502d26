import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { newId } from '#test/wallet/server/caller.ts';
import { openKeys, type ServerKeys } from '#wallet/server/keys.ts';
import { isObvious, MAX_FAILURES, openPins, type Pins } from '#wallet/server/pin.ts';
import type { Refusal } from '#wallet/server/problem.ts';
import { type Books, openSqliteBooks } from '#wallet/server/store/books.ts';
import { openDatabase } from '#wallet/server/store/database.ts';
import { openRegistry } from '#wallet/server/store/registry.ts';

const PIN = '2580';
const HOUR_MS = 3_600_000;
const GUESSER = fileURLToPath(new URL('./pin-guesser.ts', import.meta.url));

let folder: string;
let books: Books;
let keys: ServerKeys;
let nowMs: number;
let pins: Pins;
let walletId: string;

const clock = { nowMs: () => nowMs };
const path = (): string => join(folder, 'wallet.sqlite');
const open = (): Pins => openPins({ books, keys, clock, random: (bytes) => randomBytes(bytes) });

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'warikan-pin-'));
  books = openSqliteBooks(openDatabase(path()));
  nowMs = Date.UTC(2026, 10, 23, 3, 0, 0);
  keys = openKeys(join(folder, 'keys.json'), clock);
  pins = open();
  walletId = await newWallet();
  await pins.choose(walletId, PIN, undefined);
});

afterEach(async () => {
  await books.close();
  rmSync(folder, { recursive: true });
});

describe('a PIN', () => {
  test('is in the books as argon2id with 19 MiB and 2 passes, and as nothing else', async () => {
    const { pin_hash } = await readRow();
    expect(pin_hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
  });

  test('cannot be tried with the books alone: under another secret the right one is wrong', async () => {
    const stranger = openKeys(join(folder, 'other-keys.json'), clock);
    const theirs = openPins({ books, keys: stranger, clock, random: (bytes) => randomBytes(bytes) });
    expect(codeOf(await theirs.check(walletId, PIN))).toBe('pin_wrong');
  });

  test('of one wallet does not open another one with the same PIN', async () => {
    const other = await newWallet();
    const { pin_hash } = await readRow();
    await books.db.updateTable('wallet').set({ pin_hash }).where('id', '=', other).execute();
    expect(codeOf(await pins.check(other, PIN))).toBe('pin_wrong');
  });

  test('that is right forgets the failures before it', async () => {
    await fail(3);
    await pins.check(walletId, PIN);
    expect(await readRow()).toMatchObject({ pin_failures: 0, pin_retry_at_ms: 0 });
  });

  test('is asked for where none was chosen yet', async () => {
    expect(codeOf(await pins.check(await newWallet(), PIN))).toBe('pin_required');
  });

  test.each(['1111', '0000', '1234', '7890', '4321', '2109', '12345678', '99999999'])('%s is obvious', (pin) => {
    expect(isObvious(pin)).toBe(true);
  });

  test.each(['2580', '1122', '1357', '0911', '1235', '4312'])('%s is not', (pin) => {
    expect(isObvious(pin)).toBe(false);
  });

  test('that is obvious is refused with a reason, and the old one stands', async () => {
    const refusal = await pins.choose(walletId, '1234', PIN);
    expect([refusal?.code, refusal?.detail, codeOf(await pins.check(walletId, PIN))]).toEqual([
      'bad_request',
      'pin: the same digit, or digits in a row, are easy to guess',
      undefined,
    ]);
  });

  test('is changed by whoever knows the current one only', async () => {
    const codes = [
      await pins.choose(walletId, '8642', undefined),
      await pins.choose(walletId, '8642', '9753'),
      await pins.choose(walletId, '8642', PIN),
      await pins.check(walletId, PIN),
      await pins.check(walletId, '8642'),
    ].map(codeOf);
    expect(codes).toEqual(['pin_exists', 'pin_wrong', undefined, 'pin_wrong', undefined]);
  });

  test('is chosen once, though two phones of a wallet choose at the same instant', async () => {
    walletId = await newWallet();
    const chosen = await Promise.all([
      pins.choose(walletId, '8642', undefined),
      pins.choose(walletId, '9753', undefined),
    ]);
    expect(new Set(chosen.map(codeOf))).toEqual(new Set(['pin_exists', undefined]));
  });
});

describe('wrong PINs', () => {
  test('row 19: cost growing waits, and the tenth in a row locks the wallet', async () => {
    const seen: unknown[] = [];
    for (let failure = 1; failure <= MAX_FAILURES; failure++) {
      const refusal = await pins.check(walletId, '0001');
      const waiting = await pins.check(walletId, PIN).then((found) => (found === undefined ? undefined : found.extra));
      seen.push([refusal?.code, refusal?.extra.triesLeft, waiting?.retryAfterSeconds]);
      if (waiting === undefined) await fail(failure);
      nowMs += HOUR_MS;
    }
    expect(seen).toEqual([
      ['pin_wrong', 9, undefined],
      ['pin_wrong', 8, undefined],
      ['pin_wrong', 7, undefined],
      ['pin_wrong', 6, 1],
      ['pin_wrong', 5, 2],
      ['pin_wrong', 4, 4],
      ['pin_wrong', 3, 8],
      ['pin_wrong', 2, 16],
      ['pin_wrong', 1, 30],
      ['wallet_locked', undefined, undefined],
    ]);
    expect([codeOf(await pins.check(walletId, PIN)), await readRow()]).toMatchObject([
      'wallet_locked',
      { is_locked: 1 },
    ]);
  });

  test('are remembered by the books: a restart forgets none and ends no wait', async () => {
    await fail(5);
    await books.close();
    books = openSqliteBooks(openDatabase(path()));
    const after = await open().check(walletId, PIN);
    nowMs += 2_000;
    const later = await open().check(walletId, '0001');
    expect([after?.code, after?.extra, later?.extra]).toEqual([
      'too_many_requests',
      { retryAfterSeconds: 2 },
      { triesLeft: 4 },
    ]);
  });

  test('sixty at the same instant are worth four tries', async () => {
    const tries = await Promise.all(Array.from({ length: 60 }, () => pins.check(walletId, '0001')));
    expect(countCodes(tries)).toEqual({ pin_wrong: 4, too_many_requests: 56 });
  });

  test('of two processes over the same books count together', async () => {
    const guess = async (): Promise<Record<string, number>> => {
      const { stdout } = await promisify(execFile)(process.execPath, [GUESSER, folder, walletId, String(nowMs)]);
      return JSON.parse(stdout) as Record<string, number>;
    };
    const [one, other] = await Promise.all([guess(), guess()]);
    expect([(one['pin_wrong'] ?? 0) + (other['pin_wrong'] ?? 0), await readRow()]).toMatchObject([
      4,
      { pin_failures: 4 },
    ]);
  });

  test('are counted before they are looked at: a server that ends in between gives nobody a try', async () => {
    const refusal = pins.check(walletId, '0001');
    // As soon as the slow part has begun, the books know.
    await expect.poll(async () => (await readRow()).pin_failures, { interval: 1 }).toBe(1);
    expect(codeOf(await refusal)).toBe('pin_wrong');
  });

  test('lock the wallet though the server ended between the tenth and the lock', async () => {
    await books.db
      .updateTable('wallet')
      .set({ pin_failures: MAX_FAILURES, is_locked: 0 })
      .where('id', '=', walletId)
      .execute();
    expect([codeOf(await pins.check(walletId, PIN)), await readRow()]).toMatchObject([
      'wallet_locked',
      { is_locked: 1 },
    ]);
  });

  test('more than can be hashed are refused at once, and are worth no try', async () => {
    const wallets = await Promise.all(Array.from({ length: 80 }, newWallet));
    const { pin_hash } = await readRow();
    await books.db.updateTable('wallet').set({ pin_hash }).where('id', 'in', wallets).execute();
    const tries = await Promise.all(wallets.map((one) => pins.check(one, '0001')));
    const counted = await books.db.selectFrom('wallet').select('id').where('pin_failures', '=', 1).execute();
    expect([countCodes(tries), counted.length]).toEqual([{ pin_wrong: 66, overloaded: 14 }, 66]);
  });
});

async function newWallet(): Promise<string> {
  const id = newId();
  await openRegistry(books).openWallet({ walletId: id, name: 'Haru Tanaka', currency: 'JPY', perPaymentLimit: 50_000 });
  return id;
}

/** So many failures as of now. */
async function fail(failures: number): Promise<void> {
  await books.db
    .updateTable('wallet')
    .set({ pin_failures: 0, pin_retry_at_ms: 0 })
    .where('id', '=', walletId)
    .execute();
  for (let failure = 1; failure <= failures; failure++) {
    await pins.check(walletId, '0001');
    if (failure < failures) await books.db.updateTable('wallet').set({ pin_retry_at_ms: 0 }).execute();
  }
}

function readRow() {
  return books.db
    .selectFrom('wallet')
    .select(['pin_hash', 'pin_failures', 'pin_retry_at_ms', 'is_locked'])
    .where('id', '=', walletId)
    .executeTakeFirstOrThrow();
}

function codeOf(refusal: Refusal | undefined): string | undefined {
  return refusal?.code;
}

function countCodes(refusals: readonly (Refusal | undefined)[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const refusal of refusals) counts[refusal?.code ?? 'ok'] = (counts[refusal?.code ?? 'ok'] ?? 0) + 1;
  return counts;
}
