import { type EventReader, readEvents } from './event-stream.ts';
import { type Signer, signHeaders, type Tampering } from './http-signature.ts';
import { at, isObject, type Json, type JsonObject, saidAt } from './json.ts';
import { faultsOf } from './json-schema.ts';

/**
 * A client of the wallet server that has read nothing but `GET /openapi.json` of the server itself. Where an answer is not
 * as that document says, it goes on and remembers the lie.
 */
export interface Client {
  readonly base: string;
  ask(operation: string, request?: Ask): Promise<Reply>;
  /** A stream of server-sent events. */
  listen(operation: string, request?: Ask): Promise<EventReader>;
  operations(): readonly string[];
  /** What the document said and the server did not do, or the other way round; each once. */
  lies(): readonly string[];
}

/** Who asks: by a signature, or by an administrator's bearer token. */
export type Asker = Signer | { readonly token: string };

export interface Ask {
  readonly by?: Asker | undefined;
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: Json;
  readonly headers?: Readonly<Record<string, string>>;
  readonly idempotencyKey?: string;
  readonly tampering?: Tampering;
  /** Sent in place of `body`. */
  readonly raw?: Buffer;
  /** The request is wrong on purpose, and so not held against the document. */
  readonly isWrong?: boolean;
  /** The server may well be busy or gone. */
  readonly isRough?: boolean;
}

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Json;
}

interface Operation {
  readonly method: string;
  readonly path: string;
  readonly definition: JsonObject;
}

const TIMEOUT_MS = 20_000;
const METHODS = ['get', 'put', 'post', 'delete'];
const JSON_TYPE = 'application/json';

export async function openClient(base: string): Promise<Client> {
  const document = (await (await fetch(`${base}/openapi.json`)).json()) as Json;
  const operations = readOperations(document);
  const lies = new Set<string>();

  function operationOf(name: string): Operation {
    const operation = operations.get(name);
    if (operation === undefined) throw new Error(`the published document has no operation ${name}`);
    return operation;
  }

  async function send(name: string, request: Ask, accept: string): Promise<Response> {
    const { by, params = {}, query = {}, isWrong = false } = request;
    const { method, path, definition } = operationOf(name);
    const body =
      request.raw ?? (request.body === undefined ? Buffer.alloc(0) : Buffer.from(JSON.stringify(request.body)));
    if (!isWrong) for (const fault of requestFaults(definition, request, document)) lies.add(`${name}: ${fault}`);
    const filled = path.replaceAll(/\{(\w+)\}/g, (_, key: string) => encodeURIComponent(params[key] ?? ''));
    const search = new URLSearchParams(query).toString();
    const url = `${base}${filled}${search === '' ? '' : `?${search}`}`;
    const { idempotencyKey } = request;
    return fetch(url, {
      method,
      signal: AbortSignal.timeout(TIMEOUT_MS),
      headers: {
        accept,
        ...(body.length === 0 ? {} : { 'content-type': JSON_TYPE }),
        ...(by === undefined
          ? {}
          : 'token' in by
            ? { authorization: `Bearer ${by.token}` }
            : signHeaders({ method, url, body, idempotencyKey }, by, request.tampering)),
        ...request.headers,
      },
      // Node's fetch sends none with these.
      ...(body.length === 0 || method === 'GET' ? {} : { body: new Uint8Array(body) }),
    });
  }

  return {
    base,
    operations: () => [...operations.keys()],
    lies: () => [...lies],
    async ask(name, request = {}) {
      const response = await send(name, request, JSON_TYPE);
      const text = await response.text();
      const body = (text === '' ? null : JSON.parse(text)) as Json;
      const { status, headers } = response;
      const reply = { status, headers, body };
      const rough = request.isRough && status >= 500 && status !== 500;
      if (!rough) for (const fault of replyFaults(operationOf(name), reply, document)) lies.add(`${name}: ${fault}`);
      return reply;
    },
    async listen(name, request = {}) {
      const response = await send(name, request, 'text/event-stream');
      const type = typeOf(response.headers);
      if (response.status !== 200) throw new Error(`${name}: ${response.status} ${await response.text()}`);
      const media = contentOf(operationOf(name), '200')[type];
      if (media === undefined) lies.add(`${name}: the answer is ${type}, which is not documented`);
      // The media type is of the whole text; the document says of what kind each event's data are.
      const schema = at(document, 'components.schemas.WalletEvent');
      return readEvents(response, (event) => {
        for (const fault of faultsOf(schema, event, document, false)) lies.add(`${name}: event: ${fault}`);
      });
    },
  };
}

function readOperations(document: Json): ReadonlyMap<string, Operation> {
  const paths = at(document, 'paths');
  if (!isObject(paths)) throw new Error('the published document has no paths');
  return new Map(
    Object.entries(paths).flatMap(([path, item]) =>
      METHODS.flatMap((method): [string, Operation][] => {
        const definition = at(item, method);
        if (!isObject(definition)) return [];
        return [[saidAt(definition, 'operationId'), { method: method.toUpperCase(), path, definition }]];
      }),
    ),
  );
}

/** What the document does not let us send, though a scenario has to. */
function requestFaults(definition: JsonObject, { by, params, query, body }: Ask, document: Json): string[] {
  const parameters = (definition['parameters'] ?? []) as readonly Json[];
  const given = { path: params ?? {}, query: query ?? {} };
  const undocumented = (['path', 'query'] as const).flatMap((place) =>
    Object.entries(given[place]).flatMap(([name, value]) => {
      const known = parameters.find((one) => at(one, 'name') === name && at(one, 'in') === place);
      if (known === undefined) return [`there is no ${place} parameter ${name}`];
      return faultsOf(at(known, 'schema'), value, document, true).map((fault) => `${place}.${name}: ${fault}`);
    }),
  );
  const asked = ((definition['security'] ?? []) as readonly JsonObject[]).flatMap((one) => Object.keys(one));
  const isFit = by === undefined || asked.some((name) => opens(by, at(document, `components.securitySchemes.${name}`)));
  const security = isFit ? [] : [`security is ${asked.join(', ') || 'none'}, which is not what opens it`];
  const media = at(definition, 'requestBody.content');
  const schema = isObject(media) ? at(media[JSON_TYPE], 'schema') : undefined;
  if (body === undefined) return [...undocumented, ...security];
  const faults = schema === undefined ? ['no request body is documented'] : faultsOf(schema, body, document, true);
  return [...undocumented, ...security, ...faults.map((fault) => `request ${fault}`)];
}

/** Whether the document's security scheme is for this kind of key: which algorithm it takes is told in words. */
function opens(by: Asker, scheme: Json | undefined): boolean {
  if ('token' in by) return at(scheme, 'scheme') === 'bearer';
  const words = saidAt(scheme, 'description').toLowerCase();
  return at(scheme, 'in') === 'header' && words.includes(by.algorithm);
}

/** How an answer differs from what the document promises. */
function replyFaults(operation: Operation, { status, headers, body }: Reply, document: Json): string[] {
  const code = saidAt(body, 'code');
  if (status === 500) return [`answered 500 ${code}`];
  const promised = at(operation.definition, `responses.${status}`);
  if (promised === undefined) return [`${status} ${code} is not documented`];
  const type = typeOf(headers);
  const media = contentOf(operation, String(status))[type];
  if (media === undefined) return [`${status} comes as ${type}, which is not documented`];
  const faults = faultsOf(media['schema'], body, document, false).map((fault) => `${status} ${fault}`);
  if (status < 400) return faults;
  const codes = Array.from(saidAt(promised, 'description').matchAll(/`(\w+)`/g), ([, one]) => one);
  if (!codes.includes(code)) faults.push(`${status} ${code} is not among ${codes.join(', ')}`);
  if (at(body, 'status') !== status) faults.push(`${status} has another status in its body`);
  if ([429, 503].includes(status) && !headers.has('retry-after')) faults.push(`${status} has no Retry-After`);
  return faults;
}

function contentOf({ definition }: Operation, status: string): Readonly<Record<string, JsonObject | undefined>> {
  const content = at(definition, `responses.${status}.content`);
  return (isObject(content) ? content : {}) as Readonly<Record<string, JsonObject | undefined>>;
}

function typeOf(headers: Headers): string {
  return (headers.get('content-type') ?? 'nothing').replace(/;.*$/, '').trim();
}
