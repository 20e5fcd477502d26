import type { Check } from '#contract/check.ts';
import { add, compare, equals, negate, subtract } from '#contract/money.ts';
import { cashDue } from '#contract/tender.ts';
import { nextNotes } from '../../cash-keys.ts';
import { useIsOpen } from '../../catalogue.ts';
import { amountOf } from '../../keyed-amount.ts';
import { useWords } from '../../locale/words.ts';
import { Button } from '../../parts/button.tsx';
import { Keypad } from '../../parts/keypad.tsx';
import { testIds } from '../../test-ids.ts';
import { useTerminal, useView } from '../../till.tsx';
import { usePayKeys } from './pay-keys.ts';
import styles from './pay.module.css';

/** Exact, the next notes, or what was handed over. Enough closes the bill, less pays a part. */
export function CashPanel({ check }: { readonly check: Check }) {
  const { t, formats } = useWords();
  const pay = usePayKeys();
  const isOpen = useIsOpen();
  const store = useTerminal((terminal) => terminal.store);
  const digits = useView((view) => view.keyedDigits);
  const due = cashDue(check.due, store.cashRounding);
  const tendered = amountOf(digits, due.currency);
  const change = subtract(tendered, due);
  const isPart = compare(tendered, due) < 0;
  return (
    <div className={`${styles['panel']} ${styles['columns']}`}>
      <div className={styles['column']}>
        {!equals(due, check.due) && (
          <p className={styles['label']}>{t('pay.rounded', { amount: formats.money(due) })}</p>
        )}
        <div data-primary>
          <Button
            kind="cash"
            size="large"
            isWide
            isDisabled={!isOpen}
            testId={testIds.cashExact}
            amount={due.amount}
            onPress={() => pay.takeCash(due)}
          >
            {t('pay.exact', { amount: formats.money(due) })}
          </Button>
        </div>
        <div className={styles['notes']}>
          {nextNotes(due, store.denominations).map((sum) => (
            <Button
              key={sum.amount}
              isDisabled={!isOpen}
              testId={testIds.cashNote(sum.amount)}
              amount={sum.amount}
              onPress={() => pay.takeCash(sum)}
            >
              {formats.money(sum)}
            </Button>
          ))}
        </div>
      </div>
      <div className={styles['column']}>
        <p className={styles['tendered']}>
          <span className={styles['label']}>{t('pay.tendered')}</span>
          <output>{digits === '' ? '' : formats.money(tendered)}</output>
        </p>
        <Keypad
          corner="00"
          words={{ back: t('common.delete'), clear: t('common.clear') }}
          testId={testIds.keypadKey}
          onKey={(key) => pay.amountKey(key)}
        />
        <Button
          kind="cash"
          size="large"
          isWide
          isDisabled={!isOpen || tendered.amount === 0}
          testId={testIds.cashTake}
          onPress={() => pay.takeAmount()}
        >
          {tendered.amount === 0
            ? t('pay.enterCash')
            : t(isPart ? 'pay.takePart' : 'pay.take', { amount: formats.money(tendered) })}
        </Button>
        <p className={styles['label']} role="status">
          {tendered.amount > 0 &&
            (isPart
              ? t('pay.remains', { amount: formats.money(add(check.due, negate(tendered))) })
              : t('pay.changeWillBe', { amount: formats.money(change) }))}
        </p>
      </div>
    </div>
  );
}
