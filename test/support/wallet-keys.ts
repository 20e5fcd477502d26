import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign, verify } from 'node:crypto';
import {
  type CredentialClaims,
  type CredentialKey,
  credentialSigningInput,
  encodeClaims,
  encodeCode,
  encodeCredential,
  proofSigningInput,
  stepAt,
} from '#contract/token.ts';

/** An Ed25519 key pair in the shapes that the contracts ask for. */
export interface TestKey {
  readonly publicKey: Uint8Array;
  readonly sign: (message: Uint8Array) => Uint8Array;
}

export function makeKey(): TestKey {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  return { publicKey: rawPublicKey(publicKey), sign: (message) => sign(null, message, privateKey) };
}

/** A key pair from the two halves of a JWK, RFC 8037. */
export function keyFromJwk(d: string, x: string): TestKey {
  const jwk = { kty: 'OKP', crv: 'Ed25519', d, x };
  const privateKey = createPrivateKey({ key: jwk, format: 'jwk' });
  return {
    publicKey: rawPublicKey(createPublicKey({ key: jwk, format: 'jwk' })),
    sign: (message) => sign(null, message, privateKey),
  };
}

export function verifyEd25519(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  const x = Buffer.from(publicKey).toString('base64url');
  return verify(null, message, createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' }), signature);
}

export interface TestIssuer {
  readonly key: CredentialKey;
  issue(claims: CredentialClaims): Uint8Array;
}

/** A server that signs credentials, without the server. */
export function makeIssuer(keyId = 'k1'): TestIssuer {
  const key = makeKey();
  return {
    key: { keyId, publicKey: key.publicKey, notBeforeMs: 0, notAfterMs: Number.MAX_SAFE_INTEGER },
    issue(claims) {
      const { protectedHeader, payload } = encodeClaims(claims, keyId);
      const signature = key.sign(credentialSigningInput(protectedHeader, payload));
      return encodeCredential({ protectedHeader, payload, signature });
    },
  };
}

/** The code that a phone shows at an instant. */
export function showCode(phone: TestKey, credential: Uint8Array, counter: number, nowMs: number): string {
  const step = stepAt(nowMs);
  return encodeCode({ credential, counter, step, proof: phone.sign(proofSigningInput(credential, counter, step)) });
}

function rawPublicKey(key: KeyObject): Uint8Array {
  return new Uint8Array(Buffer.from(key.export({ format: 'jwk' }).x ?? '', 'base64url'));
}
