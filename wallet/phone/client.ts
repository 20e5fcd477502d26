import { signRequest } from '#contract/signature.ts';
import {
  type Answer,
  parseAnswer,
  pathOf,
  type RouteName,
  type RouteParams,
  type RouteQuery,
  type RouteRequest,
  walletRoutes,
} from '#contract/wallet.ts';
import { signEd25519, toBase64Url } from './keys.ts';

/** Calls the wallet server. Undefined means that there was no answer: the network, or no server. */
export type Ask = <Name extends RouteName>(
  name: Name,
  params: RouteParams<Name>,
  body?: RouteRequest<Name>,
  options?: AskOptions<Name>,
) => Promise<Answer<Name> | undefined>;

interface AskOptions<Name extends RouteName> {
  readonly query?: RouteQuery<Name>;
  readonly timeoutMs?: number;
}

interface Signer {
  readonly keyId: string;
  readonly privateKey: CryptoKey;
  /** By the server's clock. */
  nowMs(): number;
}

/** The wallet's server-sent events from the one after `lastEventId` on. Undefined where no stream came. */
export type Listen = (lastEventId: string, signal: AbortSignal) => Promise<ReadableStream<Uint8Array> | undefined>;

export interface Client {
  readonly ask: Ask;
  as(signer: Signer): { readonly ask: Ask; readonly listen: Listen };
}

const TIMEOUT_MS = 8_000;
const NONCE_BYTES = 16;

export function openClient(origin: string): Client {
  const request = async <Name extends RouteName>(
    signer: Signer | undefined,
    ...[name, params, body, options = {}]: Parameters<typeof ask<Name>>
  ): Promise<Answer<Name> | undefined> => {
    const { method } = walletRoutes[name];
    const url = origin + pathOf(name, params, options.query);
    const text = body === undefined ? undefined : JSON.stringify(body);
    const signed = signer === undefined ? {} : await sign(signer, method, url, text);
    try {
      const response = await fetch(url, {
        method,
        headers: { ...signed, ...(text === undefined ? {} : { 'content-type': 'application/json' }) },
        ...(text === undefined ? {} : { body: text }),
        cache: 'no-store',
        signal: AbortSignal.timeout(options.timeoutMs ?? TIMEOUT_MS),
      });
      return parseAnswer(name, response.status, await response.json());
    } catch {
      return undefined;
    }
  };
  const ask: Ask = (...call) => request(undefined, ...call);

  const listen = async (signer: Signer, lastEventId: string, signal: AbortSignal) => {
    const url = origin + pathOf('walletEvents', {}, { lastEventId });
    const headers = await sign(signer, 'GET', url, undefined);
    const response = await fetch(url, {
      headers: { ...headers, accept: 'text/event-stream', 'last-event-id': lastEventId },
      cache: 'no-store',
      signal,
    });
    const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') === true;
    return response.ok && isStream ? (response.body ?? undefined) : undefined;
  };

  return {
    ask,
    as: (signer) => ({
      ask: (...call) => request(signer, ...call),
      listen: (lastEventId, signal) => listen(signer, lastEventId, signal),
    }),
  };
}

async function sign(
  signer: Signer,
  method: string,
  url: string,
  body: string | undefined,
): Promise<Record<string, string>> {
  const headers = await signRequest({
    method,
    url,
    body,
    keyId: signer.keyId,
    created: Math.floor(signer.nowMs() / 1_000),
    nonce: toBase64Url(crypto.getRandomValues(new Uint8Array(NONCE_BYTES))),
    sign: (base) => signEd25519(signer.privateKey, base),
  });
  return { ...headers };
}
