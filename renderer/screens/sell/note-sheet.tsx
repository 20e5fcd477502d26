import { useState } from 'react';
import type { Check } from '#contract/check.ts';
import { useWords } from '../../locale/words.ts';
import { Button } from '../../parts/button.tsx';
import { Field } from '../../parts/field.tsx';
import { Sheet } from '../../parts/sheet.tsx';
import { useRun } from './use-run.ts';

export function NoteSheet({ check, onClose }: { readonly check: Check; readonly onClose: () => unknown }) {
  const { t } = useWords();
  const [note, setNote] = useState(check.note ?? '');
  const { run, isBusy } = useRun(onClose);
  return (
    <Sheet
      title={t('note.title')}
      closeWord={t('common.close')}
      onClose={onClose}
      footer={
        <Button
          kind="primary"
          isWide
          isDisabled={isBusy}
          onPress={() => run(async (terminal) => terminal.check.noteCheck({ checkId: check.checkId, note }))}
        >
          {t('note.save')}
        </Button>
      }
    >
      <Field label={t('note.label')} value={note} maxLength={200} isLong autoFocus onChange={setNote} />
    </Sheet>
  );
}
