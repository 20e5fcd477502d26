import type { DeclineReason, Member } from '#contract/settlement.ts';
import {
  type CodeRefusal,
  credentialSigningInput,
  encodeClaims,
  encodeCredential,
  parseCode,
  verifyCode,
  type VerifyEd25519,
} from '#contract/token.ts';
import type { Payer } from './ledger/ledger.ts';
import type { ServerKeys } from './keys.ts';
import type { Phone, Registry } from './store/registry.ts';

/** Issues customers' credentials, and says whose code a code is. */
export interface Tokens {
  issue(phone: Phone, nowMs: number): { readonly credential: Uint8Array; readonly notAfterMs: number };
  /**
   * Judges a code as it was read at an instant, for a shop that may know only its own reference for the person. Single
   * use is the ledger's to judge, in the transaction that takes the money.
   */
  judge(text: string, storeId: string, readAtMs: number): Promise<Payer>;
}

/** Long enough to pay for two days without the network. */
const LIFETIME_SECONDS = 48 * 3_600;
/**
 * Nothing is held for offline settlements yet, so no terminal is promised anything: an allowance that the server does
 * not hold would be a promise of somebody else's money.
 */
const OFFLINE_ALLOWANCE = 0;
const SETTLEMENT_METHOD = 'shown_code';

/** An expired code is a nuisance that a new one ends; any other fault means that the code is not what it claims. */
const reasons: Readonly<Record<CodeRefusal, DeclineReason>> = {
  unknown_key: 'token_invalid',
  credential_forged: 'token_invalid',
  proof_forged: 'token_invalid',
  credential_not_yet_valid: 'token_invalid',
  code_from_the_future: 'token_invalid',
  credential_expired: 'token_expired',
  code_too_old: 'token_expired',
};

export function openTokens(keys: ServerKeys, registry: Registry, verify: VerifyEd25519): Tokens {
  return {
    issue(phone, nowMs) {
      const issuedAt = Math.floor(nowMs / 1_000);
      const { protectedHeader, payload } = encodeClaims(
        {
          version: 1,
          alias: phone.alias,
          phoneKey: phone.publicKey,
          currency: phone.currency,
          perPaymentLimit: phone.perPaymentLimit,
          offlineAllowance: OFFLINE_ALLOWANCE,
          issuedAt,
          expiresAt: issuedAt + LIFETIME_SECONDS,
        },
        keys.signing.keyId,
      );
      const signature = keys.signing.sign(credentialSigningInput(protectedHeader, payload));
      return {
        credential: encodeCredential({ protectedHeader, payload, signature }),
        notAfterMs: (issuedAt + LIFETIME_SECONDS) * 1_000,
      };
    },

    async judge(text, storeId, readAtMs) {
      const parsed = parseCode(text);
      if (!parsed.ok) return { isGood: false, alias: '', reason: 'token_invalid' };
      const { code } = parsed;
      const { alias } = code.claims;
      const verdict = verifyCode(code, keys.published, readAtMs, verify);
      if (!verdict.ok) return { isGood: false, alias, reason: reasons[verdict.reason] };
      const phone = await registry.findPhoneByAlias(alias);
      if (phone === undefined) return { isGood: false, alias, reason: 'token_invalid' };
      if (phone.isRevoked) return { isGood: false, alias, reason: 'credential_revoked' };
      return {
        isGood: true,
        alias,
        counter: code.counter,
        walletId: phone.walletId,
        perPaymentLimit: code.claims.perPaymentLimit,
        offlineAllowance: { amount: code.claims.offlineAllowance, currency: code.claims.currency },
        member: memberOf(keys, phone, storeId),
      };
    },
  };
}

/** `Haru Tanaka` is `Haru •••` to a shop; a single word shows its first letter only. */
export function maskName(name: string): string {
  const [first = '', ...rest] = name.trim().split(/\s+/);
  return `${rest.length > 0 ? first : (Array.from(first)[0] ?? '')} •••`;
}

function memberOf(keys: ServerKeys, phone: Phone, storeId: string): Member {
  return {
    memberRef: keys.blind('member', `${storeId}\n${phone.walletId}`).subarray(0, 12).toString('base64url'),
    maskedName: maskName(phone.walletName),
    settlementMethod: SETTLEMENT_METHOD,
  };
}
