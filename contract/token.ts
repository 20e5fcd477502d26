import { decode, encode, rfc8949EncodeOptions } from 'cborg';
import { decodeBase45, encodeBase45 } from './base45.ts';

/**
 * The customer's code: what a phone shows, a terminal reads and the wallet server judges.
 *
 * ```
 * text        "WRK1:" base45(code)                                     RFC 9285, a QR code's alphanumeric mode
 * code        [ credential, counter: uint, step: uint, proof: bstr 64 ]
 * credential  [ protected: bstr { 1: -8, 4: kid }, {}, claims: bstr, signature: bstr 64 ]
 *                                                                      COSE_Sign1 untagged, RFC 9052 §4.2
 * claims      { 2: alias, 4: exp, 6: iat, 8: { 1: COSE_Key }, -70001: [version, currency, limit, allowance] }
 *                                                                      CWT, RFC 8392 §3; `cnf`, RFC 8747 §3.2
 * ```
 * The wallet server signs the credential, which names the phone's key; the phone signs the proof with that key for
 * every code that it shows: `["WRK1 proof", credential, counter, step]` in CBOR. So a terminal without the network can
 * judge both with the server's public keys alone. All CBOR is in the deterministic form of RFC 8949 §4.2.1, and a
 * reader accepts no other: one meaning has one text.
 *
 * Nothing here does cryptography: Ed25519 is handed in, because a phone has WebCrypto and a terminal has node:crypto.
 * A whole code is about 240 bytes: QR version 11 at level M, with an alias of 10 characters and a key id of 4.
 */
export interface CredentialClaims {
  readonly version: 1;
  /** Stands for the wallet where shops can see it: 1 to 32 characters, base64url. Says nothing about the person. */
  readonly alias: string;
  /** The phone's Ed25519 public key, 32 bytes. */
  readonly phoneKey: Uint8Array;
  /** ISO 4217; the limits below are minor units of it. */
  readonly currency: string;
  /** The most that one settlement may take. */
  readonly perPaymentLimit: number;
  /** What the server holds for settlements that a terminal accepts without the network. */
  readonly offlineAllowance: number;
  /** Seconds since 1970, UTC. */
  readonly issuedAt: number;
  readonly expiresAt: number;
}

/** A code that has the right form. Nobody has vouched for it yet: see {@link verifyCode}. */
export interface ParsedCode {
  /** The credential's bytes, as they were signed. */
  readonly credential: Uint8Array;
  readonly claims: CredentialClaims;
  /** Which of the server's keys signed the credential, 1 to 16 characters. */
  readonly keyId: string;
  readonly credentialSignature: Uint8Array;
  /** Higher for each code that a phone makes: with the alias it names one code. */
  readonly counter: number;
  /** 30-second steps since 1970, by the phone's clock. */
  readonly step: number;
  readonly proof: Uint8Array;
}

export type ParseResult =
  { readonly ok: true; readonly code: ParsedCode } | { readonly ok: false; readonly error: string };

/** A key that signs credentials, as `GET /v1/keys` tells it. */
export interface CredentialKey {
  readonly keyId: string;
  /** Ed25519, 32 bytes. */
  readonly publicKey: Uint8Array;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

/** Ed25519 (RFC 8032): true only for a valid signature. Must not throw on a malformed key. */
export type VerifyEd25519 = (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) => boolean;

export type CodeRefusal =
  | 'unknown_key'
  | 'credential_forged'
  | 'credential_expired'
  | 'credential_not_yet_valid'
  | 'proof_forged'
  | 'code_too_old'
  | 'code_from_the_future';

export type CodeVerdict = { readonly ok: true } | { readonly ok: false; readonly reason: CodeRefusal };

/** What every customer's code begins with. */
export const CODE_PREFIX = 'WRK1:';
/** How long one shown code is the newest, in seconds. */
export const STEP_SECONDS = 30;
/** How far a phone's clock may be from the judge's. */
export const CLOCK_SKEW_MS = 90_000;
export const MAX_CREDENTIAL_LIFETIME_SECONDS = 72 * 3_600;

const MAX_CODE_CHARACTERS = 600;
const MAX_CREDENTIAL_BYTES = 300;
const SIGNATURE_BYTES = 64;
const PUBLIC_KEY_BYTES = 32;
const KEY_ID = /^[A-Za-z0-9_-]{1,16}$/;
const ALIAS = /^[A-Za-z0-9_-]{1,32}$/;
const CURRENCY = /^[A-Z]{3}$/;

const EDDSA = -8;
const HEADER_ALGORITHM = 1;
const HEADER_KEY_ID = 4;
const CLAIM_SUBJECT = 2;
const CLAIM_EXPIRES = 4;
const CLAIM_ISSUED = 6;
const CLAIM_CONFIRMATION = 8;
const CONFIRMATION_KEY = 1;
const KEY_TYPE = 1;
const KEY_TYPE_OKP = 1;
const KEY_CURVE = -1;
const KEY_CURVE_ED25519 = 6;
const KEY_X = -2;
/** Private use: below -65536 in the CWT claims registry. One claim holds what is ours, for the size of the code. */
const CLAIM_WARIKAN = -70_001;
const PROOF_CONTEXT = 'WRK1 proof';
/** The CBOR head of an array with four elements, RFC 8949 §3. */
const ARRAY_OF_FOUR = 0x84;

const utf8 = new TextEncoder();
const utf8Strict = new TextDecoder('utf-8', { fatal: true });

/** True for any text that claims to be a customer's code, well-formed or not: what a scan is classified by. */
export function isWalletCode(text: string): boolean {
  return text.startsWith(CODE_PREFIX);
}

/** The 30-second step of an instant. */
export function stepAt(unixMs: number): number {
  return Math.floor(unixMs / 1_000 / STEP_SECONDS);
}

/** The protected header and the claims of a credential that is still to be signed. */
export function encodeClaims(
  claims: CredentialClaims,
  keyId: string,
): { protectedHeader: Uint8Array; payload: Uint8Array } {
  const refusal = claimsRefusal(claims) ?? (KEY_ID.test(keyId) ? undefined : 'key id');
  if (refusal !== undefined) throw new RangeError(`A credential is not issued with this ${refusal}.`);
  const confirmation = new Map<number, unknown>([
    [KEY_TYPE, KEY_TYPE_OKP],
    [KEY_CURVE, KEY_CURVE_ED25519],
    [KEY_X, plain(claims.phoneKey)],
  ]);
  return {
    protectedHeader: canonical(
      new Map<number, unknown>([
        [HEADER_ALGORITHM, EDDSA],
        [HEADER_KEY_ID, utf8.encode(keyId)],
      ]),
    ),
    payload: canonical(
      new Map<number, unknown>([
        [CLAIM_SUBJECT, claims.alias],
        [CLAIM_EXPIRES, claims.expiresAt],
        [CLAIM_ISSUED, claims.issuedAt],
        [CLAIM_CONFIRMATION, new Map([[CONFIRMATION_KEY, confirmation]])],
        [CLAIM_WARIKAN, [claims.version, claims.currency, claims.perPaymentLimit, claims.offlineAllowance]],
      ]),
    ),
  };
}

/** What the server signs: the Sig_structure of RFC 9052 §4.4. */
export function credentialSigningInput(protectedHeader: Uint8Array, payload: Uint8Array): Uint8Array {
  return canonical(['Signature1', plain(protectedHeader), new Uint8Array(), plain(payload)]);
}

/** Puts a signed credential together. */
export function encodeCredential(parts: {
  readonly protectedHeader: Uint8Array;
  readonly payload: Uint8Array;
  readonly signature: Uint8Array;
}): Uint8Array {
  return canonical([plain(parts.protectedHeader), new Map(), plain(parts.payload), plain(parts.signature)]);
}

/** What the phone signs for one code. */
export function proofSigningInput(credential: Uint8Array, counter: number, step: number): Uint8Array {
  return canonical([PROOF_CONTEXT, plain(credential), counter, step]);
}

/** The text of one code, for a QR code in alphanumeric mode. */
export function encodeCode(parts: {
  readonly credential: Uint8Array;
  readonly counter: number;
  readonly step: number;
  readonly proof: Uint8Array;
}): string {
  // The credential is CBOR already and goes in as it is: wrapped in a byte string it would cost a QR version.
  const rest = [canonical(parts.counter), canonical(parts.step), canonical(plain(parts.proof))];
  return CODE_PREFIX + encodeBase45(concat([new Uint8Array([ARRAY_OF_FOUR]), parts.credential, ...rest]));
}

/** Reads a code. Never throws, whatever the text is; what it accepts has exactly one text. */
export function parseCode(text: string): ParseResult {
  if (!isWalletCode(text)) return refuse(`a code begins with ${CODE_PREFIX}`);
  if (text.length > MAX_CODE_CHARACTERS) return refuse('the code is too long');
  const bytes = decodeBase45(text.slice(CODE_PREFIX.length));
  if (bytes === undefined) return refuse('the code is not Base45');

  const outer = decodeCanonical(bytes);
  if (!Array.isArray(outer) || outer.length !== 4) return refuse('the code is not of four parts');
  const [credentialParts, counter, step, proof] = outer as readonly unknown[];
  // The whole is in its deterministic form, so this gives the very bytes that arrived.
  const credential = canonical(credentialParts);
  if (credential.length > MAX_CREDENTIAL_BYTES) return refuse('the credential is too long');
  if (!isCount(counter) || !isCount(step)) return refuse('the counter or the time step is not a count');
  if (!isBytes(proof, SIGNATURE_BYTES)) return refuse('the proof is not a signature');

  const parsed = parseCredential(credential);
  if (typeof parsed === 'string') return refuse(parsed);
  return { ok: true, code: { credential, ...parsed, counter, step, proof } };
}

/** The claims of a credential as the server hands it to a phone, or undefined where the form is wrong. */
export function readClaims(credential: Uint8Array): CredentialClaims | undefined {
  if (credential.length > MAX_CREDENTIAL_BYTES) return undefined;
  const parsed = parseCredential(credential);
  return typeof parsed === 'string' ? undefined : parsed.claims;
}

/**
 * Judges a code at an instant: both signatures, the credential's validity, the age of the proof. Whether the code was
 * used before, and whether its credential was revoked, only the judge's own books can tell.
 *
 * @param nowMs when the code was read, by a clock that is trusted
 */
export function verifyCode(
  code: ParsedCode,
  keys: readonly CredentialKey[],
  nowMs: number,
  verify: VerifyEd25519,
): CodeVerdict {
  const issuedMs = code.claims.issuedAt * 1_000;
  const key = keys.find(({ keyId }) => keyId === code.keyId);
  if (key === undefined || issuedMs < key.notBeforeMs || issuedMs > key.notAfterMs) {
    return { ok: false, reason: 'unknown_key' };
  }
  const parts = decodeCanonical(code.credential) as readonly [Uint8Array, unknown, Uint8Array];
  if (!verify(key.publicKey, credentialSigningInput(parts[0], parts[2]), code.credentialSignature)) {
    return { ok: false, reason: 'credential_forged' };
  }
  if (!verify(code.claims.phoneKey, proofSigningInput(code.credential, code.counter, code.step), code.proof)) {
    return { ok: false, reason: 'proof_forged' };
  }
  if (nowMs > code.claims.expiresAt * 1_000 + CLOCK_SKEW_MS) return { ok: false, reason: 'credential_expired' };
  if (nowMs < issuedMs - CLOCK_SKEW_MS) return { ok: false, reason: 'credential_not_yet_valid' };
  const shownFromMs = code.step * STEP_SECONDS * 1_000;
  if (nowMs >= shownFromMs + STEP_SECONDS * 1_000 + CLOCK_SKEW_MS) return { ok: false, reason: 'code_too_old' };
  if (nowMs < shownFromMs - CLOCK_SKEW_MS) return { ok: false, reason: 'code_from_the_future' };
  return { ok: true };
}

type UncheckedClaims = Readonly<Record<keyof CredentialClaims, unknown>>;

function parseCredential(
  credential: Uint8Array,
): { claims: CredentialClaims; keyId: string; credentialSignature: Uint8Array } | string {
  const parts = decodeCanonical(credential);
  if (!Array.isArray(parts) || parts.length !== 4) return 'the credential is not a COSE_Sign1';
  const [protectedHeader, unprotected, payload, credentialSignature] = parts as readonly unknown[];
  if (!isBytes(protectedHeader) || !isBytes(payload)) return 'the credential has no header or no claims';
  if (!(unprotected instanceof Map) || unprotected.size !== 0) return 'the credential has an unprotected header';
  if (!isBytes(credentialSignature, SIGNATURE_BYTES)) return 'the credential is not signed';

  const header = decodeCanonical(protectedHeader);
  if (!(header instanceof Map) || header.size !== 2 || header.get(HEADER_ALGORITHM) !== EDDSA) {
    return 'the credential is not signed by EdDSA';
  }
  const keyId = decodeText(header.get(HEADER_KEY_ID));
  if (keyId === undefined || !KEY_ID.test(keyId)) return 'the credential names no key';
  const claims = parseClaims(decodeCanonical(payload));
  if (claims === undefined) return 'the claims are not of the known form';
  const refusal = claimsRefusal(claims);
  if (refusal !== undefined) return `the credential has an impossible ${refusal}`;
  return { claims: claims as CredentialClaims, keyId, credentialSignature };
}

function parseClaims(map: unknown): UncheckedClaims | undefined {
  if (!(map instanceof Map) || map.size !== 5) return undefined;
  const confirmation: unknown = map.get(CLAIM_CONFIRMATION);
  if (!(confirmation instanceof Map) || confirmation.size !== 1) return undefined;
  const key: unknown = confirmation.get(CONFIRMATION_KEY);
  if (!(key instanceof Map) || key.size !== 3) return undefined;
  if (key.get(KEY_TYPE) !== KEY_TYPE_OKP || key.get(KEY_CURVE) !== KEY_CURVE_ED25519) return undefined;
  const ours: unknown = map.get(CLAIM_WARIKAN);
  if (!Array.isArray(ours) || ours.length !== 4) return undefined;
  const [version, currency, perPaymentLimit, offlineAllowance] = ours as readonly unknown[];
  return {
    version,
    alias: map.get(CLAIM_SUBJECT),
    phoneKey: key.get(KEY_X),
    currency,
    perPaymentLimit,
    offlineAllowance,
    issuedAt: map.get(CLAIM_ISSUED),
    expiresAt: map.get(CLAIM_EXPIRES),
  };
}

/** What is wrong with the claims, in a word. Guards what the server issues as well as what a reader accepts. */
function claimsRefusal(claims: UncheckedClaims): string | undefined {
  if (claims.version !== 1) return 'version';
  if (typeof claims.alias !== 'string' || !ALIAS.test(claims.alias)) return 'alias';
  if (!isBytes(claims.phoneKey, PUBLIC_KEY_BYTES)) return 'phone key';
  if (typeof claims.currency !== 'string' || !CURRENCY.test(claims.currency)) return 'currency';
  if (!isCount(claims.perPaymentLimit) || !isCount(claims.offlineAllowance)) return 'limit';
  if (!isCount(claims.issuedAt) || !isCount(claims.expiresAt)) return 'validity';
  const lifetime = claims.expiresAt - claims.issuedAt;
  return lifetime > 0 && lifetime <= MAX_CREDENTIAL_LIFETIME_SECONDS ? undefined : 'validity';
}

/** Undefined where the bytes are not CBOR, or not its one deterministic form (longer integers, other order, a tail). */
function decodeCanonical(bytes: Uint8Array): unknown {
  try {
    const value: unknown = decode(bytes, {
      strict: true,
      useMaps: true,
      allowIndefinite: false,
      allowUndefined: false,
      allowInfinity: false,
      allowNaN: false,
      allowBigInt: false,
      rejectDuplicateMapKeys: true,
    });
    return isSame(canonical(value), bytes) ? value : undefined;
  } catch {
    return undefined;
  }
}

function canonical(value: unknown): Uint8Array {
  return encode(value, rfc8949EncodeOptions);
}

/** A Node Buffer is encoded by its own rules; the bytes are what counts. */
function plain(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

function decodeText(value: unknown): string | undefined {
  if (!isBytes(value)) return undefined;
  try {
    return utf8Strict.decode(value);
  } catch {
    return undefined;
  }
}

function isBytes(value: unknown, length?: number): value is Uint8Array {
  return value instanceof Uint8Array && (length === undefined || value.length === length);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isSame(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && left.every((byte, index) => byte === right[index]);
}

function refuse(error: string): ParseResult {
  return { ok: false, error };
}
