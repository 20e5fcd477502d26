import { terminalIdSchema } from '#contract/ids.ts';
import { fingerprintOf } from '#contract/fingerprint.ts';
import { openFailureCount } from '../limits.ts';
import { readDenyList, readDenyListVersion } from '../deny-list-page.ts';
import { offlinePolicyOf, storePolicySchema } from '../offline-policy.ts';
import { Refusal } from '../problem.ts';
import { openSessions } from '../sessions.ts';
import { findTerminal } from '../terminals.ts';
import { pair } from './pair.ts';
import { bytesOf, type HandlersOf, type Parts, terminalOf, timeOf } from './parts.ts';

/** Wrong enrolment codes from one address, before it has to wait. */
const MAX_WRONG_CODES = 10;
const WRONG_CODES_WINDOW_MS = 10 * 60_000;

export function terminalRoutes(
  parts: Parts,
): HandlersOf<'enrolTerminal' | 'getTerminal' | 'openSession' | 'listKeys' | 'getDenyList' | 'resolveToken'> {
  const { books, registry, tokens, keys, clock, newId, random } = parts;
  const sessions = openSessions(keys, random);
  const wrongCodes = openFailureCount(MAX_WRONG_CODES, WRONG_CODES_WINDOW_MS);
  const now = (): string => timeOf(clock.nowMs());
  return {
    enrolTerminal: async ({ body, address }) => {
      const { enrolmentCode, name } = body;
      const publicKey = bytesOf(body.publicKey);
      const claim = { publicKey, nowMs: clock.nowMs(), name };
      const terminal = await pair(
        wrongCodes,
        { text: enrolmentCode, address, nowMs: clock.nowMs() },
        (secret) => registry.enrolTerminal({ ...secret, ...claim, terminalId: terminalIdSchema.parse(newId()) }),
        'enrolment_code_invalid',
      );
      if (terminal instanceof Refusal) return terminal;
      const { terminalId, storeId, storeName, isApproved } = terminal;
      return {
        terminalId,
        storeId,
        storeName,
        keyId: terminalId,
        state: isApproved ? ('active' as const) : ('awaiting_approval' as const),
        fingerprint: fingerprintOf(publicKey),
        serverTime: now(),
      };
    },

    getTerminal: async ({ signer }) => {
      const { terminalId } = terminalOf(signer);
      return (await findTerminal(books, terminalId)) ?? new Refusal('not_found');
    },

    openSession: async ({ signer }) => {
      const { terminalId, storeId } = terminalOf(signer);
      const store = await books.db
        .selectFrom('store')
        .select(['offline_policy', 'settlement_methods'])
        .where('id', '=', storeId)
        .executeTakeFirstOrThrow();
      const session = sessions.open(terminalId, clock.nowMs());
      return {
        keyId: session.keyId,
        secret: Buffer.from(session.secret).toString('base64url'),
        expiresAt: timeOf(session.expiresAtMs),
        policy: {
          offline: offlinePolicyOf(storePolicySchema.parse(JSON.parse(store.offline_policy))),
          settlementMethods: JSON.parse(store.settlement_methods) as string[],
        },
        denyListVersion: await readDenyListVersion(books),
        serverTime: now(),
      };
    },

    listKeys: async () => ({
      keys: keys.published.map((key) => ({
        keyId: key.keyId,
        algorithm: 'Ed25519' as const,
        publicKey: Buffer.from(key.publicKey).toString('base64url'),
        notBefore: timeOf(key.notBeforeMs),
        notAfter: timeOf(key.notAfterMs),
      })),
      serverTime: now(),
    }),

    getDenyList: async ({ query }) => readDenyList(books, Number(query.since ?? 0), keys.signing, now()),

    resolveToken: async ({ body, signer }) => {
      const { storeId } = terminalOf(signer);
      const payer = await tokens.judge(body.token, storeId, clock.nowMs());
      if (!payer.isGood) return new Refusal(payer.reason === 'token_expired' ? 'token_expired' : 'token_invalid');
      return { ...payer.member, offlineAllowance: payer.offlineAllowance };
    },
  };
}
