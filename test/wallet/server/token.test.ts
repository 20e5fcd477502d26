import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { attemptIdSchema, checkIdSchema } from '#contract/ids.ts';
import type { Settlement, SettlementRequest } from '#contract/settlement.ts';
import { type CredentialClaims, encodeCode, parseCode, proofSigningInput, stepAt } from '#contract/token.ts';
import { makeIssuer, makeKey, showCode, type TestKey } from '#test/support/wallet-keys.ts';
import { type Caller, newId, PIN, type TestPhone } from '#test/wallet/server/caller.ts';
import { openWallet, type OpenWallet } from '#test/wallet/server/open.ts';
import { openAllowances } from '#wallet/server/allowance.ts';
import { openVerifier } from '#wallet/server/keys.ts';
import { openPayers } from '#wallet/server/payers.ts';
import { maskName, openTokens } from '#wallet/server/token.ts';

let wallet: OpenWallet;
let terminal: Caller;
let haru: TestPhone & { walletId: string };

const HOUR_MS = 3_600_000;
const yen = (amount: number) => ({ amount, currency: 'JPY' });

beforeEach(async () => {
  wallet = await openWallet();
  terminal = await wallet.terminalOf('Kissa Warikan');
  haru = await wallet.customer({ balance: 100_000 });
});

afterEach(() => wallet.close());

describe('a code', () => {
  test.each<[string, string, (code: Parts) => string | Promise<string>]>([
    ['whose credential has run out', 'token_expired', (code) => showAt(code, 48 * HOUR_MS + 90_001)],
    ['that was shown two minutes ago', 'token_expired', (code) => showAt(code, -150_000)],
    ['from a phone whose clock is far ahead', 'token_invalid', (code) => showAt(code, 150_000, 0)],
    ['that another phone signed', 'token_invalid', (code) => showAt({ ...code, key: makeKey() }, 0)],
    ['that another server vouches for', 'token_invalid', (code) => forge(code)],
    ['whose limit somebody has raised', 'token_invalid', (code) => showAt({ ...code, credential: raise(code) }, 0)],
    ['with a letter changed', 'token_invalid', (code) => spoil(showAt(code, 0))],
    ['that is none', 'token_invalid', () => 'WRK1:HELLO'],
  ])('row 27: %s is declined: %s', async (_, reason, make) => {
    expect(await settle(await make(await takeCredential()))).toMatchObject({ state: 'declined', reason });
  });

  test('row 27: that was used before is declined, and takes no money twice', async () => {
    const token = await haru.show();
    const states = [await settle(token), await settle(token)].map(reasonOf);
    expect([states, await balanceOf()]).toEqual([['approved', 'token_replayed'], 99_000]);
  });

  test('with an older counter that nobody has used pays, and once', async () => {
    const code = await takeCredential();
    const [newer, older] = [showCounter(code, 9), showCounter(code, 8)];
    expect([await settle(newer), await settle(older), await settle(older)].map(reasonOf)).toEqual([
      'approved',
      'approved',
      'token_replayed',
    ]);
  });

  test('pays in the wallet’s own currency', async () => {
    expect(reasonOf(await settle(await haru.show(), { amount: { amount: 100, currency: 'USD' } }))).toBe(
      'currency_mismatch',
    );
  });

  test('pays no more at once than the wallet’s limit', async () => {
    const settlements = [
      await settle(await haru.show(), { amount: yen(50_001) }),
      await settle(await haru.show(), { amount: yen(50_000) }),
    ];
    expect(settlements.map(reasonOf)).toEqual(['limit_exceeded', 'approved']);
  });

  test('pays no more than the credential said, though the wallet may do more by now', async () => {
    const code = await takeCredential();
    await wallet.books.db.updateTable('wallet').set({ per_payment_limit: 90_000, level: 'verified' }).execute();
    expect(reasonOf(await settle(showAt(code, 0), { amount: yen(50_001) }))).toBe('limit_exceeded');
  });

  test('of a phone that was removed is declined at once, also where it was known a moment ago', async () => {
    const code = await takeCredential();
    const before = await settle(showCounter(code, 1));
    await haru.get('removePhone', { deviceId: haru.keyId });
    expect([before, await settle(showCounter(code, 2))].map(reasonOf)).toEqual(['approved', 'credential_revoked']);
  });

  test('that a terminal read without the network is judged by when it was read', async () => {
    const code = await takeCredential();
    const readAt = nowText();
    wallet.clock.move(60_000);
    await haru.get('removePhone', { deviceId: haru.keyId });
    wallet.clock.move(50 * HOUR_MS);
    const offline = { mode: 'offline' as const, capturedAt: readAt };
    const late = await settle(showCounter(code, 2), { mode: 'offline', capturedAt: nowText() });
    expect([await settle(showCounter(code, 1, -50 * HOUR_MS - 60_000), offline), late].map(reasonOf)).toEqual([
      'approved',
      'token_expired',
    ]);
  });

  test('read after its phone was removed is declined, though it comes from a queue', async () => {
    const code = await takeCredential();
    await haru.get('removePhone', { deviceId: haru.keyId });
    wallet.clock.move(1_000);
    expect(reasonOf(await settle(showCounter(code, 1), { mode: 'offline', capturedAt: nowText() }))).toBe(
      'credential_revoked',
    );
  });
});

describe('judging codes', () => {
  test('verifies a credential once, and each proof', async () => {
    const { tokens, verified } = await openCounting();
    const code = await takeCredential();
    for (let counter = 1; counter <= 5; counter++) await tokens.judge(showCounter(code, counter), newId(), nowMs());
    expect(verified()).toBe(1 + 5);
  });

  test('does not take a forged credential for one that it knows', async () => {
    const { tokens } = await openCounting();
    const code = await takeCredential();
    await tokens.judge(showAt(code, 0), newId(), nowMs());
    const forged = showAt({ ...code, credential: raise(code) }, 0);
    expect(await tokens.judge(forged, newId(), nowMs())).toMatchObject({ isGood: false, reason: 'token_invalid' });
  });

  test('tells what the ledger needs: the limits of the wallet, and the method in full', async () => {
    const { tokens } = await openCounting();
    const judged = await tokens.judge(await haru.show(nowMs(), 'contactless'), newId(), nowMs());
    expect(judged).toMatchObject({
      isGood: true,
      walletId: haru.walletId,
      method: 'contactless',
      limits: { currency: 'JPY', perDay: 200_000 },
      perPaymentLimit: 50_000,
    });
  });

  test('sees what another server has changed within a second', async () => {
    const { tokens } = await openCounting();
    const levelOf = async (): Promise<number | undefined> => {
      const judged = await tokens.judge(await haru.show(), newId(), nowMs());
      return judged.isGood ? judged.limits.perDay : undefined;
    };
    const before = await levelOf();
    await wallet.books.db.updateTable('wallet').set({ level: 'verified' }).execute();
    const soon = await levelOf();
    wallet.clock.move(1_000);
    expect([before, soon, await levelOf()]).toEqual([200_000, 200_000, 1_000_000]);
  });
});

describe('a name', () => {
  test.each([
    ['Haru Tanaka', 'Haru •••'],
    ['  Mei   Sato ', 'Mei •••'],
    ['Maria del Mar Ruiz', 'Maria •••'],
    ['Cher', 'C •••'],
    ['田中春', '田 •••'],
    ['𠮷野家', '𠮷 •••'],
  ])('a shop sees %j as %j, never the whole name', (name, masked) => {
    expect(maskName(name)).toBe(masked);
  });
});

interface Parts {
  readonly key: TestKey;
  readonly credential: Uint8Array;
}

/** Tokens of their own over the same books, told that nobody else changes them, with their signatures counted. */
async function openCounting() {
  const { books, clock, keys } = wallet;
  const verify = openVerifier();
  let count = 0;
  const tokens = openTokens({
    keys,
    payers: openPayers(books, clock, { epoch: () => 1, close: async () => {} }),
    allowances: openAllowances({ books, bookkeeper: { book: () => Promise.reject(new Error('none')) }, newId }),
    verify: (...of) => {
      count += 1;
      return verify(...of);
    },
  });
  return { tokens, verified: () => count };
}

async function takeCredential(): Promise<Parts> {
  const issued = await haru.get('issueCredential', {}, { pin: PIN, method: 'shown_code' });
  return { key: haru.key, credential: Buffer.from(issued.credential, 'base64url') };
}

/** A code that is shown so much later than now; and now is then, unless the phone's clock alone is wrong. */
function showAt({ key, credential }: Parts, laterMs: number, clockMs = Math.max(0, laterMs)): string {
  const atMs = nowMs() + laterMs;
  wallet.clock.move(clockMs);
  return showCode(key, credential, 1, atMs);
}

function showCounter({ key, credential }: Parts, counter: number, laterMs = 0): string {
  const step = stepAt(nowMs() + laterMs);
  return encodeCode({ credential, counter, step, proof: key.sign(proofSigningInput(credential, counter, step)) });
}

function claimsOf(parts: Parts): { claims: CredentialClaims; keyId: string } {
  const parsed = parseCode(showCounter(parts, 1));
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.code;
}

/** The same claims, signed by another server under the name of this one's key. */
function forge(parts: Parts): string {
  const { claims, keyId } = claimsOf(parts);
  return showAt({ ...parts, credential: makeIssuer(keyId).issue(claims) }, 0);
}

/** This server's signature under other claims. */
function raise(parts: Parts): Uint8Array {
  const { claims, keyId } = claimsOf(parts);
  const raised = Buffer.from(makeIssuer(keyId).issue({ ...claims, perPaymentLimit: 50_001 }));
  Buffer.from(parts.credential).copy(raised, raised.length - 64, parts.credential.length - 64);
  return raised;
}

function spoil(token: string): string {
  return `${token.slice(0, 60)}${token[60] === 'A' ? 'B' : 'A'}${token.slice(61)}`;
}

async function settle(
  token: string,
  { amount = yen(1_000), mode = 'online', capturedAt = nowText() }: Partial<SettlementRequest> = {},
): Promise<Settlement> {
  const settlementId = attemptIdSchema.parse(newId());
  const checkId = checkIdSchema.parse(newId());
  return terminal.get('putSettlement', { settlementId }, { checkId, amount, token, capturedAt, mode });
}

function reasonOf(settlement: Settlement): string {
  return settlement.state === 'declined' ? settlement.reason : settlement.state;
}

async function balanceOf(): Promise<number> {
  return (await haru.get('getWallet', {})).balance.amount;
}

function nowMs(): number {
  return wallet.clock.nowMs();
}

function nowText(): string {
  return new Date(nowMs()).toISOString();
}
