import { createHmac, createSecretKey, timingSafeEqual } from 'node:crypto';
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
  /** In constant time. */
  readonly verify: (message: Uint8Array, signature: Uint8Array) => boolean;
}

/** More terminals than one server has; who is forgotten is worked out anew. */
const MAX_KNOWN = 10_000;
const LIFETIME_SECONDS = 15 * 60;
const RANDOM_BYTES = 9;
const NAME = /^s\.([0-9a-f-]{36})\.(\d{1,12})\.[A-Za-z0-9_-]{12}$/;

export function openSessions(keys: ServerKeys, random: (bytes: number) => Uint8Array): Sessions {
  const known = new Map<string, Session>();

  function make(keyId: string, terminalId: TerminalId, expiresAt: number): Session {
    const secret = keys.blind('session', keyId);
    // A key that is parsed once: node:crypto works longer on raw bytes than on the HMAC itself.
    const key = createSecretKey(secret);
    return {
      keyId,
      terminalId,
      secret,
      expiresAtMs: expiresAt * 1_000,
      verify: (message, signature) => {
        const digest = createHmac('sha256', key).update(message).digest();
        return digest.length === signature.length && timingSafeEqual(digest, signature);
      },
    };
  }

  return {
    open(terminalId, nowMs) {
      const expiresAt = Math.floor(nowMs / 1_000) + LIFETIME_SECONDS;
      const keyId = `s.${terminalId}.${expiresAt}.${Buffer.from(random(RANDOM_BYTES)).toString('base64url')}`;
      return make(keyId, terminalId, expiresAt);
    },
    find(keyId) {
      const kept = known.get(keyId);
      if (kept !== undefined) return kept;
      const [, id, expiresAt] = NAME.exec(keyId) ?? [];
      const terminalId = terminalIdSchema.safeParse(id);
      if (!terminalId.success) return undefined;
      const session = make(keyId, terminalId.data, Number(expiresAt));
      if (known.size >= MAX_KNOWN) known.clear();
      known.set(keyId, session);
      return session;
    },
  };
}
