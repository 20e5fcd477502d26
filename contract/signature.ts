import { type Parameters, parseDictionary, serializeDictionary, serializeInnerList } from 'structured-headers';

/**
 * Signed requests: HTTP Message Signatures, RFC 9421, over the digest of the body, RFC 9530.
 *
 * Covered are `@method`, `@target-uri`, `content-digest` (of an empty body too) and `idempotency-key` where it is sent;
 * the parameters are `created`, `nonce`, `keyid` and `alg`. Whoever verifies keeps the nonces of the replay window.
 *
 * The key's work is handed in and may be asynchronous: a phone signs with WebCrypto, a terminal with node:crypto. Both
 * registered algorithms fit the seam: `ed25519` for devices, `hmac-sha256` for sessions.
 */
export type SignatureAlgorithm = 'ed25519' | 'hmac-sha256';

/** What is signed over. Header names in lower case. */
export interface SignedMessage {
  readonly method: string;
  /** The whole target URI, for example `https://wallet.example/v1/settlements/0190…`. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
}

export interface RequestToSign {
  readonly method: string;
  readonly url: string;
  /** The body's very bytes, or its text in UTF-8. Empty where there is none. */
  readonly body?: Uint8Array | string | undefined;
  readonly idempotencyKey?: string | undefined;
  readonly keyId: string;
  /** Seconds since 1970. */
  readonly created: number;
  /** Never used before with this key: 16 to 64 characters. */
  readonly nonce: string;
  readonly algorithm?: SignatureAlgorithm;
  readonly sign: (base: Uint8Array) => Uint8Array | Promise<Uint8Array>;
}

export interface SignatureHeaders {
  readonly 'content-digest': string;
  readonly 'idempotency-key'?: string;
  readonly 'signature-input': string;
  readonly signature: string;
}

export interface VerifyingKey {
  readonly algorithm: SignatureAlgorithm;
  readonly verify: (base: Uint8Array, signature: Uint8Array) => boolean | Promise<boolean>;
}

export interface RequestToVerify extends SignedMessage {
  readonly body: Uint8Array;
  readonly nowSeconds: number;
  /** Undefined for a key that is not known. */
  readonly findKey: (keyId: string) => VerifyingKey | undefined | Promise<VerifyingKey | undefined>;
}

export type SignatureProblem = 'signature_missing' | 'signature_invalid' | 'clock_skew' | 'device_unknown';

export type SignatureVerdict =
  | {
      readonly ok: true;
      readonly keyId: string;
      readonly nonce: string;
      readonly created: number;
      readonly idempotencyKey: string | undefined;
    }
  | { readonly ok: false; readonly problem: SignatureProblem; readonly detail: string };

/** How far `created` may be from the verifier's clock; nonces are remembered for as long on both sides. */
export const REPLAY_WINDOW_SECONDS = 300;

const LABEL = 'sig1';
const REQUIRED = ['@method', '@target-uri', 'content-digest'];
const MAX_HEADER_CHARACTERS = 4_096;
const NONCE = /^[A-Za-z0-9_-]{16,64}$/;
const utf8 = new TextEncoder();

/** The headers to send with a request: these and no others are what the signature vouches for. */
export async function signRequest(request: RequestToSign): Promise<SignatureHeaders> {
  const { method, url, body, idempotencyKey, keyId, created, nonce, algorithm = 'ed25519' } = request;
  const headers = {
    'content-digest': await contentDigest(typeof body === 'string' ? utf8.encode(body) : (body ?? new Uint8Array())),
    // A structured-field string, as the header's draft asks; ids and base64url need no escapes.
    ...(idempotencyKey === undefined ? {} : { 'idempotency-key': `"${idempotencyKey}"` }),
  };
  const components = [...REQUIRED, ...(idempotencyKey === undefined ? [] : ['idempotency-key'])];
  const parameters = signatureParameters(components, [
    ['created', created],
    ['nonce', nonce],
    ['keyid', keyId],
    ['alg', algorithm],
  ]);
  const base = signatureBase({ method, url, headers }, components, parameters);
  if (base === undefined) throw new TypeError('A request that is signed has all the components that it covers.');
  const signature = await request.sign(utf8.encode(base));
  return {
    ...headers,
    'signature-input': `${LABEL}=${parameters}`,
    signature: serializeDictionary({ [LABEL]: [toArrayBuffer(signature), new Map()] }),
  };
}

/** Whether a request is from the holder of the key that it names, whole and recent. Never throws on what it reads. */
export async function verifyRequest(request: RequestToVerify): Promise<SignatureVerdict> {
  const { headers } = request;
  const input = headers['signature-input'];
  const signatures = headers['signature'];
  if (input === undefined || signatures === undefined) return refuse('signature_missing', 'The request is not signed.');
  if (input.length > MAX_HEADER_CHARACTERS || signatures.length > MAX_HEADER_CHARACTERS) {
    return refuse('signature_invalid', 'The signature headers are too long.');
  }
  const parsed = parseSignature(input, signatures);
  if (parsed === undefined) return refuse('signature_invalid', 'The signature headers cannot be read.');

  const missing = [...REQUIRED, ...(headers['idempotency-key'] === undefined ? [] : ['idempotency-key'])].find(
    (component) => !parsed.components.includes(component),
  );
  if (missing !== undefined) return refuse('signature_invalid', `The signature does not cover ${missing}.`);
  if (Math.abs(request.nowSeconds - parsed.created) > REPLAY_WINDOW_SECONDS) {
    return refuse('clock_skew', `The request was made more than ${REPLAY_WINDOW_SECONDS} s from this server's time.`);
  }
  const key = await request.findKey(parsed.keyId);
  if (key === undefined) return refuse('device_unknown', 'No device signs with this key.');
  if (parsed.algorithm !== undefined && parsed.algorithm !== key.algorithm) {
    return refuse('signature_invalid', 'The key is for another algorithm.');
  }
  if (headers['content-digest'] !== (await contentDigest(request.body))) {
    return refuse('signature_invalid', 'The body is not the one that was signed.');
  }
  const base = signatureBase(request, parsed.components, parsed.parameters);
  if (base === undefined || !(await key.verify(utf8.encode(base), parsed.signature))) {
    return refuse('signature_invalid', 'The signature does not fit the request.');
  }
  return {
    ok: true,
    keyId: parsed.keyId,
    nonce: parsed.nonce,
    created: parsed.created,
    idempotencyKey: headers['idempotency-key']?.replace(/^"(.*)"$/, '$1'),
  };
}

/**
 * The signature base, RFC 9421 §2.5: one line for each covered component, the parameters last.
 *
 * @param parameters the serialised inner list, as it stands in `signature-input` after the label
 * @returns undefined where a covered component is not in the message, or is of a kind that is not supported
 */
export function signatureBase(
  message: SignedMessage,
  components: readonly string[],
  parameters: string,
): string | undefined {
  const lines: string[] = [];
  for (const component of components) {
    const value = componentValue(message, component);
    if (value === undefined) return undefined;
    lines.push(`"${component}": ${value}`);
  }
  return [...lines, `"@signature-params": ${parameters}`].join('\n');
}

/** The inner list of RFC 9421 §2.3: covered components, then parameters in the order given. */
export function signatureParameters(
  components: readonly string[],
  parameters: readonly (readonly [string, string | number])[],
): string {
  return serializeInnerList([components.map((name) => [name, new Map()]), new Map(parameters)]);
}

/** `sha-256=:…:` of a body, RFC 9530 §2. */
export async function contentDigest(body: Uint8Array): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', toArrayBuffer(body));
  return serializeDictionary({ 'sha-256': [digest, new Map()] });
}

/** A component's value, RFC 9421 §2.1 and §2.2. */
function componentValue(message: SignedMessage, component: string): string | undefined {
  if (!component.startsWith('@')) return message.headers[component]?.trim();
  if (component === '@method') return message.method.toUpperCase();
  if (component === '@target-uri') return message.url;
  if (!URL.canParse(message.url)) return undefined;
  const url = new URL(message.url);
  if (component === '@authority') return url.host;
  if (component === '@path') return url.pathname;
  if (component === '@query') return url.search === '' ? '?' : url.search;
  return undefined;
}

interface ParsedSignature {
  readonly components: readonly string[];
  /** Verbatim, as the signer serialised them. */
  readonly parameters: string;
  readonly keyId: string;
  readonly nonce: string;
  readonly created: number;
  readonly algorithm: string | undefined;
  readonly signature: Uint8Array;
}

function parseSignature(input: string, signatures: string): ParsedSignature | undefined {
  try {
    const [label, member] = [...parseDictionary(input)][0] ?? [];
    if (label === undefined || member === undefined || !Array.isArray(member[0])) return undefined;
    const [items, parameters] = member as [[unknown, Parameters][], Parameters];
    const components = items.map(([name]) => name);
    // A component with parameters of its own (`;req`, `;sf`) is another component: none of ours has any.
    if (!components.every(isString) || items.some(([, own]) => own.size > 0)) return undefined;
    if (new Set(components).size !== components.length) return undefined;
    const [keyId, nonce, created, algorithm] = ['keyid', 'nonce', 'created', 'alg'].map((name) => parameters.get(name));
    if (!isString(keyId) || !isString(nonce) || !NONCE.test(nonce)) return undefined;
    if (typeof created !== 'number' || !Number.isSafeInteger(created)) return undefined;
    if (algorithm !== undefined && !isString(algorithm)) return undefined;
    const signature = parseDictionary(signatures).get(label)?.[0];
    if (!(signature instanceof ArrayBuffer)) return undefined;
    const serialised = serializeInnerList([items as [string, Parameters][], parameters]);
    return {
      components,
      parameters: serialised,
      keyId,
      nonce,
      created,
      algorithm,
      signature: new Uint8Array(signature),
    };
  } catch {
    return undefined;
  }
}

function refuse(problem: SignatureProblem, detail: string): SignatureVerdict {
  return { ok: false, problem, detail };
}

function isString(value: unknown): value is string {
  return typeof value === 'string';
}

/** A copy of the bytes alone: a Node Buffer lies in a pool, and its own `slice` would hand out the pool. */
function toArrayBuffer(bytes: Uint8Array): ArrayBuffer {
  return new Uint8Array(bytes).buffer;
}
