import { expect, test } from 'vitest';
import { dueOf, lineTotal, totalsOf } from '#contract/check.ts';
import { money } from '#contract/money.ts';
import { type LineItem, lineItemSchema } from '#contract/order.ts';
import { receiptDocumentSchema } from '#contract/receipt.ts';
import { type Sale, saleSchema } from '#contract/sale.ts';
import { type Store, storeSchema } from '#contract/terminal.ts';
import { priceText, rateText, receiptOf } from '#main/terminal/paying/receipt.ts';
import { receiptText } from '#main/terminal/paying/receipt-render.ts';

const store: Store = storeSchema.parse({
  name: 'Kissa Warikan',
  address: ['1-2-3 Kanda, Chiyoda-ku', 'Tokyo'],
  taxNumber: 'T1234567890123',
  currency: 'JPY',
  timeZone: 'Asia/Tokyo',
  language: 'en',
  cashRounding: { increment: 1, rounding: 'halfUp' },
  denominations: [1000],
  receiptFooter: ['Thank you'],
});
const standard = { taxClassId: 's', name: 'Standard', rate: { numerator: 10, denominator: 100 }, isIncluded: true };
const reduced = {
  taxClassId: 'r',
  name: 'Reduced',
  rate: { numerator: 8, denominator: 100 },
  isIncluded: true,
  mark: '※',
};
const added = { taxClassId: 'a', name: 'Delivery', rate: { numerator: 10, denominator: 100 }, isIncluded: false };

const table = [
  line({
    name: 'Blend coffee ブレンド',
    quantity: 2,
    unitPrice: yen(450),
    modifiers: [
      { modifierId: 'm', name: 'Oat milk', price: 60 },
      { modifierId: 'h', name: 'Hot', price: 0 },
    ],
    taxClass: standard,
  }),
  line({
    name: 'Beans 200 g',
    unitPrice: yen(1_280),
    taxClass: reduced,
    discount: { type: 'rate', rate: { numerator: 1, denominator: 4 }, reason: 'last bag' },
  }),
  line({ name: 'Never served', unitPrice: yen(9_999), taxClass: standard, isVoided: true }),
  line({ name: 'Delivery', unitPrice: yen(500), taxClass: added }),
];
const sale = saleOf(table, { type: 'amount', amount: yen(100), reason: 'long wait' });

test('row 25: says what was sold, what came off, what is due by which rate, and how it was paid', () => {
  expect(receiptText(receiptOf(sale, store, { copyNumber: 0 }))).toBe(`\
               Kissa Warikan
          1-2-3 Kanda, Chiyoda-ku
                   Tokyo
      Registration no. T1234567890123

                  Receipt

No. 01-000042             2026-11-24 00:30
Served by                              Aoi
------------------------------------------
Blend coffee ブレンド               ¥1,020
  Oat milk +¥60
  Hot
  2 × ¥510
Beans 200 g ※                      ¥1,280
  Discount 25%: last bag             -¥320
Delivery                              ¥500
------------------------------------------
Subtotal (4 items)                  ¥2,480
Discount: long wait                  -¥100
Tax 10%                                ¥48
Total                               ¥2,428

Wallet (shown code)                 ¥1,428
  Haru •••
  Ref. K7Q2-9F
Cash                                ¥1,500
Change                                ¥500

Taxed at 10%, with tax                ¥979
  Tax in it                            ¥89
※Taxed at 8%, with tax               ¥921
  Tax in it                            ¥68
  ※ means: Reduced
Taxed at 10%, without tax             ¥480
  Tax                                  ¥48

                 Thank you
`);
});

test('says it in Japanese where the store speaks Japanese, and marks each copy at both ends', () => {
  const document = receiptOf(sale, { ...store, language: 'ja', receiptFooter: [] }, { copyNumber: 2 });
  expect(document.title).toBe('領収書 01-000042');
  expect(receiptText(document)).toBe(`\
               Kissa Warikan
          1-2-3 Kanda, Chiyoda-ku
                   Tokyo
          登録番号 T1234567890123

                  領収書
                 再発行 2

No. 01-000042         2026年11月24日 00:30
担当                                   Aoi
------------------------------------------
Blend coffee ブレンド               ¥1,020
  Oat milk +¥60
  Hot
  2 × ¥510
Beans 200 g ※                      ¥1,280
  値引 25%: last bag                 -¥320
Delivery                              ¥500
------------------------------------------
小計 (4点)                          ¥2,480
値引: long wait                      -¥100
消費税等 10%                           ¥48
合計                                ¥2,428

ウォレット (コード表示)             ¥1,428
  Haru •••
  取引番号 K7Q2-9F
現金お預り                          ¥1,500
お釣り                                ¥500

10%対象 (税込)                        ¥979
  内消費税等                           ¥89
※8%対象 (税込)                       ¥921
  内消費税等                           ¥68
  ※印は Reduced 対象
10%対象 (税抜)                        ¥480
  消費税等                             ¥48
                 再発行 2
`);
});

test('calls a settlement method that it does not know by the wallet server’s word', () => {
  const [wallet] = sale.tenders;
  if (wallet?.type !== 'wallet') throw new Error('a part was paid by wallet');
  const member = { ...wallet.member, settlementMethod: 'palm' };
  const document = receiptOf({ ...sale, tenders: [{ ...wallet, member }] }, store, { copyNumber: 0 });
  expect(receiptText(document)).toContain('Wallet (palm) ');
});

test('shows what cash rounding took or gave', () => {
  const swiss = saleOf([line({ name: 'Kaffee', unitPrice: money(498, 'CHF'), taxClass: standard })], undefined, [
    {
      type: 'cash',
      tenderId: id(9),
      amount: money(498, 'CHF'),
      rounding: money(2, 'CHF'),
      tendered: money(500, 'CHF'),
      change: money(0, 'CHF'),
    },
  ]);
  const text = receiptText(receiptOf(swiss, { ...store, currency: 'CHF' }, { copyNumber: 0 }), 30);
  expect(text).toContain(
    'Rounding             +CHF 0.02\nCash                  CHF 5.00\nChange                CHF 0.00\n',
  );
});

test('shows each rate once, whatever classes have it', () => {
  const news = { ...reduced, taxClassId: 'n', name: 'News', mark: '◇' };
  const extra = { ...added, taxClassId: 'x' };
  const lines = [reduced, news, added, extra].map((taxClass) => line({ name: 'A', unitPrice: yen(1_080), taxClass }));
  const text = receiptText(receiptOf(saleOf(lines), store, { copyNumber: 0 }), 30);
  expect(text).toContain('Tax 10%                   ¥216\nTotal ');
  expect(text.slice(text.indexOf('※◇Taxed'), text.indexOf('\n\n', text.indexOf('※◇Taxed')))).toBe(`\
※◇Taxed at 8%, with    ¥2,160
tax
  Tax in it               ¥160
  ※ means: Reduced
  ◇ means: News
Taxed at 10%, without   ¥2,160
tax
  Tax                     ¥216`);
});

test('is a receipt document that can be stored and read back', () => {
  const document = receiptOf(sale, store, { copyNumber: 0 });
  expect(receiptDocumentSchema.parse(JSON.parse(JSON.stringify(document)))).toEqual(document);
});

test.each([
  [{ amount: 450, currency: 'JPY' }, 'ja', '¥450'],
  [{ amount: -123_450, currency: 'USD' }, 'en', '-$1,234.50'],
  [{ amount: 9_007_199_254_740_991, currency: 'KWD' }, 'en', 'KWD 9,007,199,254,740.991'],
  [{ amount: 1_000, currency: 'IQD' }, 'en', 'IQD 1.000'],
] as const)('writes %j in %s as %s', (value, language, expected) => {
  expect(priceText(value, language)).toBe(expected);
});

test.each([
  [10, 100, '10%'],
  [825, 10_000, '8.25%'],
  [0, 1, '0%'],
  [1, 3, '33.3333%'],
  [77, 1_000, '7.7%'],
])('writes the rate %i / %i as %s', (numerator, denominator, expected) => {
  expect(rateText({ numerator, denominator })).toBe(expected);
});

function saleOf(lines: LineItem[], discount?: Sale['discount'], tenders?: unknown[]): Sale {
  const { currency } = lines[0]?.unitPrice ?? yen(0);
  const totals = totalsOf(lines, discount, { rounding: 'down', roundedPer: 'check' }, currency);
  const wallet = {
    type: 'wallet',
    tenderId: id(7),
    attemptId: id(8),
    amount: yen(totals.total.amount - 1_000),
    reference: 'K7Q2-9F',
    member: { memberRef: 'm-1', maskedName: 'Haru •••', settlementMethod: 'shown_code' },
  };
  const cash = {
    type: 'cash',
    tenderId: id(9),
    amount: yen(1_000),
    rounding: yen(0),
    tendered: yen(1_500),
    change: yen(500),
  };
  const closed = saleSchema.parse({
    saleId: id(1),
    number: '01-000042',
    sequence: 42,
    checkId: id(2),
    orderId: id(3),
    closedAt: '2026-11-23T15:30:00.000Z',
    businessDate: '2026-11-23',
    staffId: 'aoi',
    staffName: 'Aoi',
    lines,
    lineTotals: lines.map(lineTotal),
    discount,
    totals,
    tenders: tenders ?? [wallet, cash],
  });
  expect(dueOf(closed.totals.total, closed.tenders).amount).toBe(0);
  return closed;
}

function line(part: { name: string; unitPrice: unknown; taxClass: object } & Record<string, unknown>): LineItem {
  const { taxClass, ...rest } = part;
  return lineItemSchema.parse({
    lineId: id(part.name.length),
    quantity: 1,
    modifiers: [],
    isVoided: false,
    taxClass: { mark: '', ...taxClass },
    ...rest,
  });
}

function yen(amount: number) {
  return money(amount, 'JPY');
}

function id(number: number): string {
  return `019ab000-0000-7000-8000-${String(number).padStart(12, '0')}`;
}
