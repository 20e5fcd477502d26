import { hash } from 'node:crypto';

/** Nonces of signed requests, remembered for as long as their signatures are accepted. */
export interface NonceMemory {
  /** False for a nonce that was used before; undefined when no more can be remembered. `created` as it was signed. */
  use(keyId: string, nonce: string, created: number, nowMs: number): boolean | undefined;
}

/** Five minutes at 10,000 requests a second: at most 96 MB. */
const MAX_NONCES = 3_000_000;
const SLICE_SECONDS = 60;
const FIRST_SLOTS = 256;

/**
 * Each server process remembers what it has seen itself. Where several share the books, a request that somebody recorded
 * could be played once to each of the others within the window; the bound of that is what a repetition may do: the id of a
 * money row takes money once, a pairing code binds once, and an answer tells only what its first reader was told.
 *
 * @param windowSeconds how far `created` may be from now, before and after
 */
export function openNonceMemory(windowSeconds: number): NonceMemory {
  // By the minute in which the signer made them: a whole minute is forgotten at once, when no clock may still name it.
  const slices = new Map<number, Slice>();
  let count = 0;
  let oldest = 0;

  function forget(before: number): void {
    for (const [number, slice] of slices) {
      if (number >= before) continue;
      count -= slice.count;
      slices.delete(number);
    }
    oldest = before;
  }

  return {
    use(keyId, nonce, created, nowMs) {
      const first = sliceOf(Math.floor(nowMs / 1_000) - windowSeconds);
      if (first > oldest) forget(first);
      // Of the key's name too, so that nobody can use up another's nonces. 64 bits: two alike are not to be met.
      const digest = hash('sha256', `${keyId} ${nonce}`, 'buffer');
      // All zeros is an empty place.
      const [high, low] = [digest.readUInt32LE(0), digest.readUInt32LE(4) | 1];
      for (const slice of slices.values()) if (slice.has(high, low)) return false;
      if (count >= MAX_NONCES) return undefined;
      const number = sliceOf(created);
      const slice = slices.get(number) ?? openSlice();
      slices.set(number, slice);
      slice.add(high, low);
      count += 1;
      return true;
    },
  };
}

interface Slice {
  readonly count: number;
  has(high: number, low: number): boolean;
  add(high: number, low: number): void;
}

/** A set of 64-bit numbers in eight bytes each, open addressing, never more than half full. */
function openSlice(): Slice {
  let slots = new Uint32Array(2 * FIRST_SLOTS);
  let count = 0;

  /** Where it is, or where it would be. */
  function find(table: Uint32Array, high: number, low: number): number {
    const mask = table.length / 2 - 1;
    let place = high & mask;
    while (table[2 * place + 1] !== 0 && (table[2 * place] !== high || table[2 * place + 1] !== low >>> 0)) {
      place = (place + 1) & mask;
    }
    return 2 * place;
  }

  function put(table: Uint32Array, high: number, low: number): void {
    const at = find(table, high, low);
    table[at] = high;
    table[at + 1] = low;
  }

  function grow(): void {
    const larger = new Uint32Array(2 * slots.length);
    for (let at = 0; at < slots.length; at += 2) {
      const [high = 0, low = 0] = [slots[at], slots[at + 1]];
      if (low !== 0) put(larger, high, low);
    }
    slots = larger;
  }

  return {
    get count() {
      return count;
    },
    has: (high, low) => slots[find(slots, high, low) + 1] !== 0,
    add(high, low) {
      if (4 * (count + 1) > slots.length) grow();
      put(slots, high, low);
      count += 1;
    },
  };
}

function sliceOf(seconds: number): number {
  return Math.floor(seconds / SLICE_SECONDS);
}
