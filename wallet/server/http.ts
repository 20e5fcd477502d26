import assert from 'node:assert';
import Fastify, { type FastifyError, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { type SignedMessage, REPLAY_WINDOW_SECONDS, verifyRequest } from '#contract/signature.ts';
import type { VerifyEd25519 } from '#contract/token.ts';
import {
  problemStatus,
  type RouteName,
  type RouteParams,
  type RouteInput,
  type RouteQuery,
  type RouteResponse,
  walletRoutes,
} from '#contract/wallet.ts';
import type { Faults } from './faults.ts';
import { Overloaded } from './group-commit.ts';
import { type NonceMemory, openNonceMemory } from './limits.ts';
import { Refusal, toProblem } from './problem.ts';
import type { Registry, Signer } from './store/registry.ts';

/** Time is handed in. */
export interface Clock {
  /** Milliseconds since 1970, UTC. */
  nowMs(): number;
}

/** A request whose shape and signature were checked. */
interface Call<Name extends RouteName> {
  readonly params: RouteParams<Name>;
  readonly query: RouteQuery<Name>;
  readonly body: RouteInput<Name>;
  /** Who signed it; undefined where anyone may call. */
  readonly signer: Signer | undefined;
  /** Where it came from, for counting failures. */
  readonly address: string;
}

export type Handlers = { readonly [Name in RouteName]: (call: Call<Name>) => Promise<RouteResponse<Name> | Refusal> };

export interface HttpOptions {
  readonly handlers: Handlers;
  readonly registry: Registry;
  readonly verify: VerifyEd25519;
  readonly clock: Clock;
  readonly log: Logger;
  readonly faults: Faults;
  /** As callers see this server, where a proxy stands before it: `https://wallet.example`. */
  readonly publicOrigin: string | undefined;
}

const MAX_BODY_BYTES = 16 * 1_024;
const MAX_IN_FLIGHT = 512;
const RETRY_AFTER_SECONDS = 1;
const REQUEST_TIMEOUT_MS = 15_000;
/** Longer than clients keep a connection, so that it is they who close it. */
const KEEP_ALIVE_MS = 65_000;
const KEYS_MAX_AGE_SECONDS = 7 * 24 * 3_600;
const MONEY_ROUTES: readonly RouteName[] = ['putSettlement', 'cancelSettlement', 'putRefund'];

/** The route table as an HTTP server: what is the same for every route happens here and only here. */
export function buildHttp(options: HttpOptions): FastifyInstance {
  const { clock, log } = options;
  const app = Fastify({
    bodyLimit: MAX_BODY_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    forceCloseConnections: true,
    exposeHeadRoutes: false,
  });
  let inFlight = 0;

  // The bytes are kept: they are what was signed.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));

  app.addHook('onRequest', async (_request, reply) => {
    inFlight += 1;
    // Also for an answer that was cut off.
    reply.raw.once('close', () => {
      inFlight -= 1;
    });
    reply.header('date', new Date(clock.nowMs()).toUTCString());
    reply.header('x-content-type-options', 'nosniff');
    if (inFlight > MAX_IN_FLIGHT) return sendRefusal(reply, new Refusal('overloaded'), clock);
  });
  app.addHook('onResponse', async (request, reply) => {
    log.debug({
      method: request.method,
      route: request.routeOptions.url,
      status: reply.statusCode,
      ms: Math.round(reply.elapsedTime),
    });
  });

  app.setNotFoundHandler((_request, reply) => sendRefusal(reply, new Refusal('not_found'), clock));
  app.setErrorHandler((error: FastifyError, request, reply) => {
    const refusal = refusalOf(error);
    if (refusal.code === 'internal') log.error({ err: error, route: request.routeOptions.url }, 'a request failed');
    return sendRefusal(reply, refusal, clock);
  });

  const nonces = openNonceMemory(2 * REPLAY_WINDOW_SECONDS * 1_000);
  for (const name of Object.keys(walletRoutes) as RouteName[]) bindRoute(app, name, options, nonces);
  return app;
}

function bindRoute(app: FastifyInstance, name: RouteName, options: HttpOptions, nonces: NonceMemory): void {
  const { clock, faults } = options;
  const route = walletRoutes[name];
  const isMoney = MONEY_ROUTES.includes(name);
  const handle = options.handlers[name] as (call: Call<RouteName>) => Promise<unknown>;

  app.route({
    method: route.method,
    url: route.path.replaceAll(/\{(\w+)\}/g, ':$1'),
    handler: async (request, reply) => {
      if (isMoney && faults.isBusy()) return sendRefusal(reply, new Refusal('overloaded'), clock);
      const bytes = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
      const signer = route.caller === 'anyone' ? undefined : await authenticate(request, bytes, options, nonces);
      if (signer instanceof Refusal) return sendRefusal(reply, signer, clock);
      if (signer !== undefined && signer.type !== route.caller) {
        return sendRefusal(reply, new Refusal('device_unknown', `Only a ${route.caller} may ask this.`), clock);
      }
      const input = parseInput(name, request.params, bytes);
      if (input instanceof Refusal) return sendRefusal(reply, input, clock);

      const result = await handle({ ...input, signer, address: request.ip } as Call<RouteName>);
      const fate = isMoney ? await faults.beforeAnswer() : 'send';
      if (fate === 'drop') {
        reply.hijack();
        reply.raw.destroy();
        return reply;
      }
      if (fate === 'twice') writeTwice(reply);
      if (result instanceof Refusal) return sendRefusal(reply, result, clock);
      reply.code(route.status).type('application/json; charset=utf-8');
      reply.header('cache-control', name === 'listKeys' ? `public, max-age=${KEYS_MAX_AGE_SECONDS}` : 'no-store');
      return reply.send(JSON.stringify(route.response.parse(result)));
    },
  });
}

function parseInput(
  name: RouteName,
  params: unknown,
  bytes: Buffer,
): { readonly params: unknown; readonly body: unknown } | Refusal {
  const route = walletRoutes[name];
  const parsedParams = route.params.safeParse(params);
  if (!parsedParams.success) return new Refusal('bad_request', describe(parsedParams.error.issues));
  // A route that asks for no body takes no notice of one.
  if (route.request.safeParse(undefined).success) return { params: parsedParams.data, body: undefined };
  let json: unknown;
  try {
    json = JSON.parse(bytes.toString('utf8'));
  } catch {
    return new Refusal('bad_request', 'The body is not JSON.');
  }
  const parsedBody = route.request.safeParse(json);
  if (!parsedBody.success) return new Refusal('bad_request', describe(parsedBody.error.issues));
  return { params: parsedParams.data, body: parsedBody.data };
}

/** Where it is wrong and why, never what was sent: that may be a customer's code. */
function describe(issues: readonly { readonly path: readonly PropertyKey[]; readonly code?: string }[]): string {
  return issues
    .slice(0, 3)
    .map(({ path, code }) => `${path.map(String).join('.') || 'the body'}: ${code ?? 'invalid'}`)
    .join('; ');
}

async function authenticate(
  request: FastifyRequest,
  body: Buffer,
  { registry, verify, clock, publicOrigin }: HttpOptions,
  nonces: NonceMemory,
): Promise<Signer | Refusal> {
  const nowMs = clock.nowMs();
  let signer: Signer | undefined;
  const verdict = await verifyRequest({
    ...signedMessage(request, publicOrigin),
    body,
    nowSeconds: Math.floor(nowMs / 1_000),
    findKey: async (keyId) => {
      const found = await registry.findSigner(keyId);
      signer = found;
      if (found === undefined) return undefined;
      return { algorithm: 'ed25519', verify: (base, signature) => verify(found.publicKey, base, signature) };
    },
  });
  if (!verdict.ok) return new Refusal(verdict.problem, verdict.detail);
  assert(signer !== undefined, 'a signature that holds has a signer');
  if (signer.isRevoked) return new Refusal('device_revoked');
  const isFresh = nonces.use(verdict.keyId, verdict.nonce, nowMs);
  if (isFresh === undefined) return new Refusal('overloaded');
  return isFresh ? signer : new Refusal('request_replayed');
}

function signedMessage(request: FastifyRequest, publicOrigin: string | undefined): SignedMessage {
  const headers: Record<string, string | undefined> = {};
  for (const [name, value] of Object.entries(request.headers)) {
    headers[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  const origin = publicOrigin ?? `http://${request.headers.host ?? ''}`;
  return { method: request.method, url: `${origin}${request.raw.url ?? ''}`, headers };
}

function refusalOf(error: FastifyError): Refusal {
  if (error instanceof Overloaded) return new Refusal('overloaded');
  if (error.code === 'FST_ERR_CTP_BODY_TOO_LARGE') return new Refusal('body_too_large');
  if (error.code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') return new Refusal('unsupported_media_type');
  const isCallersFault = error.statusCode !== undefined && error.statusCode >= 400 && error.statusCode < 500;
  return new Refusal(isCallersFault ? 'bad_request' : 'internal');
}

/** Sends problem+json; a caller who should come again is told when. */
export function sendRefusal(reply: FastifyReply, refusal: Refusal, clock: Clock): FastifyReply {
  const status = problemStatus[refusal.code];
  if (status === 503 || status === 429) {
    reply.header('retry-after', String(status === 503 ? RETRY_AFTER_SECONDS : 60));
  }
  reply.code(status).type('application/problem+json; charset=utf-8').header('cache-control', 'no-store');
  return reply.send(JSON.stringify(toProblem(refusal, new Date(clock.nowMs()).toISOString())));
}

/** The fault of that name: the very bytes of the answer go out again, where a client expects the next one. */
function writeTwice(reply: FastifyReply): void {
  const { socket } = reply.raw;
  if (socket === null) return;
  const written: Uint8Array[] = [];
  const write = socket.write.bind(socket) as (chunk: string | Uint8Array, ...rest: unknown[]) => boolean;
  socket.write = (chunk: string | Uint8Array, ...rest: unknown[]): boolean => {
    const encoding = typeof rest[0] === 'string' ? (rest[0] as BufferEncoding) : 'utf8';
    written.push(typeof chunk === 'string' ? Buffer.from(chunk, encoding) : chunk);
    return write(chunk, ...rest);
  };
  reply.raw.once('finish', () => {
    socket.write = write;
    socket.write(Buffer.concat(written));
  });
}
