import { createHmac, randomBytes } from 'node:crypto';
import { z } from 'zod';
import { uuidV7 } from '#contract/ids.ts';
import { type SignatureAlgorithm, signRequest } from '#contract/signature.ts';
import { encodeCode, proofSigningInput, stepAt } from '#contract/token.ts';
import {
  type Answer,
  parseAnswer,
  pathOf,
  type ProblemCode,
  type RouteName,
  type RouteParams,
  type RouteQuery,
  type RouteRequest,
  type RouteResponse,
  type SettlementMethodId,
  type WalletEvent,
  walletEventSchema,
  walletRoutes,
} from '#contract/wallet.ts';
import { makeKey, type TestKey } from '#test/support/wallet-keys.ts';

/** Signs requests: a device's own key, or a session's. */
interface SigningKey {
  readonly algorithm?: SignatureAlgorithm;
  readonly sign: (message: Uint8Array) => Uint8Array;
}

/** Who calls the wallet server over a real socket: a terminal, a phone, an operator or an administrator. */
export interface Asker {
  call<Name extends RouteName>(
    name: Name,
    params: RouteParams<Name>,
    body?: RouteRequest<Name>,
    query?: RouteQuery<Name>,
  ): Promise<Answer<Name>>;
  /** The response, or a failed test. */
  get<Name extends RouteName>(
    name: Name,
    params: RouteParams<Name>,
    body?: RouteRequest<Name>,
    query?: RouteQuery<Name>,
  ): Promise<RouteResponse<Name>>;
  /** The code of the problem, or `ok`. */
  codeOf<Name extends RouteName>(
    name: Name,
    params: RouteParams<Name>,
    body?: RouteRequest<Name>,
    query?: RouteQuery<Name>,
  ): Promise<ProblemCode | 'ok'>;
}

/** Somebody with a key of his own: a terminal or a phone. An operator's key id is the key itself. */
export interface Caller extends Asker {
  readonly key: TestKey;
  readonly keyId: string;
  /** Opens a stream of server-sent events, after an event where one is named. */
  events<Name extends RouteName>(name: Name, params: RouteParams<Name>, lastEventId?: string): Promise<EventReader>;
}

export interface EventReader {
  /** The next event, or a failed test. */
  next(): Promise<WalletEvent>;
  /** Resolves when the server has ended the stream. */
  ended(): Promise<void>;
  close(): void;
}

export interface CallerOptions {
  readonly base: string;
  readonly keyId?: string;
  readonly key?: TestKey;
  readonly nowMs?: () => number;
}

export function makeCaller({ base, keyId = '', key = makeKey(), nowMs = Date.now }: CallerOptions): Caller {
  return {
    key,
    keyId,
    ...askBy((name, params, body, query) => send({ base, keyId, key, nowMs: nowMs(), name, params, body, query })),
    events: async (name, params, lastEventId) => {
      const abort = new AbortController();
      const headers = lastEventId === undefined ? {} : { 'last-event-id': lastEventId };
      const { signal } = abort;
      const response = await send({ base, keyId, key, nowMs: nowMs(), name, params, headers, signal });
      if (response.status !== 200) throw new Error(`${name}: ${response.status} ${await response.text()}`);
      return readEvents(response, () => abort.abort());
    },
  };
}

/** An administrator with a token. */
export function makeAdmin(base: string, token: string): Asker {
  return askBy((name, params, body, query) =>
    fetch(base + pathOf(name, params as never, query as never), {
      method: walletRoutes[name].method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    }),
  );
}

/** The same terminal with a session, whose HMAC key signs from now on. */
export async function openSession(terminal: Caller, base: string, nowMs: () => number = Date.now): Promise<Caller> {
  const { keyId, secret } = await terminal.get('openSession', {});
  const hmac: TestKey & SigningKey = {
    publicKey: terminal.key.publicKey,
    algorithm: 'hmac-sha256',
    sign: (message) => createHmac('sha256', Buffer.from(secret, 'base64url')).update(message).digest(),
  };
  return makeCaller({ base, keyId, key: hmac, nowMs });
}

type Ask = (name: RouteName, params: unknown, body: unknown, query: unknown) => Promise<Response>;

function askBy(ask: Ask): Asker {
  async function call<Name extends RouteName>(
    name: Name,
    params: RouteParams<Name>,
    body?: RouteRequest<Name>,
    query?: RouteQuery<Name>,
  ): Promise<Answer<Name>> {
    const response = await ask(name, params, body, query);
    const answer = parseAnswer(name, response.status, await response.json());
    if (answer === undefined) throw new Error(`${name} was answered by something else (${response.status})`);
    return answer;
  }
  return {
    call,
    get: async (name, params, body, query) => {
      const answer = await call(name, params, body, query);
      if (!answer.ok) throw new Error(`${name}: ${answer.problem.code} ${answer.problem.detail ?? ''}`);
      return answer.value;
    },
    codeOf: async (name, params, body, query) => {
      const answer = await call(name, params, body, query);
      return answer.ok ? 'ok' : answer.problem.code;
    },
  };
}

export interface Sent {
  readonly base: string;
  readonly key: SigningKey;
  readonly keyId: string;
  readonly nowMs: number;
  readonly name: RouteName;
  readonly params: unknown;
  readonly body?: unknown;
  readonly query?: unknown;
  readonly nonce?: string;
  readonly idempotencyKey?: string;
  /** Beside those that are signed. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** One signed request, as a device sends it. */
export async function send(sent: Sent): Promise<Response> {
  const { method } = walletRoutes[sent.name];
  const url = sent.base + pathOf(sent.name, sent.params as never, sent.query as never);
  const body = sent.body === undefined ? undefined : JSON.stringify(sent.body);
  const signed = await signRequest({
    method,
    url,
    body,
    keyId: sent.keyId,
    created: Math.floor(sent.nowMs / 1_000),
    nonce: sent.nonce ?? randomBytes(16).toString('base64url'),
    idempotencyKey: sent.idempotencyKey,
    ...(sent.key.algorithm === undefined ? {} : { algorithm: sent.key.algorithm }),
    sign: sent.key.sign,
  });
  return fetch(url, {
    method,
    headers: { ...sent.headers, ...signed, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body }),
    ...(sent.signal === undefined ? {} : { signal: sent.signal }),
  });
}

export async function enrol(base: string, enrolmentCode: string, nowMs?: () => number): Promise<Caller> {
  const stranger = makeCaller({ base, ...(nowMs === undefined ? {} : { nowMs }) });
  const publicKey = Buffer.from(stranger.key.publicKey).toString('base64url');
  const { keyId } = await stranger.get('enrolTerminal', {}, { enrolmentCode, publicKey, name: 'Counter 1' });
  return makeCaller({ base, keyId, key: stranger.key, ...(nowMs === undefined ? {} : { nowMs }) });
}

/** What every customer of a test types. */
export const PIN = '2580';

/** A customer's phone: shows a fresh code each time. */
export interface TestPhone extends Caller {
  show(nowMs?: number, method?: SettlementMethodId, pin?: string): Promise<string>;
}

export async function bind(base: string, bindingCode: string, nowMs: () => number = Date.now): Promise<TestPhone> {
  const stranger = makeCaller({ base, nowMs });
  const publicKey = Buffer.from(stranger.key.publicKey).toString('base64url');
  const { keyId } = await stranger.get('bindPhone', {}, { bindingCode, publicKey });
  const phone = makeCaller({ base, keyId, key: stranger.key, nowMs });
  // The wallet's second phone finds it chosen.
  await phone.call('putPin', {}, { pin: PIN });
  let counter = 0;
  return {
    ...phone,
    show: async (atMs = nowMs(), method = 'shown_code', pin = PIN) => {
      const issued = await phone.get('issueCredential', {}, { pin, method });
      const credential = Buffer.from(issued.credential, 'base64url');
      counter += 1;
      const step = stepAt(atMs);
      return encodeCode({
        credential,
        counter,
        step,
        proof: phone.key.sign(proofSigningInput(credential, counter, step)),
      });
    },
  };
}

export function newId(): string {
  return uuidV7(Date.now(), randomBytes(10));
}

const EVENT_TIMEOUT_MS = 10_000;

/** Reads `text/event-stream`, WHATWG HTML §9.2, as far as this server writes it. */
function readEvents(response: Response, close: () => void): EventReader {
  const events: WalletEvent[] = [];
  const over = Promise.withResolvers<void>();
  let wake = (): void => {};
  async function read(): Promise<void> {
    let text = '';
    const decoder = new TextDecoder();
    for await (const chunk of response.body ?? []) {
      text += decoder.decode(chunk, { stream: true });
      const blocks = text.split('\n\n');
      text = blocks.pop() ?? '';
      for (const block of blocks) {
        const fields = new Map(
          block.split('\n').map((line) => [line.replace(/:.*$/s, ''), line.replace(/^\w*: ?/, '')]),
        );
        const data = fields.get('data');
        if (data === undefined) continue;
        const event = walletEventSchema.parse(JSON.parse(data));
        z.object({ id: z.literal(event.eventId), event: z.literal(event.type) }).parse(Object.fromEntries(fields));
        events.push(event);
      }
      wake();
    }
  }
  read().then(over.resolve, over.resolve);
  void over.promise.then(() => wake());
  return {
    next: async () => {
      const isOver = over.promise.then(() => true);
      const deadline = AbortSignal.timeout(EVENT_TIMEOUT_MS);
      while (events.length === 0) {
        const news = new Promise<void>((resolve, reject) => {
          wake = resolve;
          deadline.addEventListener('abort', () => reject(new Error('no event came')));
        });
        const ended = await Promise.race([isOver, news.then(() => false)]);
        if (ended && events.length === 0) throw new Error('the stream ended');
      }
      const event = events.shift();
      if (event === undefined) throw new Error('no event came');
      return event;
    },
    ended: () => over.promise,
    close,
  };
}
