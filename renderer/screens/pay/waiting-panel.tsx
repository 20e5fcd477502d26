import type { Check } from '#contract/check.ts';
import type { Money } from '#contract/money.ts';
import { useWords } from '../../locale/words.ts';
import { Button } from '../../parts/button.tsx';
import { Icon } from '../../parts/icon.tsx';
import { testIds } from '../../test-ids.ts';
import { useAct, useTerminal } from '../../till.tsx';
import { usePayKeys } from './pay-keys.ts';
import styles from './pay.module.css';

/** The next scan may be a customer's code. */
export function WaitingPanel({ check, amount }: { readonly check: Check; readonly amount: Money }) {
  const { t, formats } = useWords();
  const act = useAct();
  const pay = usePayKeys();
  const link = useTerminal((terminal) => terminal.walletLink.state);
  const stop = async (): Promise<unknown> =>
    act(async (terminal) => terminal.pay.stopWaiting({ checkId: check.checkId }));
  return (
    <div className={`${styles['panel']} ${styles['big']}`} data-testid={testIds.attempt} data-state="waiting">
      <span className={`${styles['sign']} ${styles['busy']}`}>
        <Icon name="scan" size={52} />
      </span>
      <h2 className={styles['bigTitle']}>{t('pay.present')}</h2>
      <p className={styles['bigAmount']}>{formats.money(amount)}</p>
      <p className={`${styles['detail']} ${styles['soft']}`}>{t('pay.presentDetail')}</p>
      {link === 'unreachable' && <p className={styles['detail']}>{t('pay.walletAway')}</p>}
      <div className={styles['actions']} data-primary>
        <Button icon="close" testId={testIds.stopWaiting} onPress={stop}>
          {t('pay.stop')}
        </Button>
        <Button icon="cash" onPress={() => pay.chooseCash()}>
          {t('attempt.payCash')}
        </Button>
        <Button icon="keypad" onPress={stop}>
          {t('pay.partCode')}
        </Button>
      </div>
    </div>
  );
}
