import { Icon } from './icon.tsx';
import styles from './stepper.module.css';

interface StepperProps {
  readonly value: number;
  readonly shown: string;
  readonly max: number;
  readonly words: { readonly less: string; readonly more: string; readonly quantity: string };
  readonly testIds: { readonly less: string; readonly more: string };
  readonly onChange: (value: number) => unknown;
}

/** − 2 +. Taking away the last one is not its business: that is a void. */
export function Stepper({ value, shown, max, words, testIds, onChange }: StepperProps) {
  return (
    <div className={styles['stepper']} role="group" aria-label={words.quantity}>
      <button
        type="button"
        aria-label={words.less}
        disabled={value <= 1}
        data-testid={testIds.less}
        onClick={() => void onChange(value - 1)}
      >
        <Icon name="minus" />
      </button>
      <output className={styles['value']}>{shown}</output>
      <button
        type="button"
        aria-label={words.more}
        disabled={value >= max}
        data-testid={testIds.more}
        onClick={() => void onChange(value + 1)}
      >
        <Icon name="plus" />
      </button>
    </div>
  );
}
