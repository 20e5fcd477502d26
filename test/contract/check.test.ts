import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { TaxClass } from '#contract/catalogue.ts';
import { discountOf, dueOf, lineSubtotal, lineTotal, totalsOf } from '#contract/check.ts';
import { money, roundingModes } from '#contract/money.ts';
import { type Discount, type LineItem, lineItemSchema } from '#contract/order.ts';
import { type Tender, tenderSchema } from '#contract/tender.ts';

const standard: TaxClass = {
  taxClassId: 's',
  name: 'S',
  rate: { numerator: 10, denominator: 100 },
  isIncluded: true,
  mark: '',
};
const reduced: TaxClass = {
  taxClassId: 'r',
  name: 'R',
  rate: { numerator: 8, denominator: 100 },
  isIncluded: true,
  mark: '※',
};
const added: TaxClass = {
  taxClassId: 'a',
  name: 'A',
  rate: { numerator: 10, denominator: 100 },
  isIncluded: false,
  mark: '',
};
const setting = { rounding: 'down', roundedPer: 'check' } as const;
const yen = (amount: number) => money(amount, 'JPY');

describe('a line', () => {
  test('is its quantity of the unit price with its modifiers, less its discount', () => {
    const latte = line({
      quantity: 3,
      unitPrice: yen(560),
      modifiers: [modifier(60), modifier(-20)],
      discount: rate(1, 10),
    });
    expect([lineSubtotal(latte), lineTotal(latte)]).toEqual([yen(1_800), yen(1_620)]);
  });

  test('is worth nothing when voided, and never less than nothing', () => {
    expect(lineTotal(line({ unitPrice: yen(500), isVoided: true }))).toEqual(yen(0));
    expect(lineSubtotal(line({ unitPrice: yen(50), quantity: 9, modifiers: [modifier(-80)] }))).toEqual(yen(0));
  });
});

describe('a discount', () => {
  test.each<[string, Discount | undefined, number]>([
    ['nothing', undefined, 0],
    ['a rate, rounded half up', rate(1, 8), 63],
    ['an amount', off(120), 120],
    ['no more than there is', off(9_999), 500],
    ['no more than there is, as a rate', rate(3, 2), 500],
    ['nothing where it would add', off(-120), 0],
    ['nothing where the rate would add', rate(-1, 2), 0],
  ])('takes off %s', (_, discount, expected) => {
    expect(discountOf(yen(500), discount)).toEqual(yen(expected));
  });

  test('is in the currency of what it is taken off', () => {
    const dollars: Discount = { type: 'amount', amount: money(100, 'USD'), reason: 'x' };
    expect(() => discountOf(yen(500), dollars)).toThrow(/one currency/);
  });
});

describe('totals of a check', () => {
  test('share the discount of the check among its lines before they are taxed', () => {
    const lines = [
      line({ unitPrice: yen(1_000), taxClass: standard }),
      line({ unitPrice: yen(500), quantity: 2, taxClass: reduced, discount: off(200) }),
      line({ unitPrice: yen(9_999), isVoided: true }),
      line({ unitPrice: yen(1_200), taxClass: added }),
    ];
    // 300 off 3,000: 100 off the first, 80 off the second, 120 off the third.
    expect(totalsOf(lines, off(300), setting, 'JPY')).toEqual({
      subtotal: yen(3_200),
      discount: yen(500),
      taxes: [
        { taxClass: standard, net: yen(819), tax: yen(81), gross: yen(900) },
        { taxClass: reduced, net: yen(667), tax: yen(53), gross: yen(720) },
        { taxClass: added, net: yen(1_080), tax: yen(108), gross: yen(1_188) },
      ],
      total: yen(2_808),
      itemCount: 4,
    });
  });

  test('are nothing for nothing', () => {
    const nothing = { subtotal: yen(0), discount: yen(0), taxes: [], total: yen(0), itemCount: 0 };
    expect(totalsOf([], rate(1, 2), setting, 'JPY')).toEqual(nothing);
    expect(totalsOf([line({ unitPrice: yen(5), isVoided: true })], off(3), setting, 'JPY')).toEqual(nothing);
    expect(totalsOf([line({ unitPrice: yen(0) })], off(3), setting, 'JPY').total).toEqual(yen(0));
  });

  test('add up, and are never negative, whatever was sold and taken off', () => {
    fc.assert(
      fc.property(fc.array(anyLine(), { maxLength: 10 }), anyDiscount(), anySetting(), (lines, discount, how) => {
        const totals = totalsOf(lines, discount, how, 'JPY');
        const sum = (of: (row: (typeof totals.taxes)[number]) => number) =>
          totals.taxes.reduce((all, row) => all + of(row), 0);
        expect(sum(({ gross }) => gross.amount)).toBe(totals.total.amount);
        const beforeAddedTax = sum(({ taxClass, net, gross }) => (taxClass.isIncluded ? gross : net).amount);
        expect(totals.subtotal.amount - totals.discount.amount).toBe(beforeAddedTax);
        expect(totals.discount.amount).toBeGreaterThanOrEqual(0);
        expect(
          Math.min(
            totals.total.amount,
            ...totals.taxes.flatMap(({ net, tax, gross }) => [net.amount, tax.amount, gross.amount]),
          ),
        ).toBeGreaterThanOrEqual(0);
        const sold = lines.filter(({ isVoided }) => !isVoided);
        expect(totals.itemCount).toBe(sold.reduce((count, { quantity }) => count + quantity, 0));
        expect(totals).toEqual(totalsOf(sold, discount, how, 'JPY'));
      }),
    );
  });

  test('of a check given away come to nothing', () => {
    fc.assert(
      fc.property(fc.array(anyLine(), { maxLength: 10 }), anySetting(), (lines, how) => {
        expect(totalsOf(lines, rate(1, 1), how, 'JPY').total).toEqual(yen(0));
      }),
    );
  });

  test('are still exact on the fullest bill', () => {
    const dear = line({ unitPrice: yen(1_000_000_000), quantity: 9_999, taxClass: added });
    const totals = totalsOf(
      Array.from({ length: 500 }, () => dear),
      undefined,
      setting,
      'JPY',
    );
    expect(BigInt(totals.total.amount)).toBe((500n * 9_999n * 1_000_000_000n * 11n) / 10n);
  });
});

test('due is the total less what the tenders pay', () => {
  const cash = (amount: number): Tender =>
    tenderSchema.parse({
      type: 'cash',
      tenderId: id(1),
      amount: yen(amount),
      rounding: yen(0),
      tendered: yen(amount),
      change: yen(0),
    });
  expect(dueOf(yen(1_000), [])).toEqual(yen(1_000));
  expect(dueOf(yen(1_000), [cash(300), cash(700)])).toEqual(yen(0));
});

function anyLine(): fc.Arbitrary<LineItem> {
  return fc
    .record({
      unitPrice: fc.oneof(fc.nat(2_000), fc.nat(100_000_000)).map(yen),
      quantity: fc.oneof(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 9_999 })),
      modifiers: fc.array(fc.integer({ min: -300, max: 300 }).map(modifier), { maxLength: 3 }),
      discount: anyDiscount(),
      taxClass: fc.constantFrom(standard, reduced, added),
      isVoided: fc.boolean(),
    })
    .map(line);
}

function anyDiscount(): fc.Arbitrary<Discount | undefined> {
  return fc.option(
    fc.oneof(
      fc.tuple(fc.nat(150), fc.constant(100)).map(([numerator, denominator]) => rate(numerator, denominator)),
      fc.nat(5_000).map(off),
    ),
    { nil: undefined },
  );
}

function anySetting() {
  return fc.record({
    rounding: fc.constantFrom(...roundingModes),
    roundedPer: fc.constantFrom('check' as const, 'line' as const),
  });
}

function line(part: Partial<LineItem>): LineItem {
  return lineItemSchema.parse({
    lineId: id(2),
    name: 'Line',
    quantity: 1,
    unitPrice: yen(0),
    modifiers: [],
    taxClass: standard,
    isVoided: false,
    ...part,
  });
}

function modifier(price: number) {
  return { modifierId: `m${price}`, name: 'Modifier', price };
}

function rate(numerator: number, denominator: number): Discount {
  return { type: 'rate', rate: { numerator, denominator }, reason: 'x' };
}

function off(amount: number): Discount {
  return { type: 'amount', amount: yen(amount), reason: 'x' };
}

function id(number: number): string {
  return `019ab000-0000-7000-8000-${String(number).padStart(12, '0')}`;
}
