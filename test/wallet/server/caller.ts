import { randomBytes } from 'node:crypto';
import { uuidV7 } from '#contract/ids.ts';
import { signRequest } from '#contract/signature.ts';
import { encodeCode, proofSigningInput, stepAt } from '#contract/token.ts';
import {
  type Answer,
  parseAnswer,
  pathOf,
  type ProblemCode,
  type RouteName,
  type RouteParams,
  type RouteRequest,
  type RouteResponse,
  walletRoutes,
} from '#contract/wallet.ts';
import { makeKey, type TestKey } from '#test/support/wallet-keys.ts';

/** Somebody with a key who calls the wallet server over a real socket: a terminal, or a phone. */
export interface Caller {
  readonly key: TestKey;
  readonly keyId: string;
  call<Name extends RouteName>(name: Name, params: RouteParams<Name>, body?: RouteRequest<Name>): Promise<Answer<Name>>;
  /** The response, or a failed test. */
  get<Name extends RouteName>(
    name: Name,
    params: RouteParams<Name>,
    body?: RouteRequest<Name>,
  ): Promise<RouteResponse<Name>>;
  /** The code of the problem, or `ok`. */
  codeOf<Name extends RouteName>(
    name: Name,
    params: RouteParams<Name>,
    body?: RouteRequest<Name>,
  ): Promise<ProblemCode | 'ok'>;
}

export interface CallerOptions {
  readonly base: string;
  readonly keyId?: string;
  readonly key?: TestKey;
  readonly nowMs?: () => number;
}

export function makeCaller({ base, keyId = '', key = makeKey(), nowMs = Date.now }: CallerOptions): Caller {
  async function call<Name extends RouteName>(
    name: Name,
    params: RouteParams<Name>,
    body?: RouteRequest<Name>,
  ): Promise<Answer<Name>> {
    const response = await send({ base, keyId, key, nowMs: nowMs(), name, params, body });
    const answer = parseAnswer(name, response.status, await response.json());
    if (answer === undefined) throw new Error(`${name} was answered by something else (${response.status})`);
    return answer;
  }
  return {
    key,
    keyId,
    call,
    get: async (name, params, body) => {
      const answer = await call(name, params, body);
      if (!answer.ok) throw new Error(`${name}: ${answer.problem.code} ${answer.problem.detail ?? ''}`);
      return answer.value;
    },
    codeOf: async (name, params, body) => {
      const answer = await call(name, params, body);
      return answer.ok ? 'ok' : answer.problem.code;
    },
  };
}

export interface Sent {
  readonly base: string;
  readonly key: TestKey;
  readonly keyId: string;
  readonly nowMs: number;
  readonly name: RouteName;
  readonly params: Readonly<Record<string, unknown>>;
  readonly body?: unknown;
  readonly nonce?: string;
  readonly signal?: AbortSignal;
}

/** One signed request, as a device sends it. */
export async function send(sent: Sent): Promise<Response> {
  const { method } = walletRoutes[sent.name];
  const url = sent.base + pathOf(sent.name, sent.params as never);
  const body = sent.body === undefined ? undefined : JSON.stringify(sent.body);
  const signed = await signRequest({
    method,
    url,
    body,
    keyId: sent.keyId,
    created: Math.floor(sent.nowMs / 1_000),
    nonce: sent.nonce ?? randomBytes(16).toString('base64url'),
    sign: sent.key.sign,
  });
  return fetch(url, {
    method,
    headers: { ...signed, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
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

/** A customer's phone: shows a fresh code each time. */
export interface TestPhone extends Caller {
  show(nowMs?: number): Promise<string>;
}

export async function bind(base: string, bindingCode: string, nowMs: () => number = Date.now): Promise<TestPhone> {
  const stranger = makeCaller({ base, nowMs });
  const publicKey = Buffer.from(stranger.key.publicKey).toString('base64url');
  const { keyId } = await stranger.get('bindPhone', {}, { bindingCode, publicKey });
  const phone = makeCaller({ base, keyId, key: stranger.key, nowMs });
  let counter = 0;
  return {
    ...phone,
    show: async (atMs = nowMs()) => {
      const credential = Buffer.from((await phone.get('issueCredential', {})).credential, 'base64url');
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
