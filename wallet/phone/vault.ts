import type { SettlementMethodId } from '#contract/wallet.ts';

/**
 * The credential that waits for the PIN, so that a code can be shown without the network. One for each phone: the server
 * books a code under the method that its last credential was asked for.
 *
 * It is encrypted twice with AES-GCM: inside under a key that PBKDF2 (RFC 8018 §5.2) makes from the PIN, outside under
 * a key of this phone that WebCrypto never gives away. A PIN has few values, so what protects it is the outer key and
 * the count of wrong tries, which empties the vault; the slow inner key is for whoever copies the storage itself.
 */
export interface Vault {
  readonly deviceKey: CryptoKey;
  readonly salt: Uint8Array;
  /** In a row. Written down before a PIN is tried. */
  readonly failures: number;
  readonly sealed: Seal | undefined;
}

interface Seal {
  readonly method: SettlementMethodId;
  readonly notAfterMs: number;
  readonly innerNonce: Uint8Array;
  readonly outerNonce: Uint8Array;
  readonly bytes: Uint8Array;
}

export interface Credential {
  readonly method: SettlementMethodId;
  readonly notAfterMs: number;
  readonly bytes: Uint8Array;
}

/** Wrong PINs without the network before the vault is emptied. */
export const MAX_OFFLINE_TRIES = 5;

/** OWASP's figure for PBKDF2 with SHA-256. About a third of a second on a phone. */
const ITERATIONS = 600_000;
const SALT_BYTES = 16;
const NONCE_BYTES = 12;

export async function openVault(): Promise<Vault> {
  const deviceKey = await crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt']);
  return { deviceKey, salt: randomBytes(SALT_BYTES), failures: 0, sealed: undefined };
}

/** Slow on purpose: once for each PIN that is typed. */
export async function deriveKey(pin: string, salt: Uint8Array): Promise<CryptoKey> {
  const material = await crypto.subtle.importKey('raw', new TextEncoder().encode(pin), 'PBKDF2', false, ['deriveKey']);
  const recipe = { name: 'PBKDF2', hash: 'SHA-256', salt: new Uint8Array(salt), iterations: ITERATIONS };
  return crypto.subtle.deriveKey(recipe, material, { name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt']);
}

/** Puts a credential in, under a PIN that the server took, in place of the one before. */
export async function seal(vault: Vault, pinKey: CryptoKey, credential: Credential): Promise<Vault> {
  const { method, notAfterMs } = credential;
  const [innerNonce, outerNonce] = [randomBytes(NONCE_BYTES), randomBytes(NONCE_BYTES)];
  const inner = await encrypt(pinKey, innerNonce, credential.bytes);
  const bytes = await encrypt(vault.deviceKey, outerNonce, inner);
  return { ...vault, failures: 0, sealed: { method, notAfterMs, innerNonce, outerNonce, bytes } };
}

/** The credential, or undefined where the PIN does not open it. */
export async function unseal(vault: Vault, pinKey: CryptoKey, sealed: Seal): Promise<Credential | undefined> {
  try {
    const inner = await decrypt(vault.deviceKey, sealed.outerNonce, sealed.bytes);
    const bytes = await decrypt(pinKey, sealed.innerNonce, inner);
    return { method: sealed.method, notAfterMs: sealed.notAfterMs, bytes };
  } catch {
    return undefined;
  }
}

async function encrypt(key: CryptoKey, nonce: Uint8Array, bytes: Uint8Array): Promise<Uint8Array> {
  const sealed = await crypto.subtle.encrypt(
    { name: 'AES-GCM', iv: new Uint8Array(nonce) },
    key,
    new Uint8Array(bytes),
  );
  return new Uint8Array(sealed);
}

async function decrypt(key: CryptoKey, nonce: Uint8Array, bytes: Uint8Array): Promise<Uint8Array> {
  const opened = await crypto.subtle.decrypt(
    { name: 'AES-GCM', iv: new Uint8Array(nonce) },
    key,
    new Uint8Array(bytes),
  );
  return new Uint8Array(opened);
}

function randomBytes(count: number): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(count));
}
