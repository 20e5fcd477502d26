import { createHash, createHmac, type KeyObject, randomBytes, sign } from 'node:crypto';

/** HTTP Message Signatures, RFC 9421, over a Content-Digest, RFC 9530: written from the RFCs alone. */
export interface Signer {
  readonly keyId: string;
  readonly algorithm: 'ed25519' | 'hmac-sha256';
  readonly sign: (base: Buffer) => Buffer;
}

export interface Unsigned {
  readonly method: string;
  readonly url: string;
  readonly body: Buffer;
  readonly idempotencyKey?: string | undefined;
}

/** What a dishonest or broken caller does otherwise. */
export interface Tampering {
  /** Seconds since 1970. */
  readonly created?: number;
  readonly nonce?: string;
  readonly keyId?: string;
  /** Covered in place of what the server asks for. */
  readonly components?: readonly string[];
  readonly contentDigest?: string;
  /** Changes the signature after it was made. */
  readonly spoil?: (signature: Buffer) => Buffer;
}

export function signByKey(keyId: string, key: KeyObject): Signer {
  return { keyId, algorithm: 'ed25519', sign: (base) => sign(null, base, key) };
}

/** @param secret base64url */
export function signBySession(keyId: string, secret: string): Signer {
  const key = Buffer.from(secret, 'base64url');
  return { keyId, algorithm: 'hmac-sha256', sign: (base) => createHmac('sha256', key).update(base).digest() };
}

/** The headers of a signed request. */
export function signHeaders(request: Unsigned, signer: Signer, tampering: Tampering = {}): Record<string, string> {
  const { created = Math.floor(Date.now() / 1_000), nonce = randomBytes(16).toString('base64url') } = tampering;
  const headers: Record<string, string> = {
    'content-digest': tampering.contentDigest ?? digestOf(request.body),
    ...(request.idempotencyKey === undefined ? {} : { 'idempotency-key': `"${request.idempotencyKey}"` }),
  };
  const components = tampering.components ?? ['@method', '@target-uri', ...Object.keys(headers)];
  // RFC 9421 §2.3: the inner list is the last line of the base and the value of Signature-Input.
  const list = components.map((component) => `"${component}"`).join(' ');
  const keyId = tampering.keyId ?? signer.keyId;
  const parameters = `(${list});created=${created};nonce="${nonce}";keyid="${keyId}";alg="${signer.algorithm}"`;
  const derived: Record<string, string> = { '@method': request.method, '@target-uri': request.url };
  const lines = components.map((component) => `"${component}": ${derived[component] ?? headers[component] ?? ''}`);
  const base = Buffer.from([...lines, `"@signature-params": ${parameters}`].join('\n'));
  const signature = (tampering.spoil ?? ((bytes) => bytes))(signer.sign(base));
  return {
    ...headers,
    'signature-input': `sig1=${parameters}`,
    signature: `sig1=:${signature.toString('base64')}:`,
  };
}

/** RFC 9530 §2. */
function digestOf(body: Buffer): string {
  return `sha-256=:${createHash('sha256').update(body).digest('base64')}:`;
}
