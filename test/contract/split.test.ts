import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type RemainderRule,
  type SplitAdjustment,
  type SplitBill,
  type SplitConsumer,
  type SplitLine,
  type SplitRefund,
  shrinkShares,
  splitBill,
  splitProblem,
  splitSettlement,
} from '#contract/split.ts';

/** Thirteen laws of this size are 100,000 cases and more where everything is tested. */
const numRuns = process.env['CI'] === undefined ? 500 : 7_700;

type Kind = SplitAdjustment['kind'];

const most = BigInt(Number.MAX_SAFE_INTEGER);
const payerA: RemainderRule = { type: 'payer', guestId: 'A' };
const fair: RemainderRule = { type: 'fair' };

describe('a bill', () => {
  test('row 43: an item of two is divided between the two', () => {
    const lines = [line('steak', 500, 'A'), line('wine', 3_000, 'B', 'C')];
    expect(splitBill(bill('A B C', lines), payerA)).toEqual(shares({ A: 500, B: 1_500, C: 1_500 }));
  });

  test('row 44: an item of nobody is shared by all', () => {
    const lines = [line('bread', 300), line('steak', 2_000, 'B')];
    expect(splitBill(bill('A B C', lines), payerA)).toEqual(shares({ A: 100, B: 2_100, C: 100 }));
  });

  test('row 49: 3,000 with nothing assigned is 1,000 for each of three', () => {
    expect(splitBill(bill('A B C', [line('set menu', 3_000)]), payerA)).toEqual(
      shares({ A: 1_000, B: 1_000, C: 1_000 }),
    );
  });

  test('row 50: items of 500, 1,500 and 1,000 are borne by who consumed them', () => {
    const lines = [line('a', 500, 'A'), line('b', 1_500, 'B'), line('c', 1_000, 'C')];
    expect(splitBill(bill('A B C', lines), payerA)).toEqual(shares({ A: 500, B: 1_500, C: 1_000 }));
  });

  test('row 52: of 1,000 for three the payer bears 334 and the others 333 each', () => {
    const three = bill('A B C', [line('set menu', 1_000)]);
    expect(splitBill(three, payerA)).toEqual(shares({ A: 334, B: 333, C: 333 }));
    expect(splitBill(three, { type: 'payer', guestId: 'C' })).toEqual(shares({ A: 333, B: 333, C: 334 }));
    expect(splitBill(three, fair)).toEqual(shares({ A: 334, B: 333, C: 333 }));
  });

  test('row 53: service charge, tax and discount follow the shares, and are even where nothing was consumed', () => {
    const lines = [line('a', 1_000, 'A'), line('b', 3_000, 'B')];
    const charged = bill('A B C', lines, ['serviceCharge', 400], ['tax', 440], ['discount', -44], ['tip', 4]);
    expect(splitBill(charged, payerA)).toEqual(shares({ A: 1_200, B: 3_600, C: 0 }));
    expect(splitBill(bill('A B C', [line('free', 0, 'B')], ['tip', 90]), payerA)).toEqual(
      shares({ A: 30, B: 30, C: 30 }),
    );
  });

  test('row 63: a guest without the app takes a share like anybody else', () => {
    const lines = [line('beer', 700, 'walk-in 1'), line('snacks', 300)];
    expect(splitBill(bill('A B|walk-in 1', lines), payerA)).toEqual(shares({ A: 100, B: 100, 'walk-in 1': 800 }));
  });

  test('row 64: a guest alone bears it all', () => {
    expect(splitBill(bill('A', [line('tea', 450), line('cake', 551, 'A')], ['tax', 7]), payerA)).toEqual(
      shares({ A: 1_008 }),
    );
  });

  test('is shared by weight, item by item', () => {
    const twoToOne: SplitLine = { lineId: 'cake', amount: 1_000, consumers: [eats('A', 2), eats('B', 1)] };
    expect(splitBill(bill('A B C', [twoToOne]), { type: 'payer', guestId: 'B' })).toEqual(
      shares({ A: 666, B: 334, C: 0 }),
    );
  });

  test('keeps fractions until the end: three items of 10 for three are 10 each', () => {
    const lines = [line('1', 10), line('2', 10), line('3', 10)];
    for (const rule of [payerA, fair])
      expect(splitBill(bill('A B C', lines), rule)).toEqual(shares({ A: 10, B: 10, C: 10 }));
  });

  test('gives fairly what is left over to the largest fractions, ties to the lesser id and not to the first', () => {
    expect(splitBill(bill('C B A', [line('set menu', 1_000)]), fair)).toEqual(shares({ A: 334, B: 333, C: 333 }));
    const lines = [line('1', 10, 'A', 'B', 'C'), line('2', 1, 'C', 'D'), line('3', 1, 'D', 'B')];
    // Exactly 3⅓, 3⅚, 3⅚ and 1: two units are left, and they are due to B and C.
    expect(splitBill(bill('A B C D', lines), fair)).toEqual(shares({ A: 3, B: 4, C: 4, D: 1 }));
    expect(splitBill(bill('G F E D C B A', [line('one', 1)]), fair)).toEqual(
      shares({ A: 1, B: 0, C: 0, D: 0, E: 0, F: 0, G: 0 }),
    );
  });

  test('may have lines that give back: a voucher of one guest is his alone', () => {
    const lines = [line('a', 1_000, 'A'), line('b', 1_000, 'B'), line('voucher', -1_200, 'B')];
    expect(splitBill(bill('A B', lines), payerA)).toEqual(shares({ A: 1_000, B: -200 }));
    expect(splitBill(bill('A B', lines, ['serviceCharge', 80]), payerA)).toEqual(shares({ A: 1_080, B: -200 }));
    expect(splitBill(bill('A B C', [line('set menu', -1_000)]), payerA)).toEqual(shares({ A: -334, B: -333, C: -333 }));
  });

  test('leaves no unit that others get back to a payer who consumed nothing', () => {
    const lines = [line('voucher', -1, 'B', 'C'), line('d', 10, 'D')];
    expect(splitBill(bill('A B C D', lines), payerA)).toEqual(shares({ A: 1, B: -1, C: -1, D: 10 }));
  });

  test('may come to nothing', () => {
    expect(splitBill(bill('A B', []), payerA)).toEqual(shares({ A: 0, B: 0 }));
    expect(splitBill(bill('A B', [line('a', 500, 'A'), line('b', 500, 'B')], ['discount', -1_000]), fair)).toEqual(
      shares({ A: 0, B: 0 }),
    );
  });

  test('may be larger than a number can count', () => {
    const huge = bill('A B C', [line('1', most * most), line('2', most, 'B'), line('3', 2, 'C')]);
    const third = (most * most) / 3n;
    expect(splitBill(huge, payerA)).toEqual(shares({ A: most * most - 2n * third, B: third + most, C: third + 2n }));
  });

  test.each<[string, SplitBill]>([
    ['a bill is split between at least one guest', bill('', [line('a', 1)])],
    ['a guest is on a bill once', bill('A B A', [line('a', 1)])],
    ['a line is on a bill once', bill('A B', [line('a', 1), line('a', 2)])],
    ['a line is consumed by guests of the bill', bill('A B', [line('a', 1, 'C')])],
    ['a guest consumes a line once', bill('A B', [line('a', 1, 'B', 'B')])],
    ['a weight is a positive whole number', bill('A B', [{ lineId: 'a', amount: 1, consumers: [eats('A', 0)] }])],
    ['a weight is a positive whole number', bill('A B', [{ lineId: 'a', amount: 1, consumers: [eats('A', 1.5)] }])],
  ])('is refused where it is impossible: %s', (sentence, impossible) => {
    expect(splitProblem(impossible)).toBe(sentence);
    expect(() => splitBill(impossible, fair)).toThrow(sentence);
    expect(() => splitSettlement(impossible, { amount: 1, payer: 'A' })).toThrow(sentence);
    expect(() => shrinkShares(impossible, new Map(), { earlier: [], now: { amount: 0 } })).toThrow(sentence);
  });

  test('is refused with a payer who is no guest, or an amount that is no whole number', () => {
    expect(() => splitBill(bill('A B', []), { type: 'payer', guestId: 'C' })).toThrow(/one of the guests/);
    for (const amount of [0.5, NaN, Infinity, 2 ** 53]) {
      expect(() => splitBill(bill('A B', [line('a', amount)]), fair)).toThrow(/whole number of minor units/);
    }
  });
});

describe('a settlement', () => {
  const three = bill('A B C', [line('set menu', 1_000)]);

  test('row 51: of the whole bill has the shares of the bill', () => {
    const split = splitSettlement(three, { amount: 1_000, payer: 'B' });
    expect(split).toEqual(splitBill(three, { type: 'payer', guestId: 'B' }));
    expect(total(split)).toBe(1_000n);
  });

  test('row 66: of a payer who covers some has their shares and nobody else’s', () => {
    const lines = [line('a', 500, 'A'), line('b', 1_500, 'B'), line('c', 1_000, 'C'), line('d', 700, 'D')];
    const four = bill('A B C D', lines, ['tax', 370]);
    expect(splitSettlement(four, { amount: 2_200, payer: 'A', covers: ['A', 'B'] })).toEqual(
      shares({ A: 550, B: 1_650 }),
    );
    expect(splitSettlement(four, { amount: 1_870, payer: 'C', covers: ['C', 'D'] })).toEqual(
      shares({ C: 1_100, D: 770 }),
    );
  });

  test('may be paid by somebody who is not covered, or who was not at the table', () => {
    expect(splitSettlement(three, { amount: 666, payer: 'A', covers: ['B', 'C'] })).toEqual(shares({ B: 333, C: 333 }));
    expect(splitSettlement(three, { amount: 667, payer: 'A', covers: ['C', 'B'] })).toEqual(shares({ B: 334, C: 333 }));
    expect(splitSettlement(three, { amount: 1_000, payer: 'host' })).toEqual(shares({ A: 334, B: 333, C: 333 }));
  });

  test('of the shares of some is no other split of them, though the amount in proportion would be another', () => {
    const consumers = [eats('A', 50), eats('B', 19), eats('C', 31)];
    const small = bill('A B C', [{ lineId: 'a', amount: 10, consumers }]);
    expect(splitSettlement(small, { amount: 4, payer: 'A', covers: ['B', 'C'] })).toEqual(shares({ B: 1, C: 3 }));
    expect(splitSettlement(small, { amount: 5, payer: 'A', covers: ['B', 'C'] })).toEqual(shares({ B: 2, C: 3 }));
  });

  test('that pays a part has the amount in proportion, its remainder with the payer', () => {
    const uneven = bill('A B C', [line('a', 600, 'A'), line('b', 300, 'B'), line('c', 100, 'C')]);
    expect(splitSettlement(uneven, { amount: 500, payer: 'C' })).toEqual(shares({ A: 300, B: 150, C: 50 }));
    expect(splitSettlement(uneven, { amount: 333, payer: 'C' })).toEqual(shares({ A: 199, B: 99, C: 35 }));
    expect(splitSettlement(uneven, { amount: 333, payer: 'C', remainder: 'fair' })).toEqual(
      shares({ A: 200, B: 100, C: 33 }),
    );
    expect(splitSettlement(uneven, { amount: 0, payer: 'C' })).toEqual(shares({ A: 0, B: 0, C: 0 }));
  });

  test('in two parts of which one guest gets money back gives it to him once', () => {
    const back = bill('A B', [line('a', 1_200, 'A'), line('voucher', -200, 'B')]);
    const half = splitSettlement(back, { amount: 500, payer: 'A' });
    expect(half).toEqual(shares({ A: 600, B: -100 }));
    expect(splitSettlement(back, { amount: 1_100, payer: 'A' })).toEqual(shares({ A: 1_300, B: -200 }));
  });

  test('keeps the amounts that a person fixed, and splits the rest', () => {
    const fixed = new Map([['B', 500]]);
    expect(splitSettlement(three, { amount: 1_000, payer: 'A', fixed })).toEqual(shares({ A: 250, B: 500, C: 250 }));
    expect(splitSettlement(three, { amount: 1_001, payer: 'A', fixed })).toEqual(shares({ A: 251, B: 500, C: 250 }));
    const all = new Map([
      ['A', 0],
      ['B', 999],
      ['C', 1],
    ]);
    expect(splitSettlement(three, { amount: 1_000, payer: 'A', fixed: all })).toEqual(shares({ A: 0, B: 999, C: 1 }));
    expect(splitSettlement(three, { amount: 500, payer: 'A', covers: ['B'], fixed })).toEqual(shares({ B: 500 }));
  });

  test.each<[string, Parameters<typeof splitSettlement>[1]]>([
    ['a settlement pays for at least one guest', { amount: 0, payer: 'A', covers: [] }],
    ['a guest is covered once', { amount: 0, payer: 'A', covers: ['B', 'B'] }],
    ['a covered guest is a guest of the bill', { amount: 0, payer: 'A', covers: ['D'] }],
    ['a fixed amount is for a covered guest', { amount: 9, payer: 'A', covers: ['A'], fixed: new Map([['B', 1]]) }],
    ['a fixed amount is not negative', { amount: 9, payer: 'A', fixed: new Map([['B', -1]]) }],
    ['fixed amounts sum to no more than the settlement', { amount: 9, payer: 'A', fixed: new Map([['B', 10]]) }],
    ['amounts fixed for everybody sum to', { amount: 9, payer: 'A', covers: ['B'], fixed: new Map([['B', 8]]) }],
  ])('is refused where it is impossible: %s', (sentence, impossible) => {
    expect(splitProblem(three, impossible)).toContain(sentence);
    expect(() => splitSettlement(three, impossible)).toThrow(sentence);
  });
});

describe('a refund', () => {
  const lines = [line('a', 500, 'A'), line('b', 1_500, 'B'), line('c', 1_000, 'C'), line('wine', 1_000)];
  const four = bill('A B C', lines);
  const stored = splitBill(four, payerA);

  test('row 60: of one guest’s item lessens his share and no other', () => {
    const fall = shrinkShares(four, stored, {
      earlier: [],
      now: { amount: 1_500, lines: [{ lineId: 'b' }] },
      payer: 'A',
    });
    expect(fall).toEqual(shares({ A: 0, B: 1_500, C: 0 }));
  });

  test('of a part of a shared item lessens the shares of who had it', () => {
    const now = { amount: 100, lines: [{ lineId: 'wine', amount: 100 }] };
    expect(shrinkShares(four, stored, { earlier: [], now, payer: 'A' })).toEqual(shares({ A: 34, B: 33, C: 33 }));
    expect(shrinkShares(four, stored, { earlier: [now, now], now, payer: 'A' })).toEqual(
      shares({ A: 32, B: 34, C: 34 }),
    );
  });

  test('after refund leaves nobody a unit once everything is given back', () => {
    const earlier: SplitRefund[] = ['a', 'wine', 'b'].map((lineId) => ({
      amount: BigInt(lines.find((candidate) => candidate.lineId === lineId)?.amount ?? 0),
      lines: [{ lineId }],
    }));
    expect(shrinkShares(four, stored, { earlier, now: { amount: 1_000 }, payer: 'A' })).toEqual(
      shares({ A: 0, B: 0, C: 1_000 }),
    );
  });

  test('of no line in particular falls in proportion', () => {
    const fall = shrinkShares(four, shares({ A: 100, B: 200, C: 700 }), { earlier: [], now: { amount: 100 } });
    expect(fall).toEqual(shares({ A: 10, B: 20, C: 70 }));
  });

  test('takes nobody below zero: what a guest does not bear falls from the others', () => {
    const custom = shares({ A: 2_000, B: 600, C: 1_400 });
    const now = { amount: 1_500, lines: [{ lineId: 'b' }] };
    expect(shrinkShares(four, custom, { earlier: [], now, payer: 'A' })).toEqual(shares({ A: 530, B: 600, C: 370 }));
  });

  test('raises no share again, though units went to others when little had been given back', () => {
    const pairs = bill('A B C D', [line('a', 400), line('b', 400, 'C', 'D')]);
    const earlier = [{ amount: 2, lines: [{ lineId: 'a', amount: 2 }] }];
    const now = { amount: 1, lines: [{ lineId: 'b', amount: 1 }] };
    expect(shrinkShares(pairs, splitBill(pairs, fair), { earlier: [], now: earlier[0] ?? now })).toEqual(
      shares({ A: 1, B: 1, C: 0, D: 0 }),
    );
    expect(shrinkShares(pairs, splitBill(pairs, fair), { earlier, now })).toEqual(shares({ A: 0, B: 0, C: 1, D: 0 }));
  });

  test('of everything takes back what a guest had got', () => {
    const back = bill('A B', [line('a', 1_300, 'A'), line('voucher', -200, 'B')]);
    const all = shares({ A: 1_300, B: -200 });
    expect(shrinkShares(back, all, { earlier: [], now: { amount: 1_100 } })).toEqual(all);
    expect(shrinkShares(back, all, { earlier: [], now: { amount: 1_099 } })).toEqual(shares({ A: 1_099, B: 0 }));
  });

  test('of items of guests who were not covered falls from those who were', () => {
    const covered = shares({ A: 834, C: 1_333 });
    const now = { amount: 500, lines: [{ lineId: 'b' }] };
    expect(shrinkShares(four, covered, { earlier: [], now, payer: 'A' })).toEqual(shares({ A: 193, C: 307 }));
    const wine = { amount: 100, lines: [{ lineId: 'wine', amount: 100 }] };
    expect(shrinkShares(four, covered, { earlier: [], now: wine, payer: 'A' })).toEqual(shares({ A: 50, C: 50 }));
  });

  test.each<[string, readonly SplitRefund[], SplitRefund]>([
    ['gives back no more than is left', [], { amount: 4_001 }],
    ['gives back no more than is left', [{ amount: 1 }], { amount: 4_000 }],
    ['a refund is not negative', [], { amount: -1 }],
    ['a refunded line is on the bill', [], { amount: 1, lines: [{ lineId: 'z' }] }],
    ['no more is refunded of a line', [], { amount: 1, lines: [{ lineId: 'a', amount: 501 }] }],
    [
      'no more is refunded of a line',
      [{ amount: 1, lines: [{ lineId: 'a' }] }],
      { amount: 1, lines: [{ lineId: 'a', amount: 1 }] },
    ],
  ])('is refused where it is impossible: %s', (sentence, earlier, now) => {
    expect(() => shrinkShares(four, stored, { earlier, now, payer: 'A' })).toThrow(sentence);
  });
});

describe('laws', () => {
  test('row 51: shares sum to the bill, and to whatever a settlement of it amounts to', () => {
    law(
      fc.property(anyBill, wholeAmount, places, (split, amount, order) => {
        for (const rule of rulesOf(split)) expect(total(splitBill(split, rule))).toBe(billTotal(split));
        const covers = reorder(split.guests, order).slice(0, 1 + ((order[0] ?? 0) % split.guests.length));
        const settled = splitSettlement(split, { amount, payer: split.guests[0] ?? '', covers });
        expect(total(settled)).toBe(BigInt(amount));
        expect([...settled.keys()]).toEqual(covers);
      }),
    );
  });

  test('no order of guests, lines or consumers changes a share', () => {
    law(
      fc.property(anyBill, wholeAmount, places, places, (split, amount, one, other) => {
        const moved = {
          guests: reorder(split.guests, one),
          lines: reorder(split.lines, other).map((moving) => ({
            ...moving,
            consumers: reorder(moving.consumers, one),
          })),
          adjustments: reorder(split.adjustments, one),
        };
        for (const rule of rulesOf(split)) expect(splitBill(moved, rule)).toEqual(splitBill(split, rule));
        const settlement = { amount, payer: split.guests.at(-1) ?? '' };
        const settled = splitSettlement(split, settlement);
        expect(splitSettlement(moved, settlement)).toEqual(settled);
      }),
    );
  });

  test('a fair share is less than a unit from the exact one', () => {
    law(
      fc.property(ordinaryBill, (split) => {
        for (const [guest, share] of splitBill(split, fair)) {
          const [exact, unit] = exactShare(split, guest);
          expect(magnitude(share * unit - exact) < unit).toBe(true);
        }
      }),
    );
  });

  test('row 52: with a payer, the others have their exact shares rounded down and he the rest', () => {
    law(
      fc.property(ordinaryBill, (split) => {
        const payer = split.guests[0] ?? '';
        const split1 = splitBill(split, { type: 'payer', guestId: payer });
        const others = split.guests.slice(1).map((guest) => {
          const [exact, unit] = exactShare(split, guest);
          return [guest, exact / unit] as const;
        });
        const rest = billTotal(split) - others.reduce((all, [, share]) => all + share, 0n);
        expect(split1).toEqual(new Map([[payer, rest], ...others]));
      }),
    );
  });

  test('nobody’s share is negative unless his lines are', () => {
    law(
      fc.property(anyBill, (split) => {
        const charged = { ...split, adjustments: split.adjustments.filter(({ amount }) => amount >= 0) };
        for (const rule of rulesOf(split)) {
          for (const [guest, share] of splitBill(charged, rule)) {
            const [exact] = exactLineShare(charged, guest);
            expect(share >= 0n || exact < 0n || billTotal(charged) < 0n).toBe(true);
          }
        }
      }),
    );
  });

  test('nobody is paid by a discount, so long as it is no more than the lines', () => {
    law(
      fc.property(ordinaryBill, (split) => {
        for (const rule of rulesOf(split))
          expect([...splitBill(split, rule).values()].every((share) => share >= 0n)).toBe(true);
      }),
    );
  });

  test('more weight in an item never means a smaller share of the bill, nor a larger one for anybody else', () => {
    law(
      fc.property(ordinaryBill, places, fc.integer({ min: 1, max: 5 }), (split, order, more) => {
        const lineIndex = split.lines.findIndex(({ consumers }) => consumers.length > 0);
        const heavier = split.lines[lineIndex]?.consumers[(order[0] ?? 0) % 2];
        if (heavier === undefined) return;
        const lines = split.lines.map((moving, index) =>
          index === lineIndex
            ? {
                ...moving,
                consumers: moving.consumers.map((eater) =>
                  eater === heavier ? eats(eater.guestId, eater.weight + more) : eater,
                ),
              }
            : moving,
        );
        const after = { ...split, lines };
        for (const rule of rulesOf(split)) {
          const [was, is] = [splitBill(split, rule), splitBill(after, rule)];
          expect((is.get(heavier.guestId) ?? 0n) >= (was.get(heavier.guestId) ?? 0n)).toBe(true);
          const [payer] = split.guests;
          if (rule.type === 'fair') continue;
          for (const guest of split.guests) {
            if (guest !== heavier.guestId && guest !== payer)
              expect((is.get(guest) ?? 0n) <= (was.get(guest) ?? 0n)).toBe(true);
          }
        }
      }),
    );
  });

  test('a larger exact share is never the smaller one', () => {
    law(
      fc.property(ordinaryBill, (split) => {
        const ranked = Array.from(splitBill(split, fair), ([guest, share]) => ({
          share,
          exact: exactShare(split, guest),
        }));
        for (const one of ranked) {
          for (const other of ranked) {
            const isLarger = one.exact[0] * other.exact[1] > other.exact[0] * one.exact[1];
            if (isLarger) expect(one.share >= other.share).toBe(true);
          }
        }
      }),
    );
  });

  test('a bill of the opposite sign has the opposite shares', () => {
    law(
      fc.property(ordinaryBill, (split) => {
        const opposite = {
          guests: split.guests,
          lines: split.lines.map((moving) => ({ ...moving, amount: -BigInt(moving.amount) })),
          adjustments: split.adjustments.map(({ kind, amount }) => ({ kind, amount: -BigInt(amount) })),
        };
        for (const rule of rulesOf(split)) {
          const mirrored = Array.from(splitBill(split, rule), ([guest, share]) => [guest, -share] as const);
          expect(splitBill(opposite, rule)).toEqual(new Map(mirrored));
        }
      }),
    );
  });

  test('a bill that is larger by a factor has shares that are larger by it, to less than that factor and a unit', () => {
    law(
      fc.property(ordinaryBill, fc.bigInt({ min: 2n, max: most * most }), (split, factor) => {
        const larger = {
          guests: split.guests,
          lines: split.lines.map((moving) => ({ ...moving, amount: BigInt(moving.amount) * factor })),
          adjustments: split.adjustments.map(({ kind, amount }) => ({ kind, amount: BigInt(amount) * factor })),
        };
        const was = splitBill(split, fair);
        for (const [guest, share] of splitBill(larger, fair)) {
          expect(magnitude(share - (was.get(guest) ?? 0n) * factor) < factor + 1n).toBe(true);
        }
      }),
    );
  });

  test('an amount that a person fixed stands', () => {
    law(
      fc.property(ordinaryBill, fc.array(fc.nat(400), { maxLength: 3 }), fc.nat(5_000), (split, amounts, more) => {
        const fixed = new Map(
          amounts.flatMap((amount, index) => {
            const guest = split.guests[index];
            return guest === undefined ? [] : [[guest, amount] as const];
          }),
        );
        const isEverybody = fixed.size === split.guests.length;
        const amount = [...fixed.values()].reduce((all, one) => all + one, isEverybody ? 0 : more);
        const settled = splitSettlement(split, { amount, payer: split.guests.at(-1) ?? '', fixed });
        expect(total(settled)).toBe(BigInt(amount));
        for (const [guest, share] of fixed) expect(settled.get(guest)).toBe(BigInt(share));
        expect([...settled.values()].every((share) => share >= 0n)).toBe(true);
      }),
    );
  });

  test('row 60: refunds sum to what was given back, take nobody below zero, and leave nothing in the end', () => {
    law(
      fc.property(
        ordinaryBill,
        fc.array(fc.tuple(fc.nat(7), fc.nat(100), fc.boolean()), { maxLength: 5 }),
        fc.boolean(),
        (split, parts, hasPayer) => {
          const stored = splitBill(split, hasPayer ? { type: 'payer', guestId: split.guests[0] ?? '' } : fair);
          const payer = hasPayer ? split.guests[0] : undefined;
          const left = new Map(stored);
          const earlier: SplitRefund[] = [];
          const linesLeft = new Map(split.lines.map(({ lineId, amount }) => [lineId, BigInt(amount)]));
          const book = (now: SplitRefund): void => {
            const fall = shrinkShares(split, stored, { earlier, now, payer });
            expect(total(fall)).toBe(BigInt(now.amount));
            expect([...fall.keys()]).toEqual([...stored.keys()]);
            for (const [guest, less] of fall) {
              expect(less >= 0n && less <= (left.get(guest) ?? 0n)).toBe(true);
              left.set(guest, (left.get(guest) ?? 0n) - less);
            }
            earlier.push(now);
          };
          for (const [place, percent, isOfLine] of parts) {
            const amount = (total(left) * BigInt(percent)) / 100n;
            const { lineId } = split.lines[place % Math.max(split.lines.length, 1)] ?? {};
            if (!isOfLine || lineId === undefined) book({ amount });
            else {
              const part = ((linesLeft.get(lineId) ?? 0n) * BigInt(percent)) / 100n;
              linesLeft.set(lineId, (linesLeft.get(lineId) ?? 0n) - part);
              book({ amount, lines: [{ lineId, amount: part }] });
            }
          }
          const last = { earlier: [...earlier], now: { amount: total(left) }, payer };
          book(last.now);
          const turned = { ...split, guests: split.guests.toReversed(), lines: split.lines.toReversed() };
          expect(shrinkShares(turned, stored, { ...last, now: { amount: last.now.amount / 2n } })).toEqual(
            shrinkShares(split, stored, { ...last, now: { amount: last.now.amount / 2n } }),
          );
          expect([...left.values()].every((share) => share === 0n)).toBe(true);
        },
      ),
    );
  });

  test('row 60: after refunds of lines a share is that of the lines that are left, to less than two units', () => {
    law(
      fc.property(ordinaryBill, places, fc.nat(8), (charged, order, count) => {
        const split = { ...charged, adjustments: [] };
        const back = reorder(split.lines, order).slice(0, count);
        const kept = { ...split, lines: split.lines.filter((candidate) => !back.includes(candidate)) };
        const refunds = back.map(({ lineId, amount }) => ({ amount, lines: [{ lineId }] }));
        const left = new Map(splitBill(split, fair));
        refunds.forEach((now, index) => {
          for (const [guest, less] of shrinkShares(split, splitBill(split, fair), {
            earlier: refunds.slice(0, index),
            now,
          })) {
            left.set(guest, (left.get(guest) ?? 0n) - less);
          }
        });
        for (const [guest, share] of left) {
          const [exact, unit] = exactShare(kept, guest);
          expect(magnitude(share * unit - exact) < 2n * unit).toBe(true);
        }
      }),
    );
  });
});

const names = ['A', 'B', 'C', 'D', 'E', 'F', 'G', 'H'];
const wholeAmount = fc.oneof(
  fc.integer({ min: -2_000, max: 5_000 }),
  fc.bigInt({ min: -most * most, max: most * most }),
);
/** Numbers to sort a list by: another order of it. */
const places = fc.array(fc.nat(100), { minLength: 8, maxLength: 8 });
const anyBill = billsOf(wholeAmount, wholeAmount);
/** Nothing is negative but discounts, and those are no more than the lines. */
const ordinaryBill = billsOf(
  fc.oneof(fc.nat(20), fc.nat(5_000), fc.bigInt({ min: 0n, max: most * most })),
  fc.oneof(fc.nat(900), fc.bigInt({ min: 0n, max: most })),
).map((split): SplitBill => {
  const lines = split.lines.reduce((all, { amount }) => all + BigInt(amount), 0n);
  const [first, ...others] = split.adjustments;
  if (first === undefined) return split;
  const discount = BigInt(first.amount) < lines ? BigInt(first.amount) : lines;
  return { ...split, adjustments: [{ kind: 'discount', amount: -discount }, ...others] };
});

function billsOf(
  lineAmount: fc.Arbitrary<number | bigint>,
  adjustment: fc.Arbitrary<number | bigint>,
): fc.Arbitrary<SplitBill> {
  return fc
    .record({
      count: fc.integer({ min: 1, max: names.length }),
      lines: fc.array(fc.tuple(lineAmount, fc.array(fc.nat(3), { maxLength: names.length })), { maxLength: 7 }),
      adjustments: fc.array(adjustment, { maxLength: 3 }),
    })
    .map(({ count, lines, adjustments }) => {
      const guests = names.slice(0, count);
      return {
        guests,
        lines: lines.map(([amount, weights], index) => ({
          lineId: String(index),
          amount,
          consumers: guests.flatMap((guestId, place) =>
            (weights[place] ?? 0) > 0 ? [eats(guestId, weights[place] ?? 1)] : [],
          ),
        })),
        adjustments: adjustments.map((amount) => ({ kind: 'tax' as const, amount })),
      };
    });
}

function law<Values>(property: fc.IProperty<Values>): void {
  fc.assert(property, { numRuns });
}

function rulesOf({ guests }: SplitBill): RemainderRule[] {
  return [fair, { type: 'payer', guestId: guests[0] ?? '' }];
}

/** A guest's share as a fraction, by the longhand of adding fractions: for bills without negative lines. */
function exactShare(split: SplitBill, guest: string): readonly [bigint, bigint] {
  const [part, unit] = exactLineShare(split, guest);
  const lines = split.lines.reduce((all, { amount }) => all + BigInt(amount), 0n);
  if (lines === 0n) return [billTotal(split), BigInt(split.guests.length)];
  return [part * billTotal(split), unit * lines];
}

function exactLineShare(split: SplitBill, guest: string): readonly [bigint, bigint] {
  return split.lines.reduce<readonly [bigint, bigint]>(
    ([part, unit], { amount, consumers }) => {
      const sharers = consumers.length === 0 ? split.guests.map((guestId) => eats(guestId, 1)) : consumers;
      const all = BigInt(sharers.reduce((sum, { weight }) => sum + weight, 0));
      const own = BigInt(sharers.find(({ guestId }) => guestId === guest)?.weight ?? 0);
      return [part * all + BigInt(amount) * own * unit, unit * all];
    },
    [0n, 1n],
  );
}

function billTotal({ lines, adjustments }: SplitBill): bigint {
  return [...lines, ...adjustments].reduce((all, { amount }) => all + BigInt(amount), 0n);
}

function total(split: ReadonlyMap<string, bigint>): bigint {
  return [...split.values()].reduce((all, share) => all + share, 0n);
}

function magnitude(value: bigint): bigint {
  return value < 0n ? -value : value;
}

function reorder<Item>(items: readonly Item[], order: readonly number[]): Item[] {
  return items
    .map((item, index) => ({ item, place: order[index % order.length] ?? 0 }))
    .sort((a, b) => a.place - b.place)
    .map(({ item }) => item);
}

/** `A B|walk-in 1`: ids apart by blanks, or whole after a bar. */
function bill(
  guests: string,
  lines: readonly SplitLine[],
  ...adjustments: readonly (readonly [Kind, number])[]
): SplitBill {
  const [members = '', ...walkIns] = guests.split('|');
  return {
    guests: [...members.split(' ').filter((guest) => guest !== ''), ...walkIns],
    lines,
    adjustments: adjustments.map(([kind, amount]) => ({ kind, amount })),
  };
}

function line(lineId: string, amount: number | bigint, ...consumers: readonly string[]): SplitLine {
  return { lineId, amount, consumers: consumers.map((guestId) => eats(guestId, 1)) };
}

function eats(guestId: string, weight: number): SplitConsumer {
  return { guestId, weight };
}

function shares(split: Readonly<Record<string, number | bigint>>): ReadonlyMap<string, bigint> {
  return new Map(Object.entries(split).map(([guest, share]) => [guest, BigInt(share)]));
}
