import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { KeyStore } from './terminal/paying/wallet-client.ts';

/** Wraps what lies in the files, where the operating system has a better place for keys than a file. */
export interface Seal {
  close(bytes: Uint8Array): Uint8Array;
  open(sealed: Uint8Array): Uint8Array;
}

/** What every sealed file begins with, so that it is never taken for a file without its key. */
export const sealedMark = Buffer.from('warikan-sealed-1\n');

/** The keys were sealed, and this host has nothing to open them with. */
export class SealedKeys extends Error {
  constructor(folder: string) {
    super(
      `The keys in ${folder} are sealed by this machine's key store, which only the till in its own window can open: ` +
        'start it without --browser, as the person who used it before.',
    );
  }
}

const PEPPER_BYTES = 32;

/**
 * Files of one folder that only their owner can read.
 *
 * @throws SealedKeys on reading what was sealed, where no seal is given: a new key in its place would lock everybody out
 */
export function openKeys(folder: string, seal?: Seal): KeyStore {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return {
    read(name) {
      const bytes = readIfThere(join(folder, name));
      if (bytes === undefined) return undefined;
      if (seal === undefined && isSealed(bytes)) throw new SealedKeys(folder);
      return Buffer.from(seal === undefined ? bytes : seal.open(bytes)).toString('utf8');
    },
    write(name, value) {
      const bytes = Buffer.from(value, 'utf8');
      const path = join(folder, name);
      writeFileSync(`${path}.new`, seal === undefined ? bytes : seal.close(bytes), { mode: 0o600, flush: true });
      renameSync(`${path}.new`, path);
      flushFolder(folder);
    },
  };
}

/** What PINs are hashed with, so that a stolen database alone does not give them away. */
export function openPepper(keys: KeyStore): Uint8Array {
  const known = Buffer.from(keys.read('pin-pepper') ?? '', 'base64url');
  if (known.length === PEPPER_BYTES) return known;
  const pepper = randomBytes(PEPPER_BYTES);
  keys.write('pin-pepper', pepper.toString('base64url'));
  return pepper;
}

export function isSealed(bytes: Uint8Array): boolean {
  return sealedMark.equals(bytes.subarray(0, sealedMark.length));
}

function readIfThere(path: string): Uint8Array | undefined {
  try {
    return readFileSync(path);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

/** A file's name is on the disk only when its folder is. Windows cannot flush a folder, and need not. */
function flushFolder(folder: string): void {
  if (process.platform === 'win32') return;
  const handle = openSync(folder, 'r');
  fsyncSync(handle);
  closeSync(handle);
}
