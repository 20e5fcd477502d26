import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { SaleSummary } from '#contract/sale.ts';
import type { SaleId } from '#contract/ids.ts';
import { clientOf, useIsOpen } from '../../catalogue.ts';
import { useWords } from '../../locale/words.ts';
import { Button } from '../../parts/button.tsx';
import { Icon } from '../../parts/icon.tsx';
import { SearchField } from '../../parts/search-field.tsx';
import { testIds } from '../../test-ids.ts';
import { useTill } from '../../till.tsx';
import { ReceiptView } from './receipt-view.tsx';
import styles from './sales.module.css';

const pageSize = 50;

/** Find a sale, see its receipt, print it again. */
export function Sales() {
  const { t, formats } = useWords();
  const { connection } = useTill();
  const enabled = useIsOpen();
  const [text, setText] = useState('');
  const [chosenId, setChosenId] = useState<SaleId>();
  const sales = useInfiniteQuery({
    queryKey: ['sales', text.trim()],
    queryFn: async ({ pageParam }) =>
      clientOf(connection).sales.find({ text: text.trim(), offset: pageParam, limit: pageSize }),
    initialPageParam: 0,
    getNextPageParam: (_, pages) => {
      const seen = pages.reduce((count, page) => count + page.sales.length, 0);
      return seen < (pages[0]?.total ?? 0) ? seen : undefined;
    },
    placeholderData: keepPreviousData,
    enabled,
    retry: false,
  });
  const found = sales.data?.pages.flatMap((page) => page.sales) ?? [];
  const total = sales.data?.pages[0]?.total ?? 0;
  const chosen = found.find(({ saleId }) => saleId === chosenId);

  return (
    <section className={styles['sales']}>
      <div className={styles['list']}>
        <SearchField
          label={t('sales.find')}
          clearWord={t('sell.clearSearch')}
          value={text}
          testId={testIds.salesSearch}
          onChange={setText}
        />
        <p className={styles['count']} role="status">
          {sales.isSuccess && total > 0 && t('sales.count', { count: total })}
        </p>
        {sales.isPending && enabled && <p className={styles['empty']}>{t('common.loading')}</p>}
        {sales.isError && (
          <div className={styles['empty']}>
            <p>{t('common.failed')}</p>
            <Button onPress={async () => sales.refetch()}>{t('common.tryAgain')}</Button>
          </div>
        )}
        {sales.isSuccess && total === 0 && (
          <p className={styles['empty']}>{text.trim() === '' ? t('sales.none') : t('sales.noneFound', { text })}</p>
        )}
        <ul className={styles['rows']}>
          {found.map((sale) => (
            <li key={sale.saleId}>
              <SaleRow sale={sale} isChosen={sale.saleId === chosenId} onPress={() => setChosenId(sale.saleId)} />
            </li>
          ))}
          {sales.hasNextPage && (
            <li>
              <Button isWide onPress={async () => sales.fetchNextPage()}>
                {t('common.more')}
              </Button>
            </li>
          )}
        </ul>
      </div>
      <div className={styles['detail']}>
        {chosen ? (
          <>
            <header className={styles['head']}>
              <h2>{chosen.number}</h2>
              <p>
                {formats.dateTime(chosen.closedAt)} · {t('sales.by', { name: chosen.staffName })}
              </p>
            </header>
            <ReceiptView key={chosen.saleId} saleId={chosen.saleId} hasReprint />
          </>
        ) : (
          <p className={styles['empty']}>
            <Icon name="receipt" size={48} />
            {t('sales.choose')}
          </p>
        )}
      </div>
    </section>
  );
}

function SaleRow(props: { readonly sale: SaleSummary; readonly isChosen: boolean; readonly onPress: () => unknown }) {
  const { t, formats } = useWords();
  const { sale, isChosen, onPress } = props;
  return (
    <button
      type="button"
      className={styles['row']}
      aria-pressed={isChosen}
      data-testid={testIds.sale}
      data-number={sale.number}
      onClick={() => void onPress()}
    >
      <span className={styles['number']}>{sale.number}</span>
      <strong className={styles['amount']}>{formats.money(sale.total)}</strong>
      <span className={styles['when']}>
        {formats.dateTime(sale.closedAt)} · {t('common.items', { count: sale.itemCount })}
      </span>
      <span className={styles['how']}>
        {sale.tenderTypes.map((type) => (
          <span key={type}>
            <Icon name={type} size={18} /> {t(`sales.${type}`)}
          </span>
        ))}
      </span>
    </button>
  );
}
