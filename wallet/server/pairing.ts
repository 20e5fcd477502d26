import assert from 'node:assert';
import { createHash } from 'node:crypto';
import type { PairingSubject, Registry } from './store/registry.ts';

/**
 * Codes that a person types once to bind a terminal to a store or a phone to a wallet, for example `K7QF-3MZPXW`: four
 * letters find the row, so that tries can be counted against it, six are the secret (30 bits against five tries).
 */
export interface PairingSecret {
  readonly locator: string;
  readonly secretHash: Uint8Array;
}

export const PAIRING_LIFETIME_MS = 10 * 60_000;
const PAIRING_TRIES = 5;
const MAX_DRAWS = 20;

/** Crockford's 32: no I, L, O or U. */
const LETTERS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const LOCATOR_LETTERS = 4;
const SECRET_LETTERS = 6;

/**
 * Draws a code for a store or a wallet, good for 10 minutes and 5 tries, and keeps only its hash.
 *
 * @param subject `isApproved`: the terminal that redeems it needs nobody's approval
 */
export async function issuePairingCode(
  registry: Pick<Registry, 'addPairingCode'>,
  { isApproved = false, ...subject }: PairingSubject & { readonly isApproved?: boolean },
  nowMs: number,
  random: (bytes: number) => Uint8Array,
): Promise<string> {
  for (let draw = 0; draw < MAX_DRAWS; draw++) {
    const code = makePairingCode(random(LOCATOR_LETTERS + SECRET_LETTERS));
    const secret = parsePairingCode(code);
    assert(secret !== undefined, 'a code that was just made can be read');
    const row = { ...secret, for: subject, expiresAtMs: nowMs + PAIRING_LIFETIME_MS, tries: PAIRING_TRIES, isApproved };
    if (await registry.addPairingCode(row, nowMs)) return code;
  }
  throw new Error('every pairing code that was drawn is in use');
}

function makePairingCode(random: Uint8Array): string {
  const letters = Array.from(random.subarray(0, LOCATOR_LETTERS + SECRET_LETTERS), (byte) => LETTERS.charAt(byte % 32));
  return `${letters.slice(0, LOCATOR_LETTERS).join('')}-${letters.slice(LOCATOR_LETTERS).join('')}`;
}

/** Reads a code as people type it: any case, spaces and hyphens anywhere, O for 0 and I or L for 1. */
export function parsePairingCode(text: string): PairingSecret | undefined {
  const letters = text.toUpperCase().replaceAll(/[\s-]/g, '').replaceAll('O', '0').replaceAll(/[IL]/g, '1');
  if (letters.length !== LOCATOR_LETTERS + SECRET_LETTERS) return undefined;
  if (!Array.from(letters).every((letter) => LETTERS.includes(letter))) return undefined;
  return {
    locator: letters.slice(0, LOCATOR_LETTERS),
    secretHash: createHash('sha256').update(letters).digest(),
  };
}
