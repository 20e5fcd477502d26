import type { RouteResponse, SettlementMethodId } from '#contract/wallet.ts';
import type { Ask } from './client.ts';
import type { Codes } from './codes.ts';
import { fromBase64Url } from './keys.ts';
import { isPassing, outcomeOf, type PinOutcome } from './pin.ts';
import type { Storage } from './storage.ts';
import { type Credential, deriveKey, MAX_OFFLINE_TRIES, openVault, seal, unseal, type Vault } from './vault.ts';

/** From the PIN to a code on the screen, and the choice of the method that it pays by. */
export interface Pay {
  showCode(method: SettlementMethodId, pin: string): Promise<PinOutcome>;
  changePin(pin: string, currentPin: string | undefined): Promise<PinOutcome>;
  choose(method: SettlementMethodId): void;
  /** What was chosen here and the server has not heard yet. */
  chosen(): SettlementMethodId | undefined;
  /** Tells the server what was chosen. */
  synchronise(): Promise<void>;
}

export interface PayOptions {
  readonly keyId: string;
  readonly storage: Storage;
  readonly ask: Ask;
  readonly codes: Codes;
  /** By the server's clock. */
  readonly nowMs: () => number;
  readonly view: () => RouteResponse<'getWallet'> | undefined;
}

/** Somebody stands at the till: after this the phone helps itself. */
const CODE_TIMEOUT_MS = 3_000;

export function openPay({ keyId, storage, ask, codes, nowMs, view }: PayOptions): Pay {
  let chosen: SettlementMethodId | undefined;

  async function showCode(method: SettlementMethodId, pin: string): Promise<PinOutcome> {
    const kept = (await storage.find(keyId))?.vault;
    const vault = kept ?? (await openVault());
    // Slow, and needed either way: it is made while the server is asked.
    const pinKey = deriveKey(pin, vault.salt);
    const answer = await askForCredential(method, pin, kept?.sealed === undefined ? undefined : CODE_TIMEOUT_MS);
    if (answer === undefined || (!answer.ok && isPassing(answer.problem.code))) return openStored(await pinKey);
    if (!answer.ok) return outcomeOf(answer.problem);
    const { credential, notAfter } = answer.value;
    const issued = { method, notAfterMs: Date.parse(notAfter), bytes: fromBase64Url(credential) };
    await codes.start(issued, false);
    await keep(vault, await pinKey, issued);
    return { type: 'done' };
  }

  async function askForCredential(method: SettlementMethodId, pin: string, timeoutMs: number | undefined) {
    return ask('issueCredential', {}, { pin, method }, timeoutMs === undefined ? {} : { timeoutMs });
  }

  async function keep(vault: Vault, pinKey: CryptoKey, credential: Credential): Promise<void> {
    const sealed = await seal(vault, pinKey, credential);
    await storage.change(keyId, (stored) => ({ ...stored, vault: sealed }));
  }

  /** Without the network the PIN is judged here: it opens what is stored, of whichever method, or it does not. */
  async function openStored(pinKey: CryptoKey): Promise<PinOutcome> {
    if (view()?.pin.isLocked === true) return { type: 'locked' };
    const stored = (await storage.find(keyId))?.vault;
    if (stored === undefined) return { type: 'notStored' };
    if (stored.sealed === undefined) return { type: 'emptied' };
    if (stored.sealed.notAfterMs <= nowMs()) return { type: 'notStored' };
    const vault = (await storage.change(keyId, countTry))?.vault;
    if (vault?.sealed === undefined || vault.failures > MAX_OFFLINE_TRIES) return empty();
    const { sealed } = vault;
    const opened = await unseal(vault, pinKey, sealed);
    if (opened !== undefined) {
      await change((kept) => ({ ...kept, failures: 0 }));
      await codes.start(opened, true);
      return { type: 'done' };
    }
    if (vault.failures < MAX_OFFLINE_TRIES) return { type: 'wrong', triesLeft: MAX_OFFLINE_TRIES - vault.failures };
    return empty();
  }

  async function empty(): Promise<PinOutcome> {
    await change((kept) => ({ ...kept, sealed: undefined }));
    return { type: 'emptied' };
  }

  async function change(next: (vault: Vault) => Vault): Promise<void> {
    await storage.change(keyId, (kept) => (kept.vault === undefined ? kept : { ...kept, vault: next(kept.vault) }));
  }

  return {
    showCode,
    changePin: async (pin, currentPin) => {
      const answer = await ask('putPin', {}, { pin, ...(currentPin === undefined ? {} : { currentPin }) });
      if (answer === undefined) return { type: 'noAnswer' };
      if (!answer.ok) return outcomeOf(answer.problem);
      // What is stored is under the old one. A fresh credential makes the phone ready to pay offline.
      await storage.change(keyId, ({ vault: _, ...stored }) => stored);
      const method = chosen ?? view()?.settlementMethod ?? 'shown_code';
      const issued = await askForCredential(method, pin, undefined);
      if (issued?.ok === true) {
        const { credential, notAfter } = issued.value;
        const vault = await openVault();
        const bytes = fromBase64Url(credential);
        await keep(vault, await deriveKey(pin, vault.salt), { method, notAfterMs: Date.parse(notAfter), bytes });
      }
      return { type: 'done' };
    },
    choose: (method) => {
      chosen = method === view()?.settlementMethod ? undefined : method;
    },
    chosen: () => chosen,
    synchronise: async () => {
      const method = chosen;
      if (method === undefined) return;
      if (method === view()?.settlementMethod) {
        chosen = undefined;
        return;
      }
      const answer = await ask('putSettlementMethod', {}, { method });
      // A method that is gone is not chosen any more either.
      if (answer !== undefined && chosen === method && !answer.ok) chosen = undefined;
    },
  };
}

function countTry<Kept extends { readonly vault?: Vault }>(kept: Kept): Kept {
  const { vault } = kept;
  return vault === undefined ? kept : { ...kept, vault: { ...vault, failures: vault.failures + 1 } };
}
