import { type ReactNode, useState } from 'react';
import type { Check } from '#contract/check.ts';
import type { CheckSummary } from '#contract/terminal.ts';
import { useWords } from '../../locale/words.ts';
import { Button } from '../../parts/button.tsx';
import { Field } from '../../parts/field.tsx';
import { Sheet } from '../../parts/sheet.tsx';
import { testIds } from '../../test-ids.ts';
import { useCheck, useTerminal, useTill } from '../../till.tsx';
import { isEmpty } from './use-cart.ts';
import { useRun } from './use-run.ts';
import styles from './sheets.module.css';

interface SheetProps {
  readonly onClose: () => unknown;
}

/** Puts the bill aside. A name helps to find it; none is needed. */
export function ParkSheet({ check, onClose }: SheetProps & { readonly check: Check }) {
  const { t } = useWords();
  const [label, setLabel] = useState(check.label ?? '');
  const { run, isBusy } = useRun(onClose);
  const park = async (): Promise<void> =>
    run(async (terminal) =>
      terminal.check.park({ checkId: check.checkId, ...(label.trim() === '' ? {} : { label: label.trim() }) }),
    );
  return (
    <Sheet
      title={t('park.title')}
      closeWord={t('common.close')}
      onClose={onClose}
      footer={
        <Button kind="primary" size="large" isWide icon="park" isDisabled={isBusy} testId="park-now" onPress={park}>
          {t('park.now')}
        </Button>
      }
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void park();
        }}
      >
        <Field
          label={t('park.label')}
          placeholder={t('park.placeholder')}
          value={label}
          maxLength={40}
          autoFocus
          onChange={setLabel}
        />
      </form>
    </Sheet>
  );
}

/** Parked bills, one touch each. A bill in front is parked first: nothing has to be sorted out before the customer. */
export function ParkedSheet({ onClose }: SheetProps) {
  const { t } = useWords();
  const { view } = useTill();
  const parked = useTerminal((terminal) => terminal.parked);
  const check = useCheck();
  const { run, isBusy } = useRun(onClose);
  const isInTheWay = check?.state === 'open' && !isEmpty(check);
  return (
    <Sheet title={t('park.parkedTitle')} closeWord={t('common.close')} onClose={onClose}>
      <div className={styles['stack']}>
        {parked.length === 0 && <p className={styles['soft']}>{t('park.none')}</p>}
        {isInTheWay && parked.length > 0 && <p className={styles['soft']}>{t('park.inTheWay')}</p>}
        <ul className={styles['bills']}>
          {parked.map((bill) => (
            <li key={bill.checkId}>
              <BillButton
                bill={bill}
                isDisabled={isBusy}
                testId={testIds.parkedBill}
                onPress={() =>
                  run(async (terminal) => {
                    if (isInTheWay) await terminal.check.park({ checkId: check.checkId });
                    const done = await terminal.check.recall({ checkId: bill.checkId });
                    view.setState({ selectedLineId: undefined, paid: undefined, screen: 'sell' });
                    return done;
                  })
                }
              />
            </li>
          ))}
        </ul>
      </div>
    </Sheet>
  );
}

/** Bills that were set aside while the wallet server is asked what became of them. */
export function UnresolvedSheet({ onClose }: SheetProps) {
  const { t } = useWords();
  const { view } = useTill();
  const unresolved = useTerminal((terminal) => terminal.unresolved);
  const check = useCheck();
  const { run, isBusy } = useRun(onClose);
  const isInTheWay = check?.state === 'open' && !isEmpty(check);
  return (
    <Sheet title={t('unresolved.title')} closeWord={t('common.close')} onClose={onClose}>
      <div className={styles['stack']}>
        <p className={styles['soft']}>{unresolved.length > 0 ? t('unresolved.detail') : t('unresolved.none')}</p>
        <ul className={styles['bills']}>
          {unresolved.map((bill) => (
            <li key={bill.checkId}>
              <BillButton
                bill={bill}
                isDisabled={isBusy}
                testId={testIds.unresolvedBill}
                state={<AttemptWord state={bill.attemptState} />}
                onPress={() =>
                  run(async (terminal) => {
                    if (isInTheWay) await terminal.check.park({ checkId: check.checkId });
                    const done = await terminal.check.recall({ checkId: bill.checkId });
                    view.setState({ paid: undefined, screen: 'sell', tender: 'wallet' });
                    return done;
                  })
                }
              />
            </li>
          ))}
        </ul>
      </div>
    </Sheet>
  );
}

function AttemptWord({ state }: { readonly state: string | undefined }) {
  const { t } = useWords();
  const known = (['created', 'sent', 'unknown', 'cancelling', 'cancelled', 'declined', 'approved'] as const).find(
    (name) => name === state,
  );
  return known && <strong>{t(`attempt.${known}`)}</strong>;
}

interface BillButtonProps {
  readonly bill: CheckSummary;
  readonly isDisabled: boolean;
  readonly testId: string;
  readonly state?: ReactNode;
  readonly onPress: () => unknown;
}

function BillButton({ bill, isDisabled, testId, state, onPress }: BillButtonProps) {
  const { t, formats } = useWords();
  const opened = t('park.opened', { time: formats.time(bill.openedAt) });
  return (
    <button
      type="button"
      className={styles['bill']}
      disabled={isDisabled}
      data-testid={testId}
      data-check-id={bill.checkId}
      onClick={() => void onPress()}
    >
      <span className={styles['billName']}>{bill.label ?? opened}</span>
      <span className={styles['billTotal']}>{formats.money(bill.total)}</span>
      <span className={styles['billItems']}>
        {t('common.items', { count: bill.itemCount })} · {bill.items.join(', ')}
        {bill.label !== undefined && ` · ${opened}`} {state}
      </span>
    </button>
  );
}
