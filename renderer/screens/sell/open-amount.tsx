import { useEffect, useEffectEvent, useState } from 'react';
import type { TaxClass } from '#contract/catalogue.ts';
import { taxWords } from '../../format.ts';
import { amountOf, keypadKeyOf, press } from '../../keyed-amount.ts';
import { useWords } from '../../locale/words.ts';
import { Button } from '../../parts/button.tsx';
import { Field } from '../../parts/field.tsx';
import { Keypad } from '../../parts/keypad.tsx';
import { Segmented } from '../../parts/segmented.tsx';
import { testIds } from '../../test-ids.ts';
import { useAct, useCheck, useTerminal, useTill } from '../../till.tsx';
import styles from './open-amount.module.css';

/** Something without a barcode and without a tile: an amount, its tax, and a name if there is time for one. */
export function OpenAmount({ taxClasses }: { readonly taxClasses: readonly TaxClass[] }) {
  const { t, formats } = useWords();
  const { view } = useTill();
  const act = useAct();
  const check = useCheck();
  const currency = useTerminal(({ store }) => store.currency);
  const [digits, setDigits] = useState('');
  const [name, setName] = useState('');
  const [chosenTax, setChosenTax] = useState<string>();
  const taxClassId = chosenTax ?? taxClasses[0]?.taxClassId;
  const amount = amountOf(digits, currency);

  const add = async (): Promise<void> => {
    if (amount.amount === 0 || taxClassId === undefined) return;
    const added = await act(async (terminal) =>
      terminal.check.addOpenAmount({
        ...(check ? { checkId: check.checkId } : {}),
        name: name.trim() === '' ? t('sell.openAmountDefault') : name.trim(),
        amount,
        taxClassId,
      }),
    );
    if (!added) return;
    setDigits('');
    setName('');
    view.setState({ selectedLineId: added.lineId });
  };

  // Digits belong to the amount here: caught before they would mean a quantity.
  const listen = useEffectEvent((event: KeyboardEvent) => {
    const isTyping = event.target instanceof HTMLInputElement && event.target.type !== 'radio';
    if (isTyping || event.ctrlKey || event.altKey || event.metaKey || view.getState().sheet) return;
    const key = keypadKeyOf(event.key);
    if (key) setDigits((entered) => press(entered, key));
    else if (event.key === 'Enter' && digits !== '') void add();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  useEffect(() => {
    const listener = (event: KeyboardEvent): void => listen(event);
    window.addEventListener('keydown', listener, { capture: true });
    return () => window.removeEventListener('keydown', listener, { capture: true });
  }, []);

  return (
    <div className={styles['open']}>
      <div className={styles['left']}>
        <output className={styles['amount']} data-testid={testIds.keypadAmount} data-amount={amount.amount}>
          {formats.money(amount)}
        </output>
        <Field label={t('sell.openAmountName')} value={name} maxLength={120} onChange={setName} />
        {taxClassId !== undefined && taxClasses.length > 1 && (
          <Segmented
            label={t('sell.openAmountTax')}
            value={taxClassId}
            options={taxClasses.map((taxClass) => ({
              value: taxClass.taxClassId,
              words: taxWords(formats, taxClass),
            }))}
            onChange={setChosenTax}
          />
        )}
      </div>
      <div className={styles['right']}>
        <Keypad
          corner="00"
          words={{ back: t('common.delete'), clear: t('common.clear') }}
          testId={testIds.keypadKey}
          onKey={(key) => setDigits((entered) => press(entered, key))}
        />
        <Button
          kind="primary"
          size="large"
          isWide
          isDisabled={amount.amount === 0}
          testId={testIds.keypadAdd}
          onPress={add}
        >
          {amount.amount === 0 ? t('sell.openAmountEmpty') : t('sell.openAmountAdd', { amount: formats.money(amount) })}
        </Button>
      </div>
    </div>
  );
}
