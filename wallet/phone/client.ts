import { signRequest } from '#contract/signature.ts';
import {
  type Answer,
  parseAnswer,
  pathOf,
  type RouteName,
  type RouteParams,
  type RouteRequest,
  walletRoutes,
} from '#contract/wallet.ts';

/** Calls the wallet server. Undefined means that there was no answer: the network, or no server. */
export type Ask = <Name extends RouteName>(
  name: Name,
  params: RouteParams<Name>,
  body?: RouteRequest<Name>,
) => Promise<Answer<Name> | undefined>;

export interface Signer {
  readonly keyId: string;
  readonly privateKey: CryptoKey;
  /** By the server's clock. */
  nowMs(): number;
}

const TIMEOUT_MS = 8_000;
const NONCE_BYTES = 16;

export function openClient(origin: string): { readonly ask: Ask; as(signer: Signer): Ask } {
  const request = async <Name extends RouteName>(
    name: Name,
    params: RouteParams<Name>,
    body: RouteRequest<Name> | undefined,
    signer: Signer | undefined,
  ): Promise<Answer<Name> | undefined> => {
    const { method } = walletRoutes[name];
    const url = origin + pathOf(name, params);
    const text = body === undefined ? undefined : JSON.stringify(body);
    const signed = signer === undefined ? {} : await sign(signer, method, url, text);
    try {
      const response = await fetch(url, {
        method,
        headers: { ...signed, ...(text === undefined ? {} : { 'content-type': 'application/json' }) },
        ...(text === undefined ? {} : { body: text }),
        cache: 'no-store',
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      return parseAnswer(name, response.status, await response.json());
    } catch {
      return undefined;
    }
  };
  return {
    ask: (name, params, body) => request(name, params, body, undefined),
    as: (signer) => (name, params, body) => request(name, params, body, signer),
  };
}

async function sign(
  signer: Signer,
  method: string,
  url: string,
  body: string | undefined,
): Promise<Record<string, string>> {
  const { keyId, privateKey } = signer;
  const nonce = toBase64Url(crypto.getRandomValues(new Uint8Array(NONCE_BYTES)));
  const created = Math.floor(signer.nowMs() / 1_000);
  const headers = await signRequest({
    method,
    url,
    body,
    keyId,
    created,
    nonce,
    sign: (base) => signEd25519(privateKey, base),
  });
  return { ...headers };
}

export async function signEd25519(privateKey: CryptoKey, message: Uint8Array): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.sign('Ed25519', privateKey, new Uint8Array(message)));
}

/** A key pair whose private half can sign and cannot be taken out. */
export async function makeKey(): Promise<{ readonly privateKey: CryptoKey; readonly publicKey: Uint8Array }> {
  const pair = await crypto.subtle.generateKey('Ed25519', false, ['sign', 'verify']);
  return {
    privateKey: pair.privateKey,
    publicKey: new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey)),
  };
}

export function toBase64Url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
}

export function fromBase64Url(text: string): Uint8Array {
  return Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (character) => character.charCodeAt(0));
}
