import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { safeStorage } from 'electron';
import { type Seal, isSealed, sealedMark } from '../keys.ts';

/**
 * A sealed file, AES-256-GCM under a key that the operating system's key store keeps for us:
 *
 *     sealedMark | nonce 12 | tag 16 | ciphertext
 */
const ALGORITHM = 'aes-256-gcm';
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const SEAL_FILE = 'seal-key';

/**
 * The seal for the keys in a folder, or undefined where the machine has no key store (a Linux without a desktop):
 * there the files are protected by their mode alone. A file that was written without the seal is still read, and
 * sealed when it is next written. To be called once the app is ready.
 *
 * Electron's own functions answer asynchronously and keys are read synchronously, so what the key store protects is
 * one key, and that one protects the files.
 */
export async function openSeal(keysFolder: string): Promise<Seal | undefined> {
  if (!(await safeStorage.isAsyncEncryptionAvailable())) return undefined;
  const key = await openSealKey(keysFolder);
  return {
    close(bytes) {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv(ALGORITHM, key, nonce);
      const sealed = Buffer.concat([cipher.update(bytes), cipher.final()]);
      return Buffer.concat([sealedMark, nonce, cipher.getAuthTag(), sealed]);
    },
    open(bytes) {
      if (!isSealed(bytes)) return bytes;
      const rest = Buffer.from(bytes).subarray(sealedMark.length);
      const decipher = createDecipheriv(ALGORITHM, key, rest.subarray(0, NONCE_BYTES));
      decipher.setAuthTag(rest.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
      return Buffer.concat([decipher.update(rest.subarray(NONCE_BYTES + TAG_BYTES)), decipher.final()]);
    },
  };
}

async function openSealKey(keysFolder: string): Promise<Buffer> {
  const path = join(keysFolder, SEAL_FILE);
  if (existsSync(path)) {
    const { result } = await safeStorage.decryptStringAsync(readFileSync(path));
    return Buffer.from(result, 'base64url');
  }
  const key = randomBytes(KEY_BYTES);
  mkdirSync(keysFolder, { recursive: true, mode: 0o700 });
  writeFileSync(path, await safeStorage.encryptStringAsync(key.toString('base64url')), { mode: 0o600, flush: true });
  return key;
}
