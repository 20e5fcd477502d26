import { useEffect, useRef } from 'react';
import { useOutline } from '../../catalogue.ts';
import { useWords } from '../../locale/words.ts';
import { Button } from '../../parts/button.tsx';
import { SearchField } from '../../parts/search-field.tsx';
import { keys } from '../../shortcuts.ts';
import { testIds } from '../../test-ids.ts';
import { useTill, useView } from '../../till.tsx';
import { OpenAmount } from './open-amount.tsx';
import { Results } from './results.tsx';
import { Shelf } from './shelf.tsx';
import { useCart } from './use-cart.ts';
import styles from './catalogue.module.css';

/** The left of the counter: search, categories, and the shelf of what they lead to. */
export function Catalogue() {
  const { t } = useWords();
  const { view } = useTill();
  const cart = useCart();
  const outline = useOutline();
  const shelf = useView((seen) => seen.shelf);
  const searchText = useView((seen) => seen.searchText);
  const searchCalls = useView((seen) => seen.searchCalls);
  const field = useRef<HTMLInputElement>(null);
  const area = useRef<HTMLDivElement>(null);

  const answeredCalls = useRef(searchCalls);
  useEffect(() => {
    if (searchCalls === answeredCalls.current) return;
    answeredCalls.current = searchCalls;
    field.current?.focus();
    field.current?.select();
  }, [searchCalls]);

  const firstTile = (): HTMLButtonElement | null | undefined => area.current?.querySelector('button');
  const text = searchText.trim();
  const isSearching = text !== '' && shelf.type !== 'keypad';
  const colours = new Map(outline.data?.categories.map(({ categoryId, colour }) => [categoryId, colour]));

  return (
    <section className={styles['catalogue']}>
      <div className={styles['head']}>
        <SearchField
          ref={field}
          label={t('sell.find')}
          clearWord={t('sell.clearSearch')}
          value={searchText}
          hint={keys.search}
          testId={testIds.search}
          onChange={(value) =>
            view.setState({ searchText: value, ...(shelf.type === 'keypad' ? { shelf: { type: 'quickKeys' } } : {}) })
          }
          onKeyDown={(event) => {
            if (event.key === 'Escape') {
              view.setState({ searchText: '' });
              field.current?.blur();
            } else if (event.key === 'ArrowDown') {
              firstTile()?.focus();
            } else if (event.key === 'Enter' && !event.nativeEvent.isComposing && isSearching) {
              firstTile()?.click();
              field.current?.select();
            } else return;
            event.preventDefault();
          }}
        />
        <Button
          icon="keypad"
          hint={keys.keypad}
          isPressed={shelf.type === 'keypad'}
          testId={testIds.keypad}
          onPress={() =>
            view.setState({
              shelf: shelf.type === 'keypad' ? { type: 'quickKeys' } : { type: 'keypad' },
              searchText: '',
            })
          }
        >
          {t('sell.keypad')}
        </Button>
      </div>
      {!isSearching && (
        <div className={styles['categories']} role="group" aria-label={t('sell.categories')}>
          <Button
            icon="star"
            isPressed={shelf.type === 'quickKeys'}
            testId={testIds.quickKeys}
            onPress={() => view.setState({ shelf: { type: 'quickKeys' } })}
          >
            {t('sell.quickKeys')}
          </Button>
          {outline.data?.categories.map(({ categoryId, name, colour }) => (
            <Button
              key={categoryId}
              isPressed={shelf.type === 'category' && shelf.categoryId === categoryId}
              testId={testIds.category(categoryId)}
              onPress={() => view.setState({ shelf: { type: 'category', categoryId } })}
            >
              <span className={styles['chip']}>
                <span className={styles['dot']} style={{ background: colour }} aria-hidden="true" />
                <span>{name}</span>
              </span>
            </Button>
          ))}
        </div>
      )}
      <div ref={area} className={styles['area']}>
        {outline.isError ? (
          <div className={styles['failed']}>
            <p>{t('common.failed')}</p>
            <Button onPress={async () => outline.refetch()}>{t('common.tryAgain')}</Button>
          </div>
        ) : isSearching ? (
          <Results text={text} colours={colours} onAdd={cart.addProduct} onLeaveUp={() => field.current?.focus()} />
        ) : shelf.type === 'keypad' ? (
          <OpenAmount taxClasses={outline.data?.taxClasses ?? []} />
        ) : (
          <Shelf
            key={shelf.type === 'category' ? shelf.categoryId : ''}
            categoryId={shelf.type === 'category' ? shelf.categoryId : undefined}
            colours={colours}
            onAdd={cart.addProduct}
          />
        )}
      </div>
    </section>
  );
}
