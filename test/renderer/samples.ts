import { checkSchema, totalsOf, type Check } from '#contract/check.ts';
import { uuidV7 } from '#contract/ids.ts';
import { money, sum } from '#contract/money.ts';
import { type LineItem, lineItemSchema } from '#contract/order.ts';
import { type TerminalState, terminalStateSchema } from '#contract/terminal.ts';

/** Small true values for the tests of the screens: each one passes its schema. */

let made = 0;
export function someId(): string {
  made += 1;
  return uuidV7(1_763_870_400_000 + made, new Uint8Array(10));
}

export function someLine(given: Partial<{ name: string; quantity: number; price: number }>): LineItem {
  return lineItemSchema.parse({
    lineId: someId(),
    productId: 'TEA',
    name: given.name ?? 'Tea',
    quantity: given.quantity ?? 1,
    unitPrice: money(given.price ?? 480, 'JPY'),
    modifiers: [],
    taxClass: {
      taxClassId: 'standard',
      name: 'Standard',
      rate: { numerator: 10, denominator: 100 },
      isIncluded: true,
    },
    isVoided: false,
  });
}

export function someCheck(lines: LineItem[], given: Partial<Check> = {}): Check {
  const totals = totalsOf(lines, undefined, { rounding: 'floor', roundedPer: 'check' }, 'JPY');
  return {
    ...checkSchema.parse({
      checkId: '019aafc1-0000-7000-8000-000000000001',
      orderId: '019aafc1-0000-7000-8000-000000000002',
      state: 'open',
      lines,
      lineTotals: lines.map(({ unitPrice, quantity }) => money(unitPrice.amount * quantity, 'JPY')),
      totals,
      tenders: [],
      due: sum([totals.total], 'JPY'),
      canUndo: true,
      openedAt: '2026-11-23T03:00:00.000Z',
      openedBy: 'aoi',
    }),
    ...given,
  };
}

export function someState(given: Partial<TerminalState>): TerminalState {
  const since = '2026-11-23T03:00:00.000Z';
  const staff = { staffId: 'aoi', name: 'Aoi', role: 'manager', pinLength: 4, colour: '#7b4b9e' };
  return {
    ...terminalStateSchema.parse({
      store: {
        name: 'Kissa Warikan',
        address: [],
        currency: 'JPY',
        timeZone: 'Asia/Tokyo',
        language: 'en',
        cashRounding: { increment: 1, rounding: 'halfUp' },
        denominations: [10_000, 5_000, 2_000, 1_000, 500, 100, 50, 10, 5, 1],
        receiptFooter: [],
      },
      terminal: { number: '01', version: '0.1.0', isDemo: true, startedAt: since },
      roster: [staff],
      signedIn: staff,
      check: null,
      parked: [],
      unresolved: [],
      prompt: { purpose: 'product' },
      lastSale: null,
      devices: [],
      deviceProcess: { state: 'running', restarts: 0 },
      walletLink: { state: 'online', since },
    }),
    ...given,
  };
}
