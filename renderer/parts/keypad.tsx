import type { KeypadKey } from '../keyed-amount.ts';
import { Icon } from './icon.tsx';
import styles from './keypad.module.css';

const rows: readonly KeypadKey[] = ['1', '2', '3', '4', '5', '6', '7', '8', '9'];

interface KeypadProps {
  readonly onKey: (key: KeypadKey) => unknown;
  readonly words: { readonly back: string; readonly clear: string };
  readonly testId: (key: string) => string;
  /** A PIN has no `00`; an empty corner keeps the zero in the middle. */
  readonly corner: '00' | 'clear';
  readonly isDisabled?: boolean;
}

/** Twelve keys in the telephone's order. The keyboard's digits are the screen's affair, not the keypad's. */
export function Keypad({ onKey, words, testId, corner, isDisabled = false }: KeypadProps) {
  const key = (name: KeypadKey, face: React.ReactNode, label?: string) => (
    <button
      key={name}
      type="button"
      className={styles['key']}
      aria-label={label}
      disabled={isDisabled}
      data-testid={testId(name)}
      onClick={() => void onKey(name)}
    >
      {face}
    </button>
  );
  return (
    <div className={styles['keypad']} role="group">
      {rows.map((digit) => key(digit, digit))}
      {corner === '00' ? key('00', '00') : key('clear', <Icon name="close" />, words.clear)}
      {key('0', '0')}
      {key('back', <Icon name="erase" size={26} />, words.back)}
    </div>
  );
}
