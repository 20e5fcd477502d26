import type { Check } from '#contract/check.ts';
import { compare } from '#contract/money.ts';
import { useIsOpen } from '../../catalogue.ts';
import { amountOf } from '../../keyed-amount.ts';
import { useWords } from '../../locale/words.ts';
import { Button } from '../../parts/button.tsx';
import { Keypad } from '../../parts/keypad.tsx';
import { testIds } from '../../test-ids.ts';
import { useTerminal, useView } from '../../till.tsx';
import { usePayKeys } from './pay-keys.ts';
import styles from './pay.module.css';

/** No code is awaited now: ask again for all that is due, or for a part. */
export function WalletPanel({ check }: { readonly check: Check }) {
  const { t, formats } = useWords();
  const pay = usePayKeys();
  const isOpen = useIsOpen();
  const link = useTerminal((terminal) => terminal.walletLink.state);
  const digits = useView((view) => view.keyedDigits);
  const keyed = amountOf(digits, check.due.currency);
  const isPart = keyed.amount > 0 && compare(keyed, check.due) < 0;
  const asked = isPart ? keyed : check.due;
  return (
    <div className={`${styles['panel']} ${styles['columns']}`}>
      <div className={styles['column']} data-primary>
        {link === 'unreachable' && <p className={styles['label']}>{t('pay.walletAway')}</p>}
        <Button
          kind="primary"
          size="large"
          isWide
          icon="wallet"
          isDisabled={!isOpen}
          testId={testIds.walletPresent}
          onPress={() => pay.awaitWallet(isPart ? keyed : undefined)}
        >
          {t('pay.ask', { amount: formats.money(asked) })}
        </Button>
        <p className={styles['label']}>{t('pay.presentDetail')}</p>
      </div>
      <div className={styles['column']}>
        <p className={styles['tendered']}>
          <span className={styles['label']}>{t('pay.part')}</span>
          <output>{digits === '' ? '' : formats.money(keyed)}</output>
        </p>
        <Keypad
          corner="00"
          words={{ back: t('common.delete'), clear: t('common.clear') }}
          testId={testIds.keypadKey}
          onKey={(key) => pay.amountKey(key)}
        />
      </div>
    </div>
  );
}
