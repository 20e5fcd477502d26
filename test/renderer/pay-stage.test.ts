import { expect, test } from 'vitest';
import { type Attempt, attemptSchema } from '#contract/attempt.ts';
import { money } from '#contract/money.ts';
import { isPayShown, stageOf } from '#renderer/screens/pay/stage.ts';
import { someCheck, someId, someLine } from './samples.ts';

function attempt(state: Attempt['state']): Attempt {
  return attemptSchema.parse({
    state,
    attemptId: someId(),
    checkId: someId(),
    tenderId: someId(),
    amount: money(480, 'JPY'),
    createdAt: '2026-11-23T03:00:00.000Z',
    unknownSince: '2026-11-23T03:00:05.000Z',
    limitAt: '2026-11-23T03:00:50.000Z',
    questions: 2,
    lastAnswer: 'unreachable',
    reference: 'R1',
    member: { memberRef: 'm', maskedName: 'Haru •••a', settlementMethod: 'shown_code' },
    reason: 'insufficient_funds',
    detail: '',
    tries: 1,
  });
}

const bill = someCheck([someLine({})], { state: 'paying' });
const none = { purpose: 'none' } as const;
const armed = { purpose: 'wallet', checkId: bill.checkId, amount: money(480, 'JPY') } as const;

test.each(['created', 'sent', 'unknown', 'cancelling'] as const)(
  'while an attempt is %s nothing else can be chosen',
  (state) => {
    expect(stageOf({ ...bill, attempt: attempt(state) }, armed).type).toBe('unresolved');
  },
);

test('an armed prompt waits for the code of this bill only', () => {
  expect(stageOf(bill, armed)).toEqual({ type: 'waiting', amount: money(480, 'JPY') });
  expect(stageOf(someCheck([], { checkId: attempt('sent').checkId }), armed).type).toBe('choosing');
});

test('the next try hides what became of the last one, and a pause shows it again', () => {
  const declined = attempt('declined');

  expect(stageOf({ ...bill, attempt: declined }, armed).type).toBe('waiting');
  expect(stageOf({ ...bill, attempt: declined }, none)).toEqual({ type: 'choosing', last: declined });
});

test('a failed try keeps the pay screen up until the cashier went back', () => {
  const declined = attempt('declined');
  const open = someCheck([someLine({})], { state: 'open', attempt: declined });

  expect([
    isPayShown(bill, undefined),
    isPayShown(open, undefined),
    isPayShown(open, declined.attemptId),
    isPayShown(someCheck([someLine({})]), undefined),
    isPayShown(null, undefined),
  ]).toEqual([true, true, false, false, false]);
});
