import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { HistoryEntry } from '#contract/wallet.ts';
import { PIN } from '#test/wallet/server/caller.ts';
import { line, type Meal, openMeal, type Phone, repay } from '#test/wallet/server/meal.ts';
import { encodeCode, proofSigningInput, stepAt } from '#contract/token.ts';

let meal: Meal;

beforeAll(async () => {
  meal = await openMeal();
});

beforeEach(async () => {
  meal = await meal.others();
});

afterAll(() => meal.close());

describe('the one history', () => {
  test('row 17: settlements by two methods stand in one list, beside everything else', async () => {
    const first = await meal.settle(meal.a, 100);
    meal.wallet.clock.move(1);
    const second = await meal.settle(meal.a, 200, { token: await showBy(meal.a, 'contactless') });
    meal.wallet.clock.move(1);
    await meal.refund(first, 40);
    const { entries } = await meal.a.get('listHistory', {});
    expect(entries.map(({ kind, amount, settlementMethod }) => [kind, amount, settlementMethod])).toEqual([
      ['refund', 40, 'shown_code'],
      ['settlement', -200, 'contactless'],
      ['settlement', -100, 'shown_code'],
      ['reload', 10_000, undefined],
    ]);
    expect(entries[1]).toEqual({
      entryId: second.settlementId,
      at: second.state === 'approved' ? second.bookedAt : '',
      kind: 'settlement',
      amount: -200,
      currency: 'JPY',
      store: 'Kissa Warikan',
      settlementMethod: 'contactless',
      reference: second.state === 'approved' ? second.reference : '',
      settlementId: second.settlementId,
    });
  });

  test('row 67: a member’s own share appears though another paid, and the payer’s own beside the whole', async () => {
    meal.wallet.clock.move(1);
    const paid = await meal.payGroup(3_000, { lines: [line('ramen', 900, 'B'), line('rest', 2_100, 'A', 'C')] });
    const newest = async (phone: Phone): Promise<HistoryEntry | undefined> =>
      (await phone.get('listHistory', {})).entries[0];
    expect([await newest(meal.b), await newest(meal.a)]).toEqual([
      {
        entryId: paid.group?.shares[1]?.allotmentId,
        at: paid.bookedAt,
        kind: 'share',
        amount: 0,
        currency: 'JPY',
        share: 900,
        store: 'Kissa Warikan',
        counterpart: 'Aoi •••',
        reference: paid.reference,
        groupPaymentId: paid.settlementId,
      },
      expect.objectContaining({ kind: 'settlement', amount: -3_000, share: 1_050, groupPaymentId: paid.settlementId }),
    ]);
    await meal.refund(paid, 2_100, [{ lineId: 'rest' }]);
    const ofC = (await meal.c.get('listHistory', {})).entries.filter(({ kind }) => kind === 'share');
    const ofA = (await meal.a.get('listHistory', {})).entries.find(({ kind }) => kind === 'settlement');
    expect([ofC, ofA?.share]).toEqual([[], 0]);
  });

  test('row 67: of what was cancelled no share is left', async () => {
    const paid = await meal.payGroup(3_000);
    await meal.terminal.get('cancelSettlement', { settlementId: paid.settlementId });
    expect((await meal.b.get('listHistory', {})).entries.map(({ kind }) => kind)).toEqual(['reload']);
  });

  test('comes in pages, latest first, each entry once, whatever happened in one instant', async () => {
    for (let index = 0; index < 3; index++) {
      const paid = await meal.payGroup(300);
      await repay(meal.b, paid.group?.shares[1]?.allotmentId ?? '', 50);
      await meal.settle(meal.b, 10 + index);
      if (index === 1) meal.wallet.clock.move(1_000);
    }
    const whole = (await meal.b.get('listHistory', {})).entries;
    for (const limit of ['1', '2', '4']) {
      const seen: HistoryEntry[] = [];
      let cursor: string | undefined;
      do {
        const page = await meal.b.get('listHistory', {}, undefined, { limit, cursor });
        expect(page.entries.length).toBeLessThanOrEqual(Number(limit));
        seen.push(...page.entries);
        cursor = page.nextCursor;
      } while (cursor !== undefined);
      expect(seen).toEqual(whole);
    }
    expect([whole.length, whole.map(({ at }) => at)]).toEqual([
      10,
      whole
        .map(({ at }) => at)
        .toSorted()
        .toReversed(),
    ]);
    expect(whole.reduce((sum, { amount }) => sum + amount, 0)).toBe((await meal.balances()).B);
    expect(await meal.b.codeOf('listHistory', {}, undefined, { cursor: 'nonsense' })).toBe('bad_request');
  });

  test('is the reader’s own: a stranger’s shows nothing of it', async () => {
    await meal.payGroup(3_000);
    const stranger = await meal.wallet.customer({ name: 'Dan Ito', balance: 0 });
    expect((await stranger.get('listHistory', {})).entries).toEqual([]);
  });
});

async function showBy(phone: Phone, method: 'contactless'): Promise<string> {
  const issued = await phone.get('issueCredential', {}, { pin: PIN, method });
  const credential = Buffer.from(issued.credential, 'base64url');
  const step = stepAt(meal.wallet.clock.nowMs());
  const count = 5_000;
  return encodeCode({
    credential,
    counter: count,
    step,
    proof: phone.key.sign(proofSigningInput(credential, count, step)),
  });
}
