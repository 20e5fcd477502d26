import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { allotmentIds, bookDay, haru, mei, nth, sora } from '#test/wallet/server/ledger-day.ts';
import type { LedgerUnderTest } from '#test/wallet/server/ledger-laws.ts';
import { refundIds, reloadIds, repaymentIds, seed, settlementIds, stores } from '#test/wallet/server/ledger-seed.ts';
import { derivedId } from '#wallet/server/ledger/ledger.ts';

const [shared, cancelled, spent, offline] = [0, 1, 2, 3].map((index) => nth(settlementIds, index));
const [ofHaru, ofMei, ofSora] = [0, 1, 2].map((index) => nth(reloadIds, index));
const [meisShare, sorasShare] = [nth(allotmentIds, 0), nth(allotmentIds, 1)];
const refund = nth(refundIds, 0);
const repayment = nth(repaymentIds, 0);

const SUM = 'a wallet does not hold the sum of what moved';
const SHARES = 'the shares of a group are not what was paid';
const SHRINK = 'an allotment did not shrink by what was given back';
const REPAID = 'what was repaid of an allotment is not what moved';
const GROUP = 'a group is not what its settlement says';
const REFUNDS = 'the refunds of a settlement are not what it says was refunded';
const CURRENCY = 'money moved in another currency than the wallet holds';

/** What somebody with the database open could do, and what the books say of it. */
const damages: readonly (readonly [string, string, ...string[]])[] = [
  ['a balance', `update account set balance = balance + 1 where id = '${haru}'`, `${SUM}: ${haru}`],
  [
    'what is held',
    `update account set held = held + 1 where id = '${haru}'`,
    `a wallet does not hold back what its open hold reserves: ${haru}`,
  ],
  ['a hold', `update hold set amount = amount + 1`, `a wallet does not hold back what its open hold reserves: ${haru}`],
  [
    'what is owed',
    `update account set owed = owed - 1 where id = '${sora}'`,
    `a wallet does not owe what chargebacks left open: ${sora}`,
  ],
  ['a reload that is gone', `delete from transfer where id = '${ofMei}'`, `${SUM}: ${mei}`],
  [
    'a reload that is gone, but not its chargeback',
    `delete from transfer where id = '${ofSora}'`,
    `${SUM}: ${sora}`,
    `a wallet does not owe what chargebacks left open: ${sora}`,
    `money went back of a reload that never was: ${derivedId(nth(reloadIds, 2), 'chargeback')}`,
    `money went back of a reload that never was: ${derivedId(nth(reloadIds, 2), 'chargeback-owed')}`,
  ],
  [
    'a chargeback that is smaller than its reload',
    `update transfer set amount = 1400 where id = '${derivedId(nth(reloadIds, 2), 'chargeback-owed')}'`,
    `a reload went back in another amount: ${ofSora}`,
    `a wallet does not owe what chargebacks left open: ${sora}`,
  ],
  [
    'a cancel without its transfer',
    `delete from transfer where kind = 'cancel'`,
    `${SUM}: ${haru}`,
    `a cancelled settlement has not given its money back once: ${cancelled}`,
  ],
  [
    'a cancel without its fee',
    `delete from transfer where kind = 'fee_return'`,
    `a cancelled settlement has not given its fee back once: ${cancelled}`,
  ],
  [
    'a cancel that is taken back',
    `update settlement set state = 'approved', cancelled_at_ms = null where id = '${cancelled}'`,
    `a cancelled settlement has not given its money back once: ${cancelled}`,
    `a cancelled settlement has not given its fee back once: ${cancelled}`,
  ],
  [
    'a refund without its transfer',
    `delete from transfer where id = '${refund}'`,
    `${SUM}: ${haru}`,
    `${REFUNDS}: ${shared}`,
  ],
  [
    'a refund to somebody else',
    `update transfer set credit_account = '${mei}' where id = '${refund}'`,
    `${SUM}: ${haru}`,
    `${SUM}: ${mei}`,
    `${REFUNDS}: ${shared}`,
  ],
  [
    'a settlement that gave back more',
    `update settlement set refunded = 301 where id = '${shared}'`,
    `${REFUNDS}: ${shared}`,
  ],
  [
    'a refund out of its place',
    `update refund set number = 2`,
    `a refund does not stand where those before it ended: ${refund}`,
  ],
  [
    'a settlement of another amount',
    `update settlement set amount = amount + 1 where id = '${spent}'`,
    `${SUM}: ${sora}`,
  ],
  [
    'a settlement of another wallet',
    `update settlement set wallet_id = '${mei}' where id = '${offline}'`,
    `${SUM}: ${haru}`,
    `${SUM}: ${mei}`,
  ],
  [
    'a code that was used twice',
    `update settlement set counter = 0 where id = '${offline}'`,
    `a code took money twice: ${shared}`,
    `a code took money twice: ${offline}`,
  ],
  [
    'a reload in another currency',
    `update transfer set currency = 'USD' where id = '${ofHaru}'`,
    `${CURRENCY}: ${ofHaru}`,
  ],
  [
    'a settlement in another currency',
    `update settlement set currency = 'USD' where id = '${spent}'`,
    `${CURRENCY}: ${spent}`,
  ],
  ['a share of the payer', `update group_payment set own_share = own_share + 1`, `${SHARES}: ${shared}`],
  [
    'an original allotment',
    `update allotment set original_amount = original_amount + 1 where id = '${sorasShare}'`,
    `${SHARES}: ${shared}`,
    `${SHRINK}: ${sorasShare}`,
  ],
  ['an allotment', `update allotment set amount = amount + 1 where id = '${meisShare}'`, `${SHRINK}: ${meisShare}`],
  ['what was repaid', `update allotment set repaid = repaid - 1 where id = '${meisShare}'`, `${REPAID}: ${meisShare}`],
  [
    'an allotment of another payer',
    `update allotment set creditor_wallet_id = '${mei}' where id = '${sorasShare}'`,
    `an allotment does not agree with its group: ${sorasShare}`,
  ],
  [
    'a group that is cancelled without its settlement',
    `update group_payment set state = 'cancelled'`,
    `${GROUP}: ${shared}`,
    `an allotment does not agree with its group: ${meisShare}`,
    `an allotment does not agree with its group: ${sorasShare}`,
  ],
  ['a group of another store', `update group_payment set store_id = '${stores[1]}'`, `${GROUP}: ${shared}`],
  [
    'a repayment of another amount',
    `update repayment set amount = amount + 1`,
    `a repayment is not what moved: ${repayment}`,
  ],
  ['a repayment without a row', `delete from repayment`, `a repayment is not what moved: ${repayment}`],
  [
    'a repayment without its transfer',
    `delete from transfer where id = '${repayment}'`,
    `${SUM}: ${haru}`,
    `${SUM}: ${mei}`,
    `${REPAID}: ${meisShare}`,
    `a repayment is not what moved: ${repayment}`,
  ],
];

/** The books of a whole day are good, and each kind of damage to them is named. */
export function faultLaws(name: string, open: () => Promise<LedgerUnderTest>): void {
  describe(`the books on ${name}`, () => {
    let under: LedgerUnderTest;
    beforeAll(async () => {
      under = await open();
      await seed(under.books);
    });
    beforeEach(async () => {
      await under.wipe();
      await bookDay(under.ledger);
    });
    afterAll(() => under.close());

    test('are good after a day on which everything happens', async () => {
      const { sum, faults, balances, allotments, settlements } = await under.ledger.readBooks();
      const rows = balances.map(({ kind, name: called, balance }) => [kind, called, balance]);
      expect({ sum, faults, rows, allotments, settlements: settlements.length }).toEqual({
        sum: 0,
        faults: [],
        rows: expect.arrayContaining([
          ['fees', undefined, 90],
          ['issuer', undefined, -1_100],
          ['receivable', undefined, -1_400],
          ['store', 'Store 0', 2_410],
          ['wallet', 'Haru Tanaka', 4_050],
          ['wallet', 'Mei Sato', 950],
          ['wallet', 'Sora Ito', 0],
        ]) as unknown,
        allotments: [
          { allotmentId: meisShare, groupPaymentId: shared, debtor: mei, amount: 50, repaid: 50, treated: 0 },
          { allotmentId: sorasShare, groupPaymentId: shared, debtor: sora, amount: 250, repaid: 0, treated: 250 },
        ],
        settlements: 4,
      });
    });

    test('list what moved a balance, settlements and transfers alike', async () => {
      const rows = await under.books.db
        .selectFrom('movement')
        .select(['kind', 'amount', 'other_account', 'store_id', 'allotment_id', 'settlement_method', 'at_ms'])
        .where('wallet_id', '=', haru)
        .orderBy('at_ms')
        .orderBy('id')
        .execute();
      expect(rows.map((row) => [row.kind, row.amount, row.other_account, row.allotment_id, row.at_ms])).toEqual([
        ['settlement', -1_000, stores[0], null, 0],
        ['reload', 5_000, expect.any(String), null, 0],
        ['settlement', -500, stores[0], null, 1],
        ['settlement', -300, stores[0], null, 3],
        ['cancel', 500, stores[0], null, 10],
        ['repayment', 250, mei, meisShare, 11],
        ['refund', 300, stores[0], null, 12],
        ['repayment_return', -200, mei, meisShare, 12],
      ]);
      expect(rows.every((row) => row.kind === 'reload' || row.store_id === stores[0])).toBe(true);
      expect(rows.every((row) => row.kind === 'reload' || row.settlement_method === 'shown_code')).toBe(true);
    });

    test.each(damages)('name %s', async (_what, statement, ...faults) => {
      await under.damage(statement);
      expect((await under.ledger.readBooks()).faults.toSorted()).toEqual(faults.toSorted());
    });
  });
}
