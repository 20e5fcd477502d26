import { hash, verify } from '@node-rs/argon2';
import { sql } from 'kysely';
import type { Clock } from './call.ts';
import type { ServerKeys } from './keys.ts';
import { Refusal } from './problem.ts';
import type { Books } from './store/books.ts';

/**
 * The wallet's PIN: one for every settlement method, for paying back and for binding another phone.
 *
 * Four digits alone fall in minutes, so three things stand before them. What is hashed is an HMAC under a secret that is
 * not in the books; the hash is slow; and tries are counted in the books, before each one is looked at. So neither a
 * restart nor a second server, nor a hundred requests at the same instant, is worth a try more than {@link MAX_FAILURES}.
 */
export interface Pins {
  /**
   * Undefined for the right PIN, which also forgets the failures before it. Else `pin_wrong` with the tries that are left,
   * `too_many_requests` while the wallet waits, `wallet_locked`, or `pin_required` where none was chosen yet.
   */
  check(walletId: string, pin: string): Promise<Refusal | undefined>;
  /** The first PIN of a wallet, or another one in place of `currentPin`. Undefined where it holds now. */
  choose(walletId: string, pin: string, currentPin: string | undefined): Promise<Refusal | undefined>;
}

export interface PinOptions {
  readonly books: Books;
  readonly keys: Pick<ServerKeys, 'blind'>;
  readonly clock: Clock;
  readonly random: (bytes: number) => Uint8Array;
}

/** Wrong PINs in a row that lock the wallet. */
export const MAX_FAILURES = 10;
/** So many mistakes cost no time. */
const FREE_FAILURES = 3;
/** After each one more, until the last. A minute in all: it is the lock that stops a thief, the waits stop a pocket. */
const WAITS_MS = [1_000, 2_000, 4_000, 8_000, 16_000, 30_000];

/** argon2id (the library's default) with 19 MiB and 2 passes, OWASP's first choice: some 15 ms. */
const hashing = { memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;
const SALT_BYTES = 16;
/** Hashes at a time, each on a thread of its own: what is left of the threads also reads files and keys. */
const MAX_HASHING = 2;
/** About a second's work. */
const MAX_WAITING = 64;

export function openPins({ books, keys, clock, random }: PinOptions): Pins {
  const { db } = books;
  const takeTurn = openTurns(MAX_HASHING, MAX_WAITING);

  /** What argon2 gets in place of the PIN: whoever has only the books cannot even begin to guess. */
  const pepper = (walletId: string, pin: string): string =>
    keys.blind('pin', `${walletId}\n${pin}`).toString('base64url');

  const hashOf = (walletId: string, pin: string): Promise<string> =>
    hash(pepper(walletId, pin), { ...hashing, salt: random(SALT_BYTES) });

  /** Counts the try as a failure, if the wallet may have one now. */
  async function countFailure(walletId: string, nowMs: number) {
    const waits = WAITS_MS.map((ms, index) => sql`when ${FREE_FAILURES + index} then cast(${nowMs + ms} as bigint)`);
    return db
      .updateTable('wallet')
      .set((eb) => ({
        pin_failures: eb('pin_failures', '+', 1),
        pin_retry_at_ms: sql<number>`case pin_failures ${sql.join(waits, sql` `)} else 0 end`,
      }))
      .where('id', '=', walletId)
      .where('pin_hash', 'is not', null)
      .where('is_locked', '=', 0)
      .where('pin_failures', '<', MAX_FAILURES)
      .where('pin_retry_at_ms', '<=', nowMs)
      .returning(['pin_failures', 'pin_hash'])
      .executeTakeFirst();
  }

  async function lock(walletId: string): Promise<Refusal> {
    await db
      .updateTable('wallet')
      .set({ is_locked: 1 })
      .where('id', '=', walletId)
      .where('pin_failures', '>=', MAX_FAILURES)
      .execute();
    return new Refusal('wallet_locked', `The PIN was wrong ${MAX_FAILURES} times.`);
  }

  async function whyNot(walletId: string, nowMs: number): Promise<Refusal> {
    const wallet = await readPin(walletId);
    if (wallet.is_locked === 1) return new Refusal('wallet_locked');
    if (wallet.pin_hash === null) return new Refusal('pin_required');
    // The server ended between the tenth failure and the lock.
    if (wallet.pin_failures >= MAX_FAILURES) return lock(walletId);
    const retryAfterSeconds = Math.max(1, Math.ceil((wallet.pin_retry_at_ms - nowMs) / 1_000));
    return new Refusal('too_many_requests', 'The PIN was wrong too often: wait.', { retryAfterSeconds });
  }

  const readPin = (walletId: string) =>
    db
      .selectFrom('wallet')
      .select(['pin_hash', 'pin_failures', 'pin_retry_at_ms', 'is_locked'])
      .where('id', '=', walletId)
      .executeTakeFirstOrThrow();

  /** The hash that the PIN fits, or why there is none. */
  async function tryPin(walletId: string, pin: string): Promise<string | Refusal> {
    const nowMs = clock.nowMs();
    const counted = await countFailure(walletId, nowMs);
    if (counted === undefined || counted.pin_hash === null) return whyNot(walletId, nowMs);
    if (!(await verify(counted.pin_hash, pepper(walletId, pin), hashing))) {
      if (counted.pin_failures >= MAX_FAILURES) return lock(walletId);
      return new Refusal('pin_wrong', undefined, { triesLeft: MAX_FAILURES - counted.pin_failures });
    }
    const { numUpdatedRows } = await db
      .updateTable('wallet')
      .set({ pin_failures: 0, pin_retry_at_ms: 0 })
      .where('id', '=', walletId)
      .where('pin_hash', '=', counted.pin_hash)
      .where('is_locked', '=', 0)
      .executeTakeFirstOrThrow();
    // Meanwhile others have locked the wallet, or the PIN is another one.
    return numUpdatedRows === 1n ? counted.pin_hash : whyNot(walletId, nowMs);
  }

  /** Puts a PIN where `before` is; false where something else is there by now. */
  async function replace(walletId: string, before: string | null, pin: string): Promise<boolean> {
    const { numUpdatedRows } = await db
      .updateTable('wallet')
      .set({ pin_hash: await hashOf(walletId, pin) })
      .where('id', '=', walletId)
      .where('is_locked', '=', 0)
      .where('pin_hash', before === null ? 'is' : '=', before)
      .executeTakeFirstOrThrow();
    return numUpdatedRows === 1n;
  }

  async function choose(walletId: string, pin: string, currentPin: string | undefined): Promise<Refusal | undefined> {
    const wallet = await readPin(walletId);
    if (wallet.is_locked === 1) return new Refusal('wallet_locked');
    if (wallet.pin_hash === null) {
      return (await replace(walletId, null, pin)) ? undefined : new Refusal('pin_exists');
    }
    if (currentPin === undefined) return new Refusal('pin_exists', 'Changing the PIN asks for the current one.');
    const before = await tryPin(walletId, currentPin);
    if (before instanceof Refusal) return before;
    return (await replace(walletId, before, pin)) ? undefined : new Refusal('pin_wrong');
  }

  return {
    check: async (walletId, pin) => {
      const found = await takeTurn(() => tryPin(walletId, pin));
      return found === undefined ? new Refusal('overloaded') : found instanceof Refusal ? found : undefined;
    },
    choose: async (walletId, pin, currentPin) => {
      if (isObvious(pin))
        return new Refusal('bad_request', 'pin: the same digit, or digits in a row, are easy to guess');
      const chosen = await takeTurn(async () => (await choose(walletId, pin, currentPin)) ?? 'chosen');
      return chosen === undefined ? new Refusal('overloaded') : chosen === 'chosen' ? undefined : chosen;
    },
  };
}

/** `1111`, `1234`, `9876`, `7890`: what is tried first. */
export function isObvious(pin: string): boolean {
  const steps = Array.from(pin.slice(1), (digit, index) => (Number(digit) - Number(pin[index]) + 10) % 10);
  return [0, 1, 9].some((step) => steps.every((one) => one === step));
}

/** So much at a time, so much in line. Resolves to undefined where the line is full. */
function openTurns(
  atOnce: number,
  inLine: number,
): <Result>(work: () => Promise<Result>) => Promise<Result | undefined> {
  const line: (() => void)[] = [];
  let running = 0;
  return async (work) => {
    if (running < atOnce) running += 1;
    else if (line.length >= inLine) return undefined;
    // Whoever ends hands the place on.
    else await new Promise<void>((resolve) => line.push(resolve));
    try {
      return await work();
    } finally {
      const next = line.shift();
      if (next === undefined) running -= 1;
      else next();
    }
  };
}
