import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { attemptIdSchema, checkIdSchema, refundIdSchema } from '#contract/ids.ts';
import type { Refund, Settlement, SettlementRequest } from '#contract/settlement.ts';
import { encodeCode, proofSigningInput, stepAt } from '#contract/token.ts';
import type { Answer, ProblemCode } from '#contract/wallet.ts';
import { type Caller, newId, PIN, type TestPhone } from '#test/wallet/server/caller.ts';
import { openWallet, type OpenWallet } from '#test/wallet/server/open.ts';
import { ISSUER_ACCOUNT } from '#wallet/server/ledger/ledger.ts';

let wallet: OpenWallet;
let terminal: Caller;
let haru: TestPhone & { walletId: string };

beforeEach(async () => {
  wallet = await openWallet();
  terminal = await wallet.terminalOf('Kissa Warikan');
  haru = await wallet.customer({ balance: 1_500 });
});

afterEach(() => wallet.close());

describe('a settlement', () => {
  test('is approved, moves the money once and is in the customer’s history', async () => {
    const { settlementId, answer } = await settle(1_200);
    expect(answer).toEqual({
      state: 'approved',
      settlementId,
      checkId,
      amount: yen(1_200),
      bookedAt: nowText(),
      reference: expect.stringMatching(/^[0-9A-Z]{4}-[0-9A-Z]{4}$/) as string,
      member: {
        memberRef: expect.stringMatching(/^[\w-]{22}$/) as string,
        maskedName: 'Haru •••',
        settlementMethod: 'shown_code',
      },
      refunded: yen(0),
    });
    expect(await haru.get('getWallet', {})).toMatchObject({ name: 'Haru Tanaka', balance: yen(300) });
    expect((await haru.get('listHistory', {})).entries).toMatchObject([
      { kind: 'settlement', amount: -1_200, store: 'Kissa Warikan' },
      { kind: 'reload', amount: 1_500 },
    ]);
  });

  test('the same id and body again is the same answer, and the balance falls once', async () => {
    const { settlementId, body, answer } = await settle(1_000);
    const again = await terminal.get('putSettlement', { settlementId }, body);
    expect({ same: again, balance: await balanceOf(haru) }).toEqual({ same: answer, balance: 500 });
  });

  test('the same id with a newer code of the same payer, and offline, is still the same', async () => {
    const { settlementId, body, answer } = await settle(1_000);
    wallet.clock.move(200_000);
    const again = { ...body, token: await haru.show(), mode: 'offline' as const, capturedAt: nowText() };
    expect(await terminal.get('putSettlement', { settlementId }, again)).toEqual(answer);
  });

  test.each<[string, (body: SettlementRequest) => Promise<SettlementRequest> | SettlementRequest]>([
    ['another amount', (body) => ({ ...body, amount: yen(999) })],
    ['another check', (body) => ({ ...body, checkId: checkIdSchema.parse(newId()) })],
    ['another payer', async (body) => ({ ...body, token: await (await wallet.customer()).show() })],
    ['another currency', (body) => ({ ...body, amount: { amount: 1_000, currency: 'USD' } })],
  ])('the same id with %s is a mismatch, and moves nothing', async (_, change) => {
    const { settlementId, body } = await settle(1_000);
    expect(await terminal.codeOf('putSettlement', { settlementId }, await change(body))).toBe('duplicate_mismatch');
    expect(await balanceOf(haru)).toBe(500);
  });

  test('S6: the same id with another body is 422 and writes nothing at all, not even an event', async () => {
    const { settlementId, body } = await settle(1_000);
    const before = [await wallet.ledger.readBooks(), await countEvents()];
    const answer = await terminal.call('putSettlement', { settlementId }, { ...body, amount: yen(1) });
    expect([answer, await wallet.ledger.readBooks(), await countEvents()]).toMatchObject([
      { ok: false, problem: { status: 422, code: 'duplicate_mismatch' } },
      ...before,
    ]);
  });

  test('the same id from another terminal of the store is a mismatch', async () => {
    const { settlementId, body } = await settle(1_000);
    const second = await wallet.terminalOf('Kissa Warikan');
    expect(await second.codeOf('putSettlement', { settlementId }, body)).toBe('duplicate_mismatch');
  });

  test('is declined for a low balance, changes nothing, and stays declined after money came', async () => {
    const { settlementId, body, answer } = await settle(1_501);
    const atMs = wallet.clock.nowMs();
    const from = { walletId: haru.walletId, fromAccount: ISSUER_ACCOUNT };
    await wallet.ledger.book([{ type: 'reload', reloadId: newId(), ...from, amount: yen(9_000), atMs }]);
    const again = await terminal.get('putSettlement', { settlementId }, body);
    expect({ answer, again, balance: await balanceOf(haru) }).toMatchObject({
      answer: { state: 'declined', reason: 'insufficient_funds' },
      again: answer,
      balance: 10_500,
    });
  });

  test('a code pays once: a second settlement with it is declined', async () => {
    const token = await haru.show();
    const [first, second] = [await settle(100, { token }), await settle(100, { token })];
    expect([first.answer, second.answer]).toMatchObject([
      { state: 'approved' },
      { state: 'declined', reason: 'token_replayed' },
    ]);
  });

  test('a code that was declined may pay a smaller part', async () => {
    const token = await haru.show();
    const [first, second] = [await settle(2_000, { token }), await settle(1_500, { token })];
    expect([first.answer.state, second.answer.state]).toEqual(['declined', 'approved']);
  });

  test('two at once with the money for one: one is approved', async () => {
    const tokens = [await haru.show(), await haru.show()];
    const states = await Promise.all(tokens.map(async (token) => (await settle(1_000, { token })).answer.state));
    expect(states.toSorted()).toEqual(['approved', 'declined']);
    expect(await balanceOf(haru)).toBe(500);
  });

  test.each<[string, string, () => Promise<Partial<SettlementRequest>>]>([
    [
      'token_expired',
      'a code of two and a half minutes ago',
      async () => {
        // Whatever the terminal says about when it was read: online, the server's clock counts.
        const [token, capturedAt] = [await haru.show(), nowText()];
        wallet.clock.move(150_000);
        return { token, capturedAt };
      },
    ],
    [
      'token_expired',
      'a phone that has not met the server for two days',
      async () => {
        const phone = await oldPhone();
        wallet.clock.move(48 * 3_600_000 + 91_000);
        return { token: await phone() };
      },
    ],
    ['token_invalid', 'no code at all', async () => ({ token: 'WRK1:NONSENSE' })],
    ['token_invalid', 'a product’s barcode', async () => ({ token: '4901234567894' })],
    [
      'token_invalid',
      'a code from the future',
      async () => ({ token: await haru.show(wallet.clock.nowMs() + 130_000) }),
    ],
    ['token_invalid', 'a damaged code', async () => ({ token: (await haru.show()).replace(/.{6}$/, '000000') })],
    [
      'credential_revoked',
      'a phone that was revoked',
      async () => {
        const token = await haru.show();
        await wallet.registry.revoke(haru.keyId, wallet.clock.nowMs());
        return { token };
      },
    ],
    [
      'currency_mismatch',
      'another currency',
      async () => ({ amount: { amount: 1, currency: 'USD' }, token: await haru.show() }),
    ],
    [
      'limit_exceeded',
      'more than the customer allows at once',
      async () => ({
        amount: yen(801),
        token: await (await wallet.customer({ balance: 5_000, limit: 800 })).show(),
      }),
    ],
  ])('is declined %s: %s', async (reason, _, change) => {
    const { answer } = await settle(100, await change());
    expect(answer).toMatchObject({ state: 'declined', reason });
  });

  test('a code read offline is judged by when it was read', async () => {
    const token = await haru.show();
    const capturedAt = nowText();
    wallet.clock.move(3_600_000);
    const { answer } = await settle(100, { token, capturedAt, mode: 'offline' });
    expect(answer.state).toBe('approved');
  });

  test('the shop learns another name for the same person than the shop next door', async () => {
    const neighbour = await wallet.terminalOf('Next door');
    const token = await haru.show();
    const [here, there, again] = [
      await terminal.get('resolveToken', {}, { token }),
      await neighbour.get('resolveToken', {}, { token }),
      await terminal.get('resolveToken', {}, { token }),
    ];
    expect({ same: here.memberRef === again.memberRef, other: here.memberRef === there.memberRef }).toEqual({
      same: true,
      other: false,
    });
  });
});

describe('an inquiry', () => {
  test('gives the answer again, to every terminal of the store and to no other store', async () => {
    const { settlementId, answer } = await settle(1_000);
    const colleague = await wallet.terminalOf('Kissa Warikan');
    const neighbour = await wallet.terminalOf('Next door');
    expect([
      await terminal.get('getSettlement', { settlementId }),
      await colleague.get('getSettlement', { settlementId }),
      await neighbour.codeOf('getSettlement', { settlementId }),
      await neighbour.codeOf('cancelSettlement', { settlementId }),
      await neighbour.codeOf('putRefund', { settlementId, refundId: newRefundId() }, { amount: yen(1) }),
    ]).toEqual([answer, answer, 'not_found', 'not_found', 'not_found']);
  });

  test('of an id that was never seen is not_found', async () => {
    expect(await terminal.codeOf('getSettlement', { settlementId: newAttemptId() })).toBe('not_found');
  });
});

describe('a cancel', () => {
  test('gives the money back, says so, and may be asked again', async () => {
    const { settlementId, body } = await settle(1_000);
    const cancelled = await terminal.get('cancelSettlement', { settlementId });
    expect({
      cancelled,
      again: await terminal.get('cancelSettlement', { settlementId }),
      inquiry: await terminal.get('getSettlement', { settlementId }),
      late: await terminal.codeOf('putSettlement', { settlementId }, body),
      balance: await balanceOf(haru),
    }).toEqual({
      cancelled: { state: 'cancelled', settlementId, cancelledAt: nowText(), wasBooked: true },
      again: cancelled,
      inquiry: cancelled,
      late: 'cancelled',
      balance: 1_500,
    });
  });

  test('of an id that was never seen blocks it for good', async () => {
    const settlementId = newAttemptId();
    const body = await bodyOf(1_000);
    expect(await terminal.get('cancelSettlement', { settlementId })).toMatchObject({
      state: 'cancelled',
      wasBooked: false,
    });
    expect([
      await terminal.codeOf('putSettlement', { settlementId }, body),
      await terminal.codeOf('putSettlement', { settlementId }, body),
      await balanceOf(haru),
    ]).toEqual(['cancelled', 'cancelled', 1_500]);
  });

  test('of a declined one blocks it too', async () => {
    const { settlementId, body } = await settle(9_999);
    const cancelled = await terminal.get('cancelSettlement', { settlementId });
    const late = await terminal.codeOf('putSettlement', { settlementId }, body);
    expect([cancelled, late]).toMatchObject([{ state: 'cancelled', wasBooked: false }, 'cancelled']);
  });

  test('of a partly refunded one is refused', async () => {
    const { settlementId } = await settle(1_000);
    await terminal.get('putRefund', { settlementId, refundId: newRefundId() }, { amount: yen(1) });
    expect(await terminal.codeOf('cancelSettlement', { settlementId })).toBe('not_refundable');
  });

  test('at the same time as the settlement and inquiries leaves one truth, whoever wins', async () => {
    for (let round = 0; round < 20; round++) {
      const customer = await wallet.customer({ balance: 1_000 });
      const settlementId = newAttemptId();
      const body = await bodyOf(1_000, { token: await customer.show() });
      const put = (): Promise<Answer<'putSettlement'>> => terminal.call('putSettlement', { settlementId }, body);
      const cancel = (): Promise<Answer<'cancelSettlement'>> => terminal.call('cancelSettlement', { settlementId });
      const ask = (): Promise<Answer<'getSettlement'>> => terminal.call('getSettlement', { settlementId });
      const calls = [put, cancel, ask, put, ask].map((call, index) => ({ call, order: (index * (round + 3)) % 7 }));
      const answers = await Promise.all(calls.toSorted((a, b) => a.order - b.order).map(({ call }) => call()));

      const truth = await terminal.get('getSettlement', { settlementId });
      const wasBooked = truth.state === 'cancelled' && truth.wasBooked;
      const approvals = answers.filter((answer) => answer.ok && answer.value.state === 'approved');
      expect({
        state: truth.state,
        balance: await balanceOf(customer),
        approvalsWithoutBooking: wasBooked ? 0 : approvals.length,
      }).toEqual({ state: 'cancelled', balance: 1_000, approvalsWithoutBooking: 0 });
    }
    const books = await wallet.ledger.readBooks();
    expect({ sum: books.sum, faults: books.faults }).toEqual({ sum: 0, faults: [] });
  });
});

describe('a refund', () => {
  test('gives a part back, then the rest, never more than was settled', async () => {
    const { settlementId } = await settle(1_000);
    const refund = (refundId: Refund['refundId'], amount: number): Promise<Answer<'putRefund'>> =>
      terminal.call('putRefund', { settlementId, refundId }, { amount: yen(amount) });
    const [first, second] = [newRefundId(), newRefundId()];
    expect([
      await refund(first, 400),
      await refund(first, 400),
      await refund(newRefundId(), 601),
      await refund(second, 600),
      await refund(newRefundId(), 1),
      await refund(first, 399),
      await balanceOf(haru),
    ]).toMatchObject([
      { ok: true, value: { refundId: first, amount: yen(400), refunded: yen(400) } },
      { ok: true, value: { refundId: first, amount: yen(400), refunded: yen(400) } },
      { ok: false, problem: { code: 'refund_exceeds_settlement', status: 422 } },
      { ok: true, value: { refundId: second, refunded: yen(1_000) } },
      { ok: false, problem: { code: 'refund_exceeds_settlement' } },
      { ok: false, problem: { code: 'duplicate_mismatch', status: 422 } },
      1_500,
    ]);
    expect(await terminal.get('getSettlement', { settlementId })).toMatchObject({ refunded: yen(1_000) });
  });

  test.each<[ProblemCode, string, () => Promise<{ settlementId: Settlement['settlementId']; amount?: number }>]>([
    ['not_found', 'an id that was never seen', async () => ({ settlementId: newAttemptId() })],
    ['not_refundable', 'a declined settlement', async () => settle(9_999)],
    ['bad_request', 'nothing at all', async () => ({ ...(await settle(100)), amount: 0 })],
    ['bad_request', 'less than nothing', async () => ({ ...(await settle(100)), amount: -1 })],
  ])('%s for %s', async (code, _, prepare) => {
    const { settlementId, amount = 1 } = await prepare();
    expect(await terminal.codeOf('putRefund', { settlementId, refundId: newRefundId() }, { amount: yen(amount) })).toBe(
      code,
    );
  });

  test('of a cancelled settlement is refused', async () => {
    const { settlementId } = await settle(100);
    await terminal.get('cancelSettlement', { settlementId });
    const code = await terminal.codeOf('putRefund', { settlementId, refundId: newRefundId() }, { amount: yen(1) });
    expect(code).toBe('not_refundable');
  });
});

describe('a code resolved', () => {
  test('tells who it is, and can still pay', async () => {
    const token = await haru.show();
    expect(await terminal.get('resolveToken', {}, { token })).toMatchObject({ maskedName: 'Haru •••' });
    expect((await settle(100, { token })).answer.state).toBe('approved');
  });

  test('is refused where it is no good', async () => {
    const token = await haru.show();
    wallet.clock.move(150_000);
    expect([
      await terminal.codeOf('resolveToken', {}, { token }),
      await terminal.codeOf('resolveToken', {}, { token: 'WRK1:X' }),
    ]).toEqual(['token_expired', 'token_invalid']);
  });
});

test('nothing that was logged holds a code, a name or a signature', async () => {
  const { body } = await settle(100);
  await terminal.codeOf('putSettlement', { settlementId: newAttemptId() }, { ...body, amount: yen(-1) });
  await terminal.codeOf('resolveToken', {}, { token: body.token });
  const log = wallet.logged.join('');
  expect({
    isLogged: log.includes('/v1/settlements/:settlementId'),
    leaks: ['WRK1', 'Haru', 'Tanaka', 'sig1', body.token.slice(20, 60)].filter((secret) => log.includes(secret)),
  }).toEqual({ isLogged: true, leaks: [] });
});

const checkId = checkIdSchema.parse(newId());

async function settle(
  amount: number,
  change: Partial<SettlementRequest> = {},
): Promise<{ settlementId: Settlement['settlementId']; body: SettlementRequest; answer: Settlement }> {
  const settlementId = newAttemptId();
  const body = await bodyOf(amount, change);
  return { settlementId, body, answer: await terminal.get('putSettlement', { settlementId }, body) };
}

async function bodyOf(amount: number, change: Partial<SettlementRequest> = {}): Promise<SettlementRequest> {
  const token = change.token ?? (await haru.show());
  return { checkId, amount: yen(amount), capturedAt: nowText(), mode: 'online', ...change, token };
}

async function countEvents(): Promise<number> {
  return (await wallet.books.db.selectFrom('outbox').select('seq').execute()).length;
}

async function balanceOf(phone: TestPhone): Promise<number> {
  return (await phone.get('getWallet', {})).balance.amount;
}

/** A phone that keeps the credential of today and shows codes from it later, without asking. */
async function oldPhone(): Promise<() => Promise<string>> {
  const { credential } = await haru.get('issueCredential', {}, { pin: PIN, method: 'shown_code' });
  return async () => {
    const bytes = Buffer.from(credential, 'base64url');
    const step = stepAt(wallet.clock.nowMs());
    return encodeCode({
      credential: bytes,
      counter: 99,
      step,
      proof: haru.key.sign(proofSigningInput(bytes, 99, step)),
    });
  };
}

function newAttemptId(): Settlement['settlementId'] {
  return attemptIdSchema.parse(newId());
}

function newRefundId(): Refund['refundId'] {
  return refundIdSchema.parse(newId());
}

function nowText(): string {
  return new Date(wallet.clock.nowMs()).toISOString();
}

function yen(amount: number): { amount: number; currency: string } {
  return { amount, currency: 'JPY' };
}
