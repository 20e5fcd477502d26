import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const SECRET_BYTES = 32;
const FORM = /^[\w-]{43}$/;

/**
 * The secret in the page's address, 32 random bytes as base64url, in a file that only its owner can read.
 *
 * It stays the same from start to start, so a kiosk may have the address in its start-up and an open page finds its
 * terminal again after a crash. Deleting the file makes a new one.
 */
export function openSecret(keysFolder: string): string {
  mkdirSync(keysFolder, { recursive: true, mode: 0o700 });
  const path = join(keysFolder, 'page-secret');
  const known = readIfThere(path);
  if (known !== undefined && FORM.test(known)) return known;
  const secret = randomBytes(SECRET_BYTES).toString('base64url');
  writeFileSync(path, secret, { mode: 0o600, flush: true });
  return secret;
}

/** Takes the same time whatever was guessed: both sides are hashed to one length before they are compared. */
export function isSecret(guess: string | null, secret: string): boolean {
  return timingSafeEqual(hash(guess ?? ''), hash(secret));
}

function hash(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
