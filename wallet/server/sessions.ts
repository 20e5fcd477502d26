import { createHmac, timingSafeEqual } from 'node:crypto';
import { type TerminalId, terminalIdSchema } from '#contract/ids.ts';
import type { ServerKeys } from './keys.ts';

/**
 * Short-lived HMAC keys for terminals: verifying one costs a fortieth of an Ed25519 signature.
 *
 * No table keeps them. The key's name says whose it is and until when, and its secret is an HMAC of the name under the
 * server's own secret, so every process that shares the key file knows every session, and a terminal that is revoked has
 * none: the terminal's row is looked at with each request.
 *
 *     s.<terminal id>.<seconds since 1970 when it ends>.<12 random characters>
 */
export interface Sessions {
  open(terminalId: TerminalId, nowMs: number): Session;
  /** Undefined for what is no name of a session. Whether it is over is the caller's to judge, once it is verified. */
  find(keyId: string): Session | undefined;
}

interface Session {
  readonly keyId: string;
  readonly terminalId: TerminalId;
  /** 32 bytes. */
  readonly secret: Uint8Array;
  readonly expiresAtMs: number;
}

const LIFETIME_SECONDS = 15 * 60;
const RANDOM_BYTES = 9;
const NAME = /^s\.([0-9a-f-]{36})\.(\d{1,12})\.[A-Za-z0-9_-]{12}$/;

export function openSessions(keys: ServerKeys, random: (bytes: number) => Uint8Array): Sessions {
  const secretOf = (keyId: string): Uint8Array => keys.blind('session', keyId);
  return {
    open(terminalId, nowMs) {
      const expiresAt = Math.floor(nowMs / 1_000) + LIFETIME_SECONDS;
      const keyId = `s.${terminalId}.${expiresAt}.${Buffer.from(random(RANDOM_BYTES)).toString('base64url')}`;
      return { keyId, terminalId, secret: secretOf(keyId), expiresAtMs: expiresAt * 1_000 };
    },
    find(keyId) {
      const [, id, expiresAt] = NAME.exec(keyId) ?? [];
      const terminalId = terminalIdSchema.safeParse(id);
      if (!terminalId.success) return undefined;
      return { keyId, terminalId: terminalId.data, secret: secretOf(keyId), expiresAtMs: Number(expiresAt) * 1_000 };
    },
  };
}

/** In constant time. */
export function verifyHmac(secret: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  const digest = createHmac('sha256', secret).update(message).digest();
  return digest.length === signature.length && timingSafeEqual(digest, signature);
}
