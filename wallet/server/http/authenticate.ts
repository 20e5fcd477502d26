import assert from 'node:assert';
import { createHash } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { receivedMessage, type VerifyingKey, verifyRequest } from '#contract/signature.ts';
import type { VerifyEd25519 } from '#contract/token.ts';
import { deviceKeyRoutes, type RouteName, walletRoutes } from '#contract/wallet.ts';
import { findAdminToken } from '../admin-token.ts';
import type { Clock, Identity } from '../call.ts';
import { openFailureCount, sourceOf } from '../limits.ts';
import type { NonceMemory } from '../nonces.ts';
import { Refusal } from '../problem.ts';
import type { Sessions } from '../sessions.ts';
import type { Signers } from '../signers.ts';
import type { Books } from '../store/books.ts';

/** Finds out who calls. */
export interface Gate {
  /** Undefined where the route asks nobody's name. Ids in the path were not checked yet. */
  admit(name: RouteName, request: FastifyRequest, body: Buffer): Promise<Identity | undefined | Refusal>;
}

export interface GateOptions {
  readonly books: Books;
  readonly signers: Signers;
  readonly sessions: Sessions;
  readonly nonces: NonceMemory;
  readonly verify: VerifyEd25519;
  readonly clock: Clock;
  /** As callers see this server, where a proxy stands before it: `https://wallet.example`. */
  readonly publicOrigin: string | undefined;
}

/** Wrong administrators' tokens from one address, before it has to wait. */
const MAX_WRONG_TOKENS = 10;
const WRONG_TOKENS_WINDOW_MS = 10 * 60_000;

/** A key that signs, and who is behind it. */
interface Signing {
  readonly key: VerifyingKey;
  readonly who: Identity;
  /** Of a session: when it is over. */
  readonly expiresAtMs: number | undefined;
}

export function openGate(options: GateOptions): Gate {
  const { books, signers, sessions, nonces, verify, clock, publicOrigin } = options;
  const wrongTokens = openFailureCount(MAX_WRONG_TOKENS, WRONG_TOKENS_WINDOW_MS);

  function byEd25519(publicKey: Uint8Array, who: Identity): Signing {
    const key: VerifyingKey = {
      algorithm: 'ed25519',
      verify: (base, signature) => verify(publicKey, base, signature),
    };
    return { key, who, expiresAtMs: undefined };
  }

  async function findDevice(keyId: string): Promise<Signing | undefined> {
    const session = sessions.find(keyId);
    const signer = await signers.find(session?.terminalId ?? keyId);
    if (signer === undefined) return undefined;
    if (session === undefined) return byEd25519(signer.publicKey, signer);
    const key: VerifyingKey = { algorithm: 'hmac-sha256', verify: session.verify };
    return { key, who: signer, expiresAtMs: session.expiresAtMs };
  }

  /** An operator's key is its name, as that side has no enrolment: an administrator registered it. */
  async function findOperator(keyId: string, params: unknown): Promise<Signing | undefined> {
    const { operatorId } = params as { readonly operatorId?: unknown };
    const row = await books.db
      .selectFrom('operator')
      .select(['id', 'public_key'])
      .where('id', '=', String(operatorId))
      .where('removed_at_ms', 'is', null)
      .executeTakeFirst();
    if (row === undefined || row.public_key.toString('base64url') !== keyId) return undefined;
    return byEd25519(row.public_key, { type: 'operator', keyId, operatorId: row.id });
  }

  async function checkSignature(name: RouteName, request: FastifyRequest, body: Buffer): Promise<Identity | Refusal> {
    const nowMs = clock.nowMs();
    const isOperator = walletRoutes[name].caller === 'operator';
    let signing: Signing | undefined;
    const verdict = await verifyRequest({
      ...receivedMessage(
        { method: request.method, target: request.raw.url ?? '', headers: request.headers },
        publicOrigin,
      ),
      body,
      nowSeconds: Math.floor(nowMs / 1_000),
      sha256: (bytes) => createHash('sha256').update(bytes).digest(),
      findKey: async (keyId) => {
        signing = isOperator ? await findOperator(keyId, request.params) : await findDevice(keyId);
        return signing?.key;
      },
    });
    if (!verdict.ok) return new Refusal(verdict.problem, verdict.detail);
    assert(signing !== undefined, 'a signature that holds has a signer');
    const isFresh = nonces.use(verdict.keyId, verdict.nonce, verdict.created, nowMs);
    if (isFresh === undefined) return new Refusal('overloaded');
    if (!isFresh) return new Refusal('request_replayed');
    return refuse(name, signing, nowMs) ?? signing.who;
  }

  async function checkToken({ headers, ip }: FastifyRequest): Promise<Identity | Refusal> {
    const [, token] = /^Bearer ([\w-]{1,128})$/i.exec(headers.authorization ?? '') ?? [];
    const id = token === undefined ? undefined : await findAdminToken(books, token);
    if (id !== undefined) return { type: 'admin', keyId: id };
    // Nobody guesses 256 bits. What is throttled is the noise; whoever has the right token is never locked out by it.
    const [nowMs, source] = [clock.nowMs(), sourceOf(ip)];
    if (wrongTokens.isOver(source, nowMs)) return new Refusal('too_many_requests');
    if (token !== undefined) wrongTokens.add(source, nowMs);
    return new Refusal('admin_token_invalid');
  }

  return {
    async admit(name, request, body) {
      const { caller } = walletRoutes[name];
      if (caller === 'anyone') return undefined;
      return caller === 'admin' ? checkToken(request) : checkSignature(name, request, body);
    },
  };
}

/** What the holder of a key may not do, though the signature is good. */
function refuse(name: RouteName, { who, expiresAtMs }: Signing, nowMs: number): Refusal | undefined {
  const { caller } = walletRoutes[name];
  if (expiresAtMs !== undefined && expiresAtMs <= nowMs) return new Refusal('session_expired');
  if ('isRevoked' in who && who.isRevoked) return new Refusal('device_revoked');
  if (who.type !== caller) return new Refusal('device_unknown', `Only a ${caller} may ask this.`);
  if (who.type === 'terminal' && !who.isApproved && name !== 'getTerminal') return new Refusal('terminal_not_approved');
  if (expiresAtMs !== undefined && deviceKeyRoutes.includes(name)) return new Refusal('device_key_required');
  return undefined;
}
