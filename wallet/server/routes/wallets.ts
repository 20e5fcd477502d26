import { currencyOfJurisdiction, HOME_JURISDICTION, limitsOf, listJurisdictions } from '../limits-data.ts';
import { openFailureCount, sourceOf } from '../limits.ts';
import { openNewWallet } from '../new-wallet.ts';
import { issuePairingCode, PAIRING_LIFETIME_MS } from '../pairing.ts';
import { findPhoneKey, listPhones } from '../phones.ts';
import { Refusal } from '../problem.ts';
import { findSettlementMethod } from '../settlement-methods.ts';
import { readWallet } from '../wallet-view.ts';
import { pair } from './pair.ts';
import { bytesOf, type HandlersOf, type Parts, phoneOf, timeOf } from './parts.ts';

/** Wrong binding codes from one address, before it has to wait. */
const MAX_WRONG_CODES = 10;
const WRONG_CODES_WINDOW_MS = 10 * 60_000;
/** Wallets that are opened from one address: a shop whose guests share its network, but not somebody's program. */
const MAX_OPENED = 500;
const OPENED_WINDOW_MS = 10 * 60_000;
const ALIAS_CHARACTERS = 10;

export function walletRoutes(
  parts: Parts,
): HandlersOf<
  | 'openWallet'
  | 'bindPhone'
  | 'makeBindingCode'
  | 'listPhones'
  | 'removePhone'
  | 'getWallet'
  | 'putPin'
  | 'putSettlementMethod'
  | 'putOfflineAllowance'
  | 'issueCredential'
> {
  const { books, registry, tokens, pins, allowances, keys, clock, newId, random } = parts;
  const wrongCodes = openFailureCount(MAX_WRONG_CODES, WRONG_CODES_WINDOW_MS);
  const opened = openFailureCount(MAX_OPENED, OPENED_WINDOW_MS);
  const now = (): string => timeOf(clock.nowMs());
  return {
    openWallet: async ({ body: { name, publicKey, jurisdiction = HOME_JURISDICTION }, address }) => {
      const nowMs = clock.nowMs();
      const currency = currencyOfJurisdiction(jurisdiction);
      if (currency === undefined) {
        return new Refusal('bad_request', `body.jurisdiction: one of ${listJurisdictions().join(', ')}`);
      }
      const source = sourceOf(address);
      if (opened.isOver(source, nowMs)) return new Refusal('too_many_requests');
      opened.add(source, nowMs);
      const ids = { walletId: newId(), phoneId: newId() };
      const wallet = { ...ids, name, publicKey: bytesOf(publicKey), jurisdiction, currency };
      const { walletId, phoneId } = await openNewWallet(books, keys, wallet, nowMs);
      return { walletId, deviceId: phoneId, keyId: phoneId, serverTime: now() };
    },

    bindPhone: async ({ body, address }) => {
      const { bindingCode, publicKey, name = '' } = body;
      const claim = { publicKey: bytesOf(publicKey), name, nowMs: clock.nowMs() };
      const alias = Buffer.from(random(ALIAS_CHARACTERS)).toString('base64url').slice(0, ALIAS_CHARACTERS);
      const phone = await pair(
        wrongCodes,
        { text: bindingCode, address, nowMs: clock.nowMs() },
        (secret) => registry.bindPhone({ ...secret, ...claim, alias, phoneId: newId() }),
        'binding_code_invalid',
      );
      return phone instanceof Refusal ? phone : { deviceId: phone.phoneId, keyId: phone.phoneId, serverTime: now() };
    },

    makeBindingCode: async ({ body: { pin }, signer }) => {
      const { walletId } = phoneOf(signer);
      const refusal = await pins.check(walletId, pin);
      if (refusal !== undefined) return refusal;
      const nowMs = clock.nowMs();
      const bindingCode = await issuePairingCode(registry, { walletId }, nowMs, random);
      return { bindingCode, expiresAt: timeOf(nowMs + PAIRING_LIFETIME_MS) };
    },

    listPhones: async ({ signer }) => {
      const { walletId, phoneId } = phoneOf(signer);
      return { devices: [...(await listPhones(books, walletId, phoneId))] };
    },

    removePhone: async ({ params: { deviceId }, signer }) => {
      const keyId = await findPhoneKey(books, phoneOf(signer).walletId, deviceId);
      if (keyId === undefined) return new Refusal('not_found');
      await registry.revoke(keyId, clock.nowMs());
      return { deviceId };
    },

    getWallet: ({ signer }) => readWallet(books, keys, phoneOf(signer).walletId, clock.nowMs()),

    putPin: async ({ body: { pin, currentPin }, signer }) =>
      (await pins.choose(phoneOf(signer).walletId, pin, currentPin)) ?? { isSet: true as const },

    putSettlementMethod: async ({ body, signer }) => {
      const { walletId } = phoneOf(signer);
      const method = await findSettlementMethod(books, walletId, body.method);
      if (method === undefined) return new Refusal('method_unknown');
      await books.db
        .updateTable('wallet')
        .set({ settlement_method: method.method })
        .where('id', '=', walletId)
        .execute();
      return method;
    },

    putOfflineAllowance: async ({ body: { amount: chosen }, signer }) => {
      const { walletId, currency } = phoneOf(signer);
      const { jurisdiction, level } = await books.db
        .selectFrom('wallet')
        .select(['jurisdiction', 'level'])
        .where('id', '=', walletId)
        .executeTakeFirstOrThrow();
      if (chosen.currency !== currency || chosen.amount < 0) {
        return new Refusal('bad_request', `body.amount: none or some ${currency}`);
      }
      const { maxOfflineAllowance } = limitsOf({ jurisdiction, level, currency });
      if (chosen.amount > maxOfflineAllowance) {
        return new Refusal('limit_exceeded', `At most ${maxOfflineAllowance} can be reserved.`);
      }
      const reserved = await allowances.choose(walletId, chosen.amount, clock.nowMs());
      return reserved instanceof Refusal ? reserved : { chosen, reserved: { amount: reserved, currency } };
    },

    issueCredential: async ({ body: { pin, method }, signer }) => {
      const phone = phoneOf(signer);
      const refusal = await pins.check(phone.walletId, pin);
      if (refusal !== undefined) return refusal;
      if ((await findSettlementMethod(books, phone.walletId, method)) === undefined) {
        return new Refusal('method_unknown');
      }
      const issued = await tokens.issue(phone, method, clock.nowMs());
      if (issued instanceof Refusal) return issued;
      return {
        credential: Buffer.from(issued.credential).toString('base64url'),
        method,
        offlineAllowance: { amount: issued.offlineAllowance, currency: phone.currency },
        notAfter: timeOf(issued.notAfterMs),
        serverTime: now(),
      };
    },
  };
}
