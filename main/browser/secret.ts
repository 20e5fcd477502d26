import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { KeyStore } from '../terminal/paying/wallet-client.ts';

const SECRET_BYTES = 32;
const FORM = /^[\w-]{43}$/;

/**
 * The secret in the page's address, 32 random bytes as base64url.
 *
 * It stays the same from start to start, so a kiosk may have the address in its start-up and an open page finds its
 * terminal again after a crash. Deleting its file makes a new one.
 */
export function openSecret(keys: KeyStore): string {
  const known = keys.read('page-secret') ?? '';
  if (FORM.test(known)) return known;
  const secret = randomBytes(SECRET_BYTES).toString('base64url');
  keys.write('page-secret', secret);
  return secret;
}

/** Takes the same time whatever was guessed: both sides are hashed to one length before they are compared. */
export function isSecret(guess: string | null, secret: string): boolean {
  return timingSafeEqual(hash(guess ?? ''), hash(secret));
}

function hash(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
