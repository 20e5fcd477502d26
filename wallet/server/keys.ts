import {
  createHmac,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
  verify,
} from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';
import type { CredentialKey } from '#contract/token.ts';

/** What the server signs and blinds with. Lives in a file of its own, that only its owner can read, never in the books. */
export interface ServerKeys {
  /** All keys that signed credentials which may still be shown. */
  readonly published: readonly CredentialKey[];
  /** The key that signs new ones. */
  readonly signing: CredentialKey & { readonly sign: (message: Uint8Array) => Uint8Array };
  /** HMAC-SHA-256 for references that only this server can tie to a person. */
  readonly blind: (purpose: string, value: string) => Buffer;
}

const LIFETIME_MS = 5 * 365 * 24 * 3_600_000;
/** DER of a PKCS #8 Ed25519 private key, RFC 8410 §7, up to its 32 bytes of seed. */
const PKCS8_ED25519 = Buffer.from('302e020100300506032b657004220420', 'hex');
const MAX_CACHED_KEYS = 10_000;

const keyFileSchema = z.object({
  version: z.literal(1),
  signing: z.object({
    keyId: z.string(),
    seed: z.string(),
    notBefore: z.iso.datetime(),
    notAfter: z.iso.datetime(),
  }),
  blindingSecret: z.string(),
});

/** Reads the key file, or makes it: mode 0600, whole or not at all. */
export function openKeys(path: string, nowMs: number): ServerKeys {
  if (!existsSync(path)) writeKeyFile(path, nowMs);
  const file = keyFileSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
  const privateKey = privateKeyFromSeed(Buffer.from(file.signing.seed, 'base64url'));
  const secret = Buffer.from(file.blindingSecret, 'base64url');
  const key: CredentialKey = {
    keyId: file.signing.keyId,
    publicKey: rawPublicKey(createPublicKey(privateKey)),
    notBeforeMs: Date.parse(file.signing.notBefore),
    notAfterMs: Date.parse(file.signing.notAfter),
  };
  return {
    published: [key],
    signing: { ...key, sign: (message) => sign(null, message, privateKey) },
    blind: (purpose, value) => createHmac('sha256', secret).update(`${purpose}\n${value}`).digest(),
  };
}

/** An Ed25519 key pair from 32 bytes. */
export function keyPairFromSeed(seed: Uint8Array): {
  readonly publicKey: Uint8Array;
  readonly sign: (message: Uint8Array) => Uint8Array;
} {
  const privateKey = privateKeyFromSeed(seed);
  return {
    publicKey: rawPublicKey(createPublicKey(privateKey)),
    sign: (message) => sign(null, message, privateKey),
  };
}

/** Verifies Ed25519 by raw public keys, and keeps the parsed ones: parsing costs as much as verifying. */
export function openVerifier(): (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) => boolean {
  const parsed = new Map<string, KeyObject | undefined>();
  return (publicKey, message, signature) => {
    const x = Buffer.from(publicKey.buffer, publicKey.byteOffset, publicKey.byteLength).toString('base64url');
    if (!parsed.has(x)) {
      if (parsed.size >= MAX_CACHED_KEYS) parsed.clear();
      parsed.set(x, parsePublicKey(x));
    }
    const key = parsed.get(x);
    return key !== undefined && verify(null, message, key, signature);
  };
}

function parsePublicKey(x: string): KeyObject | undefined {
  try {
    return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
  } catch {
    return undefined;
  }
}

function writeKeyFile(path: string, nowMs: number): void {
  const { privateKey } = generateKeyPairSync('ed25519');
  const file: z.infer<typeof keyFileSchema> = {
    version: 1,
    signing: {
      keyId: randomBytes(3).toString('base64url'),
      seed: privateKey.export({ format: 'jwk' }).d ?? '',
      notBefore: new Date(nowMs - 60_000).toISOString(),
      notAfter: new Date(nowMs + LIFETIME_MS).toISOString(),
    },
    blindingSecret: randomBytes(32).toString('base64url'),
  };
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.new`, JSON.stringify(file, undefined, 2), { mode: 0o600, flush: true });
  renameSync(`${path}.new`, path);
}

function privateKeyFromSeed(seed: Uint8Array): KeyObject {
  return createPrivateKey({ key: Buffer.concat([PKCS8_ED25519, seed]), format: 'der', type: 'pkcs8' });
}

function rawPublicKey(key: KeyObject): Uint8Array {
  return new Uint8Array(Buffer.from(key.export({ format: 'jwk' }).x ?? '', 'base64url'));
}
