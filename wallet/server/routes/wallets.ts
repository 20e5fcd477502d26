import { openFailureCount } from '../limits.ts';
import { Refusal } from '../problem.ts';
import { pair } from './pair.ts';
import { bytesOf, type HandlersOf, type Parts, phoneOf, timeOf } from './parts.ts';

/** Wrong binding codes from one address, before it has to wait. */
const MAX_WRONG_CODES = 10;
const WRONG_CODES_WINDOW_MS = 10 * 60_000;
const ALIAS_CHARACTERS = 10;

export function walletRoutes(parts: Parts): HandlersOf<'bindPhone' | 'issueCredential'> {
  const { registry, tokens, clock, newId } = parts;
  const wrongCodes = openFailureCount(MAX_WRONG_CODES, WRONG_CODES_WINDOW_MS);
  const now = (): string => timeOf(clock.nowMs());
  return {
    bindPhone: async ({ body, address }) => {
      const claim = { publicKey: bytesOf(body.publicKey), nowMs: clock.nowMs() };
      const alias = Buffer.from(parts.random(ALIAS_CHARACTERS)).toString('base64url').slice(0, ALIAS_CHARACTERS);
      const phone = await pair(
        wrongCodes,
        { text: body.bindingCode, address, nowMs: clock.nowMs() },
        (secret) => registry.bindPhone({ ...secret, ...claim, alias, phoneId: newId() }),
        'binding_code_invalid',
      );
      return phone instanceof Refusal ? phone : { deviceId: phone.phoneId, keyId: phone.phoneId, serverTime: now() };
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
