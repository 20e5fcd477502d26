import { useLayoutEffect, useRef } from 'react';
import type { Check } from '#contract/check.ts';
import { useIsOpen } from '../../catalogue.ts';
import { useWords } from '../../locale/words.ts';
import { Button } from '../../parts/button.tsx';
import { Icon } from '../../parts/icon.tsx';
import { keys } from '../../shortcuts.ts';
import { testIds } from '../../test-ids.ts';
import { useCheck, useTerminal, useTill, useView } from '../../till.tsx';
import { useIsPayShown } from '../pay/pay-keys.ts';
import { CartLine } from './cart-line.tsx';
import { PaidPanel } from './paid-panel.tsx';
import { Totals } from './totals.tsx';
import { isEmpty, selectedLine, useCart } from './use-cart.ts';
import styles from './cart.module.css';

/** The bill in front: always in view, its foot never covered. */
export function Cart() {
  const { t } = useWords();
  const check = useCheck();
  const paid = useView((view) => view.paid);
  const isPayOpen = useIsPayShown();
  if (!check && paid) return <PaidPanel sale={paid} />;
  const isPaying = check?.state === 'paying';
  return (
    <aside className={styles['cart']} aria-label={t('cart.title')} data-testid={testIds.cart}>
      {!isPaying && <Tools check={check} />}
      {isPaying && (
        <p className={styles['frozen']}>
          <Icon name="lock" size={18} />
          {t('cart.keepPaying')}
        </p>
      )}
      {check && check.lines.length > 0 ? <Lines check={check} isFrozen={isPaying} /> : <EmptyCart />}
      <div className={styles['foot']}>
        {check && <Totals check={check} />}
        {!isPayOpen && <PayButtons check={check} />}
      </div>
    </aside>
  );
}

function Tools({ check }: { readonly check: Check | null }) {
  const { t } = useWords();
  const { view } = useTill();
  const cart = useCart();
  const parked = useTerminal((terminal) => terminal.parked.length);
  return (
    <div className={styles['tools']}>
      <Button
        icon="undo"
        hint={keys.undo}
        isDisabled={!check?.canUndo}
        testId={testIds.undo}
        onPress={() => cart.undo()}
      >
        {t('cart.undo')}
      </Button>
      <Button
        icon="park"
        hint={keys.park}
        isDisabled={isEmpty(check)}
        testId={testIds.park}
        onPress={() => cart.openPark()}
      >
        {t('cart.park')}
      </Button>
      <Button
        icon="recall"
        hint={keys.recall}
        count={parked}
        testId={testIds.recall}
        onPress={() => view.setState({ sheet: { type: 'parked' } })}
      >
        {t('cart.recall')}
      </Button>
    </div>
  );
}

function Lines({ check, isFrozen }: { readonly check: Check; readonly isFrozen: boolean }) {
  const { t } = useWords();
  const selectedLineId = useView((view) => view.selectedLineId);
  const selectedId = isFrozen ? undefined : selectedLine(check, selectedLineId)?.lineId;
  const list = useRef<HTMLOListElement>(null);
  // The line that was just added or chosen is in view, without an animation that would delay it.
  useLayoutEffect(() => {
    list.current?.querySelector('[data-selected]')?.scrollIntoView({ block: 'nearest' });
  }, [selectedId, check.lines.length]);
  return (
    <ol ref={list} className={styles['lines']} aria-label={t('cart.title')}>
      {check.lines.map((line, index) => (
        <CartLine
          key={line.lineId}
          line={line}
          total={check.lineTotals[index]}
          isSelected={line.lineId === selectedId}
          isFrozen={isFrozen}
        />
      ))}
    </ol>
  );
}

function EmptyCart() {
  const { t, formats } = useWords();
  const { view } = useTill();
  const lastSale = useTerminal((terminal) => terminal.lastSale);
  return (
    <div className={styles['empty']}>
      <Icon name="scan" size={56} />
      <p className={styles['emptyTitle']}>{t('cart.empty')}</p>
      <p>{t('cart.emptyDetail')}</p>
      {lastSale && (
        <Button
          kind="quiet"
          icon="receipt"
          onPress={() => view.setState({ sheet: { type: 'receipt', saleId: lastSale.saleId } })}
        >
          {t('cart.lastSale', { number: lastSale.number })} · {formats.money(lastSale.total)}
        </Button>
      )}
    </div>
  );
}

function PayButtons({ check }: { readonly check: Check | null }) {
  const { t } = useWords();
  const { view } = useTill();
  const cart = useCart();
  const isOpen = useIsOpen();
  const typed = useView((seen) => seen.typedQuantity);
  const isDisabled = !isOpen || isEmpty(check);
  return (
    <>
      {typed !== '' && <p className={styles['typed']}>{t('cart.typed', { digits: typed })}</p>}
      <div className={styles['extras']}>
        <Button
          kind="quiet"
          icon="discount"
          isDisabled={isDisabled}
          testId={testIds.discount}
          onPress={() => view.setState({ sheet: { type: 'discount' } })}
        >
          {t('cart.discount')}
        </Button>
        <Button
          kind="quiet"
          icon="note"
          isDisabled={!isOpen || !check}
          testId={testIds.note}
          onPress={() => view.setState({ sheet: { type: 'note' } })}
        >
          {t('cart.note')}
        </Button>
        <span className={styles['space']} />
        <Button
          kind="quiet"
          icon="void"
          isIconOnly
          isDisabled={!isOpen || !check}
          testId={testIds.voidBill}
          onPress={() => view.setState({ sheet: { type: 'void' } })}
        >
          {t('cart.void')}
        </Button>
      </div>
      <div className={styles['pay']}>
        <Button
          kind="cash"
          size="large"
          icon="cash"
          hint={keys.cash}
          isDisabled={isDisabled}
          testId={testIds.payCash}
          onPress={() => cart.payCash()}
        >
          {t('cart.cash')}
        </Button>
        <Button
          kind="primary"
          size="large"
          icon="wallet"
          hint={keys.wallet}
          isDisabled={isDisabled}
          testId={testIds.payWallet}
          onPress={() => cart.payWallet()}
        >
          {t('cart.wallet')}
        </Button>
      </div>
    </>
  );
}
