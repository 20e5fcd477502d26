import { afterAll, beforeAll, expect, test } from 'vitest';
import { encodeCode, proofSigningInput, stepAt } from '#contract/token.ts';
import { newId, PIN } from '#test/wallet/server/caller.ts';
import { line, type Meal, newAttemptId, newRefundId, openMeal, type Phone, yen } from '#test/wallet/server/meal.ts';
import { openRandom } from '#test/support/random.ts';
import type { Settlement } from '#contract/settlement.ts';

/** Evenings of many people at many tables, everything at once, and every request now and then twice. */
const ROUNDS = process.env['CI'] === undefined ? 6 : 30;
const AT_ONCE = 24;

let meal: Meal;

beforeAll(async () => {
  meal = await openMeal();
});

afterAll(() => meal.close());

test(
  'S15: after any story every balance is what its moves say, on the server, in the shop and on the phones',
  { timeout: 300_000 },
  async () => {
    const random = openRandom(2_026);
    const counter = await meal.wallet.terminalOf('Story');
    const storeId = await meal.wallet.storeIdOf('Story');
    const fee = { numerator: 290, denominator: 10_000 as const };
    await (await meal.wallet.admin()).get('adminOpenStore', { storeId }, { name: 'Story', fee });
    const people: Phone[] = [];
    for (let index = 0; index < 6; index++) people.push(await meal.wallet.customer({ balance: 3_000 + 1_000 * index }));
    const shows = await Promise.all(people.map(codesOf));
    const guests = await Promise.all(
      people.map(async (_, index) => ({
        guestId: `G${index}`,
        memberRef: (await counter.get('resolveToken', {}, { token: shows[index]?.() ?? '' })).memberRef,
      })),
    );
    const settled: Settlement[] = [];

    const settle = async (): Promise<void> => {
      const payer = random.between(0, people.length - 1);
      const at = guests.filter((_, index) => index === payer || random.percent(50));
      const lines = Array.from({ length: random.between(1, 4) }, (_, index) =>
        line(`L${index}`, random.between(1, 300), ...at.filter(() => random.percent(50)).map(({ guestId }) => guestId)),
      );
      const walkIn = random.percent(33) ? [{ guestId: 'W' }] : [];
      const settlementId = newAttemptId();
      const body = {
        checkId: meal.checkId,
        amount: yen(random.between(1, 900)),
        token: shows[payer]?.() ?? '',
        capturedAt: meal.nowText(),
        mode: random.percent(25) ? ('offline' as const) : ('online' as const),
        ...(random.percent(25)
          ? {}
          : {
              group: {
                guests: [...at, ...walkIn],
                lines,
                payer: `G${payer}`,
                remainder: random.pick(['payer', 'fair'] as const),
              },
            }),
      };
      const put = () => counter.get('putSettlement', { settlementId }, body);
      const answers = await Promise.all(random.percent(20) ? [put(), put()] : [put()]);
      expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
      if (answers[0] !== undefined) settled.push(answers[0]);
    };
    const refund = async (): Promise<void> => {
      const settlement = random.pick(settled);
      if (settlement?.state !== 'approved') return;
      const params = { settlementId: settlement.settlementId, refundId: newRefundId() };
      const lines = random.percent(50) ? {} : { lines: [{ lineId: 'L0', amount: 1 }] };
      await counter.call('putRefund', params, { amount: yen(random.between(1, 200)), ...lines });
    };
    const cancel = async (): Promise<void> => {
      const settlementId = random.pick(settled)?.settlementId ?? newAttemptId();
      await counter.call('cancelSettlement', { settlementId });
    };
    const repayOrTreat = async (): Promise<void> => {
      const phone = random.pick(people);
      const [seen] = (await phone?.get('listGroupPayments', {}, undefined, { limit: '1' }))?.groupPayments ?? [];
      const [owed] = seen?.allotments ?? [];
      if (phone === undefined || seen === undefined || owed === undefined) return;
      if (seen.role === 'payer') {
        // It may have been cancelled meanwhile.
        await phone.call('treat', { groupPaymentId: seen.groupPaymentId }, { allotmentIds: [owed.allotmentId] });
        return;
      }
      const params = { allotmentId: owed.allotmentId, repaymentId: newId() };
      await phone.call('putRepayment', params, { amount: yen(random.between(1, 300)), pin: PIN });
    };

    for (let round = 0; round < ROUNDS; round++) {
      const acts = Array.from({ length: AT_ONCE }, () =>
        random.pick([settle, settle, settle, refund, cancel, repayOrTreat]),
      );
      await Promise.all(acts.map(async (act) => act?.()));
      meal.wallet.clock.move(20_000);
    }

    const books = await meal.wallet.ledger.readBooks();
    expect({ sum: books.sum, faults: books.faults }).toEqual({ sum: 0, faults: [] });
    expect(settled.filter(({ state }) => state === 'approved').length).toBeGreaterThan(ROUNDS);

    // The shop adds up its own ledger.
    let shop = 0;
    let cursor: string | undefined;
    meal.wallet.clock.move(60_000);
    do {
      const page = await counter.get('listStoreLedger', { storeId }, undefined, { limit: '50', cursor });
      for (const entry of page.entries) shop += entry.amount - entry.fee;
      cursor = page.nextCursor;
    } while (cursor !== undefined);
    expect(books.balances.find(({ account }) => account === storeId)?.balance).toBe(shop);

    // Each phone adds up its own history, and what it owes is what the others are owed.
    let net = 0;
    for (const phone of people) {
      let sum = 0;
      cursor = undefined;
      do {
        const page: { entries: { amount: number }[]; nextCursor?: string | undefined } = await phone.get(
          'listHistory',
          {},
          undefined,
          { limit: '30', cursor },
        );
        for (const { amount } of page.entries) sum += amount;
        cursor = page.nextCursor;
      } while (cursor !== undefined);
      expect((await phone.get('getWallet', {})).balance.amount).toBe(sum);
      for (const person of (await phone.get('listBalances', {})).people) net += person.net;

      // What a group payment shows adds up to what was paid for it.
      for (const seen of (await phone.get('listGroupPayments', {}, undefined, { limit: '50' })).groupPayments) {
        if (seen.role !== 'payer') continue;
        const paid = settled.find(({ settlementId }) => settlementId === seen.groupPaymentId);
        const walkIns = paid?.state === 'approved' && (paid.group?.walkInShare ?? 0) > 0;
        const borne = seen.ownShare.amount + seen.allotments.reduce((total, { amount }) => total + amount.amount, 0);
        if (walkIns) expect(borne).toBeLessThanOrEqual(seen.total.amount);
        else expect(borne).toBe(seen.total.amount);
      }
    }
    expect(net).toBe(0);
  },
);

/** Codes that a phone makes one after the other from one credential, as of the moment when each is asked for. */
async function codesOf(phone: Phone): Promise<() => string> {
  const issued = await phone.get('issueCredential', {}, { pin: PIN, method: 'shown_code' });
  const credential = Buffer.from(issued.credential, 'base64url');
  let count = 0;
  return () => {
    count += 1;
    const step = stepAt(meal.wallet.clock.nowMs());
    const proof = phone.key.sign(proofSigningInput(credential, count, step));
    return encodeCode({ credential, counter: count, step, proof });
  };
}
