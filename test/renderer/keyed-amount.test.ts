import { expect, test } from 'vitest';
import { money } from '#contract/money.ts';
import { type KeypadKey, amountOf, keypadKeyOf, press } from '#renderer/keyed-amount.ts';

function type(keys: readonly KeypadKey[]): string {
  return keys.reduce(press, '');
}

test('digits are minor units from the right', () => {
  const digits = type(['1', '2', '5', '0']);

  expect([amountOf(digits, 'JPY'), amountOf(digits, 'USD')]).toEqual([money(1_250, 'JPY'), money(1_250, 'USD')]);
});

test('leading zeros are dropped, 00 is two digits, back takes one and clear takes all', () => {
  expect(type(['0', '00'])).toBe('');
  expect(type(['0', '00', '5', '00'])).toBe('500');
  expect(type(['5', '00', 'back'])).toBe('50');
  expect(type(['5', '00', 'clear'])).toBe('');
});

test('a hand that rests on a key makes no impossible amount', () => {
  expect(type(Array.from({ length: 40 }, () => '9' as const))).toBe('999999999');
});

test('nothing keyed in is nothing', () => {
  expect(amountOf('', 'JPY')).toEqual(money(0, 'JPY'));
});

test('keys of the keyboard that are no digits mean nothing here', () => {
  expect(['7', 'Backspace', 'Delete', 'a', 'Enter', 'F4'].map(keypadKeyOf)).toEqual([
    '7',
    'back',
    'clear',
    undefined,
    undefined,
    undefined,
  ]);
});
