import { expect, test } from 'vitest';
import { type KeyPlace, type KeyPress, commandOf } from '#renderer/shortcuts.ts';

const selling: KeyPlace = { isTyping: false, isOnButton: false, isSheetOpen: false, stage: 'selling', hasTyped: false };

function keyPress(key: string, held: Partial<KeyPress> = {}): KeyPress {
  return { key, isControl: false, isAlt: false, isShift: false, ...held };
}

test('the browser keeps its own keys', () => {
  const kept = ['F5', 'F10', 'F11', 'F12', 'Tab'].map((key) => commandOf(keyPress(key), selling));
  const reload = commandOf(keyPress('r', { isControl: true }), selling);

  expect([...kept, reload]).toEqual([undefined, undefined, undefined, undefined, undefined, undefined]);
});

test('what is typed in a field stays in the field', () => {
  const place = { ...selling, isTyping: true };
  const typed = ['5', '*', '+', '-', 'Enter', 'Delete', 'ArrowDown', 'Escape', '?'].map((key) =>
    commandOf(keyPress(key), place),
  );

  expect(typed.every((command) => command === undefined)).toBe(true);
  expect(commandOf(keyPress('z', { isControl: true }), place)).toBeUndefined();
});

test('payment can be called from a field', () => {
  expect(commandOf(keyPress('F4'), { ...selling, isTyping: true })).toEqual({ type: 'cash' });
});

test('an open sheet keeps the keyboard to itself', () => {
  const place = { ...selling, isSheetOpen: true };

  expect(['F4', 'F6', '5', 'Escape'].map((key) => commandOf(keyPress(key), place))).toEqual([
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
});

test('digits and a star set a quantity while selling', () => {
  expect(['1', '2', '*'].map((key) => commandOf(keyPress(key), selling))).toEqual([
    { type: 'quantityDigit', digit: '1' },
    { type: 'quantityDigit', digit: '2' },
    { type: 'setQuantity' },
  ]);
});

test('the same digits are cash while paying, and Enter takes them', () => {
  const place: KeyPlace = { ...selling, stage: 'keyingAmount' };

  expect([
    commandOf(keyPress('5'), place),
    commandOf(keyPress('Enter'), { ...place, hasTyped: true, isOnButton: true }),
    commandOf(keyPress('Enter'), { ...place, isOnButton: true }),
  ]).toEqual([{ type: 'amountKey', key: '5' }, { type: 'takeAmount' }, undefined]);
});

test('Enter presses the button that has the focus, and opens the chosen line where none has', () => {
  expect(commandOf(keyPress('Enter'), { ...selling, isOnButton: true })).toBeUndefined();
  expect(commandOf(keyPress('Enter'), selling)).toEqual({ type: 'editLine' });
});
