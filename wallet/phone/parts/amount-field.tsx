import { type JSX, useId } from 'react';
import { exponentOf, type Money, money, parseDecimal, toDecimalString } from '#contract/money.ts';
import { useText } from '../context.tsx';

interface AmountFieldProps {
  readonly label: string;
  /** As it was typed: a field in the middle of typing is no amount yet. */
  readonly text: string;
  readonly currency: string;
  readonly hint?: string | undefined;
  readonly quick?: readonly { readonly amount: Money; readonly label?: string }[];
  readonly onText: (text: string) => void;
}

/** An amount of the wallet's currency, with keys for the usual ones. */
export function AmountField({ label, text, currency, hint, quick = [], onText }: AmountFieldProps): JSX.Element {
  const { format } = useText();
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        className="amount-input"
        inputMode={exponentOf(currency) === 0 ? 'numeric' : 'decimal'}
        autoComplete="off"
        maxLength={14}
        value={text}
        aria-describedby={hint === undefined ? undefined : `${id}-hint`}
        onChange={(event) => onText(event.target.value.replaceAll(/[^\d.]/g, ''))}
      />
      {quick.length > 0 && (
        <div className="quick">
          {quick.map(({ amount, label: face }) => (
            <button
              key={face ?? amount.amount}
              type="button"
              aria-pressed={text === toDecimalString(amount)}
              onClick={() => onText(toDecimalString(amount))}
            >
              {face ?? format.money(amount)}
            </button>
          ))}
        </div>
      )}
      {hint !== undefined && (
        <p id={`${id}-hint`} className="hint">
          {hint}
        </p>
      )}
    </div>
  );
}

/** So many usual notes of the currency: hundreds where there are no cents. */
export function notes(count: number, currency: string): Money {
  const digits = exponentOf(currency);
  return money(count * (digits === 0 ? NOTE_WITHOUT_CENTS : 10 ** digits), currency);
}

const NOTE_WITHOUT_CENTS = 100;

/** The amount that was typed, if it is one and lies between the two. */
export function amountIn(text: string, least: Money, most: Money): Money | undefined {
  const amount = parseDecimal(text, least.currency);
  return amount !== undefined && amount.amount >= least.amount && amount.amount <= most.amount ? amount : undefined;
}
