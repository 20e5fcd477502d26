import Fastify, { type FastifyError, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { type RouteName, walletRoutes } from '#contract/wallet.ts';
import type { Call, Clock, Handlers, Identity } from './call.ts';
import type { Faults } from './faults.ts';
import { refusalOfError, refuseSocket, sendRefusal, writeTwice } from './http/answer.ts';
import type { Gate } from './http/authenticate.ts';
import { bodyBytesOf, openParser } from './http/input.ts';
import { openRateLimit, type Rate, sourceOf } from './limits.ts';
import { Refusal } from './problem.ts';
import type { EventStream, Streams } from './stream.ts';

export interface HttpOptions {
  readonly handlers: Handlers;
  readonly gate: Gate;
  readonly streams: Streams;
  readonly clock: Clock;
  readonly log: Logger;
  readonly faults: Faults;
  readonly rates: Rates;
  /** Addresses of proxies whose word on where a request came from is believed. */
  readonly trustedProxies: readonly string[];
}

/** How often one may ask. Counted in each process. */
export interface Rates {
  /** Of one key: a busy terminal, not a broken one. */
  readonly perKey: Rate;
  /** Of one address, signed or not: a shop's terminals and its guests' phones may share one. */
  readonly perAddress: Rate;
}

export const defaultRates: Rates = {
  perKey: { perSecond: 200, burst: 1_000 },
  perAddress: { perSecond: 2_000, burst: 10_000 },
};

/** Requests that are being worked on. */
const MAX_IN_FLIGHT = 512;
/** Bytes of bodies that have come or were announced. */
const MAX_BODY_BYTES_IN_FLIGHT = 64 * 1_024 * 1_024;
const MAX_CONNECTIONS = 8_192;
const MAX_HEADER_BYTES = 16 * 1_024;
const MAX_HEADERS = 100;
const MAX_URL_CHARACTERS = 2_048;
const REQUEST_TIMEOUT_MS = 15_000;
/** Longer than clients keep a connection, so that it is they who close it. */
const KEEP_ALIVE_MS = 65_000;
const WARN_AGAIN_MS = 1_000;
const KEYS_MAX_AGE_SECONDS = 7 * 24 * 3_600;
const MONEY_ROUTES: readonly RouteName[] = ['putSettlement', 'putSettlements', 'cancelSettlement', 'putRefund'];

/** The route table as an HTTP server: what is the same for every route happens here and only here. */
export function buildHttp(options: HttpOptions): FastifyInstance {
  const { clock, log, streams } = options;
  const app = Fastify({
    bodyLimit: bodyBytesOf('listKeys'),
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    forceCloseConnections: true,
    exposeHeadRoutes: false,
    trustProxy: options.trustedProxies.length === 0 ? false : [...options.trustedProxies],
    http: { maxHeaderSize: MAX_HEADER_BYTES },
    routerOptions: { maxParamLength: MAX_URL_CHARACTERS },
    frameworkErrors: (_error, _request, reply) =>
      void sendRefusal(reply, new Refusal('bad_request', 'The address cannot be read.'), clock),
    clientErrorHandler: (error, socket) => refuseSocket(error, socket, clock),
  });
  app.server.maxConnections = MAX_CONNECTIONS;
  app.server.maxHeadersCount = MAX_HEADERS;
  const perAddress = openRateLimit(options.rates.perAddress);
  let bytesInFlight = 0;
  let warnedAtMs = -Infinity;

  // The bytes are kept: they are what was signed.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));

  app.addHook('onRequest', async (request, reply) => {
    const nowMs = clock.nowMs();
    reply.header('date', new Date(nowMs).toUTCString());
    reply.header('x-content-type-options', 'nosniff');
    const waitSeconds = perAddress.take(sourceOf(request.ip), nowMs);
    if (waitSeconds !== undefined) return sendRefusal(reply, tooMany(waitSeconds), clock);
    if ((request.raw.url ?? '').length > MAX_URL_CHARACTERS) {
      return sendRefusal(reply, new Refusal('bad_request', 'The address is too long.'), clock);
    }
    if (request.is404) return sendNotFound(request, reply, clock);
    // Without a length it may be anything up to the route's limit.
    const bytes = request.headers['transfer-encoding'] === undefined ? announcedBytes(request) : bodyLimitOf(request);
    if (bytesInFlight + bytes > MAX_BODY_BYTES_IN_FLIGHT) return sendRefusal(reply, new Refusal('overloaded'), clock);
    bytesInFlight += bytes;
    // Also for an answer that was cut off.
    reply.raw.once('close', () => {
      bytesInFlight -= bytes;
    });
  });
  app.addHook('onResponse', async (request, reply) => {
    log.debug({
      method: request.method,
      route: request.routeOptions.url,
      status: reply.statusCode,
      ms: Math.round(reply.elapsedTime),
    });
  });
  app.addHook('preClose', async () => streams.close());

  app.setNotFoundHandler((request, reply) => sendNotFound(request, reply, clock));
  app.setErrorHandler((error: FastifyError, request, reply) => {
    const refusal = refusalOfError(error);
    if (refusal.code === 'internal') log.error({ err: error, route: request.routeOptions.url }, 'a request failed');
    // A storm of them has one cause: one line a second says it.
    const nowMs = clock.nowMs();
    if (refusal.code === 'overloaded' && Math.abs(nowMs - warnedAtMs) >= WARN_AGAIN_MS) {
      warnedAtMs = nowMs;
      log.warn({ reason: error.message }, 'requests are turned away');
    }
    return sendRefusal(reply, refusal, clock);
  });

  const work: Work = { inFlight: 0 };
  const perKey = openRateLimit(options.rates.perKey);
  for (const name of Object.keys(walletRoutes) as RouteName[]) {
    bindRoute(app, name, { ...options, work, takeTurn: (keyId) => perKey.take(keyId, clock.nowMs()) });
  }
  return app;
}

/** Shared by all routes. */
interface Work {
  inFlight: number;
}

interface Binding extends HttpOptions {
  readonly work: Work;
  /** Undefined, or the seconds to wait. */
  readonly takeTurn: (keyId: string) => number | undefined;
}

function bindRoute(app: FastifyInstance, name: RouteName, options: Binding): void {
  const { clock, faults, gate, streams, work, takeTurn } = options;
  const route = walletRoutes[name];
  const isMoney = MONEY_ROUTES.includes(name);
  const parse = openParser(name);
  const handle = options.handlers[name] as (call: Call<RouteName>) => Promise<unknown>;

  async function answer(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    if (isMoney && faults.isBusy()) return sendRefusal(reply, new Refusal('overloaded'), clock);
    const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
    const signer = await gate.admit(name, request, body);
    if (signer instanceof Refusal) return sendRefusal(reply, signer, clock);
    const waitSeconds = signer === undefined ? undefined : takeTurn(ownerOf(signer));
    if (waitSeconds !== undefined) return sendRefusal(reply, tooMany(waitSeconds), clock);
    const { params, query, headers } = request;
    const input = parse({ params, query, body, idempotencyKey: headers['idempotency-key'] });
    if (input instanceof Refusal) return sendRefusal(reply, input, clock);

    const result = await handle({ ...input, signer, address: sourceOf(request.ip) } as Call<RouteName>);
    const fate = isMoney ? await faults.beforeAnswer() : 'send';
    if (fate === 'drop') {
      reply.hijack();
      reply.raw.destroy();
      return reply;
    }
    if (fate === 'twice') writeTwice(reply);
    if (result instanceof Refusal) return sendRefusal(reply, result, clock);
    if (isStream(result)) return serveStream(result, request, reply, signer);
    reply.code(route.status).type('application/json; charset=utf-8');
    reply.header('cache-control', name === 'listKeys' ? `public, max-age=${KEYS_MAX_AGE_SECONDS}` : 'no-store');
    return reply.send(JSON.stringify(route.response.parse(result)));
  }

  function serveStream(
    stream: EventStream,
    request: FastifyRequest,
    reply: FastifyReply,
    signer: Identity | undefined,
  ): FastifyReply {
    const { lastEventId } = request.query as { readonly lastEventId?: string };
    const afterId = request.headers['last-event-id'] ?? lastEventId;
    if (afterId !== undefined && !/^\d{1,15}$/.test(String(afterId))) {
      return sendRefusal(reply, new Refusal('bad_request', 'Last-Event-ID: not the id of an event'), clock);
    }
    if (streams.isFull) return sendRefusal(reply, new Refusal('overloaded'), clock);
    reply.hijack();
    const keyId = signer === undefined ? '' : ownerOf(signer);
    streams.serve(stream, reply.raw, { keyId, afterId: afterId === undefined ? undefined : String(afterId) });
    return reply;
  }

  app.route({
    method: route.method,
    url: route.path.replaceAll(/\{(\w+)\}/g, ':$1'),
    bodyLimit: bodyBytesOf(name),
    handler: async (request, reply) => {
      if (work.inFlight >= MAX_IN_FLIGHT) return sendRefusal(reply, new Refusal('overloaded'), clock);
      work.inFlight += 1;
      try {
        return await answer(request, reply);
      } finally {
        work.inFlight -= 1;
      }
    },
  });
}

/** Methods that are known at a path of the table. */
const methodsAt = Array.from(
  Map.groupBy(Object.values(walletRoutes), ({ path }) => path),
  ([path, routes]) => ({
    pattern: new RegExp(`^${path.replaceAll(/\{\w+\}/g, '[^/]+')}$`),
    methods: routes.map(({ method }) => method),
  }),
);

/** A path that is known, asked in another way, is another answer than one that is not. */
function sendNotFound(request: FastifyRequest, reply: FastifyReply, clock: Clock): FastifyReply {
  const [path = ''] = (request.raw.url ?? '').split('?');
  const methods = methodsAt.filter(({ pattern }) => pattern.test(path)).flatMap((known) => known.methods);
  if (methods.length === 0) return sendRefusal(reply, new Refusal('not_found'), clock);
  reply.header('allow', [...new Set([...methods, 'OPTIONS'])].join(', '));
  if (request.method === 'OPTIONS') return reply.code(204).send();
  return sendRefusal(reply, new Refusal('method_not_allowed'), clock);
}

/** A session is its terminal's: opening another one gives no more turns. */
function ownerOf(signer: Identity): string {
  return signer.keyId;
}

function tooMany(retryAfterSeconds: number): Refusal {
  return new Refusal('too_many_requests', undefined, { retryAfterSeconds });
}

function announcedBytes({ headers }: FastifyRequest): number {
  const bytes = Number(headers['content-length'] ?? 0);
  return Number.isSafeInteger(bytes) ? Math.max(0, bytes) : 0;
}

function bodyLimitOf(request: FastifyRequest): number {
  return request.routeOptions.bodyLimit ?? 0;
}

function isStream(result: unknown): result is EventStream {
  return typeof result === 'object' && result !== null && 'type' in result && result.type === 'stream';
}
