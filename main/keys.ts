import { type KeyObject, createPrivateKey, generateKeyPairSync, randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Where the terminal's own secrets lie, apart from its database. */
export interface Keys {
  read(name: string): Uint8Array | undefined;
  /** On the disk, whole, when this returns. */
  write(name: string, bytes: Uint8Array): void;
}

/** Wraps what lies in the files, where the operating system has a better place for keys than a file. */
export interface Seal {
  close(bytes: Uint8Array): Uint8Array;
  open(sealed: Uint8Array): Uint8Array;
}

const PEPPER_BYTES = 32;

/** Files of one folder that only their owner can read. */
export function openKeys(folder: string, seal?: Seal): Keys {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return {
    read(name) {
      const bytes = readIfThere(join(folder, name));
      return bytes === undefined || seal === undefined ? bytes : seal.open(bytes);
    },
    write(name, bytes) {
      const path = join(folder, name);
      writeFileSync(`${path}.new`, seal === undefined ? bytes : seal.close(bytes), { mode: 0o600, flush: true });
      renameSync(`${path}.new`, path);
      flushFolder(folder);
    },
  };
}

/** What PINs are hashed with, so that a stolen database alone does not give them away. */
export function openPepper(keys: Keys): Uint8Array {
  const known = keys.read('pin-pepper');
  if (known?.length === PEPPER_BYTES) return known;
  const pepper = randomBytes(PEPPER_BYTES);
  keys.write('pin-pepper', pepper);
  return pepper;
}

/** The terminal's Ed25519 key, with which it signs its requests to the wallet server. It never leaves this machine. */
export function openDeviceKey(keys: Keys): KeyObject {
  const known = keys.read('device-key.pem');
  if (known !== undefined) return createPrivateKey(Buffer.from(known));
  const { privateKey } = generateKeyPairSync('ed25519');
  keys.write('device-key.pem', Buffer.from(privateKey.export({ type: 'pkcs8', format: 'pem' })));
  return privateKey;
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
