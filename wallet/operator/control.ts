import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { uuidV7Schema } from '#contract/ids.ts';
import type { Authorisation } from '#contract/operator.ts';
import { parseJson, sendRefusal } from './http.ts';
import { Refusal } from './problem.ts';

/**
 * Switches of a simulating operator, turned by tests and demos on this machine. Forgotten by a restart.
 *
 *     POST /control/outage       { on }                              every call is answered 503
 *     POST /control/delay        { ms }                              every answer waits
 *     POST /control/charge-back  { authorisationId }                 the customer's bank takes the money back
 *     POST /control/webhooks     { paused?, duplicate?, reorder? }   none, each twice, the latest first
 */
export interface Control {
  isOut(): boolean;
  delayMs(): number;
  webhooks(): WebhookSwitches;
  /** Binds the switches, for callers on this machine only. */
  serve(app: FastifyInstance, actions: ControlActions): void;
}

interface ControlActions {
  /** Undefined for an id that was never seen. */
  chargeBack(authorisationId: string): Authorisation | undefined;
  /** The switches of webhooks were turned. */
  onWebhooks(): void;
}

export interface WebhookSwitches {
  readonly paused: boolean;
  readonly duplicate: boolean;
  readonly reorder: boolean;
}

const MAX_DELAY_MS = 60_000;
const LOOPBACK = new Set(['127.0.0.1', '::1', '::ffff:127.0.0.1']);
const LOOPBACK_NAMES = new Set(['127.0.0.1', 'localhost', '[::1]']);

const outageSchema = z.strictObject({ on: z.boolean() });
const delaySchema = z.strictObject({ ms: z.int().min(0).max(MAX_DELAY_MS) });
const chargeBackSchema = z.strictObject({ authorisationId: uuidV7Schema });
const webhooksSchema = z.strictObject({
  paused: z.boolean().optional(),
  duplicate: z.boolean().optional(),
  reorder: z.boolean().optional(),
});

export function openControl(): Control {
  let isOut = false;
  let delayMs = 0;
  let webhooks: WebhookSwitches = { paused: false, duplicate: false, reorder: false };
  return {
    isOut: () => isOut,
    delayMs: () => delayMs,
    webhooks: () => webhooks,
    serve(app, actions) {
      bind(app, 'outage', outageSchema, ({ on }) => {
        isOut = on;
        return { on };
      });
      bind(app, 'delay', delaySchema, ({ ms }) => {
        delayMs = ms;
        return { ms };
      });
      bind(app, 'charge-back', chargeBackSchema, ({ authorisationId }) => actions.chargeBack(authorisationId));
      bind(app, 'webhooks', webhooksSchema, ({ paused, duplicate, reorder }) => {
        webhooks = {
          paused: paused ?? webhooks.paused,
          duplicate: duplicate ?? webhooks.duplicate,
          reorder: reorder ?? webhooks.reorder,
        };
        actions.onWebhooks();
        return webhooks;
      });
    },
  };
}

function bind<Body extends z.ZodType>(
  app: FastifyInstance,
  name: string,
  schema: Body,
  turn: (body: z.infer<Body>) => unknown,
): void {
  app.post(`/control/${name}`, async (request, reply): Promise<FastifyReply> => {
    if (!isLocal(request)) return sendRefusal(reply, new Refusal('not_found'));
    const body = schema.safeParse(Buffer.isBuffer(request.body) ? parseJson(request.body) : undefined);
    if (!body.success) return sendRefusal(reply, new Refusal('bad_request'));
    const answer = turn(body.data);
    if (answer === undefined) return sendRefusal(reply, new Refusal('not_found'));
    return reply.header('cache-control', 'no-store').send(answer);
  });
}

/** On this machine, and not through a name that some page on the internet made point here. */
function isLocal(request: FastifyRequest): boolean {
  const { hostname } = new URL(`http://${request.headers.host ?? 'nobody'}`);
  return LOOPBACK.has(request.ip) && LOOPBACK_NAMES.has(hostname);
}
