import { createHmac, createPrivateKey, createPublicKey, sign } from 'node:crypto';
import { z } from 'zod';
import { fingerprintOf } from '#contract/fingerprint.ts';
import { storeIdSchema, terminalIdSchema } from '#contract/ids.ts';
import { type SignatureAlgorithm, signRequest } from '#contract/signature.ts';
import { deviceKeyRoutes, type RouteName, type RouteResponse } from '#contract/wallet.ts';

/** Who this terminal is at one wallet server. */
export const identitySchema = z.object({
  keyId: z.string(),
  terminalId: terminalIdSchema,
  storeId: storeIdSchema,
  storeName: z.string(),
  /** PKCS #8, PEM. Ed25519. */
  privateKey: z.string(),
});
export type Identity = z.infer<typeof identitySchema>;

/** Signs requests with the terminal's own key, or with a session's where one is open: that costs the server far less. */
export interface WalletSigner {
  readonly identity: Identity;
  /** What a person compares with what the administrator sees. */
  readonly fingerprint: string;
  /** Whether a new session should be asked for: there is none, or it ends soon. */
  needsSession(serverNowMs: number): boolean;
  keepSession(session: RouteResponse<'openSession'>): void;
  /** After the server refused a request that a session signed: the device key signs until there is another one. */
  dropSession(): void;
  headers(name: RouteName, request: Unsigned, serverNowMs: number, nonce: string): Promise<SignedHeaders>;
}

interface Unsigned {
  readonly method: string;
  readonly url: string;
  readonly body: string | undefined;
}

interface SignedHeaders {
  readonly bySession: boolean;
  readonly values: Readonly<Record<string, string>>;
}

interface Key {
  readonly keyId: string;
  readonly algorithm: SignatureAlgorithm;
  readonly sign: (base: Uint8Array) => Uint8Array;
}

/** A session is renewed when less than this is left of its 15 minutes, and signs nothing in its last half minute. */
const renewBelowMs = 3 * 60_000;
const unusedBelowMs = 30_000;

export function openWalletSigner(identity: Identity): WalletSigner {
  const privateKey = createPrivateKey(identity.privateKey);
  const { x = '' } = createPublicKey(privateKey).export({ format: 'jwk' });
  const device: Key = {
    keyId: identity.keyId,
    algorithm: 'ed25519',
    sign: (base) => sign(null, base, privateKey),
  };
  let session: (Key & { readonly expiresAtMs: number }) | undefined;
  const leftMs = (nowMs: number): number => (session === undefined ? 0 : session.expiresAtMs - nowMs);

  return {
    identity,
    fingerprint: fingerprintOf(Buffer.from(x, 'base64url')),
    needsSession: (nowMs) => leftMs(nowMs) < renewBelowMs,
    keepSession({ keyId, secret, expiresAt }) {
      const key = Buffer.from(secret, 'base64url');
      session = {
        keyId,
        algorithm: 'hmac-sha256',
        sign: (base) => createHmac('sha256', key).update(base).digest(),
        expiresAtMs: Date.parse(expiresAt),
      };
    },
    dropSession() {
      session = undefined;
    },
    async headers(name, request, nowMs, nonce) {
      const isFit = !deviceKeyRoutes.includes(name) && leftMs(nowMs) > unusedBelowMs;
      const key = isFit && session !== undefined ? session : device;
      const created = Math.floor(nowMs / 1_000);
      const { keyId, algorithm } = key;
      const values = await signRequest({ ...request, keyId, algorithm, created, nonce, sign: key.sign });
      return { bySession: key !== device, values: { ...values } };
    },
  };
}
