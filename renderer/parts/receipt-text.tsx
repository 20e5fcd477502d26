import { cellsOf } from '../receipt-cells.ts';
import styles from './receipt.module.css';

/** The receipt as a printer's text. Each wide character stands in two columns, whatever font the machine has. */
export function ReceiptText({ text, testId }: { readonly text: string; readonly testId: string }) {
  return (
    <pre className={styles['text']} data-testid={testId}>
      {cellsOf(text).map((run, index) =>
        run.isWide
          ? [...run.text].map((character, place) => (
              <span key={`${index}-${place}`} className={styles['wide']}>
                {character}
              </span>
            ))
          : run.text,
      )}
    </pre>
  );
}
