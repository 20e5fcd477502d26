import { createCipheriv, createDecipheriv } from 'node:crypto';
import type { ServerKeys } from './keys.ts';

/**
 * References to a person that differ from reader to reader, so that two of them cannot tell that they speak of the same
 * one: a shop's `memberRef`, and the `personRef` by which a phone knows another.
 *
 * A reference is the wallet's UUID, one block of AES-256 (FIPS 197) under a key of the reader's own, in base64url. No
 * table has to remember them, and only this server can read one back.
 */
const BLOCK_CHARACTERS = 22;
const ALGORITHM = 'aes-256-ecb';

/** How a shop refers to a customer. */
export function memberRefOf(keys: ServerKeys, storeId: string, walletId: string): string {
  return encrypt(keys.blind('member', storeId), walletId);
}

/** The wallet behind a shop's reference. Undefined for what never was one; whether that wallet exists is for the books. */
export function walletOfMemberRef(keys: ServerKeys, storeId: string, memberRef: string): string | undefined {
  const block = Buffer.from(memberRef, 'base64url');
  if (memberRef.length !== BLOCK_CHARACTERS || block.toString('base64url') !== memberRef) return undefined;
  const decipher = createDecipheriv(ALGORITHM, keys.blind('member', storeId), null).setAutoPadding(false);
  const hex = Buffer.concat([decipher.update(block), decipher.final()]).toString('hex');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** How one customer's phone refers to another customer, or to its own. */
export function personRefOf(keys: ServerKeys, readerWalletId: string, walletId: string): string {
  return encrypt(keys.blind('person', readerWalletId), walletId);
}

function encrypt(key: Buffer, walletId: string): string {
  const cipher = createCipheriv(ALGORITHM, key, null).setAutoPadding(false);
  const block = cipher.update(Buffer.from(walletId.replaceAll('-', ''), 'hex'));
  return Buffer.concat([block, cipher.final()]).toString('base64url');
}
