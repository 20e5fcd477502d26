import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { app } from './app.ts';
import { guard } from './refuse.ts';
import { runtime } from './runtime.ts';

/** Set by a test to play a machine without a key store, such as a Linux without a desktop. */
const WITHOUT_KEY_STORE = 'ELECTRON_STAND_IN_WITHOUT_KEY_STORE';

const KEY_FILE = 'electron-stand-in-key';
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** Chromium starts what it encrypts with a version; so text that was never encrypted is told apart. */
const VERSION = Buffer.from('v10');

/**
 * docs/api/safe-storage.md. Encrypts truly, with a key of its own for each user data folder; the key lies beside the
 * data, where the system's key store keeps it in real Electron.
 */
export const safeStorage = guard('safeStorage', {
  isEncryptionAvailable: (): boolean => runtime.isReady && hasKeyStore(),

  encryptString(plainText: string): Buffer {
    needKeyStore();
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv('aes-256-gcm', readKey(), nonce);
    const body = Buffer.concat([cipher.update(plainText, 'utf8'), cipher.final()]);
    return Buffer.concat([VERSION, nonce, cipher.getAuthTag(), body]);
  },

  decryptString(encrypted: Buffer): string {
    needKeyStore();
    if (!Buffer.from(encrypted.subarray(0, VERSION.length)).equals(VERSION)) {
      throw new Error('Error while decrypting the ciphertext provided to safeStorage.decryptString.');
    }
    const rest = encrypted.subarray(VERSION.length);
    const decipher = createDecipheriv('aes-256-gcm', readKey(), rest.subarray(0, NONCE_BYTES));
    decipher.setAuthTag(rest.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
    return decipher.update(rest.subarray(NONCE_BYTES + TAG_BYTES), undefined, 'utf8') + decipher.final('utf8');
  },

  // The asynchronous ones wait for the app to be ready.
  isAsyncEncryptionAvailable: async (): Promise<boolean> => {
    await app.whenReady();
    return hasKeyStore();
  },

  encryptStringAsync: async (plainText: string): Promise<Buffer> => {
    await app.whenReady();
    return safeStorage.encryptString(plainText);
  },

  decryptStringAsync: async (encrypted: Buffer): Promise<{ shouldReEncrypt: boolean; result: string }> => {
    await app.whenReady();
    return { shouldReEncrypt: false, result: safeStorage.decryptString(encrypted) };
  },
});

function hasKeyStore(): boolean {
  return process.env[WITHOUT_KEY_STORE] === undefined;
}

function needKeyStore(): void {
  if (!runtime.isReady) throw new Error('safeStorage cannot be used before app is ready');
  if (!hasKeyStore()) throw new Error('Encryption is not available.');
}

function readKey(): Buffer {
  const userData = app.getPath('userData');
  const path = join(userData, KEY_FILE);
  if (!existsSync(path)) {
    mkdirSync(userData, { recursive: true });
    writeFileSync(path, randomBytes(KEY_BYTES), { mode: 0o600 });
  }
  return readFileSync(path);
}
