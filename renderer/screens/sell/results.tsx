import { useRef } from 'react';
import type { ProductId } from '#contract/ids.ts';
import { money } from '#contract/money.ts';
import { useSearch } from '../../catalogue.ts';
import { useWords } from '../../locale/words.ts';
import { Button } from '../../parts/button.tsx';
import { ProductTile } from '../../parts/product-tile.tsx';
import { testIds } from '../../test-ids.ts';
import { useTerminal } from '../../till.tsx';
import { moveInGrid } from './grid-keys.ts';
import { useColumns } from './use-columns.ts';
import styles from './shelf.module.css';

interface ResultsProps {
  readonly text: string;
  readonly colours: ReadonlyMap<string, string | undefined>;
  readonly onAdd: (productId: ProductId) => unknown;
  readonly onLeaveUp: () => void;
}

/** What a search found. Tiles keep their place and take new faces, so that a keystroke costs no new elements. */
export function Results({ text, colours, onAdd, onLeaveUp }: ResultsProps) {
  const { t, formats } = useWords();
  const currency = useTerminal(({ store }) => store.currency);
  const scroller = useRef<HTMLDivElement>(null);
  const columns = useColumns(scroller);
  const { data, isError, refetch } = useSearch(text);
  return (
    <div
      ref={scroller}
      className={styles['scroller']}
      data-testid={testIds.searchResults}
      data-text={data?.text ?? ''}
      role="presentation"
      onKeyDown={(event) => moveInGrid(event, columns, onLeaveUp)}
    >
      {isError && (
        <div className={styles['empty']}>
          <p>{t('common.failed')}</p>
          <Button onPress={async () => refetch()}>{t('common.tryAgain')}</Button>
        </div>
      )}
      {data && data.total > 0 && (
        <p className={styles['count']} role="status">
          {t('sell.results', { shown: formats.number(data.products.length), total: formats.number(data.total) })}
        </p>
      )}
      {data?.total === 0 && <p className={styles['empty']}>{t('sell.noResults', { text: data.text })}</p>}
      <div className={styles['grid']} style={{ gridTemplateColumns: `repeat(${columns}, minmax(0, 1fr))` }}>
        {data?.products.map((product, index) => (
          <ProductTile
            key={index}
            name={product.name}
            price={formats.money(money(product.price, currency))}
            colour={product.colour ?? colours.get(product.categoryId)}
            image={product.image}
            productId={product.productId}
            testId={testIds.product(product.productId)}
            onPress={onAdd}
          />
        ))}
      </div>
    </div>
  );
}
