import { useEffect, useRef } from 'react';
import { isUnresolved } from '#contract/attempt.ts';
import type { Check } from '#contract/check.ts';
import { useIsOpen } from '../../catalogue.ts';
import { useWords } from '../../locale/words.ts';
import { Button } from '../../parts/button.tsx';
import { Icon } from '../../parts/icon.tsx';
import { keys } from '../../shortcuts.ts';
import { testIds } from '../../test-ids.ts';
import { useAct, useTerminal, useView } from '../../till.tsx';
import { AttemptPanel } from './attempt-panel.tsx';
import { CashPanel } from './cash-panel.tsx';
import { Outcome } from './outcome.tsx';
import { usePayKeys } from './pay-keys.ts';
import { stageOf } from './stage.ts';
import { WaitingPanel } from './waiting-panel.tsx';
import { WalletPanel } from './wallet-panel.tsx';
import styles from './pay.module.css';

/** The bill is frozen and somebody pays. What is shown follows from the terminal's state alone. */
export function Pay() {
  const check = useTerminal((terminal) => terminal.check);
  return check && <PayCheck check={check} />;
}

function PayCheck({ check }: { readonly check: Check }) {
  const { t, formats } = useWords();
  const pay = usePayKeys();
  const isOpen = useIsOpen();
  const prompt = useTerminal((terminal) => terminal.prompt);
  const tender = useView((view) => view.tender);
  const stage = stageOf(check, prompt);
  const isBlocked = stage.type === 'unresolved';
  const shown = stage.type === 'choosing' ? tender : 'wallet';
  const section = useRef<HTMLElement>(null);
  usePrimaryFocus(section, `${stage.type} ${shown}`);
  const whyNotBack = isBlocked
    ? t('pay.backExplainAttempt')
    : check.tenders.length > 0
      ? t('pay.backExplainTaken')
      : undefined;

  return (
    <section ref={section} className={styles['pay']} data-testid={testIds.pay}>
      <header className={styles['head']}>
        <Button
          icon="back"
          hint={keys.back}
          isDisabled={!isOpen}
          explain={whyNotBack}
          onExplain={() => (isBlocked ? pay.explain() : pay.back())}
          testId={testIds.payBack}
          onPress={() => pay.back()}
        >
          {t('pay.back')}
        </Button>
        <p className={styles['due']}>
          <span>{t('pay.title')}</span>
          <strong data-testid={testIds.due} data-amount={check.due.amount}>
            {formats.money(check.due)}
          </strong>
        </p>
      </header>

      <div className={styles['methods']} role="group" aria-label={t('pay.method')}>
        <Button
          size="large"
          icon="cash"
          hint={keys.cash}
          isPressed={shown === 'cash'}
          explain={isBlocked ? t('pay.unresolvedExplain') : undefined}
          onExplain={() => pay.explain()}
          testId={testIds.tenderCash}
          onPress={() => pay.chooseCash()}
        >
          {t('pay.cash')}
        </Button>
        <Button
          size="large"
          icon="wallet"
          hint={keys.wallet}
          isPressed={shown === 'wallet'}
          explain={isBlocked ? t('pay.unresolvedExplain') : undefined}
          onExplain={() => pay.explain()}
          testId={testIds.tenderWallet}
          onPress={() => pay.chooseWallet()}
        >
          {t('pay.wallet')}
        </Button>
      </div>

      <Taken check={check} />

      {stage.type === 'choosing' && stage.last && <Outcome attempt={stage.last} />}
      {stage.type === 'unresolved' ? (
        <AttemptPanel checkId={check.checkId} attempt={stage.attempt} />
      ) : stage.type === 'waiting' ? (
        <WaitingPanel check={check} amount={stage.amount} />
      ) : tender === 'cash' ? (
        <CashPanel check={check} />
      ) : (
        <WalletPanel check={check} />
      )}
    </section>
  );
}

/** What was paid so far, each with its way back. */
function Taken({ check }: { readonly check: Check }) {
  const { t, formats } = useWords();
  const act = useAct();
  const pay = usePayKeys();
  const isBlocked = check.attempt !== undefined && isUnresolved(check.attempt);
  if (check.tenders.length === 0) return null;
  return (
    <ul className={styles['taken']} aria-label={t('pay.taken')}>
      {check.tenders.map((tender) => (
        <li key={tender.tenderId} data-testid={testIds.tenderTaken} data-amount={tender.amount.amount}>
          <Icon name={tender.type === 'cash' ? 'cash' : 'wallet'} />
          <span className={styles['takenWords']}>
            {tender.type === 'cash' ? t('pay.cashTender') : t('pay.walletTender', { name: tender.member.maskedName })}
          </span>
          <strong>{formats.money(tender.amount)}</strong>
          <Button
            icon="undo"
            explain={isBlocked ? t('pay.unresolvedExplain') : undefined}
            onExplain={() => pay.explain()}
            testId={testIds.takeBack}
            onPress={() =>
              act(async (terminal) =>
                terminal.pay.takeBackTender({ checkId: check.checkId, tenderId: tender.tenderId }),
              )
            }
          >
            {t('pay.takeBack')}
          </Button>
        </li>
      ))}
    </ul>
  );
}

/** When the stage changes under a keyboard's hands, the focus goes to what Enter is most likely meant for. */
function usePrimaryFocus(section: React.RefObject<HTMLElement | null>, stage: string): void {
  useEffect(() => {
    const focused = document.activeElement;
    if (focused && focused !== document.body) return;
    section.current?.querySelector<HTMLElement>('[data-primary] button')?.focus();
  }, [section, stage]);
}
