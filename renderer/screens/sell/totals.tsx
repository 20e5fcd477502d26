import type { Check } from '#contract/check.ts';
import { isZero, subtract } from '#contract/money.ts';
import { taxWords } from '../../format.ts';
import { useWords } from '../../locale/words.ts';
import { testIds } from '../../test-ids.ts';
import styles from './totals.module.css';

/** What the bill comes to: the small figures above, the one that is said aloud below. */
export function Totals({ check }: { readonly check: Check }) {
  const { t, formats } = useWords();
  const { totals, due } = check;
  const paid = subtract(totals.total, due);
  return (
    <dl className={styles['totals']}>
      {!isZero(totals.discount) && (
        <div>
          <dt>{t('cart.subtotal')}</dt>
          <dd>{formats.money(totals.subtotal)}</dd>
        </div>
      )}
      {!isZero(totals.discount) && (
        <div>
          <dt>{t('cart.discount')}</dt>
          <dd>−{formats.money(totals.discount)}</dd>
        </div>
      )}
      {totals.taxes.map(({ taxClass, tax }) => (
        <div key={taxClass.taxClassId}>
          <dt>
            {taxClass.isIncluded
              ? t('cart.taxWithin', { tax: taxWords(formats, taxClass) })
              : taxWords(formats, taxClass)}
          </dt>
          <dd>{formats.money(tax)}</dd>
        </div>
      ))}
      <div className={styles['total']}>
        <dt>
          {t('cart.total')} <span className={styles['items']}>{t('common.items', { count: totals.itemCount })}</span>
        </dt>
        <dd data-testid={testIds.total} data-amount={totals.total.amount}>
          {formats.money(totals.total)}
        </dd>
      </div>
      {!isZero(paid) && (
        <div>
          <dt>{t('cart.paidSoFar')}</dt>
          <dd>−{formats.money(paid)}</dd>
        </div>
      )}
    </dl>
  );
}
