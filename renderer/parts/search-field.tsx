import type { KeyboardEvent, Ref } from 'react';
import { Icon } from './icon.tsx';
import styles from './search-field.module.css';

interface SearchFieldProps {
  readonly ref?: Ref<HTMLInputElement>;
  readonly label: string;
  readonly clearWord: string;
  readonly value: string;
  readonly onChange: (value: string) => unknown;
  readonly onKeyDown?: (event: KeyboardEvent<HTMLInputElement>) => unknown;
  readonly hint?: string;
  readonly testId: string;
}

/** Plain elements on purpose: between a keystroke and its list there are two frames. */
export function SearchField({ ref, label, clearWord, value, onChange, onKeyDown, hint, testId }: SearchFieldProps) {
  return (
    <div className={styles['search']} role="search">
      <Icon name="search" />
      <input
        ref={ref}
        className={styles['input']}
        type="text"
        inputMode="search"
        autoComplete="off"
        autoCorrect="off"
        spellCheck={false}
        maxLength={100}
        aria-label={label}
        aria-keyshortcuts={hint}
        placeholder={label}
        value={value}
        data-testid={testId}
        onChange={(event) => void onChange(event.target.value)}
        onKeyDown={(event) => void onKeyDown?.(event)}
      />
      {value === '' ? (
        hint !== undefined && (
          <kbd className={styles['hint']} aria-hidden="true">
            {hint}
          </kbd>
        )
      ) : (
        <button type="button" className={styles['clear']} aria-label={clearWord} onClick={() => void onChange('')}>
          <Icon name="close" size={20} />
        </button>
      )}
    </div>
  );
}
