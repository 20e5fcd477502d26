import { attemptIdSchema, refundIdSchema, terminalIdSchema } from '#contract/ids.ts';
import type { RouteResponse } from '#contract/wallet.ts';
import type { Bookkeeper } from './group-commit.ts';
import type { Clock, Handlers } from './http.ts';
import type { ServerKeys } from './keys.ts';
import type { Ledger, Outcome } from './ledger/ledger.ts';
import { openFailureCount } from './limits.ts';
import { type PairingSecret, parsePairingCode } from './pairing.ts';
import { Refusal } from './problem.ts';
import type { Registry, Signer } from './store/registry.ts';
import type { Tokens } from './token.ts';

export interface RouteOptions {
  readonly bookkeeper: Bookkeeper;
  readonly ledger: Ledger;
  readonly registry: Registry;
  readonly tokens: Tokens;
  readonly keys: ServerKeys;
  readonly clock: Clock;
  /** Makes a UUIDv7. */
  readonly newId: () => string;
  readonly random: (bytes: number) => Uint8Array;
}

const MAX_MOVEMENTS = 20;
/** Wrong pairing codes from one address, before it has to wait. */
const MAX_WRONG_CODES = 10;
const WRONG_CODES_WINDOW_MS = 10 * 60_000;
const ALIAS_CHARACTERS = 10;

/** The contract's routes, each in a few lines over the ledger and the registry. */
export function buildRoutes(options: RouteOptions): Handlers {
  const { bookkeeper, ledger, registry, tokens, keys, clock, newId } = options;
  const wrongCodes = openFailureCount(MAX_WRONG_CODES, WRONG_CODES_WINDOW_MS);
  const now = (): string => new Date(clock.nowMs()).toISOString();

  /** Reads a pairing code and redeems it, counting what fails by address. */
  async function pair<Paired>(
    text: string,
    address: string,
    redeem: (secret: PairingSecret) => Promise<Paired | undefined>,
    invalid: 'enrolment_code_invalid' | 'binding_code_invalid',
  ): Promise<Paired | Refusal> {
    if (wrongCodes.isOver(address, clock.nowMs())) return new Refusal('too_many_requests');
    const secret = parsePairingCode(text);
    const paired = secret === undefined ? undefined : await redeem(secret);
    if (paired !== undefined) return paired;
    wrongCodes.add(address, clock.nowMs());
    return new Refusal(invalid);
  }

  return {
    enrolTerminal: async ({ body, address }) => {
      const { enrolmentCode, publicKey, name } = body;
      const claim = { publicKey: bytesOf(publicKey), nowMs: clock.nowMs(), name };
      const terminal = await pair(
        enrolmentCode,
        address,
        (secret) => registry.enrolTerminal({ ...secret, ...claim, terminalId: terminalIdSchema.parse(newId()) }),
        'enrolment_code_invalid',
      );
      return terminal instanceof Refusal ? terminal : { ...terminal, keyId: terminal.terminalId, serverTime: now() };
    },

    bindPhone: async ({ body, address }) => {
      const claim = { publicKey: bytesOf(body.publicKey), nowMs: clock.nowMs() };
      const alias = Buffer.from(options.random(ALIAS_CHARACTERS)).toString('base64url').slice(0, ALIAS_CHARACTERS);
      const phone = await pair(
        body.bindingCode,
        address,
        (secret) => registry.bindPhone({ ...secret, ...claim, alias, phoneId: newId() }),
        'binding_code_invalid',
      );
      return phone instanceof Refusal ? phone : { deviceId: phone.phoneId, keyId: phone.phoneId, serverTime: now() };
    },

    listKeys: async () => ({
      keys: keys.published.map((key) => ({
        keyId: key.keyId,
        algorithm: 'Ed25519' as const,
        publicKey: Buffer.from(key.publicKey).toString('base64url'),
        notBefore: new Date(key.notBeforeMs).toISOString(),
        notAfter: new Date(key.notAfterMs).toISOString(),
      })),
      serverTime: now(),
    }),

    resolveToken: async ({ body, signer }) => {
      const { storeId } = terminalOf(signer);
      const payer = await tokens.judge(body.token, storeId, clock.nowMs());
      if (!payer.isGood) return new Refusal(payer.reason === 'token_expired' ? 'token_expired' : 'token_invalid');
      return { ...payer.member, offlineAllowance: payer.offlineAllowance };
    },

    putSettlement: async ({ params, body, signer }) => {
      const { storeId, terminalId } = terminalOf(signer);
      if (body.amount.amount <= 0) return new Refusal('bad_request', 'amount: a settlement is above zero');
      const nowMs = clock.nowMs();
      // A code that was read without the network is judged by when it was read.
      const readAtMs = body.mode === 'offline' ? Math.min(Date.parse(body.capturedAt), nowMs) : nowMs;
      const payer = await tokens.judge(body.token, storeId, readAtMs);
      const { checkId, amount } = body;
      const settlementId = attemptIdSchema.parse(params.settlementId);
      return settlementOf(
        await bookkeeper.book({
          type: 'settle',
          settlementId,
          storeId,
          terminalId,
          checkId,
          amount,
          payer,
          atMs: nowMs,
        }),
      );
    },

    getSettlement: async ({ params, signer }) => {
      const { storeId } = terminalOf(signer);
      const settlement = await ledger.findSettlement(attemptIdSchema.parse(params.settlementId), storeId);
      return settlement ?? new Refusal('not_found');
    },

    cancelSettlement: async ({ params, signer }) => {
      const { storeId, terminalId } = terminalOf(signer);
      const settlementId = attemptIdSchema.parse(params.settlementId);
      const atMs = clock.nowMs();
      return settlementOf(
        await bookkeeper.book({ type: 'cancel', settlementId, storeId, terminalId, transferId: newId(), atMs }),
      );
    },

    putRefund: async ({ params, body, signer }) => {
      const { storeId, terminalId } = terminalOf(signer);
      if (body.amount.amount <= 0) return new Refusal('bad_request', 'amount: a refund is above zero');
      const outcome = await bookkeeper.book({
        type: 'refund',
        refundId: refundIdSchema.parse(params.refundId),
        settlementId: attemptIdSchema.parse(params.settlementId),
        storeId,
        terminalId,
        amount: body.amount,
        reason: body.reason,
        atMs: clock.nowMs(),
      });
      if (outcome.type === 'refund') return outcome.refund;
      return refusalOf(outcome);
    },

    getWallet: async ({ signer }) => {
      const phone = phoneOf(signer);
      const statement = await ledger.readStatement(phone.walletId, MAX_MOVEMENTS);
      if (statement === undefined) return new Refusal('internal');
      return {
        name: statement.name,
        balance: statement.balance,
        movements: statement.movements.map(({ atMs, kind, amount, currency, store }) => ({
          at: new Date(atMs).toISOString(),
          kind,
          amount,
          currency,
          ...(store === undefined ? {} : { store }),
        })),
        serverTime: now(),
      };
    },

    issueCredential: async ({ signer }) => {
      const { credential, notAfterMs } = tokens.issue(phoneOf(signer), clock.nowMs());
      return {
        credential: Buffer.from(credential).toString('base64url'),
        notAfter: new Date(notAfterMs).toISOString(),
        serverTime: now(),
      };
    },
  };
}

function settlementOf(outcome: Outcome): RouteResponse<'putSettlement'> | Refusal {
  return outcome.type === 'settlement' ? outcome.settlement : refusalOf(outcome);
}

function refusalOf(outcome: Outcome): Refusal {
  return new Refusal(outcome.type === 'refused' ? outcome.code : 'internal');
}

function terminalOf(signer: Signer | undefined): Extract<Signer, { type: 'terminal' }> {
  if (signer?.type !== 'terminal') throw new Error('a route of a terminal is only called by one');
  return signer;
}

function phoneOf(signer: Signer | undefined): Extract<Signer, { type: 'phone' }> {
  if (signer?.type !== 'phone') throw new Error('a route of a phone is only called by one');
  return signer;
}

function bytesOf(base64url: string): Uint8Array {
  return new Uint8Array(Buffer.from(base64url, 'base64url'));
}
