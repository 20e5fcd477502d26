import { Input, Label, TextArea, TextField } from 'react-aria-components';
import styles from './field.module.css';

interface FieldProps {
  readonly label: string;
  readonly value: string;
  readonly onChange: (value: string) => unknown;
  readonly maxLength: number;
  readonly isLong?: boolean;
  readonly placeholder?: string;
  readonly autoFocus?: boolean;
  readonly testId?: string;
}

/** A labelled text field. */
export function Field({ label, value, onChange, maxLength, isLong = false, ...rest }: FieldProps) {
  const { placeholder = '', autoFocus = false, testId = 'field' } = rest;
  return (
    <TextField
      className={styles['field'] ?? ''}
      value={value}
      maxLength={maxLength}
      autoFocus={autoFocus}
      onChange={(text) => void onChange(text)}
    >
      <Label className={styles['label'] ?? ''}>{label}</Label>
      {isLong ? (
        <TextArea className={styles['input'] ?? ''} rows={3} placeholder={placeholder} data-testid={testId} />
      ) : (
        <Input className={styles['input'] ?? ''} placeholder={placeholder} data-testid={testId} autoComplete="off" />
      )}
    </TextField>
  );
}
