import { Label, Radio, RadioGroup } from 'react-aria-components';
import styles from './segmented.module.css';

interface SegmentedProps<T extends string> {
  readonly label: string;
  readonly isLabelHidden?: boolean;
  readonly value: T;
  readonly options: readonly { readonly value: T; readonly words: string; readonly testId?: string }[];
  readonly onChange: (value: T) => unknown;
}

/** One of a few. Arrow keys move, as in every radio group. */
export function Segmented<T extends string>(props: SegmentedProps<T>) {
  const { label, isLabelHidden = false, value, options, onChange } = props;
  return (
    <RadioGroup
      className={styles['group'] ?? ''}
      orientation="horizontal"
      value={value}
      onChange={(chosen) => {
        const option = options.find((candidate) => candidate.value === chosen);
        if (option) onChange(option.value);
      }}
    >
      <Label className={isLabelHidden ? 'visually-hidden' : (styles['label'] ?? '')}>{label}</Label>
      <div className={styles['track']}>
        {options.map((option) => (
          // oxlint-disable-next-line typescript/no-deprecated -- one element carries the focus and the look; its successor needs two
          <Radio key={option.value} value={option.value} className={styles['option'] ?? ''} data-testid={option.testId}>
            {option.words}
          </Radio>
        ))}
      </div>
    </RadioGroup>
  );
}
