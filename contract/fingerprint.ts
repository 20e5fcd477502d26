import { createHash } from 'node:crypto';

/** Crockford's 32: no I, L, O or U. */
const LETTERS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const GROUPS = 5;
const LETTERS_PER_GROUP = 4;

/**
 * What a person compares before a terminal is approved, on the terminal's screen and on the administrator's: the first
 * 100 bits of SHA-256 of its Ed25519 public key, as `K7QF-3MZP-XWAB-0D1E-92HK`.
 */
export function fingerprintOf(publicKey: Uint8Array): string {
  const digest = BigInt(`0x${createHash('sha256').update(publicKey).digest('hex')}`);
  const letter = (place: number): string => LETTERS.charAt(Number((digest >> BigInt(251 - 5 * place)) & 31n));
  return Array.from({ length: GROUPS }, (_, group) =>
    Array.from({ length: LETTERS_PER_GROUP }, (__, place) => letter(LETTERS_PER_GROUP * group + place)).join(''),
  ).join('-');
}
