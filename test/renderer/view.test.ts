import { expect, test } from 'vitest';
import { checkIdSchema, lineIdSchema, attemptIdSchema } from '#contract/ids.ts';
import type { SaleSummary } from '#contract/sale.ts';
import { saleSummarySchema } from '#contract/sale.ts';
import { type TerminalEvent, type TerminalState, scanOutcomeSchema } from '#contract/terminal.ts';
import { type View, dismiss, look, openView } from '#renderer/view.ts';
import { someCheck, someId, someLine, someState } from './samples.ts';

function seeing(given: Partial<View> = {}): View {
  return { ...openView().getState(), ...given };
}

function after(view: View, event: TerminalEvent, terminal: TerminalState = someState({})): View {
  return { ...view, ...look(view, event, terminal) };
}

function scanned(result: unknown, scanNumber = 1): TerminalEvent {
  return { type: 'scanned', outcome: scanOutcomeSchema.parse({ scanNumber, deviceId: 'scanner', result }) };
}

function someSale(): SaleSummary {
  return saleSummarySchema.parse({
    saleId: someId(),
    number: '01-000001',
    closedAt: '2026-11-23T03:00:00.000Z',
    total: { amount: 480, currency: 'JPY' },
    itemCount: 1,
    tenderTypes: ['cash'],
    staffName: 'Aoi',
    change: { amount: 20, currency: 'JPY' },
  });
}

test('an unknown barcode stays on the screen while others are scanned', () => {
  const lost = after(seeing(), scanned({ type: 'unknownBarcode', text: '4900' }));
  const next = after(lost, scanned({ type: 'added', lineId: someId(), name: 'Tea', quantity: 1 }, 2));

  expect(next.notices.map((notice) => notice.type === 'scan' && notice.outcome.result)).toEqual([
    { type: 'unknownBarcode', text: '4900' },
  ]);
});

test('the same unknown barcode twice is one notice, another one is a second', () => {
  const texts = ['4900', '4900', '4901'];
  const seen = texts.reduce(
    (view, text, index) => after(view, scanned({ type: 'unknownBarcode', text }, index + 1)),
    seeing(),
  );

  expect(seen.notices).toHaveLength(2);
});

test('notices are bounded, the newest win', () => {
  const seen = Array.from({ length: 20 }, (_, index) => `49${index}`).reduce(
    (view, text, index) => after(view, scanned({ type: 'unknownBarcode', text }, index + 1)),
    seeing(),
  );

  expect(seen.notices).toHaveLength(3);
  expect(seen.notices.at(-1)).toMatchObject({ outcome: { result: { text: '4919' } } });
  expect({ ...seen, ...dismiss(seen, seen.notices[0]?.noticeId ?? 0) }.notices).toHaveLength(2);
});

test('a scanned line is the chosen one, and needs no notice where the bill is in view', () => {
  const lineId = lineIdSchema.parse(someId());
  const added = scanned({ type: 'added', lineId, name: 'Tea', quantity: 1 });

  expect(after(seeing(), added)).toMatchObject({ selectedLineId: lineId, notices: [] });
  expect(after(seeing({ screen: 'sales' }), added).notices).toHaveLength(1);
  expect(after(seeing({ sheet: { type: 'note' } }), added).notices).toHaveLength(1);
});

test('a scan leaves the open sheet and what is being typed alone', () => {
  const typing = seeing({ sheet: { type: 'note' }, searchText: 'cof' });

  const seen = after(typing, scanned({ type: 'unknownBarcode', text: '4900' }));

  expect(seen).toMatchObject({ sheet: { type: 'note' }, searchText: 'cof' });
});

test('a paid bill is shown until the next one opens', () => {
  const sale = someSale();
  const checkId = checkIdSchema.parse(someId());
  const paid = after(seeing(), { type: 'saleClosed', sale, checkId });
  expect(paid.paid).toEqual(sale);
  expect(after(paid, { type: 'changed', parts: {} }).paid).toEqual(sale);

  const check = someCheck([someLine({})]);
  expect(after(paid, { type: 'changed', parts: { check } }, someState({ check })).paid).toBeUndefined();
});

test('a bill that was set aside reports by a notice and takes nobody away from the next customer', () => {
  const checkId = checkIdSchema.parse(someId());
  const attemptId = attemptIdSchema.parse(someId());
  const unresolved: TerminalState['unresolved'] = [
    {
      checkId,
      state: 'paying',
      total: { amount: 480, currency: 'JPY' },
      due: { amount: 480, currency: 'JPY' },
      itemCount: 1,
      items: ['Tea'],
      openedAt: '2026-11-23T03:00:00.000Z',
    },
  ];
  const aside = after(seeing(), { type: 'changed', parts: { unresolved } }, someState({ unresolved }));
  const forgotten = after(aside, { type: 'changed', parts: { unresolved: [] } });
  const resolved = after(forgotten, { type: 'attemptResolved', checkId, attemptId, state: 'approved' });
  const closed = after(resolved, { type: 'saleClosed', sale: someSale(), checkId });

  expect(closed.paid).toBeUndefined();
  expect(closed.notices).toMatchObject([{ type: 'resolved', checkId, state: 'approved' }]);
});

test('"press Wallet first" goes once somebody has, an unknown barcode stays', () => {
  const told = after(
    after(seeing(), scanned({ type: 'unknownBarcode', text: '4900' })),
    scanned({ type: 'walletNotArmed' }, 2),
  );
  expect(told.notices).toHaveLength(2);

  const check = someCheck([someLine({})], { state: 'paying' });
  const prompt = { purpose: 'wallet', checkId: check.checkId, amount: check.due } as const;
  const armed = after(told, { type: 'changed', parts: { check, prompt } }, someState({ check, prompt }));

  expect(armed.notices).toMatchObject([{ outcome: { result: { type: 'unknownBarcode' } } }]);
});

test('the outcome of the bill in front needs no notice: the pay screen says it', () => {
  const checkId = checkIdSchema.parse(someId());
  const attemptId = attemptIdSchema.parse(someId());

  expect(after(seeing(), { type: 'attemptResolved', checkId, attemptId, state: 'declined' }).notices).toEqual([]);
});
