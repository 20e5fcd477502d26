import { createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { type Cbor, decodeCbor, encodeCbor } from './cbor.ts';

/**
 * The code that a customer's phone shows: `WRK1:` and the Base45 (RFC 9285) of a CBOR array [credential, counter, step,
 * proof]. The credential is a COSE_Sign1 of the wallet server; the phone signs ["WRK1 proof", credential, counter, step].
 */
export interface CodeParts {
  /** As `POST /v1/wallet/codes` gave it. */
  readonly credential: Buffer;
  readonly counter: number;
  /** 30-second steps since 1970. */
  readonly step: number;
  readonly key: KeyObject;
}

/** What a credential says, to a reader that was told its form. */
export interface Credential {
  readonly alias: string;
  readonly keyId: string;
  readonly issuedAt: number;
  readonly expiresAt: number;
  readonly version: number;
  readonly currency: string;
  readonly perPaymentLimit: number;
  readonly offlineAllowance: number;
  /** Of the phone: Ed25519, 32 bytes. */
  readonly phoneKey: Buffer;
  /** What the server signed, RFC 9052 §4.4, and its signature. */
  readonly signed: Buffer;
  readonly signature: Buffer;
}

const PREFIX = 'WRK1:';
const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:';
const STEP_MS = 30_000;
const ARRAY_OF_FOUR = Buffer.from([0x84]);

export function stepOf(ms: number): number {
  return Math.floor(ms / STEP_MS);
}

export function makeCode({ credential, counter, step, key }: CodeParts): string {
  const proof = sign(null, encodeCbor(['WRK1 proof', credential, counter, step]), key);
  const parts = [ARRAY_OF_FOUR, credential, encodeCbor(counter), encodeCbor(step), encodeCbor(proof)];
  return PREFIX + toBase45(Buffer.concat(parts));
}

export function readCredential(credential: Buffer): Credential {
  const [protectedHeader, , payload, signature] = list(decodeCbor(credential)).map(bytes);
  if (protectedHeader === undefined || payload === undefined || signature === undefined) throw new Error('four parts');
  const header = map(decodeCbor(protectedHeader));
  const claims = map(decodeCbor(payload));
  const ours = list(claims.get(-70_001));
  return {
    alias: text(claims.get(2)),
    keyId: bytes(header.get(4)).toString(),
    issuedAt: Number(claims.get(6)),
    expiresAt: Number(claims.get(4)),
    version: Number(ours[0]),
    currency: text(ours[1]),
    perPaymentLimit: Number(ours[2]),
    offlineAllowance: Number(ours[3]),
    phoneKey: bytes(map(map(claims.get(8)).get(1)).get(-2)),
    signed: encodeCbor(['Signature1', protectedHeader, Buffer.alloc(0), payload]),
    signature,
  };
}

/** @param publicKey Ed25519, base64url */
export function isSignedBy(publicKey: string, signed: Buffer, signature: Buffer): boolean {
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: publicKey }, format: 'jwk' });
  return verify(null, signed, key, signature);
}

/** RFC 9285 §4: two bytes in three characters, the least significant first; a last byte in two. */
function toBase45(source: Buffer): string {
  let text = '';
  for (let at = 0; at < source.length; at += 2) {
    const isPair = at + 1 < source.length;
    let rest = isPair ? source.readUInt16BE(at) : source.readUInt8(at);
    for (let digits = isPair ? 3 : 2; digits > 0; digits -= 1) {
      text += ALPHABET.charAt(rest % 45);
      rest = Math.floor(rest / 45);
    }
  }
  return text;
}

function bytes(value: Cbor | undefined): Buffer {
  return Buffer.isBuffer(value) ? value : Buffer.alloc(0);
}

function text(value: Cbor | undefined): string {
  return typeof value === 'string' ? value : '';
}

function list(value: Cbor | undefined): readonly Cbor[] {
  return Array.isArray(value) ? (value as readonly Cbor[]) : [];
}

function map(value: Cbor | undefined): ReadonlyMap<number, Cbor> {
  return value instanceof Map ? value : new Map<number, Cbor>();
}
