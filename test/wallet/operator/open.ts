import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import pino from 'pino';
import { uuidV7 } from '#contract/ids.ts';
import {
  type OperatorParams,
  operatorPath,
  type OperatorProblemCode,
  operatorProblemSchema,
  type OperatorQuery,
  type OperatorRequest,
  type OperatorResponse,
  type OperatorRouteName,
  operatorRoutes,
  type OperatorWebhook,
  operatorWebhookSchema,
} from '#contract/operator.ts';
import { signRequest, verifyRequest } from '#contract/signature.ts';
import { makeKey, type TestKey, verifyEd25519 } from '#test/support/wallet-keys.ts';
import { type Database, openDatabase } from '#wallet/operator/database.ts';
import { openKeys } from '#wallet/operator/keys.ts';
import { openOperator, type OperatorOptions } from '#wallet/operator/operator.ts';
import type { Delays } from '#wallet/operator/simulation.ts';

/** Short enough for a test, long enough to be seen. */
export const quickDelays: Delays = { slowMs: 150, withheldMs: 100, pendingMs: 100, chargeBackMs: 100 };

/** The wallet server's side: it signs what it asks, and hears webhooks on a real socket. */
export interface Asker {
  readonly key: TestKey;
  ask<Name extends OperatorRouteName>(
    name: Name,
    params: OperatorParams<Name>,
    rest?: { body?: OperatorRequest<Name>; query?: OperatorQuery<Name>; idempotencyKey?: string },
  ): Promise<OperatorResponse<Name> | OperatorProblemCode>;
  /** The response, or a failed test. */
  get<Name extends OperatorRouteName>(
    name: Name,
    params: OperatorParams<Name>,
    rest?: { body?: OperatorRequest<Name>; query?: OperatorQuery<Name>; idempotencyKey?: string },
  ): Promise<OperatorResponse<Name>>;
  control(name: string, body: unknown): Promise<Response>;
}

export function makeAsker(base: string, key: TestKey): Asker {
  const ask: Asker['ask'] = async (name, params, { body, query, idempotencyKey } = {}) => {
    const { method } = operatorRoutes[name];
    const url = base + operatorPath(name, params, query);
    const response = await fetch(url, await signedInit({ method, url, body, key, idempotencyKey }));
    const json: unknown = await response.json();
    if (!response.ok) return operatorProblemSchema.parse(json).code;
    return operatorRoutes[name].response.parse(json) as never;
  };
  return {
    key,
    ask,
    get: async (name, params, rest) => {
      const answer = await ask(name, params, rest);
      if (typeof answer === 'string') throw new Error(`${name}: ${answer}`);
      return answer as never;
    },
    control: (name, body) =>
      fetch(`${base}/control/${name}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      }),
  };
}

export async function signedInit(request: {
  readonly method: string;
  readonly url: string;
  readonly body?: unknown;
  readonly key: TestKey;
  readonly idempotencyKey?: string | undefined;
  readonly nonce?: string;
  readonly keyId?: string;
  readonly nowMs?: number;
}): Promise<RequestInit> {
  const body = request.body === undefined ? undefined : JSON.stringify(request.body);
  const signed = await signRequest({
    method: request.method,
    url: request.url,
    body,
    idempotencyKey: request.idempotencyKey,
    keyId: request.keyId ?? publicKeyOf(request.key),
    created: Math.floor((request.nowMs ?? Date.now()) / 1_000),
    nonce: request.nonce ?? randomBytes(16).toString('base64url'),
    sign: request.key.sign,
  });
  return {
    method: request.method,
    headers: { ...signed, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body }),
  };
}

/** Hears an operator's webhooks, checks their signatures, and answers as the test wants. */
export interface Listener {
  readonly url: string;
  /** In the order of their coming, refused ones too. */
  readonly heard: OperatorWebhook[];
  /** Resolves once so many deliveries were heard. */
  hear(count: number): Promise<readonly OperatorWebhook[]>;
  /** The status of answers from now on. */
  answer(status: number): void;
  /** The key that signs; undefined refuses nobody. */
  expectKey(publicKey: string): void;
  close(): Promise<void>;
}

export async function openListener(): Promise<Listener> {
  const heard: OperatorWebhook[] = [];
  const waiting = new Set<() => void>();
  let status = 200;
  let expected = '';
  const server: Server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks);
      void verifyRequest({
        method: request.method ?? '',
        url: `http://${request.headers.host}${request.url}`,
        headers: request.headers as Record<string, string>,
        body,
        nowSeconds: Math.floor(Date.now() / 1_000),
        findKey: (keyId) =>
          keyId === expected
            ? {
                algorithm: 'ed25519',
                verify: (base, signature) => verifyEd25519(Buffer.from(keyId, 'base64url'), base, signature),
              }
            : undefined,
      }).then((verdict) => {
        if (verdict.ok) heard.push(operatorWebhookSchema.parse(JSON.parse(body.toString())));
        response.writeHead(verdict.ok ? status : 401).end();
        for (const look of waiting) look();
      });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    heard,
    hear: (count) =>
      new Promise((resolve) => {
        const look = (): void => {
          if (heard.length < count) return;
          waiting.delete(look);
          resolve(heard);
        };
        waiting.add(look);
        look();
      }),
    answer: (next) => (status = next),
    expectKey: (publicKey) => (expected = publicKey),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

export interface OpenOperator extends Asker {
  readonly base: string;
  readonly publicKey: string;
  readonly database: Database;
  readonly folder: string;
  /** Everything that was logged. */
  readonly logged: string[];
  /** A means to draw on. */
  means(setupToken?: string): Promise<string>;
  close(): Promise<void>;
}

/** The operator's server in this process, over a real file and a real socket. */
export async function openTestOperator(
  options: Partial<OperatorOptions> & { walletUrl: string },
): Promise<OpenOperator> {
  const folder = mkdtempSync(join(tmpdir(), 'warikan-operator-'));
  const database = openDatabase(join(folder, 'operator.sqlite'));
  const keys = openKeys(join(folder, 'keys.json'));
  const key = makeKey();
  const logged: string[] = [];
  const sink = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      logged.push(chunk.toString());
      done();
    },
  });
  const operator = openOperator({
    database,
    keys,
    operatorId: 'kumo',
    name: 'Kumo',
    kinds: [
      { kind: 'card', label: 'Card' },
      { kind: 'bank_account', label: 'Bank account' },
    ],
    walletKey: publicKeyOf(key),
    simulates: true,
    delays: quickDelays,
    clock: { nowMs: () => Date.now() },
    newId,
    random: (bytes) => randomBytes(bytes),
    log: pino({ level: 'trace' }, sink),
    ...options,
  });
  const base = `http://127.0.0.1:${await operator.listen({ host: '127.0.0.1', port: 0 })}`;
  const asker = makeAsker(base, key);
  return {
    ...asker,
    base,
    publicKey: keys.publicKey,
    database,
    folder,
    logged,
    means: async (setupToken = 'haru') =>
      (await asker.get('createToken', {}, { body: { setupToken, kind: 'card' } })).token,
    close: async () => {
      await operator.close();
      database.close();
      rmSync(folder, { recursive: true });
    },
  };
}

export function publicKeyOf(key: TestKey): string {
  return Buffer.from(key.publicKey).toString('base64url');
}

export function newId(): string {
  return uuidV7(Date.now(), randomBytes(10));
}

export function yen(amount: number): { readonly amount: number; readonly currency: string } {
  return { amount, currency: 'JPY' };
}
