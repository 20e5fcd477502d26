import { terminalIdSchema } from '#contract/ids.ts';
import { openFailureCount } from '../limits.ts';
import { Refusal } from '../problem.ts';
import { pair } from './pair.ts';
import { bytesOf, type HandlersOf, type Parts, terminalOf, timeOf } from './parts.ts';

/** Wrong enrolment codes from one address, before it has to wait. */
const MAX_WRONG_CODES = 10;
const WRONG_CODES_WINDOW_MS = 10 * 60_000;

export function terminalRoutes(parts: Parts): HandlersOf<'enrolTerminal' | 'listKeys' | 'resolveToken'> {
  const { registry, tokens, keys, clock, newId } = parts;
  const wrongCodes = openFailureCount(MAX_WRONG_CODES, WRONG_CODES_WINDOW_MS);
  const now = (): string => timeOf(clock.nowMs());
  return {
    enrolTerminal: async ({ body, address }) => {
      const { enrolmentCode, publicKey, name } = body;
      const claim = { publicKey: bytesOf(publicKey), nowMs: clock.nowMs(), name };
      const terminal = await pair(
        wrongCodes,
        { text: enrolmentCode, address, nowMs: clock.nowMs() },
        (secret) => registry.enrolTerminal({ ...secret, ...claim, terminalId: terminalIdSchema.parse(newId()) }),
        'enrolment_code_invalid',
      );
      return terminal instanceof Refusal ? terminal : { ...terminal, keyId: terminal.terminalId, serverTime: now() };
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
  };
}
