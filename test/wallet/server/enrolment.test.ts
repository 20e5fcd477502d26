import { verify } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { fingerprintOf } from '#contract/fingerprint.ts';
import { attemptIdSchema, checkIdSchema } from '#contract/ids.ts';
import type { Answer } from '#contract/wallet.ts';
import {
  bind,
  type Caller,
  enrol,
  makeCaller,
  newId,
  openSession,
  type TestPhone,
} from '#test/wallet/server/caller.ts';
import { openWallet, type OpenWallet } from '#test/wallet/server/open.ts';
import { openDenyList } from '#wallet/server/deny-list.ts';

let wallet: OpenWallet;

beforeEach(async () => {
  wallet = await openWallet();
});

afterEach(() => wallet.close());

describe('enrolment', () => {
  test('a code enrols one terminal; asked again by the same one it answers the same', async () => {
    const code = await wallet.enrolmentCodeOf('Kissa Warikan');
    const first = makeCaller({ base: wallet.base });
    const enrolBy = (caller: Caller): Promise<Answer<'enrolTerminal'>> =>
      caller.call('enrolTerminal', {}, { enrolmentCode: code, publicKey: text(caller.key.publicKey), name: 'Counter' });
    const answer = await enrolBy(first);
    expect([answer, await enrolBy(first), await enrolBy(makeCaller({ base: wallet.base }))]).toMatchObject([
      { ok: true, value: { storeName: 'Kissa Warikan', fingerprint: fingerprintOf(first.key.publicKey) } },
      answer,
      { ok: false, problem: { code: 'enrolment_code_invalid', status: 403 } },
    ]);
  });

  test('a code is read as people type it', async () => {
    const code = await wallet.enrolmentCodeOf('Kissa Warikan');
    const typed = ` ${code.toLowerCase().replace('-', ' ').replaceAll('0', 'o').replaceAll('1', 'l')} `;
    await expect(enrol(wallet.base, typed, wallet.clock.nowMs)).resolves.toBeDefined();
  });

  test('a code lives for ten minutes', async () => {
    const code = await wallet.enrolmentCodeOf('Kissa Warikan');
    wallet.clock.move(600_000);
    await expect(enrol(wallet.base, code)).rejects.toThrow('enrolment_code_invalid');
  });

  test('five wrong tries end a code, and the right secret comes too late', async () => {
    const code = await wallet.enrolmentCodeOf('Kissa Warikan');
    const wrong = code.slice(0, 5) + (code.endsWith('000000') ? '111111' : '000000');
    for (let tries = 0; tries < 5; tries++) await expect(enrol(wallet.base, wrong)).rejects.toThrow('code_invalid');
    await expect(enrol(wallet.base, code)).rejects.toThrow('enrolment_code_invalid');
  });

  test('an address that keeps guessing has to wait, even with a right code', async () => {
    for (let tries = 0; tries < 10; tries++) await expect(enrol(wallet.base, 'AAAA-AAAAAA')).rejects.toThrow('invalid');
    const code = await wallet.enrolmentCodeOf('Kissa Warikan');
    await expect(enrol(wallet.base, code)).rejects.toThrow('too_many_requests');
    wallet.clock.move(600_000);
    const later = await wallet.enrolmentCodeOf('Kissa Warikan');
    await expect(enrol(wallet.base, later, wallet.clock.nowMs)).resolves.toBeDefined();
  });

  test('a phone’s code binds no terminal, and a terminal’s no phone', async () => {
    const haru = await wallet.customer();
    await expect(enrol(wallet.base, await wallet.bindingCodeOf(haru.walletId))).rejects.toThrow('code_invalid');
    await expect(bind(wallet.base, await wallet.enrolmentCodeOf('Kissa Warikan'))).rejects.toThrow(
      'binding_code_invalid',
    );
  });

  test('row 33: a terminal that nobody enrolled, or nobody approved yet, is refused; the second may ask how it stands', async () => {
    const stranger = makeCaller({ base: wallet.base, keyId: newId(), nowMs: wallet.clock.nowMs });
    const waiting = await wallet.terminalOf('Kissa Warikan', { isApproved: false });
    const ask = (caller: Caller): Promise<string> => caller.codeOf('getSettlement', { settlementId: newAttemptId() });
    expect([
      await ask(stranger),
      await ask(waiting),
      await waiting.codeOf('openSession', {}),
      await waiting.get('getTerminal', {}),
    ]).toMatchObject([
      'device_unknown',
      'terminal_not_approved',
      'terminal_not_approved',
      { state: 'awaiting_approval', fingerprint: fingerprintOf(waiting.key.publicKey), storeName: 'Kissa Warikan' },
    ]);
  });

  test('an approval and a revocation hold at once, whoever wrote them into the books', async () => {
    const terminal = await wallet.terminalOf('Kissa Warikan', { isApproved: false });
    const ask = (): Promise<string> => terminal.codeOf('getSettlement', { settlementId: newAttemptId() });
    const before = await ask();
    await wallet.registry.approveTerminal(terminal.keyId, wallet.clock.nowMs());
    const approved = await ask();
    await wallet.registry.revoke(terminal.keyId, wallet.clock.nowMs());
    expect([before, approved, await ask()]).toEqual(['terminal_not_approved', 'not_found', 'device_revoked']);
  });
});

describe('a session', () => {
  let terminal: Caller;
  let haru: TestPhone & { walletId: string };

  beforeEach(async () => {
    terminal = await wallet.terminalOf('Kissa Warikan');
    haru = await wallet.customer();
  });

  test('signs what a terminal asks most, for a quarter of an hour', async () => {
    const session = await openSession(terminal, wallet.base, wallet.clock.nowMs);
    const ask = (): Promise<string> => session.codeOf('getSettlement', { settlementId: newAttemptId() });
    const now = await ask();
    wallet.clock.move(14 * 60_000 + 59_000);
    const later = await ask();
    wallet.clock.move(1_000);
    expect([now, later, await ask()]).toEqual(['not_found', 'not_found', 'session_expired']);
  });

  test('pays, and signs nothing that must be shown later', async () => {
    const session = await openSession(terminal, wallet.base, wallet.clock.nowMs);
    const settlementId = newAttemptId();
    const paid = await session.get('putSettlement', { settlementId }, await bodyOf(haru));
    const items = [{ ...(await bodyOf(haru)), settlementId: newAttemptId(), mode: 'offline' as const }];
    expect([
      paid.state,
      await session.codeOf('cancelSettlement', { settlementId }),
      await session.codeOf('putSettlements', {}, { items }),
      await session.codeOf('openSession', {}),
      await terminal.codeOf('cancelSettlement', { settlementId }),
    ]).toEqual(['approved', 'device_key_required', 'device_key_required', 'device_key_required', 'ok']);
  });

  test('ends with its terminal', async () => {
    const session = await openSession(terminal, wallet.base, wallet.clock.nowMs);
    await wallet.registry.revoke(terminal.keyId, wallet.clock.nowMs());
    expect(await session.codeOf('getSettlement', { settlementId: newAttemptId() })).toBe('device_revoked');
  });

  test('cannot be made up, drawn out, or taken by another terminal', async () => {
    const session = await openSession(terminal, wallet.base, wallet.clock.nowMs);
    const neighbour = await wallet.terminalOf('Next door');
    const [, , expires = ''] = session.keyId.split('.');
    const keyIds = [
      session.keyId.replace(expires, String(Number(expires) + 3_600)),
      session.keyId.replace(terminal.keyId, neighbour.keyId),
      session.keyId.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A')),
    ];
    const codes = keyIds.map((keyId) =>
      makeCaller({ base: wallet.base, keyId, key: session.key, nowMs: wallet.clock.nowMs }).codeOf('getSettlement', {
        settlementId: newAttemptId(),
      }),
    );
    expect(await Promise.all(codes)).toEqual(['signature_invalid', 'signature_invalid', 'signature_invalid']);
  });

  test('says what may be accepted without the network: the defaults, where the store is not stricter', async () => {
    const storeId = await wallet.storeIdOf('Kissa Warikan');
    const admin = await wallet.admin();
    const before = (await terminal.get('openSession', {})).policy;
    const offlinePolicy = { perSettlement: 5_000, storedCount: 1_000_000 };
    await admin.get(
      'adminOpenStore',
      { storeId },
      { name: 'Kissa Warikan', offlinePolicy, settlementMethods: ['shown_code'] },
    );
    const after = (await terminal.get('openSession', {})).policy;
    await admin.get('adminOpenStore', { storeId }, { name: 'Kissa Warikan', offlinePolicy: { currency: 'KWD' } });
    const abroad = (await terminal.get('openSession', {})).policy;
    const defaults = {
      currency: 'JPY',
      perSettlement: 10_000,
      perSettlementHard: 30_000,
      perCustomerPerDay: 10_000,
      twoWayAbove: 3_000,
      storedAmount: 300_000,
      storedCount: 200,
      oldestItemSeconds: 86_400,
      keysMaxAgeSeconds: 604_800,
      denyListMaxAgeSeconds: 259_200,
    };
    expect([before.offline, after, abroad.offline]).toMatchObject([
      defaults,
      { offline: { ...defaults, perSettlement: 5_000 }, settlementMethods: ['shown_code'] },
      { currency: 'KWD', perSettlement: 100_000, storedAmount: 3_000_000, storedCount: 200 },
    ]);
  });
});

describe('the deny list', () => {
  test('is signed, and a delta tells each alias’s newest word once', async () => {
    const terminal = await wallet.terminalOf('Kissa Warikan');
    const list = openDenyList(wallet.books);
    const empty = await terminal.get('getDenyList', {});
    await list.add('alias-one', 'phone_removed', wallet.clock.nowMs());
    await list.add('alias-two', 'token_replayed', wallet.clock.nowMs());
    await list.add('alias-one', 'phone_removed', wallet.clock.nowMs());
    const all = await terminal.get('getDenyList', {});
    await wallet.books.db
      .insertInto('deny_list')
      .values({ alias: 'alias-one', is_denied: 0, reason: 'phone_removed', at_ms: 0 })
      .execute();
    const delta = await terminal.get('getDenyList', {}, undefined, { since: String(all.version) });
    const session = await terminal.get('openSession', {});
    expect([empty.entries, all, delta, session.denyListVersion]).toMatchObject([
      [],
      {
        entries: [
          { alias: 'alias-one', isDenied: true },
          { alias: 'alias-two', isDenied: true },
        ],
        hasMore: false,
      },
      { since: all.version, entries: [{ alias: 'alias-one', isDenied: false }] },
      delta.version,
    ]);

    const { keys } = await terminal.get('listKeys', {});
    const x = keys.find(({ keyId }) => keyId === all.keyId)?.publicKey ?? '';
    const entries = all.entries.map(({ alias, isDenied }) => [alias, isDenied]);
    const signed = JSON.stringify(['WRK1 deny-list', all.since, all.version, entries, all.issuedAt]);
    const key = { key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' as const };
    const isGenuine = (words: string): boolean =>
      verify(null, Buffer.from(words), key, Buffer.from(all.signature, 'base64url'));
    expect([isGenuine(signed), isGenuine(signed.replace('alias-one', 'alias-six'))]).toEqual([true, false]);
  });

  test('is read in pages, each saying up to where it reaches', async () => {
    const terminal = await wallet.terminalOf('Kissa Warikan');
    const rows = Array.from({ length: 1_500 }, (_, index) => ({
      alias: `alias-${index}`,
      is_denied: 1,
      reason: 'phone_removed',
      at_ms: 0,
    }));
    for (let start = 0; start < rows.length; start += 500) {
      await wallet.books.db
        .insertInto('deny_list')
        .values(rows.slice(start, start + 500))
        .execute();
    }
    const first = await terminal.get('getDenyList', {});
    const second = await terminal.get('getDenyList', {}, undefined, { since: String(first.version) });
    const seen = [...first.entries, ...second.entries].map(({ alias }) => alias);
    expect([first.hasMore, first.entries.length, second.hasMore, seen]).toEqual([
      true,
      1_000,
      false,
      rows.map(({ alias }) => alias),
    ]);
  });
});

async function bodyOf(phone: TestPhone) {
  return {
    checkId: checkIdSchema.parse(newId()),
    amount: { amount: 100, currency: 'JPY' },
    token: await phone.show(),
    capturedAt: new Date(wallet.clock.nowMs()).toISOString(),
    mode: 'online' as const,
  };
}

function newAttemptId() {
  return attemptIdSchema.parse(newId());
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64url');
}
