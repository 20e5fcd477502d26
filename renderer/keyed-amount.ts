import { type Currency, type Money, money } from '#contract/money.ts';

/** Digits as a keypad takes them: minor units from the right, so that 1 2 5 0 is ¥1,250 and also $12.50. */
export type KeypadKey = '0' | '1' | '2' | '3' | '4' | '5' | '6' | '7' | '8' | '9' | '00' | 'back' | 'clear';

/** 999,999,999 minor units: beyond every till, and far below a safe integer. */
const digitsMax = 9;

export function press(digits: string, key: KeypadKey): string {
  switch (key) {
    case 'clear':
      return '';
    case 'back':
      return digits.slice(0, -1);
    case '00':
      return `${digits}00`.replace(/^0+/, '').slice(0, digitsMax);
    default:
      return `${digits}${key}`.replace(/^0+/, '').slice(0, digitsMax);
  }
}

export function amountOf(digits: string, currency: Currency): Money {
  return money(digits === '' ? 0 : Number(digits), currency);
}

/** The keypad key for a key of the keyboard; undefined for any other. */
export function keypadKeyOf(key: string): KeypadKey | undefined {
  if (/^\d$/.test(key)) return key as KeypadKey;
  if (key === 'Backspace') return 'back';
  if (key === 'Delete') return 'clear';
  return undefined;
}
