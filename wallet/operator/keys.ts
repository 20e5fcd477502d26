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

/** What the operator signs with. Lives in a file of its own, that only its owner can read, never beside the money. */
export interface OperatorKeys {
  /** Ed25519, 32 bytes, base64url: also the `keyid` of what it signs. */
  readonly publicKey: string;
  readonly sign: (message: Uint8Array) => Uint8Array;
  /** HMAC-SHA-256, base64url: knows a means again without keeping what was typed. */
  readonly fingerprint: (text: string) => string;
}

const keyFileSchema = z.object({
  version: z.literal(1),
  webhooks: z.object({ privateKey: z.base64url(), publicKey: z.base64url() }),
  fingerprintSecret: z.base64url(),
});

/** Reads the key file, or makes it: mode 0600, whole or not at all. */
export function openKeys(path: string): OperatorKeys {
  if (!existsSync(path)) writeKeyFile(path);
  const { webhooks, fingerprintSecret } = keyFileSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
  const { privateKey: d, publicKey: x } = webhooks;
  const key = createPrivateKey({ key: { kty: 'OKP', crv: 'Ed25519', d, x }, format: 'jwk' });
  const secret = Buffer.from(fingerprintSecret, 'base64url');
  return {
    publicKey: x,
    sign: (message) => sign(null, message, key),
    fingerprint: (text) => createHmac('sha256', secret).update(text).digest('base64url'),
  };
}

/** Verifies by one public key, base64url. Undefined for a text that is not one. */
export function openVerifier(publicKey: string): ((message: Uint8Array, signature: Uint8Array) => boolean) | undefined {
  const key = parsePublicKey(publicKey);
  return key === undefined ? undefined : (message, signature) => verify(null, message, key, signature);
}

function parsePublicKey(x: string): KeyObject | undefined {
  try {
    return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
  } catch {
    return undefined;
  }
}

function writeKeyFile(path: string): void {
  const { d = '', x = '' } = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' });
  const file: z.infer<typeof keyFileSchema> = {
    version: 1,
    webhooks: { privateKey: d, publicKey: x },
    fingerprintSecret: randomBytes(32).toString('base64url'),
  };
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  writeFileSync(`${path}.new`, JSON.stringify(file, undefined, 2), { mode: 0o600, flush: true });
  renameSync(`${path}.new`, path);
}
