import {
  type Item,
  type Parameters,
  parseDictionary,
  serializeDictionary,
  serializeInnerList,
  serializeItem,
} from 'structured-headers';

/**
 * Signed requests: HTTP Message Signatures, RFC 9421, over the digest of the body, RFC 9530.
 *
 * Covered are `@method`, `@target-uri`, `content-digest` (of an empty body too) and `idempotency-key` where it is sent;
 * the parameters are `created`, `nonce`, `keyid` and `alg`. Whoever verifies keeps the nonces of the replay window.
 *
 * A signer may cover more: any field, `@authority`, `@path`, `@query`, `@query-param`, and of a response `@status`; he
 * may let a signature end with `expires`. Refused are `@scheme`, `@request-target`, fields with parameters (`;sf`,
 * `;key`, `;bs`, `;tr`, `;req`) and digests other than SHA-256. Both signature headers must be serialised as RFC 9421
 * asks of the signer, byte for byte: what differs from that in writing alone is refused like what differs in meaning.
 *
 * The key's work is handed in and may be asynchronous: a phone signs with WebCrypto, a terminal with node:crypto. Both
 * registered algorithms fit the seam: `ed25519` for devices, `hmac-sha256` for sessions.
 */
export type SignatureAlgorithm = 'ed25519' | 'hmac-sha256';

/** A request that is signed over. Header names in lower case. */
export interface SignedMessage {
  readonly method: string;
  /** The whole target URI, for example `https://wallet.example/v1/settlements/0190…`. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
}

export interface SignedResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
}

/** A field or a derived component by its name, or a parameter of the query by its encoded name. */
export type Component = string | { readonly queryParam: string };

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
  /** WebCrypto's, unless another one is handed in. */
  readonly sha256?: Sha256;
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
  /** WebCrypto's, unless another one is handed in: a server that hands in a synchronous one takes half the time. */
  readonly sha256?: Sha256;
}

/** The digest of some bytes, 32 bytes. */
type Sha256 = (bytes: Uint8Array) => Uint8Array | Promise<Uint8Array>;

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
const SIGNATURE_BYTES: Readonly<Record<SignatureAlgorithm, number>> = { ed25519: 64, 'hmac-sha256': 32 };
const NONCE = /^[A-Za-z0-9_-]{16,64}$/;
const utf8 = new TextEncoder();

/** The headers to send with a request: these and no others are what the signature vouches for. */
export async function signRequest(request: RequestToSign): Promise<SignatureHeaders> {
  const { method, url, body, idempotencyKey, keyId, created, nonce, algorithm = 'ed25519' } = request;
  const headers = {
    'content-digest': await contentDigest(
      typeof body === 'string' ? utf8.encode(body) : (body ?? new Uint8Array()),
      request.sha256,
    ),
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
  const parsed = parseUsual(input, signatures) ?? parseSignature(input, signatures);
  if (parsed === undefined) return refuse('signature_invalid', 'The signature headers cannot be read.');

  const missing = [...REQUIRED, ...(headers['idempotency-key'] === undefined ? [] : ['idempotency-key'])].find(
    (component) => !parsed.components.includes(component),
  );
  if (missing !== undefined) return refuse('signature_invalid', `The signature does not cover ${missing}.`);
  if (Math.abs(request.nowSeconds - parsed.created) > REPLAY_WINDOW_SECONDS) {
    return refuse('clock_skew', `The request was made more than ${REPLAY_WINDOW_SECONDS} s from this server's time.`);
  }
  if (parsed.expires !== undefined && request.nowSeconds > parsed.expires) {
    return refuse('clock_skew', 'The signature has expired.');
  }
  const key = await request.findKey(parsed.keyId);
  if (key === undefined) return refuse('device_unknown', 'No device signs with this key.');
  if (parsed.algorithm !== undefined && parsed.algorithm !== key.algorithm) {
    return refuse('signature_invalid', 'The key is for another algorithm.');
  }
  if (headers['content-digest'] !== (await contentDigest(request.body, request.sha256))) {
    return refuse('signature_invalid', 'The body is not the one that was signed.');
  }
  const base = signatureBase(request, parsed.components, parsed.parameters);
  const isOfItsLength = parsed.signature.length === SIGNATURE_BYTES[key.algorithm];
  if (!isOfItsLength || base === undefined || !(await key.verify(utf8.encode(base), parsed.signature))) {
    return refuse('signature_invalid', 'The signature does not fit the request.');
  }
  return {
    ok: true,
    keyId: parsed.keyId,
    nonce: parsed.nonce,
    created: parsed.created,
    idempotencyKey: trimmed(headers['idempotency-key'])?.replace(/^"(.*)"$/, '$1'),
  };
}

/**
 * A request as its receiver takes it for what was signed. A field that came more than once is one value, RFC 9421 §2.1.
 *
 * @param origin as callers see the receiver, where a proxy stands before it: `https://wallet.example`
 */
export function receivedMessage(
  request: {
    readonly method: string;
    /** Path and query, as they came. */
    readonly target: string;
    readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  },
  origin: string | undefined,
): SignedMessage {
  const headers: Record<string, string | undefined> = {};
  for (const [name, value] of Object.entries(request.headers)) {
    headers[name] = typeof value === 'object' ? value.join(', ') : value;
  }
  const url = `${origin ?? `http://${headers['host'] ?? ''}`}${request.target}`;
  return { method: request.method, url, headers };
}

/**
 * The signature base, RFC 9421 §2.5: one line for each covered component, the parameters last.
 *
 * @param parameters the serialised inner list, as it stands in `signature-input` after the label
 * @returns undefined where a covered component is not in the message, or is of a kind that is not supported
 */
export function signatureBase(
  message: SignedMessage | SignedResponse,
  components: readonly Component[],
  parameters: string,
): string | undefined {
  const lines: string[] = [];
  for (const component of components) {
    const value = componentValue(message, component);
    // A line break would let a value pass for another component.
    if (value === undefined || /[\r\n]/.test(value)) return undefined;
    const name = typeof component === 'string' ? `"${component}"` : serializeItem(identifier(component));
    lines.push(`${name}: ${value}`);
  }
  return [...lines, `"@signature-params": ${parameters}`].join('\n');
}

/** The inner list of RFC 9421 §2.3: covered components, then parameters in the order given. */
export function signatureParameters(
  components: readonly Component[],
  parameters: readonly (readonly [string, string | number])[],
): string {
  return serializeInnerList([components.map(identifier), new Map(parameters)]);
}

/** `sha-256=:…:` of a body, RFC 9530 §2. */
export async function contentDigest(body: Uint8Array, sha256: Sha256 = webSha256): Promise<string> {
  return `sha-256=:${toBase64(await sha256(body))}:`;
}

async function webSha256(bytes: Uint8Array): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', toArrayBuffer(bytes)));
}

/** A component's value, RFC 9421 §2.1 and §2.2. Undefined where the message has none, or more than one. */
function componentValue(message: SignedMessage | SignedResponse, component: Component): string | undefined {
  if (typeof component === 'string' && !component.startsWith('@')) {
    return Object.hasOwn(message.headers, component) ? trimmed(message.headers[component]) : undefined;
  }
  if ('status' in message) return component === '@status' ? String(message.status) : undefined;
  if (component === '@method') return message.method;
  if (component === '@target-uri') return message.url;
  if (!URL.canParse(message.url)) return undefined;
  const url = new URL(message.url);
  if (typeof component !== 'string') return queryParam(url, component.queryParam);
  if (component === '@authority') return url.host;
  if (component === '@path') return url.pathname;
  if (component === '@query') return url.search === '' ? '?' : url.search;
  return undefined;
}

/** RFC 9421 §2.2.8: parsed as a form is, and encoded anew. A name that occurs twice cannot be covered. */
function queryParam(url: URL, name: string): string | undefined {
  const values = [...url.searchParams].filter(([key]) => percentEncode(key) === name).map(([, value]) => value);
  const [value] = values;
  return values.length === 1 && value !== undefined ? percentEncode(value) : undefined;
}

/** The `application/x-www-form-urlencoded` percent-encode set, with a space as `%20`. */
function percentEncode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()~]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`);
}

function identifier(component: Component): Item {
  return typeof component === 'string'
    ? [component, new Map()]
    : ['@query-param', new Map([['name', component.queryParam]])];
}

function readComponent([name, parameters]: readonly [unknown, Parameters]): Component | undefined {
  if (!isString(name)) return undefined;
  if (parameters.size === 0) return name;
  const queryParam = parameters.get('name');
  return name === '@query-param' && parameters.size === 1 && isString(queryParam) ? { queryParam } : undefined;
}

/** Without the blanks around a field's value, which are not part of it. */
function trimmed(value: string | undefined): string | undefined {
  if (value === undefined) return undefined;
  let [start, end] = [0, value.length];
  while (start < end && isBlank(value[start])) start += 1;
  while (end > start && isBlank(value[end - 1])) end -= 1;
  return value.slice(start, end);
}

interface ParsedSignature {
  readonly components: readonly Component[];
  /** Verbatim, as the signer serialised them. */
  readonly parameters: string;
  readonly keyId: string;
  readonly nonce: string;
  readonly created: number;
  readonly expires: number | undefined;
  readonly algorithm: string | undefined;
  readonly signature: Uint8Array;
}

/** What {@link signRequest} writes, to the letter. */
const USUAL_INPUT =
  /^sig1=(\("@method" "@target-uri" "content-digest"( "idempotency-key")?\);created=([1-9]\d{0,14});nonce="([A-Za-z0-9_-]{16,64})";keyid="([A-Za-z0-9._-]{1,128})";alg="(ed25519|hmac-sha256)")$/;
const USUAL_SIGNATURE = /^sig1=:([A-Za-z0-9+/]{42,86}={0,2}):$/;

/** The same answer as {@link parseSignature}, for the form that nearly every request has, in a tenth of the time. */
function parseUsual(input: string, signatures: string): ParsedSignature | undefined {
  const [, parameters, hasKey, created, nonce, keyId, algorithm] = USUAL_INPUT.exec(input) ?? [];
  const [, base64] = USUAL_SIGNATURE.exec(signatures) ?? [];
  if (parameters === undefined || nonce === undefined || keyId === undefined || base64 === undefined) return undefined;
  const signature = fromBase64(base64);
  // Base64 that is not in its one canonical form is left to the other reader, which refuses it.
  if (signature === undefined || toBase64(signature) !== base64) return undefined;
  return {
    components: hasKey === undefined ? REQUIRED : [...REQUIRED, 'idempotency-key'],
    parameters,
    keyId,
    nonce,
    created: Number(created),
    expires: undefined,
    algorithm,
    signature,
  };
}

function parseSignature(input: string, signatures: string): ParsedSignature | undefined {
  try {
    const inputs = parseDictionary(input);
    const values = parseDictionary(signatures);
    if (serializeDictionary(inputs) !== input.trim() || serializeDictionary(values) !== signatures.trim()) {
      return undefined;
    }
    // One signature: which of several was meant would be the verifier's guess.
    if (inputs.size !== 1 || values.size !== 1) return undefined;
    const [label, member] = [...inputs][0] ?? [];
    if (label === undefined || member === undefined || !Array.isArray(member[0])) return undefined;
    const [items, parameters] = member as [Item[], Parameters];
    // A component with parameters of its own (`;req`, `;sf`) is another component: all but one are refused.
    const components = items.map(readComponent).filter((component) => component !== undefined);
    if (components.length !== items.length) return undefined;
    if (new Set(items.map((item) => serializeItem(item))).size !== items.length) return undefined;
    const [keyId, nonce, algorithm] = ['keyid', 'nonce', 'alg'].map((name) => parameters.get(name));
    if (!isString(keyId) || !isString(nonce) || !NONCE.test(nonce)) return undefined;
    if (algorithm !== undefined && !isString(algorithm)) return undefined;
    const [created, expires] = ['created', 'expires'].map((name) => parameters.get(name));
    if (!isSafeInteger(created) || (expires !== undefined && !isSafeInteger(expires))) return undefined;
    const signature = values.get(label)?.[0];
    if (!(signature instanceof ArrayBuffer)) return undefined;
    return {
      components,
      parameters: serializeInnerList([items, parameters]),
      keyId,
      nonce,
      created,
      expires,
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

function isBlank(character: string | undefined): boolean {
  return character === ' ' || character === '\t';
}

function isSafeInteger(value: unknown): value is number {
  return Number.isSafeInteger(value);
}

function toBase64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}

function fromBase64(text: string): Uint8Array | undefined {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch {
    return undefined;
  }
}

/** A copy of the bytes alone: a Node Buffer lies in a pool, and its own `slice` would hand out the pool. */
function toArrayBuffer(bytes: Uint8Array): ArrayBuffer {
  return new Uint8Array(bytes).buffer;
}
