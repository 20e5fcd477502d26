import { useState } from 'react';
import type { Check } from '#contract/check.ts';
import { useWords } from '../../locale/words.ts';
import { Button } from '../../parts/button.tsx';
import { Field } from '../../parts/field.tsx';
import { Sheet } from '../../parts/sheet.tsx';
import { useRun } from './use-run.ts';
import styles from './sheets.module.css';

const reasons = ['left', 'mistake', 'changed', 'practice'] as const;

/** The one thing that undo does not bring back, so it asks for its reason: one touch where a preset fits. */
export function VoidSheet({ check, onClose }: { readonly check: Check; readonly onClose: () => unknown }) {
  const { t } = useWords();
  const [own, setOwn] = useState('');
  const { run, isBusy } = useRun(onClose);
  const voidFor = async (reason: string): Promise<void> =>
    run(async (terminal) => terminal.check.void({ checkId: check.checkId, reason }));
  return (
    <Sheet title={t('void.title')} closeWord={t('common.close')} onClose={onClose}>
      <div className={styles['stack']}>
        <p className={styles['soft']}>{t('void.detail')}</p>
        <div className={styles['choices']}>
          {reasons.map((reason) => (
            <Button key={reason} kind="danger" isDisabled={isBusy} onPress={() => voidFor(t(`void.reasons.${reason}`))}>
              {t(`void.reasons.${reason}`)}
            </Button>
          ))}
        </div>
        <Field label={t('void.ownReason')} value={own} maxLength={120} onChange={setOwn} />
        <Button kind="danger" icon="void" isDisabled={isBusy || own.trim() === ''} onPress={() => voidFor(own.trim())}>
          {t('void.now')}
        </Button>
      </div>
    </Sheet>
  );
}
