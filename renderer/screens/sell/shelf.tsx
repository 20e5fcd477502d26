import { useQueries, useQuery } from '@tanstack/react-query';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useRef } from 'react';
import type { Product } from '#contract/catalogue.ts';
import type { ProductId } from '#contract/ids.ts';
import { money } from '#contract/money.ts';
import { pageQuery, pageSize, useIsOpen } from '../../catalogue.ts';
import { useWords } from '../../locale/words.ts';
import { Button } from '../../parts/button.tsx';
import { ProductTile, TileGhost } from '../../parts/product-tile.tsx';
import { testIds } from '../../test-ids.ts';
import { useTerminal, useTill } from '../../till.tsx';
import { moveInGrid } from './grid-keys.ts';
import { tileGap, tileHeight, useColumns } from './use-columns.ts';
import styles from './shelf.module.css';

interface ShelfProps {
  /** Absent: the quick keys. */
  readonly categoryId: string | undefined;
  readonly colours: ReadonlyMap<string, string | undefined>;
  readonly onAdd: (productId: ProductId) => unknown;
}

/** A category of any size: only the rows in sight are in the page, only their pages are asked for. */
export function Shelf({ categoryId, colours, onAdd }: ShelfProps) {
  const { t, formats } = useWords();
  const { connection } = useTill();
  const enabled = useIsOpen();
  const currency = useTerminal(({ store }) => store.currency);
  const scroller = useRef<HTMLDivElement>(null);
  const columns = useColumns(scroller);
  const first = useQuery({ ...pageQuery(connection, categoryId, 0), enabled });
  const total = first.data?.total ?? 0;
  const rows = useVirtualizer({
    count: Math.ceil(total / columns),
    getScrollElement: () => scroller.current,
    estimateSize: () => tileHeight + tileGap,
    overscan: 3,
  });
  const visible = rows.getVirtualItems();
  const firstPage = Math.floor(((visible[0]?.index ?? 0) * columns) / pageSize);
  const lastPage = Math.floor((((visible.at(-1)?.index ?? 0) + 1) * columns - 1) / pageSize);
  const pages = useQueries({
    queries: Array.from({ length: lastPage - firstPage + 1 }, (_, index) => ({
      ...pageQuery(connection, categoryId, firstPage + index),
      enabled: enabled && total > 0,
    })),
  });
  const productAt = (index: number): Product | undefined =>
    pages[Math.floor(index / pageSize) - firstPage]?.data?.products[index % pageSize];

  if (first.isError) {
    return (
      <div className={styles['empty']}>
        <p>{t('common.failed')}</p>
        <Button onPress={async () => first.refetch()}>{t('common.tryAgain')}</Button>
      </div>
    );
  }
  return (
    <div
      ref={scroller}
      className={styles['scroller']}
      onKeyDown={(event) => moveInGrid(event, columns)}
      role="presentation"
    >
      {first.isSuccess && total === 0 && <p className={styles['empty']}>{t('sell.emptyCategory')}</p>}
      <div className={styles['rows']} style={{ height: rows.getTotalSize() }}>
        {visible.map((row) => (
          <div
            key={row.index}
            className={styles['row']}
            style={{
              transform: `translateY(${row.start}px)`,
              height: tileHeight,
              gridTemplateColumns: `repeat(${columns}, minmax(0, 1fr))`,
            }}
          >
            {Array.from({ length: Math.min(columns, total - row.index * columns) }, (_, column) => {
              const product = productAt(row.index * columns + column);
              return product ? (
                <ProductTile
                  key={column}
                  name={product.name}
                  price={formats.money(money(product.price, currency))}
                  colour={product.colour ?? colours.get(product.categoryId)}
                  image={product.image}
                  productId={product.productId}
                  testId={testIds.product(product.productId)}
                  onPress={onAdd}
                />
              ) : (
                <TileGhost key={column} />
              );
            })}
          </div>
        ))}
      </div>
    </div>
  );
}
