import type { SaleSummary } from '#contract/sale.ts';
import { useWords } from '../../locale/words.ts';
import { Button } from '../../parts/button.tsx';
import { Icon } from '../../parts/icon.tsx';
import { testIds } from '../../test-ids.ts';
import { useTill } from '../../till.tsx';
import { ReceiptView } from '../sales/receipt-view.tsx';
import styles from './paid-panel.module.css';

/** Paid. It stands where the bill stood, waits for nothing, and the next scan replaces it. */
export function PaidPanel({ sale }: { readonly sale: SaleSummary }) {
  const { t, formats } = useWords();
  const { view } = useTill();
  const hasCash = sale.tenderTypes.includes('cash');
  return (
    <aside className={styles['paid']} aria-label={t('paid.title')} data-testid={testIds.saleDone}>
      <div className={styles['head']}>
        <p className={styles['title']}>
          <Icon name="check" size={30} />
          {t('paid.title')}
          {hasCash && <span className={styles['amount']}>{formats.money(sale.total)}</span>}
        </p>
        <p className={styles['change']}>
          {hasCash && <span>{t('paid.change')}</span>}
          {hasCash ? (
            <strong data-testid={testIds.change} data-amount={sale.change.amount}>
              {formats.money(sale.change)}
            </strong>
          ) : (
            <strong>{formats.money(sale.total)}</strong>
          )}
        </p>
        <p className={styles['number']}>{sale.number}</p>
      </div>
      <div className={styles['receipt']}>
        <ReceiptView saleId={sale.saleId} />
      </div>
      <div className={styles['foot']}>
        <Button kind="primary" size="large" isWide onPress={() => view.setState({ paid: undefined })}>
          {t('paid.next')}
        </Button>
        <p className={styles['hint']}>{t('paid.nextHint')}</p>
      </div>
    </aside>
  );
}
