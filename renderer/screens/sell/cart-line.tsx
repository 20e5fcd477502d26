import { memo } from 'react';
import { discountOf, lineSubtotal } from '#contract/check.ts';
import type { Money } from '#contract/money.ts';
import { type LineItem, quantityMax } from '#contract/order.ts';
import { useWords } from '../../locale/words.ts';
import { Button } from '../../parts/button.tsx';
import { Stepper } from '../../parts/stepper.tsx';
import { testIds } from '../../test-ids.ts';
import { useTill } from '../../till.tsx';
import { useCart } from './use-cart.ts';
import styles from './cart-line.module.css';

interface CartLineProps {
  readonly line: LineItem;
  readonly total: Money | undefined;
  readonly isSelected: boolean;
  readonly isFrozen: boolean;
}

/** One line. Painted anew only when the line itself changes: its object keeps its identity until then. */
export const CartLine = memo(function CartLine({ line, total, isSelected, isFrozen }: CartLineProps) {
  const { t, formats } = useWords();
  const cart = useCart();
  const shownTotal = total && !line.isVoided ? formats.money(total) : '';
  const face = (
    <>
      <span className={styles['quantity']}>{formats.number(line.quantity)}</span>
      <span className={styles['what']}>
        <span className={styles['name']}>{line.name}</span>
        <Details line={line} />
      </span>
      <span className={styles['total']}>{line.isVoided ? t('cart.voided') : shownTotal}</span>
    </>
  );
  return (
    <li
      className={styles['line']}
      data-testid={testIds.cartLine}
      data-line-id={line.lineId}
      data-quantity={line.quantity}
      data-voided={line.isVoided || undefined}
      data-selected={isSelected || undefined}
    >
      {isFrozen || line.isVoided ? (
        <div className={styles['face']}>{face}</div>
      ) : (
        <button
          type="button"
          className={styles['face']}
          aria-expanded={isSelected}
          onClick={() => (isSelected ? cart.editSelected() : cart.select(line.lineId))}
        >
          {face}
        </button>
      )}
      {isSelected && <LineTools line={line} />}
    </li>
  );
});

function LineTools({ line }: { readonly line: LineItem }) {
  const { t, formats } = useWords();
  const { view } = useTill();
  const cart = useCart();
  return (
    <div className={styles['tools']}>
      <Stepper
        value={line.quantity}
        shown={formats.number(line.quantity)}
        max={quantityMax}
        words={{ less: t('cart.less'), more: t('cart.moreOf'), quantity: t('cart.quantity') }}
        testIds={{ less: testIds.lineMinus, more: testIds.linePlus }}
        onChange={(quantity) => cart.setQuantity(line.lineId, quantity)}
      />
      <Button
        icon="edit"
        testId={testIds.lineEdit}
        onPress={() => view.setState({ sheet: { type: 'line', lineId: line.lineId } })}
      >
        {t('cart.edit')}
      </Button>
      <span className={styles['space']} />
      <Button kind="quiet" icon="void" isIconOnly testId={testIds.lineVoid} onPress={() => cart.voidLine(line.lineId)}>
        {t('cart.voidLine')}
      </Button>
    </div>
  );
}

function Details({ line }: { readonly line: LineItem }) {
  const { t, formats } = useWords();
  const parts = [
    ...line.modifiers.map(({ name }) => name),
    ...(line.listPrice
      ? [`${formats.money(line.unitPrice)} (${t('cart.listPrice', { price: formats.money(line.listPrice) })})`]
      : line.quantity > 1
        ? [`@ ${formats.money(line.unitPrice)}`]
        : []),
    ...(line.discount
      ? [`−${formats.money(discountOf(lineSubtotal(line), line.discount))} ${line.discount.reason}`]
      : []),
    ...(line.note === undefined || line.note === '' ? [] : [`“${line.note}”`]),
  ];
  return parts.length > 0 && <span className={styles['details']}>{parts.join(' · ')}</span>;
}
