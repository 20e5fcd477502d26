import { useState } from 'react';
import { type Money, isZero } from '#contract/money.ts';
import type { Discount } from '#contract/order.ts';
import { amountOf, press } from '../../keyed-amount.ts';
import { useWords } from '../../locale/words.ts';
import { Button } from '../../parts/button.tsx';
import { Field } from '../../parts/field.tsx';
import { Keypad } from '../../parts/keypad.tsx';
import { testIds } from '../../test-ids.ts';
import styles from './sheets.module.css';

const percents = [5, 10, 15, 20, 30, 50] as const;
const reasons = ['regular', 'damaged', 'promotion', 'staff', 'apology'] as const;

interface DiscountFormProps {
  readonly discount: Discount | undefined;
  readonly currency: string;
  /** What the discount takes off now. */
  readonly taken: Money;
  readonly isBusy: boolean;
  readonly onChange: (discount: Discount | null) => unknown;
}

/** Why, and how much: a reason is always kept with a discount, so it is chosen first and one is chosen already. */
export function DiscountForm({ discount, currency, taken, isBusy, onChange }: DiscountFormProps) {
  const { t, formats } = useWords();
  const [preset, setPreset] = useState<(typeof reasons)[number] | undefined>('regular');
  const [own, setOwn] = useState('');
  const [digits, setDigits] = useState('');
  const amount = amountOf(digits, currency);
  const reason = own.trim() === '' ? t(`discount.reasons.${preset ?? 'regular'}`) : own.trim();
  return (
    <div className={styles['stack']}>
      {discount && (
        <Button kind="danger" icon="close" isDisabled={isBusy} onPress={() => onChange(null)}>
          {t('discount.removeNow', {
            value: `${isZero(taken) ? '' : formats.money(taken)} ${discount.reason}`.trim(),
          })}
        </Button>
      )}
      <section className={styles['section']}>
        <h3>{t('discount.reason')}</h3>
        <div className={styles['chips']}>
          {reasons.map((name) => (
            <Button
              key={name}
              isPressed={own.trim() === '' && preset === name}
              onPress={() => {
                setPreset(name);
                setOwn('');
              }}
            >
              {t(`discount.reasons.${name}`)}
            </Button>
          ))}
        </div>
        <Field label={t('discount.ownReason')} value={own} maxLength={120} onChange={setOwn} />
      </section>
      <section className={styles['section']}>
        <h3>{t('discount.byRate')}</h3>
        <div className={styles['chips']}>
          {percents.map((percent) => {
            const rate = { numerator: percent, denominator: 100 };
            return (
              <Button
                key={percent}
                isDisabled={isBusy}
                testId={`discount-${percent}`}
                onPress={() => onChange({ type: 'rate', rate, reason })}
              >
                {formats.rate(rate)}
              </Button>
            );
          })}
        </div>
      </section>
      <section className={styles['section']}>
        <h3>{t('discount.byAmount')}</h3>
        <div className={styles['price']}>
          <div className={styles['priceLeft']}>
            <output className={styles['keyed']}>{formats.money(amount)}</output>
            <Button
              kind="primary"
              isDisabled={isBusy || isZero(amount)}
              onPress={() => onChange({ type: 'amount', amount, reason })}
            >
              {isZero(amount) ? t('discount.none') : t('discount.take', { value: formats.money(amount) })}
            </Button>
          </div>
          <Keypad
            corner="00"
            words={{ back: t('common.delete'), clear: t('common.clear') }}
            testId={testIds.keypadKey}
            onKey={(key) => setDigits((entered) => press(entered, key))}
          />
        </div>
      </section>
    </div>
  );
}
