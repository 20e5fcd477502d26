import { setTimeout as wait } from 'node:timers/promises';
import Fastify, { type FastifyError, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import {
  operatorProblemStatus,
  type OperatorParams,
  type OperatorQuery,
  type OperatorRequest,
  type OperatorResponse,
  type OperatorRouteName,
  operatorRoutes,
} from '#contract/operator.ts';
import { receivedMessage, REPLAY_WINDOW_SECONDS, verifyRequest } from '#contract/signature.ts';
import { openVerifier } from './keys.ts';
import { type NonceMemory, openNonceMemory } from './nonces.ts';
import { Refusal, toProblem } from './problem.ts';

/** A request whose shape and signature were checked. */
interface Call<Name extends OperatorRouteName> {
  readonly params: OperatorParams<Name>;
  readonly query: OperatorQuery<Name>;
  readonly body: OperatorRequest<Name>;
  readonly idempotencyKey: string | undefined;
}

/** In place of an answer: none, until the connection is cut. */
export class Silence {
  readonly ms: number;

  constructor(ms: number) {
    this.ms = ms;
  }
}

export type Handlers = {
  readonly [Name in OperatorRouteName]: (call: Call<Name>) => Promise<OperatorResponse<Name> | Refusal | Silence>;
};

export interface HttpOptions {
  readonly handlers: Handlers;
  /** The wallet server's public key, base64url: nobody else is listened to. */
  readonly walletKey: string;
  /** What a simulation was told to do to every call. */
  readonly control: { isOut(): boolean; delayMs(): number };
  readonly clock: { nowMs(): number };
  readonly log: Logger;
  /** As the wallet server sees this one, where a proxy stands before it. */
  readonly publicOrigin: string | undefined;
}

const MAX_BODY_BYTES = 16 * 1_024;
const MAX_IN_FLIGHT = 512;
const RETRY_AFTER_SECONDS = 1;
const REQUEST_TIMEOUT_MS = 15_000;
/** Longer than clients keep a connection, so that it is they who close it. */
const KEEP_ALIVE_MS = 65_000;
const MAX_IDEMPOTENCY_KEY = 64;

/** The operator's route table as an HTTP server: what is the same for every route happens here and only here. */
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
    reply.raw.once('close', () => {
      inFlight -= 1;
    });
    reply.header('date', new Date(clock.nowMs()).toUTCString());
    reply.header('x-content-type-options', 'nosniff');
    if (inFlight > MAX_IN_FLIGHT) return sendRefusal(reply, new Refusal('overloaded'));
  });
  app.addHook('onResponse', async (request, reply) => {
    log.debug({ method: request.method, route: request.routeOptions.url, status: reply.statusCode });
  });
  app.setNotFoundHandler((_request, reply) => sendRefusal(reply, new Refusal('not_found')));
  app.setErrorHandler((error: FastifyError, request, reply) => {
    const refusal = refusalOf(error);
    if (refusal.code === 'internal') log.error({ err: error, route: request.routeOptions.url }, 'a request failed');
    return sendRefusal(reply, refusal);
  });

  const authenticate = openAuthentication(options);
  for (const name of Object.keys(operatorRoutes) as OperatorRouteName[]) bindRoute(app, name, options, authenticate);
  return app;
}

type Authenticate = (
  request: FastifyRequest,
  body: Buffer,
) => Promise<{ readonly idempotencyKey: string | undefined } | Refusal>;

function bindRoute(
  app: FastifyInstance,
  name: OperatorRouteName,
  { handlers, control }: HttpOptions,
  authenticate: Authenticate,
): void {
  const route = operatorRoutes[name];
  const handle = handlers[name] as (call: Call<OperatorRouteName>) => Promise<unknown>;
  app.route({
    method: route.method,
    url: route.path.replaceAll(/\{(\w+)\}/g, ':$1'),
    handler: async (request, reply) => {
      if (control.isOut()) return sendRefusal(reply, new Refusal('unavailable'));
      const bytes = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
      const signed = route.caller === 'wallet' ? await authenticate(request, bytes) : { idempotencyKey: undefined };
      if (signed instanceof Refusal) return sendRefusal(reply, signed);
      const input = parseInput(name, request, bytes);
      if (input instanceof Refusal) return sendRefusal(reply, input);

      const result = await handle({ ...input, ...signed } as Call<OperatorRouteName>);
      if (control.delayMs() > 0) await wait(control.delayMs(), undefined, { ref: false });
      if (result instanceof Silence) {
        await wait(result.ms, undefined, { ref: false });
        reply.hijack();
        reply.raw.destroy();
        return reply;
      }
      if (result instanceof Refusal) return sendRefusal(reply, result);
      reply.code(route.status).type('application/json; charset=utf-8').header('cache-control', 'no-store');
      return reply.send(JSON.stringify(route.response.parse(result)));
    },
  });
}

function parseInput(
  name: OperatorRouteName,
  request: FastifyRequest,
  bytes: Buffer,
): { readonly params: unknown; readonly query: unknown; readonly body: unknown } | Refusal {
  const route = operatorRoutes[name];
  const params = route.params.safeParse(request.params);
  if (!params.success) return new Refusal('bad_request', describe(params.error.issues));
  const query = route.query.strict().safeParse(request.query);
  if (!query.success) return new Refusal('bad_request', describe(query.error.issues));
  // A route that asks for no body takes no notice of one.
  if (route.request.safeParse(undefined).success) return { params: params.data, query: query.data, body: undefined };
  const json = parseJson(bytes);
  if (json === undefined) return new Refusal('bad_request', 'The body is not JSON.');
  const body = route.request.safeParse(json);
  if (!body.success) return new Refusal('bad_request', describe(body.error.issues));
  return { params: params.data, query: query.data, body: body.data };
}

/** Undefined for bytes that are not JSON. */
export function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8')) as unknown;
  } catch {
    return undefined;
  }
}

/** Where it is wrong and why, never what was sent: that may be what a customer typed. */
function describe(issues: readonly { readonly path: readonly PropertyKey[]; readonly code?: string }[]): string {
  return issues
    .slice(0, 3)
    .map(({ path, code }) => `${path.map(String).join('.') || 'the body'}: ${code ?? 'invalid'}`)
    .join('; ');
}

function openAuthentication({ walletKey, clock, publicOrigin }: HttpOptions): Authenticate {
  const verify = openVerifier(walletKey);
  // Accepted are both sides of the window.
  const nonces: NonceMemory = openNonceMemory(2 * REPLAY_WINDOW_SECONDS * 1_000);
  return async (request, body) => {
    const nowMs = clock.nowMs();
    const verdict = await verifyRequest({
      ...receivedMessage(
        { method: request.method, target: request.raw.url ?? '', headers: request.headers },
        publicOrigin,
      ),
      body,
      nowSeconds: Math.floor(nowMs / 1_000),
      findKey: (keyId) => (keyId === walletKey && verify !== undefined ? { algorithm: 'ed25519', verify } : undefined),
    });
    if (!verdict.ok) return new Refusal(verdict.problem, verdict.detail);
    const isFresh = nonces.use(verdict.nonce, nowMs);
    if (isFresh === undefined) return new Refusal('overloaded');
    if (!isFresh) return new Refusal('request_replayed');
    const { idempotencyKey } = verdict;
    if (idempotencyKey !== undefined && idempotencyKey.length > MAX_IDEMPOTENCY_KEY) {
      return new Refusal('bad_request', 'idempotency-key: too_big');
    }
    return { idempotencyKey };
  };
}

function refusalOf(error: FastifyError): Refusal {
  if (error.code === 'FST_ERR_CTP_BODY_TOO_LARGE') return new Refusal('body_too_large');
  if (error.code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') return new Refusal('unsupported_media_type');
  const isCallersFault = error.statusCode !== undefined && error.statusCode >= 400 && error.statusCode < 500;
  return new Refusal(isCallersFault ? 'bad_request' : 'internal');
}

/** Sends problem+json; a caller who should come again is told when. */
export function sendRefusal(reply: FastifyReply, refusal: Refusal): FastifyReply {
  const status = operatorProblemStatus[refusal.code];
  if (status === 503) reply.header('retry-after', String(RETRY_AFTER_SECONDS));
  reply.code(status).type('application/problem+json; charset=utf-8').header('cache-control', 'no-store');
  return reply.send(JSON.stringify(toProblem(refusal)));
}
