import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type RoundingMode,
  absolute,
  add,
  allocate,
  compare,
  divideRounded,
  equals,
  exponentOf,
  isCurrency,
  money,
  moneySchema,
  multiply,
  negate,
  parseDecimal,
  roundToIncrement,
  roundingModes,
  subtract,
  sum,
  times,
  toDecimalString,
  zero,
} from '#contract/money.ts';

const most = Number.MAX_SAFE_INTEGER;
const amount = fc.oneof(fc.integer({ min: -5_000, max: 5_000 }), fc.maxSafeInteger(), fc.constantFrom(0, most, -most));

describe('money', () => {
  test('is a whole, exactly counted number of minor units of an existing currency', () => {
    for (const wrong of [0.5, NaN, Infinity, most + 1]) expect(() => money(wrong, 'JPY')).toThrow(/minor units/);
    for (const code of ['', 'jpy', 'DEM', 'XXX', 'JPYY']) expect(() => money(1, code)).toThrow(/ISO 4217/);
    expect(moneySchema.safeParse({ amount: 1, currency: 'DEM' }).success).toBe(false);
    expect(Object.is(money(-0, 'JPY').amount, 0)).toBe(true);
  });

  test('adds, negates and compares like whole numbers', () => {
    const small = fc.integer({ min: -(2 ** 50), max: 2 ** 50 });
    fc.assert(
      fc.property(small, small, small, (a, b, c) => {
        const [x, y, z] = [money(a, 'USD'), money(b, 'USD'), money(c, 'USD')];
        expect(add(x, y, z)).toEqual(money(a + b + c, 'USD'));
        expect(subtract(x, y)).toEqual(money(a - b, 'USD'));
        expect(add(x, negate(x))).toEqual(zero('USD'));
        expect(absolute(x).amount).toBe(Math.abs(a));
        expect(Math.sign(compare(x, y))).toBe(Math.sign(a - b));
        expect(equals(x, y)).toBe(a === b);
      }),
    );
    expect(sum([], 'EUR')).toEqual(zero('EUR'));
  });

  test('adds exactly even where a sum on the way is too large, or refuses', () => {
    expect(add(money(most, 'JPY'), money(2, 'JPY'), money(-2, 'JPY'))).toEqual(money(most, 'JPY'));
    expect(() => add(money(most, 'JPY'), money(1, 'JPY'))).toThrow(/whole number/);
    expect(() => times(money(most, 'JPY'), 2)).toThrow(/whole number/);
  });

  test('never mixes currencies', () => {
    expect(() => add(money(1, 'JPY'), money(1, 'USD'))).toThrow(/one currency/);
    expect(() => compare(money(1, 'JPY'), money(1, 'USD'))).toThrow(/one currency/);
    expect(equals(money(1, 'JPY'), money(1, 'USD'))).toBe(false);
  });

  test.each([
    ['JPY', 0],
    ['KRW', 0],
    ['ISK', 0],
    ['USD', 2],
    ['EUR', 2],
    ['KWD', 3],
    ['IQD', 3],
    ['CLF', 4],
  ])('knows that %s has %i decimal places', (currency, exponent) => {
    expect(exponentOf(currency)).toBe(exponent);
  });

  test('knows no currency that Intl does not know, and agrees with it on most decimal places', () => {
    const known = Intl.supportedValuesOf('currency').filter(isCurrency);
    expect(known.length).toBeGreaterThan(150);
    // Intl follows the coins in use, ISO 4217 the books: these are the differences.
    const differ = known.filter((currency) => {
      const options = { style: 'currency', currency } as const;
      return new Intl.NumberFormat('en', options).resolvedOptions().maximumFractionDigits !== exponentOf(currency);
    });
    expect(
      differ.filter(
        (code) =>
          !/^(AFN|ALL|AMD|COP|CRC|CZK|GYD|HUF|IDR|IQD|IRR|KPW|LAK|LBP|MGA|MMK|MRO|MRU|MUR|NOK|PKR|RSD|SEK|SLE|SLL|SOS|STN|SYP|TMM|TWD|TZS|UZS|VEF|YER|ZMK|ZWD)$/.test(
            code,
          ),
      ),
    ).toEqual([]);
  });
});

describe('rounding', () => {
  test.each<[RoundingMode, readonly number[]]>([
    //         -2.5  -1.5  -1.2  -0.5   0.5   1.2   1.5   2.5
    ['halfUp', [-3, -2, -1, -1, 1, 1, 2, 3]],
    ['halfDown', [-2, -1, -1, 0, 0, 1, 1, 2]],
    ['halfEven', [-2, -2, -1, 0, 0, 1, 2, 2]],
    ['up', [-3, -2, -2, -1, 1, 2, 2, 3]],
    ['down', [-2, -1, -1, 0, 0, 1, 1, 2]],
    ['floor', [-3, -2, -2, -1, 0, 1, 1, 2]],
    ['ceiling', [-2, -1, -1, 0, 1, 2, 2, 3]],
  ])('%s rounds as its name says', (mode, expected) => {
    const tenths = [-25n, -15n, -12n, -5n, 5n, 12n, 15n, 25n];
    expect(tenths.map((tenth) => divideRounded(tenth, 10n, mode))).toEqual(expected);
  });

  test('agrees with picking the neighbour by its distance', () => {
    const divisor = fc.oneof(fc.bigInt({ min: 1n, max: 20n }), fc.bigInt({ min: 2n ** 48n, max: 2n ** 60n }));
    const quotient = fc.oneof(
      fc.bigInt({ min: -20n, max: 20n }),
      fc.bigInt({ min: -BigInt(most - 1), max: BigInt(most - 1) }),
    );
    fc.assert(
      fc.property(
        quotient,
        divisor,
        fc.bigInt({ min: 0n, max: 2n ** 61n }),
        fc.constantFrom(...roundingModes),
        (whole, b, rest, mode) => {
          const a = whole * b + (rest % b);
          expect(BigInt(divideRounded(a, b, mode))).toBe(nearest(a, b, mode));
        },
      ),
      { numRuns: 3_000 },
    );
    expect(() => divideRounded(BigInt(most) + 1n, 1n, 'down')).toThrow(/safe integer/);
    expect(() => divideRounded(1n, 0n, 'down')).toThrow(/positive/);
  });

  test('multiplies by a ratio with one rounding', () => {
    const part = fc.integer({ min: 0, max: 100_000 });
    fc.assert(
      fc.property(
        amount,
        part,
        fc.integer({ min: 100_000, max: 1_000_000 }),
        fc.constantFrom(...roundingModes),
        (a, n, d, mode) => {
          const product = multiply(money(a, 'JPY'), { numerator: n, denominator: d }, mode);
          expect(BigInt(product.amount)).toBe(nearest(BigInt(a) * BigInt(n), BigInt(d), mode));
        },
      ),
    );
  });

  test('rounds to the nearest coin', () => {
    const coin = (francs: number) => roundToIncrement(money(francs, 'CHF'), 5, 'halfUp').amount;
    expect([0, 2, 3, 7, 8, -2, -3].map(coin)).toEqual([0, 0, 5, 5, 10, 0, -5]);
    expect(() => roundToIncrement(money(1, 'CHF'), 0, 'halfUp')).toThrow(/increment/);
  });
});

describe('allocating', () => {
  const weights = fc.array(fc.oneof(fc.integer({ min: 0, max: 5 }), fc.nat(1_000_000), fc.constant(most)), {
    minLength: 1,
    maxLength: 12,
  });

  test('gives parts that sum to the whole', () => {
    fc.assert(
      fc.property(amount, weights, fc.option(fc.nat(11), { nil: undefined }), (a, shares, to) => {
        const options = to === undefined ? {} : { remainderTo: to % shares.length };
        const parts = allocate(money(a, 'JPY'), shares, options);
        expect(parts.length).toBe(shares.length);
        expect(parts.reduce((total, part) => total + BigInt(part.amount), 0n)).toBe(BigInt(a));
      }),
    );
  });

  test('gives each part its exact share, less than one unit away, and nothing to no weight', () => {
    fc.assert(
      fc.property(amount, weights, (a, shares) => {
        const even = shares.every((share) => share === 0);
        const total = even ? BigInt(shares.length) : shares.reduce((whole, share) => whole + BigInt(share), 0n);
        for (const [index, part] of allocate(money(a, 'JPY'), shares).entries()) {
          const share = even ? 1n : BigInt(shares[index] ?? 0);
          const off = BigInt(part.amount) * total - BigInt(a) * share;
          expect((off < 0n ? -off : off) < total).toBe(true);
          if (share === 0n) expect(part.amount).toBe(0);
        }
      }),
    );
  });

  test('leaves the whole remainder to the payer, and every other part rounded down', () => {
    fc.assert(
      fc.property(fc.nat(most), weights, fc.nat(11), (a, shares, to) => {
        const payer = to % shares.length;
        const even = shares.every((share) => share === 0);
        const total = even ? BigInt(shares.length) : shares.reduce((whole, share) => whole + BigInt(share), 0n);
        const parts = allocate(money(a, 'JPY'), shares, { remainderTo: payer });
        for (const [index, part] of parts.entries()) {
          const exact = (BigInt(a) * (even ? 1n : BigInt(shares[index] ?? 0))) / total;
          if (index === payer) expect(BigInt(part.amount) >= exact).toBe(true);
          else expect(BigInt(part.amount)).toBe(exact);
        }
      }),
    );
    expect(allocate(money(1_000, 'JPY'), [1, 1, 1], { remainderTo: 1 }).map(({ amount: part }) => part)).toEqual([
      333, 334, 333,
    ]);
  });

  test('gives units that are left to the largest fractions, ties to the earliest', () => {
    const parts = (whole: number, ...shares: number[]) =>
      allocate(money(whole, 'JPY'), shares).map((part) => part.amount);
    expect(parts(1_000, 1, 1, 1)).toEqual([334, 333, 333]);
    expect(parts(100, 1, 1, 1, 1, 1, 1)).toEqual([17, 17, 17, 17, 16, 16]);
    expect(parts(10, 1, 2, 4)).toEqual([1, 3, 6]);
    expect(parts(1, 1, 3)).toEqual([0, 1]);
    expect(parts(5, 0, 0)).toEqual([3, 2]);
    expect(parts(-1_000, 1, 1, 1)).toEqual([-334, -333, -333]);
    expect(parts(most, most, most)).toEqual([2 ** 52, 2 ** 52 - 1]);
  });

  test('moves no part by more than one unit when the parts change places', () => {
    const shuffled = weights.chain((shares) => {
      const places = [...shares.keys()];
      return fc.record({
        shares: fc.constant(shares),
        order: fc.shuffledSubarray(places, { minLength: places.length, maxLength: places.length }),
      });
    });
    fc.assert(
      fc.property(amount, shuffled, (a, { shares, order }) => {
        const before = allocate(money(a, 'JPY'), shares);
        const moved = order.map((place) => shares[place] ?? 0);
        for (const [index, part] of allocate(money(a, 'JPY'), moved).entries()) {
          const there = before[order[index] ?? 0]?.amount ?? NaN;
          expect(Math.abs(part.amount - there)).toBeLessThanOrEqual(1);
        }
      }),
    );
  });

  test('gives no less to a larger weight', () => {
    fc.assert(
      fc.property(fc.nat(1_000_000), weights, (a, shares) => {
        const parts = allocate(money(a, 'JPY'), shares);
        const ranked = parts.map((part, index) => ({ part: part.amount, share: shares[index] ?? 0 }));
        for (const one of ranked) {
          for (const other of ranked) if (one.share > other.share) expect(one.part >= other.part).toBe(true);
        }
      }),
    );
  });

  test('mirrors a negative amount', () => {
    fc.assert(
      fc.property(amount, weights, (a, shares) => {
        const parts = allocate(money(a, 'JPY'), shares);
        expect(allocate(money(-a, 'JPY'), shares)).toEqual(parts.map(negate));
      }),
    );
  });

  test.each([[[]], [[-1]], [[0.5]], [[NaN]]])('refuses the weights %j', (shares) => {
    expect(() => allocate(money(1, 'JPY'), shares)).toThrow(/allocated|weights/);
  });

  test('refuses a payer who has no part', () => {
    for (const remainderTo of [-1, 2, 0.5])
      expect(() => allocate(money(1, 'JPY'), [1, 1], { remainderTo })).toThrow(/remainder/);
  });
});

describe('decimals', () => {
  test('are written and read back as the same amount', () => {
    fc.assert(
      fc.property(amount, fc.constantFrom('JPY', 'USD', 'KWD', 'CLF'), (a, currency) => {
        const value = money(a, currency);
        expect(toDecimalString(value)).toMatch(/^-?\d+(\.\d+)?$/);
        const read = parseDecimal(toDecimalString(value), currency);
        // A number of 16 digits before the point is no price: the reader stops at 15.
        if (Math.abs(a) < 1e15) expect(read).toEqual(value);
        else expect(read === undefined || equals(read, value)).toBe(true);
      }),
    );
  });

  test.each([
    [0, 'USD', '0.00'],
    [-5, 'USD', '-0.05'],
    [123_450, 'USD', '1234.50'],
    [1_200, 'JPY', '1200'],
    [1_200, 'KWD', '1.200'],
    [-most, 'JPY', '-9007199254740991'],
  ])('writes %i %s as %s', (value, currency, text) => {
    expect(toDecimalString(money(value, currency))).toBe(text);
  });

  test.each([
    ['4.5', 'USD', 450],
    [' 4.50 ', 'USD', 450],
    ['4.', 'USD', 400],
    ['+4', 'USD', 400],
    ['-0', 'JPY', 0],
    ['450.00', 'JPY', 450],
    ['4.505', 'KWD', 4_505],
    ['0000000000000.1', 'USD', 10],
    ['4.505', 'USD', undefined],
    ['.5', 'USD', undefined],
    ['', 'USD', undefined],
    ['1,200', 'USD', undefined],
    ['1e3', 'USD', undefined],
    ['0x10', 'USD', undefined],
    ['--1', 'USD', undefined],
    ['４', 'USD', undefined],
    ['999999999999999', 'USD', undefined],
    ['9999999999999999', 'JPY', undefined],
    ['Infinity', 'USD', undefined],
  ])('reads %j in %s as %j', (text, currency, expected) => {
    expect(parseDecimal(text, currency)?.amount).toBe(expected);
  });
});

/** The neighbour that the mode names, found from the two neighbours and their distances. */
function nearest(a: bigint, b: bigint, mode: RoundingMode): bigint {
  const rest = ((a % b) + b) % b;
  const below = (a - rest) / b;
  if (rest === 0n) return below;
  const above = below + 1n;
  const [inward, outward] = a < 0n ? [above, below] : [below, above];
  const [toBelow, toAbove] = [rest, b - rest];
  switch (mode) {
    case 'floor':
      return below;
    case 'ceiling':
      return above;
    case 'down':
      return inward;
    case 'up':
      return outward;
    case 'halfUp':
      return toBelow === toAbove ? outward : toBelow < toAbove ? below : above;
    case 'halfDown':
      return toBelow === toAbove ? inward : toBelow < toAbove ? below : above;
    case 'halfEven':
      return toBelow === toAbove ? (below % 2n === 0n ? below : above) : toBelow < toAbove ? below : above;
  }
}
