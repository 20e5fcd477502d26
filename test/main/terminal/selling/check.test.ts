import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Check } from '#contract/check.ts';
import { verifyTerminal } from '#main/terminal/verify.ts';
import {
  type Till,
  bread,
  cake,
  customersCode,
  latte,
  openTill,
  owner,
  refusalOf,
  yen,
} from '#test/support/open-till.ts';

async function signedIn(): Promise<Till> {
  const till = await openTill();
  await till.client.staff.signIn(owner);
  return till;
}

/** What a person sees of a line. */
function seen({ lines, totals }: Check) {
  return {
    lines: lines.map(({ name, quantity, isVoided }) => `${quantity} ${name}${isVoided ? ' voided' : ''}`),
    total: totals.total.amount,
  };
}

describe('scanning', () => {
  test('the same barcode twice in a row adds two, on one line', async () => {
    const till = await signedIn();
    expect([await till.scan(latte), await till.scan(latte)]).toMatchObject([
      { type: 'added', name: 'Latte', quantity: 1 },
      { type: 'added', name: 'Latte', quantity: 2 },
    ]);
    expect(seen(await till.front())).toEqual({ lines: ['2 Latte'], total: 1_000 });
  });

  test('another product between makes three lines, in order', async () => {
    const till = await signedIn();
    for (const code of [latte, cake, latte]) await till.scan(code);
    expect(seen(await till.front())).toEqual({ lines: ['1 Latte', '1 Cake', '1 Latte'], total: 1_300 });
  });

  test.each([bread, `0${bread}`])('a UPC-A as %s is the same product', async (code) => {
    const till = await signedIn();
    expect(await till.scan(code)).toMatchObject({ type: 'added', name: 'Bread' });
  });

  test('an unknown barcode is offered for a search, and eats nothing', async () => {
    const till = await signedIn();
    await till.scan(latte);
    const before = await till.state();

    const outcomes = [await till.scan('4900000000000'), await till.scan(latte)];

    expect(outcomes).toMatchObject([
      { type: 'unknownBarcode', text: '4900000000000' },
      { type: 'added', quantity: 2 },
    ]);
    expect(before.check?.lines).toHaveLength(1);
  });

  test.each([`\u0000\u0000${latte}`, `ÿþ${latte}\u0007`, ` ${latte} `])(
    'noise around a code is no part of it (%j)',
    async (text) => {
      const till = await signedIn();
      expect(await till.scan(text)).toMatchObject({ type: 'added', name: 'Latte' });
    },
  );

  test("a customer's code where a product is wanted is refused, and begins nothing", async () => {
    const till = await signedIn();
    await till.scan(latte);
    const outcomes = [await till.scan(customersCode(till.clock)), await till.scan(`ÿ${customersCode(till.clock)}`)];
    expect([outcomes, till.wallet.calls]).toEqual([[{ type: 'walletNotArmed' }, { type: 'walletNotArmed' }], []]);
  });

  test("a product where a customer's code is wanted is refused, and adds nothing", async () => {
    const till = await openTill();
    await till.askForCode([latte]);
    expect([await till.scan(latte), await till.scan('4900000000000')]).toEqual([
      { type: 'refused', refusal: { reason: 'checkFrozen' } },
      { type: 'refused', refusal: { reason: 'checkFrozen' } },
    ]);
    expect([seen(await till.front()).lines, (await till.state()).prompt.purpose]).toEqual([['1 Latte'], 'wallet']);
  });

  test("a customer's code that was misread begins nothing, and the prompt stays", async () => {
    const till = await openTill();
    await till.askForCode([latte]);
    const code = customersCode(till.clock);
    const outcomes = [
      await till.scan(code.slice(0, -40)),
      await till.scan('WRK1:'),
      await till.scan(code, { isLossy: true }),
    ];
    expect([outcomes.map(({ type }) => type), till.wallet.calls, (await till.state()).prompt.purpose]).toEqual([
      ['walletCodeUnreadable', 'walletCodeUnreadable', 'walletCodeUnreadable'],
      [],
      'wallet',
    ]);
  });
});

describe('a bill', () => {
  test('has 500 lines at most; one more of the last is no line more', async () => {
    const till = await signedIn();
    const add = (productId: string) => till.client.check.addProduct({ productId: productId });
    for (let line = 0; line < 500; line += 1) await add(line % 2 === 0 ? 'cake' : 'latte');

    expect(await refusalOf(add('cake'))).toEqual({ reason: 'checkFull', lineItemsMax: 500 });
    await add('latte');

    const { lines } = await till.front();
    expect([lines.length, lines.at(-1)?.quantity]).toEqual([500, 2]);
  });

  test('is the only one in front', async () => {
    const till = await signedIn();
    await till.scan(latte);
    const first = await till.front();
    await till.client.check.park({ checkId: first.checkId, label: 'window' });
    await till.scan(cake);

    expect(await refusalOf(till.client.check.recall({ checkId: first.checkId }))).toEqual({ reason: 'checkInTheWay' });
    expect(await refusalOf(till.client.check.noteCheck({ checkId: first.checkId, note: 'x' }))).toEqual({
      reason: 'checkNotInFront',
    });
  });

  test('that is empty makes way for one that is recalled', async () => {
    const till = await signedIn();
    await till.scan(latte);
    const { checkId } = await till.front();
    await till.client.check.park({ checkId, label: 'window' });
    await till.scan(cake);
    await till.client.check.undo({ checkId: (await till.front()).checkId });

    await till.client.check.recall({ checkId });

    expect(await till.front()).toMatchObject({ checkId, state: 'open', label: 'window' });
    expect((await till.state()).parked).toEqual([]);
  });
});

/** Anything that can be done to a bill; numbers choose among its lines. */
const changes = fc.array(
  fc.oneof(
    fc.record({
      type: fc.constant('add'),
      product: fc.constantFrom('latte', 'cake', 'bread'),
      quantity: fc.integer({ min: 1, max: 3 }),
    }),
    fc.record({ type: fc.constant('quantity'), line: fc.nat(9), quantity: fc.integer({ min: 1, max: 20 }) }),
    fc.record({ type: fc.constant('price'), line: fc.nat(9), amount: fc.integer({ min: 0, max: 900 }) }),
    fc.record({ type: fc.constant('percent'), line: fc.nat(9), percent: fc.integer({ min: 1, max: 100 }) }),
    fc.record({ type: fc.constant('off'), amount: fc.integer({ min: 1, max: 2_000 }) }),
    fc.record({ type: fc.constant('note'), line: fc.nat(9), note: fc.constantFrom('', 'no sugar') }),
    fc.record({ type: fc.constant('void'), line: fc.nat(9) }),
    fc.record({ type: fc.constant('park') }),
    fc.record({ type: fc.constant('undo') }),
  ),
  { minLength: 1, maxLength: 14 },
);
type Change = (typeof changes extends fc.Arbitrary<infer Items> ? Items : never) extends (infer Item)[] ? Item : never;

/** The naive model: a list of lines, and the list of all earlier lists. */
interface Model {
  lines: {
    unit: number;
    quantity: number;
    product: string;
    percent: number;
    note: string;
    isVoided: boolean;
    isTouched: boolean;
  }[];
  off: number;
}

const prices: Record<string, number> = { latte: 500, cake: 300, bread: 120 };

function totalOf({ lines, off }: Model): number {
  const after = lines
    .filter(({ isVoided }) => !isVoided)
    .reduce((total, { unit, quantity, percent }) => {
      const gross = unit * quantity;
      return total + gross - Math.floor((gross * percent * 2 + 100) / 200);
    }, 0);
  return after - Math.min(off, after);
}

describe('any sequence of changes', () => {
  test('does what a list of lines does, and undo gives back exactly what was before, after a restart too', async () => {
    let till = await signedIn();
    await fc.assert(
      fc.asyncProperty(changes, async (sequence) => {
        await till.scan(latte);
        const { checkId } = await till.front();
        const first = {
          unit: 500,
          quantity: 1,
          product: 'latte',
          percent: 0,
          note: '',
          isVoided: false,
          isTouched: false,
        };
        let model: Model = { lines: [first], off: 0 };
        const history: { model: Model; check: Check }[] = [];
        for (const change of sequence) {
          const before = await till.front();
          if (change.type === 'undo') {
            const last = history.pop();
            if (!last) break;
            await till.client.check.undo({ checkId });
            expect(await till.front()).toEqual(last.check);
            model = last.model;
          } else if (change.type === 'park') {
            if (before.lines.every(({ isVoided }) => isVoided)) continue;
            await till.client.check.park({ checkId });
            await till.client.check.recall({ checkId });
            expect(await till.front()).toEqual(before);
          } else {
            const next = await apply(till, before, model, change);
            if (!next) continue;
            history.push({ model, check: before });
            model = next;
          }
          const after = await till.front();
          expect([after.totals.total.amount, after.lines.map(({ quantity }) => quantity)]).toEqual([
            totalOf(model),
            model.lines.map(({ quantity }) => quantity),
          ]);
        }
        const last = await till.front();
        till = await till.restart();
        await till.client.staff.signIn(owner);
        expect(await till.front()).toEqual(last);
        await till.client.check.void({ checkId, reason: 'next' });
      }),
      { numRuns: 25 },
    );
    expect(verifyTerminal(till.database).findings).toEqual([]);
  });
});

/** Undefined where the change means nothing: its line is not there, or is voided. */
async function apply(till: Till, check: Check, model: Model, change: Change): Promise<Model | undefined> {
  const { checkId } = check;
  if (change.type === 'add' && 'product' in change) {
    const { product, quantity } = change;
    await till.client.check.addProduct({ checkId, productId: product, quantity });
    const last = model.lines.at(-1);
    if (last?.product === product && !last.isVoided && !last.isTouched) {
      return { ...model, lines: [...model.lines.slice(0, -1), { ...last, quantity: last.quantity + quantity }] };
    }
    const unit = prices[product] ?? 0;
    const line = { unit, quantity, product, percent: 0, note: '', isVoided: false, isTouched: false };
    return { ...model, lines: [...model.lines, line] };
  }
  if (change.type === 'off' && 'amount' in change) {
    const discount = { type: 'amount', amount: yen(change.amount), reason: 'late' } as const;
    await till.client.check.discountCheck({ checkId, discount });
    return { ...model, off: change.amount };
  }
  if (!('line' in change)) return undefined;
  const line = model.lines[change.line];
  const lineId = check.lines[change.line]?.lineId;
  if (!line || line.isVoided || !lineId) return undefined;
  const put = (next: Partial<typeof line>): Model => {
    const lines = model.lines.with(change.line, { ...line, ...next });
    return {
      ...model,
      lines: lines.map((one) => ({
        ...one,
        isTouched: one.percent > 0 || one.note !== '' || one.unit !== prices[one.product] || one.isTouched,
      })),
    };
  };
  if (change.type === 'quantity' && 'quantity' in change) {
    await till.client.check.setQuantity({ checkId, lineId, quantity: change.quantity });
    return put({ quantity: change.quantity });
  }
  if (change.type === 'price' && 'amount' in change) {
    await till.client.check.overridePrice({ checkId, lineId, unitPrice: yen(change.amount) });
    return put({ unit: change.amount, isTouched: true });
  }
  if (change.type === 'percent' && 'percent' in change) {
    const rate = { numerator: change.percent, denominator: 100 };
    await till.client.check.discountLine({ checkId, lineId, discount: { type: 'rate', rate, reason: 'x' } });
    return put({ percent: change.percent });
  }
  if (change.type === 'note' && 'note' in change) {
    await till.client.check.noteLine({ checkId, lineId, note: change.note });
    const isTouched = change.note !== '' || line.percent > 0 || line.unit !== prices[line.product];
    const lines = model.lines.with(change.line, {
      ...line,
      note: change.note,
      isTouched: isTouched || check.lines[change.line]?.listPrice !== undefined,
    });
    return { ...model, lines };
  }
  if (change.type === 'void') {
    await till.client.check.voidLine({ checkId, lineId });
    return put({ isVoided: true });
  }
  return undefined;
}
