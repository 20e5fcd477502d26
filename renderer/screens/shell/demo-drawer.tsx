import { useQuery } from '@tanstack/react-query';
import { clientOf, pageQuery, useIsOpen } from '../../catalogue.ts';
import { useWords } from '../../locale/words.ts';
import { Button } from '../../parts/button.tsx';
import { testIds } from '../../test-ids.ts';
import { useAct, useTerminal, useTill } from '../../till.tsx';
import styles from './demo-drawer.module.css';

/** A code that no demo product has. */
const UNKNOWN_BARCODE = '4999999999996';
const productsMax = 10;

/** The simulated scanner's hands: only in the demo store. It presses nothing else: what it holds up comes in as a scan. */
export function DemoDrawer() {
  const { t, formats } = useWords();
  const { connection, view } = useTill();
  const act = useAct();
  const isOpen = useIsOpen();
  const check = useTerminal((terminal) => terminal.lastSale?.saleId);
  const products = useQuery({ ...pageQuery(connection, undefined, 0), enabled: isOpen });
  const customers = useQuery({
    // A paid bill changes a balance.
    queryKey: ['demo', 'customers', check],
    queryFn: async () => clientOf(connection).demo.customers(),
    enabled: isOpen,
    placeholderData: (last) => last,
    retry: false,
  });
  const scannable = products.data?.products.filter(({ barcodes }) => barcodes.length > 0).slice(0, productsMax) ?? [];
  return (
    <aside
      className={styles['drawer']}
      aria-label={t('demo.title')}
      data-testid={testIds.demoDrawer}
      // A scanner works while a sheet is open, and so does this one.
      data-react-aria-top-layer="true"
    >
      <header className={styles['header']}>
        <h2>{t('demo.title')}</h2>
        <Button kind="quiet" icon="close" isIconOnly onPress={() => view.setState({ isDemoOpen: false })}>
          {t('common.close')}
        </Button>
      </header>
      <div className={styles['body']}>
        <p className={styles['detail']}>{t('demo.detail')}</p>
        <h3>{t('demo.products')}</h3>
        <ul className={styles['products']}>
          {scannable.map(({ productId, name, barcodes: [barcode = ''] }) => (
            <li key={productId}>
              <Button
                isWide
                testId={testIds.demoProduct(productId)}
                onPress={() => act(async (client) => client.demo.scanText({ text: barcode }))}
              >
                {name}
              </Button>
            </li>
          ))}
          <li>
            <Button
              isWide
              icon="question"
              testId={testIds.demoUnknown}
              onPress={() => act(async (client) => client.demo.scanText({ text: UNKNOWN_BARCODE }))}
            >
              {t('demo.unknown')}
            </Button>
          </li>
        </ul>
        <h3>{t('demo.customers')}</h3>
        <p className={styles['detail']}>{t('demo.customersDetail')}</p>
        <ul className={styles['customers']}>
          {customers.data?.customers.map(({ customerId, name, balance, phoneUrl }) => (
            <li key={customerId} className={styles['customer']}>
              <Button
                isWide
                icon="wallet"
                testId={testIds.demoCustomer(customerId)}
                onPress={() => act(async (client) => client.demo.scanCustomer({ customerId }))}
              >
                <span className={styles['name']}>{name}</span>{' '}
                <span className={styles['balance']}>{formats.money(balance)}</span>
              </Button>
              <a
                className={styles['phone']}
                href={phoneUrl}
                target="_blank"
                rel="noopener noreferrer"
                aria-label={t('demo.phone', { name })}
              >
                ↗
              </a>
            </li>
          ))}
        </ul>
      </div>
    </aside>
  );
}
