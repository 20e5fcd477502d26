import { type KeypadKey, keypadKeyOf } from './keyed-amount.ts';

/** What a key means, decided in one place. Browser keys (F5, F11, F12) and everything typed in a field are left alone. */
export type Command =
  | { readonly type: 'help' | 'search' | 'sales' | 'cash' | 'wallet' | 'keypad' | 'park' | 'recall' | 'undo' | 'back' }
  | { readonly type: 'quantityDigit'; readonly digit: string }
  | { readonly type: 'setQuantity' | 'editLine' | 'voidLine' | 'dropDigit' }
  | { readonly type: 'step' | 'move'; readonly by: 1 | -1 }
  | { readonly type: 'amountKey'; readonly key: KeypadKey }
  | { readonly type: 'takeAmount' };

export interface KeyPress {
  readonly key: string;
  readonly isControl: boolean;
  readonly isAlt: boolean;
  readonly isShift: boolean;
}

export interface KeyPlace {
  /** The focus is in a text field. */
  readonly isTyping: boolean;
  /** The focus is on something that Enter presses. */
  readonly isOnButton: boolean;
  readonly isSheetOpen: boolean;
  /** What the plain keys belong to. */
  readonly stage: 'selling' | 'keyingAmount' | 'other';
  readonly hasTyped: boolean;
}

/** The keys that are shown on buttons and in the help. */
export const keys = {
  help: 'F1',
  search: 'F2',
  sales: 'F3',
  cash: 'F4',
  wallet: 'F6',
  keypad: 'F7',
  park: 'F8',
  recall: 'F9',
  undo: '^Z',
  back: 'Esc',
} as const;

const functionKeys = new Map<string, Command>([
  ['F1', { type: 'help' }],
  ['F2', { type: 'search' }],
  ['F3', { type: 'sales' }],
  ['F4', { type: 'cash' }],
  ['F6', { type: 'wallet' }],
  ['F7', { type: 'keypad' }],
  ['F8', { type: 'park' }],
  ['F9', { type: 'recall' }],
]);

export function commandOf(press: KeyPress, place: KeyPlace): Command | undefined {
  // A sheet keeps the keyboard to itself; it closes by Escape on its own.
  if (place.isSheetOpen || press.isAlt) return undefined;
  if (press.isControl) return press.key.toLowerCase() === 'z' && !place.isTyping ? { type: 'undo' } : undefined;
  const command = functionKeys.get(press.key);
  if (command) return command;
  if (place.isTyping) return undefined;
  if (press.key === '?') return { type: 'help' };
  if (press.key === 'Escape') return { type: 'back' };
  switch (place.stage) {
    case 'selling':
      return sellingCommand(press, place);
    case 'keyingAmount':
      return amountCommand(press, place);
    case 'other':
      return undefined;
  }
}

function sellingCommand({ key }: KeyPress, { isOnButton, hasTyped }: KeyPlace): Command | undefined {
  if (/^\d$/.test(key)) return { type: 'quantityDigit', digit: key };
  switch (key) {
    case '*':
      return { type: 'setQuantity' };
    case '+':
      return { type: 'step', by: 1 };
    case '-':
      return { type: 'step', by: -1 };
    case 'ArrowUp':
      return { type: 'move', by: -1 };
    case 'ArrowDown':
      return { type: 'move', by: 1 };
    case 'Backspace':
      return hasTyped ? { type: 'dropDigit' } : undefined;
    case 'Delete':
      return { type: 'voidLine' };
    case 'Enter':
      return isOnButton ? undefined : { type: 'editLine' };
    default:
      return undefined;
  }
}

function amountCommand({ key }: KeyPress, { hasTyped }: KeyPlace): Command | undefined {
  // With digits keyed in, Enter means them, whatever has the focus; without, it presses what has the focus.
  if (key === 'Enter') return hasTyped ? { type: 'takeAmount' } : undefined;
  const amountKey = keypadKeyOf(key);
  return amountKey && { type: 'amountKey', key: amountKey };
}
