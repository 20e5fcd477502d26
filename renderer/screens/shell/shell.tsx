import { useCart } from '../sell/use-cart.ts';
import { useTill, useView } from '../../till.tsx';
import { useKeyboard } from '../../keyboard.ts';
import type { Command } from '../../shortcuts.ts';
import { Cart } from '../sell/cart.tsx';
import { Catalogue } from '../sell/catalogue.tsx';
import { Pay } from '../pay/pay.tsx';
import { Sales } from '../sales/sales.tsx';
import { DemoDrawer } from './demo-drawer.tsx';
import { LostBanner } from './lost-banner.tsx';
import { Notices } from './notices.tsx';
import { Sheets } from './sheets.tsx';
import { TopBar } from './top-bar.tsx';
import { useIsPayShown, usePayKeys } from '../pay/pay-keys.ts';
import styles from './shell.module.css';

/** The frame of everything behind the PIN: bar, shelves or payment, and the cart, which never leaves. */
export function Shell() {
  const screen = useView((view) => view.screen);
  const isDemoOpen = useView((view) => view.isDemoOpen);
  const isPaying = useIsPayShown();
  useShortcuts(isPaying);
  return (
    <div className={styles['shell']}>
      <TopBar />
      <LostBanner />
      <div className={styles['room']}>
        {isDemoOpen && <DemoDrawer />}
        <div className={styles['middle']}>
          <main className={styles['main']}>{screen === 'sales' ? <Sales /> : isPaying ? <Pay /> : <Catalogue />}</main>
          <Notices />
        </div>
        {screen === 'sell' && <Cart />}
      </div>
      <Sheets />
    </div>
  );
}

function useShortcuts(isPaying: boolean): void {
  const { view } = useTill();
  const cart = useCart();
  const pay = usePayKeys();
  useKeyboard(
    () => {
      const { sheet, screen, typedQuantity } = view.getState();
      const stage = screen === 'sales' ? 'other' : isPaying ? pay.stage() : 'selling';
      return {
        isSheetOpen: sheet !== undefined,
        stage,
        hasTyped: stage === 'keyingAmount' ? pay.hasTyped() : typedQuantity !== '',
      };
    },
    (command: Command) => {
      switch (command.type) {
        case 'help':
          return view.setState({ sheet: { type: 'help' } });
        case 'sales':
          return view.setState(({ screen }) => ({ screen: screen === 'sell' ? 'sales' : 'sell' }));
        case 'search':
          return view.setState(({ searchCalls, shelf }) => ({
            screen: 'sell',
            searchCalls: searchCalls + 1,
            shelf: shelf.type === 'keypad' ? { type: 'quickKeys' } : shelf,
          }));
        case 'keypad':
          return view.setState({ screen: 'sell', searchText: '', shelf: { type: 'keypad' } });
        case 'cash':
          return isPaying ? pay.chooseCash() : cart.payCash();
        case 'wallet':
          return isPaying ? pay.chooseWallet() : cart.payWallet();
        case 'park':
          return cart.openPark();
        case 'recall':
          return view.setState({ sheet: { type: 'parked' } });
        case 'undo':
          return cart.undo();
        case 'back':
          return isPaying ? pay.back() : cart.clearTyping();
        case 'quantityDigit':
          return cart.typeDigit(command.digit);
        case 'dropDigit':
          return cart.dropDigit();
        case 'setQuantity':
          return cart.applyTyped();
        case 'step':
          return cart.step(command.by);
        case 'move':
          return cart.move(command.by);
        case 'editLine':
          return cart.editSelected();
        case 'voidLine':
          return cart.voidSelected();
        case 'amountKey':
          return pay.amountKey(command.key);
        case 'takeAmount':
          return pay.takeAmount();
      }
    },
  );
}
