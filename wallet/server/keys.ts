import {
  createHmac,
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
  verify,
} from 'node:crypto';
import { existsSync, linkSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';
import type { CredentialKey } from '#contract/token.ts';
import type { Clock } from './call.ts';

/**
 * What the server signs and blinds with. Lives in a file of its own, that only its owner can read, never in the books.
 * Servers that share the books share the file. It is looked at now and then: a key that was added to it needs no restart.
 */
export interface ServerKeys {
  /** All keys whose credentials may still be shown, and the next one ahead of its time. */
  readonly published: readonly CredentialKey[];
  /** The key that signs new ones. */
  readonly signing: SigningKey;
  /** HMAC-SHA-256 for references that only this server can tie to a person. Never rotated: they would all change. */
  readonly blind: (purpose: string, value: string) => Buffer;
}

type SigningKey = CredentialKey & { readonly sign: (message: Uint8Array) => Uint8Array };

const LIFETIME_MS = 5 * 365 * 24 * 3_600_000;
/** Terminals keep what `GET /v1/keys` said for up to 7 days: before that nobody signs with a key that they do not know. */
const AHEAD_MS = 8 * 24 * 3_600_000;
/** The last credentials of a key run out after 3 days; a queue of a terminal that was away longer is judged by it still. */
const KEEP_MS = 30 * 24 * 3_600_000;
const LOOK_MS = 60_000;
/** A clock that is a little behind must not take a new key for one from the future. */
const SKEW_MS = 60_000;
/** DER of a PKCS #8 Ed25519 private key, RFC 8410 §7, up to its 32 bytes of seed. */
const PKCS8_ED25519 = Buffer.from('302e020100300506032b657004220420', 'hex');
const MAX_CACHED_KEYS = 10_000;

const storedKeySchema = z.object({
  keyId: z.string(),
  seed: z.string(),
  notBefore: z.iso.datetime(),
  notAfter: z.iso.datetime(),
});
type StoredKey = z.infer<typeof storedKeySchema>;

/** Version 1 had one key. */
const keyFileSchema = z.union([
  z.object({ version: z.literal(2), signing: z.array(storedKeySchema).min(1), blindingSecret: z.string() }),
  z
    .object({ version: z.literal(1), signing: storedKeySchema, blindingSecret: z.string() })
    .transform(({ signing, blindingSecret }) => ({ version: 2 as const, signing: [signing], blindingSecret })),
]);
type KeyFile = z.output<typeof keyFileSchema>;

/** Reads the key file, or makes it: mode 0600, whole or not at all. */
export function openKeys(path: string, clock: Clock): ServerKeys {
  if (!existsSync(path)) makeKeyFile(path, clock.nowMs());
  const { blindingSecret } = readKeyFile(path);
  const secret = createSecretKey(blindingSecret, 'base64url');
  let keys: readonly SigningKey[] = [];
  let lookedAtMs = -Infinity;
  let changedAtMs = -1;

  function look(nowMs: number): readonly SigningKey[] {
    if (Math.abs(nowMs - lookedAtMs) < LOOK_MS) return keys;
    lookedAtMs = nowMs;
    try {
      const { mtimeMs } = statSync(path);
      if (mtimeMs !== changedAtMs) keys = readKeyFile(path).signing.map(toSigningKey);
      changedAtMs = mtimeMs;
    } catch (error) {
      // A file that is gone or half a file is its owner's to mend. What was read before stays right.
      if (keys.length === 0) throw error;
    }
    return keys;
  }

  look(clock.nowMs());
  return {
    get published() {
      const nowMs = clock.nowMs();
      return look(nowMs).filter((key) => nowMs < key.notAfterMs + KEEP_MS);
    },
    get signing() {
      const nowMs = clock.nowMs();
      const begun = look(nowMs).filter((key) => key.notBeforeMs <= nowMs);
      const newest = begun.toSorted((a, b) => b.notBeforeMs - a.notBeforeMs)[0];
      if (newest === undefined) throw new Error('no key of the key file has begun: the clock of this machine is wrong');
      return newest;
    },
    blind: (purpose, value) => createHmac('sha256', secret).update(`${purpose}\n${value}`).digest(),
  };
}

/**
 * Adds the next signing key. It signs once every terminal has had time to hear of it, and until then the last one does.
 *
 * @param isAtOnce where the last key fell into wrong hands: the new one signs from now on, and no other is believed
 * @returns when the new key begins; undefined where the next one waits already
 */
export function rotateKeys(path: string, nowMs: number, isAtOnce: boolean): Date | undefined {
  const file = readKeyFile(path);
  if (isAtOnce) {
    writeKeyFile(path, { ...file, signing: [makeKey(nowMs - SKEW_MS)] });
    return new Date(nowMs);
  }
  if (file.signing.some(({ notBefore }) => Date.parse(notBefore) > nowMs)) return undefined;
  const next = makeKey(nowMs + AHEAD_MS);
  const begins = Date.parse(next.notBefore);
  const kept = file.signing
    .filter(({ notAfter }) => nowMs < Date.parse(notAfter) + KEEP_MS)
    .map((key) => ({ ...key, notAfter: earlier(key.notAfter, timeOf(begins + SKEW_MS)) }));
  writeKeyFile(path, { ...file, signing: [...kept, next] });
  return new Date(begins);
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

function toSigningKey({ keyId, seed, notBefore, notAfter }: StoredKey): SigningKey {
  const pair = keyPairFromSeed(Buffer.from(seed, 'base64url'));
  return { keyId, ...pair, notBeforeMs: Date.parse(notBefore), notAfterMs: Date.parse(notAfter) };
}

/** A key begins with a whole second, as credentials do. */
function makeKey(atMs: number): StoredKey {
  const fromMs = Math.floor(atMs / 1_000) * 1_000;
  const { privateKey } = generateKeyPairSync('ed25519');
  return {
    keyId: randomBytes(3).toString('base64url'),
    seed: privateKey.export({ format: 'jwk' }).d ?? '',
    notBefore: timeOf(fromMs),
    notAfter: timeOf(fromMs + LIFETIME_MS),
  };
}

function readKeyFile(path: string): KeyFile {
  return keyFileSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
}

/** Of two servers that start at once on one new file, the second takes what the first has made. */
function makeKeyFile(path: string, nowMs: number): void {
  const blindingSecret = randomBytes(32).toString('base64url');
  mkdirSync(dirname(path), { recursive: true });
  const draft = writeDraft(path, { version: 2, signing: [makeKey(nowMs - SKEW_MS)], blindingSecret });
  try {
    linkSync(draft, path);
  } catch (error) {
    if (!existsSync(path)) throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

function writeKeyFile(path: string, file: KeyFile): void {
  renameSync(writeDraft(path, file), path);
}

function writeDraft(path: string, file: KeyFile): string {
  const draft = `${path}.${randomBytes(6).toString('hex')}.new`;
  writeFileSync(draft, JSON.stringify(file, undefined, 2), { mode: 0o600, flush: true });
  return draft;
}

function privateKeyFromSeed(seed: Uint8Array): KeyObject {
  return createPrivateKey({ key: Buffer.concat([PKCS8_ED25519, seed]), format: 'der', type: 'pkcs8' });
}

function rawPublicKey(key: KeyObject): Uint8Array {
  return new Uint8Array(Buffer.from(key.export({ format: 'jwk' }).x ?? '', 'base64url'));
}

function earlier(one: string, other: string): string {
  return Date.parse(one) < Date.parse(other) ? one : other;
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString();
}
