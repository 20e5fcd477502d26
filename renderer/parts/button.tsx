import type { ReactNode } from 'react';
import { Icon, type IconName } from './icon.tsx';
import styles from './button.module.css';

export interface ButtonProps {
  readonly children: ReactNode;
  readonly kind?: 'plain' | 'primary' | 'cash' | 'danger' | 'quiet';
  readonly size?: 'normal' | 'large';
  readonly icon?: IconName;
  /** The keyboard's way to the same thing, shown on the button. */
  readonly hint?: string | undefined;
  readonly count?: number;
  readonly isDisabled?: boolean;
  /** A disabled button that can say why: it stays reachable and pressing it tells. */
  readonly explain?: string | undefined;
  readonly onExplain?: (() => unknown) | undefined;
  readonly isPressed?: boolean;
  readonly isWide?: boolean;
  /** Only the icon is drawn; the words are for those who cannot see it, and for the pointer that rests. */
  readonly isIconOnly?: boolean;
  readonly autoFocus?: boolean;
  readonly onPress: () => unknown;
  readonly testId?: string;
  readonly amount?: number;
}

/** Acts on release, at least 48 px high, 8 px from its neighbours by the parent's gap. */
export function Button(props: ButtonProps) {
  const { kind = 'plain', size = 'normal', explain, isDisabled = false } = props;
  return (
    <button
      type="button"
      className={[styles['button'], styles[kind], styles[size], props.isWide && styles['wide']]
        .filter(Boolean)
        .join(' ')}
      disabled={isDisabled && explain === undefined}
      aria-disabled={explain === undefined ? undefined : true}
      aria-pressed={props.isPressed}
      aria-keyshortcuts={props.hint?.replace('^', 'Control+').replace('Esc', 'Escape')}
      aria-label={props.isIconOnly === true && typeof props.children === 'string' ? props.children : undefined}
      title={explain ?? (props.isIconOnly === true && typeof props.children === 'string' ? props.children : undefined)}
      data-testid={props.testId}
      data-amount={props.amount}
      autoFocus={props.autoFocus}
      onClick={() => void (explain === undefined ? props.onPress() : props.onExplain?.())}
    >
      {props.icon && <Icon name={props.icon} size={size === 'large' ? 28 : 22} />}
      {props.isIconOnly !== true && <span className={styles['words']}>{props.children}</span>}
      {props.count !== undefined && props.count > 0 && (
        <span className={styles['count']} data-count>
          {props.count}
        </span>
      )}
      {props.hint !== undefined && (
        <kbd className={styles['hint']} aria-hidden="true">
          {props.hint}
        </kbd>
      )}
    </button>
  );
}
