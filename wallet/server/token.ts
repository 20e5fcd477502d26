import type { DeclineReason } from '#contract/settlement.ts';
import {
  type CodeRefusal,
  credentialSigningInput,
  encodeClaims,
  encodeCredential,
  parseCode,
  verifyCode,
  type VerifyEd25519,
} from '#contract/token.ts';
import type { SettlementMethodId } from '#contract/wallet.ts';
import type { Allowances } from './allowance.ts';
import type { ServerKeys } from './keys.ts';
import type { Payer } from './ledger/ledger.ts';
import type { Limits } from './limits-data.ts';
import { memberRefOf } from './member-ref.ts';
import type { Payers } from './payers.ts';
import { Refusal } from './problem.ts';
import { methodForShops } from './settlement-methods.ts';
import type { Phone } from './store/registry.ts';

/** Issues customers' credentials, and says whose code a code is. */
export interface Tokens {
  /** Reserves what the credential promises, then signs it: no more than that. Whoever asks has shown the PIN. */
  issue(phone: Phone, method: SettlementMethodId, nowMs: number): Promise<Issued | Refusal>;
  /**
   * Judges a code as it was read at an instant, for a shop that may know only its own reference for the person. Single
   * use is the ledger's to judge, in the transaction that takes the money.
   */
  judge(text: string, storeId: string, readAtMs: number): Promise<Judged>;
}

export interface Issued {
  readonly credential: Uint8Array;
  /** Minor units. */
  readonly offlineAllowance: number;
  readonly notAfterMs: number;
}

/** What the ledger needs of a payer, and what decides how the ledger is asked. */
export type Judged =
  | Extract<Payer, { isGood: false }>
  | (Extract<Payer, { isGood: true }> & {
      /** In full: `linked:<method id>` is the consent to reload what the payment lacks. */
      readonly method: SettlementMethodId;
      readonly limits: Limits;
    });

export interface TokenOptions {
  readonly keys: ServerKeys;
  readonly payers: Payers;
  readonly allowances: Allowances;
  readonly verify: VerifyEd25519;
}

/** Long enough to pay for two days without the network. */
const LIFETIME_SECONDS = 48 * 3_600;
const MAX_KNOWN_CREDENTIALS = 20_000;
const MAX_KNOWN_REFERENCES = 50_000;

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

export function openTokens({ keys, payers, allowances, verify }: TokenOptions): Tokens {
  const verifyOnce = rememberOwn(keys, verify);
  const references = new Map<string, string>();

  /** A regular of a shop is known there by the same reference each time. */
  function referenceOf(storeId: string, walletId: string): string {
    const name = `${storeId}${walletId}`;
    const known = references.get(name);
    if (known !== undefined) return known;
    const reference = memberRefOf(keys, storeId, walletId);
    if (references.size >= MAX_KNOWN_REFERENCES) references.clear();
    references.set(name, reference);
    return reference;
  }

  return {
    async issue(phone, method, nowMs) {
      const issuedAt = Math.floor(nowMs / 1_000);
      // One key for both: the next one may begin while the allowance is being reserved.
      const key = keys.signing;
      const notAfterMs = (issuedAt + LIFETIME_SECONDS) * 1_000;
      const { phoneId, walletId, alias, publicKey, currency } = phone;
      const payer = await payers.find(alias);
      if (payer === undefined) throw new Error('a credential is for a phone that is in the books');
      const reserved = await allowances.reserve({ phoneId, walletId, method, issuedAtMs: nowMs, notAfterMs });
      payers.forget(phone.keyId);
      if (reserved instanceof Refusal) return reserved;
      const { protectedHeader, payload } = encodeClaims(
        {
          version: 1,
          alias,
          phoneKey: publicKey,
          currency,
          perPaymentLimit: Math.min(phone.perPaymentLimit, payer.limits.perPayment),
          offlineAllowance: reserved,
          issuedAt,
          expiresAt: issuedAt + LIFETIME_SECONDS,
        },
        key.keyId,
      );
      const signature = key.sign(credentialSigningInput(protectedHeader, payload));
      const credential = encodeCredential({ protectedHeader, payload, signature });
      return { credential, offlineAllowance: reserved, notAfterMs };
    },

    async judge(text, storeId, readAtMs) {
      const parsed = parseCode(text);
      if (!parsed.ok) return { isGood: false, alias: '', reason: 'token_invalid' };
      const { code } = parsed;
      const { alias, perPaymentLimit, offlineAllowance, currency } = code.claims;
      const verdict = verifyCode(code, keys.published, readAtMs, verifyOnce);
      if (!verdict.ok) return { isGood: false, alias, reason: reasons[verdict.reason] };
      const payer = await payers.find(alias);
      if (payer === undefined) return { isGood: false, alias, reason: 'token_invalid' };
      // A terminal that read it before the phone was removed did nothing wrong.
      if (payer.revokedAtMs !== undefined && payer.revokedAtMs <= readAtMs) {
        return { isGood: false, alias, reason: 'credential_revoked' };
      }
      const { walletId, walletName, method, limits } = payer;
      return {
        isGood: true,
        alias,
        counter: code.counter,
        walletId,
        perPaymentLimit,
        offlineAllowance: { amount: offlineAllowance, currency },
        member: {
          memberRef: referenceOf(storeId, walletId),
          maskedName: maskName(walletName),
          settlementMethod: methodForShops(method),
        },
        method,
        limits,
      };
    },
  };
}

/** `Haru Tanaka` is `Haru •••` to a shop; a single word shows its first letter only. */
export function maskName(name: string): string {
  const [first = '', ...rest] = name.trim().split(/\s+/);
  return `${rest.length > 0 ? first : (Array.from(first)[0] ?? '')} •••`;
}

/**
 * A credential comes back with every code that is made from it: its bytes under our own signature are verified once, and
 * the phone's proof alone is new each time.
 */
function rememberOwn(keys: ServerKeys, verify: VerifyEd25519): VerifyEd25519 {
  const known = new Set<string>();
  return (publicKey, message, signature) => {
    // By identity: our keys are handed to the verifier as they stand in the list.
    const isOurs = keys.published.some((key) => key.publicKey === publicKey);
    if (!isOurs) return verify(publicKey, message, signature);
    const name = `${latin1(publicKey)}${latin1(signature)}${latin1(message)}`;
    if (known.has(name)) return true;
    if (!verify(publicKey, message, signature)) return false;
    if (known.size >= MAX_KNOWN_CREDENTIALS) known.clear();
    known.add(name);
    return true;
  };
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}
