import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { SaleId } from '#contract/ids.ts';
import { clientOf, useIsOpen } from '../../catalogue.ts';
import { useWords } from '../../locale/words.ts';
import { Button } from '../../parts/button.tsx';
import { ReceiptPicture } from '../../parts/receipt-picture.tsx';
import { ReceiptText } from '../../parts/receipt-text.tsx';
import { Segmented } from '../../parts/segmented.tsx';
import { testIds } from '../../test-ids.ts';
import { useAct, useTill } from '../../till.tsx';
import styles from './receipt-view.module.css';

interface ReceiptViewProps {
  readonly saleId: SaleId;
  readonly hasReprint?: boolean;
}

/** A sale's receipt as paper or as text. A reprint is counted and marked by the terminal, and shown as it was marked. */
export function ReceiptView({ saleId, hasReprint = false }: ReceiptViewProps) {
  const { t } = useWords();
  const { connection } = useTill();
  const act = useAct();
  const enabled = useIsOpen();
  const [face, setFace] = useState<'paper' | 'text'>('paper');
  const [copy, setCopy] = useState<{ text: string; svg: string; copyNumber: number }>();
  const original = useQuery({
    queryKey: ['receipt', saleId],
    queryFn: async () => clientOf(connection).sales.receipt({ saleId, isReprint: false }),
    enabled,
    staleTime: Infinity,
    retry: false,
  });
  const receipt = copy ?? original.data;

  return (
    <div className={styles['view']}>
      <div className={styles['tools']}>
        <Segmented
          label={t('receipt.view')}
          isLabelHidden
          value={face}
          options={[
            { value: 'paper', words: t('receipt.asPaper'), testId: testIds.receiptAsSvg },
            { value: 'text', words: t('receipt.asText'), testId: testIds.receiptAsText },
          ]}
          onChange={setFace}
        />
        {hasReprint && (
          <Button
            icon="receipt"
            testId={testIds.reprint}
            onPress={async () => {
              const made = await act(async (terminal) => terminal.sales.receipt({ saleId, isReprint: true }));
              if (made) setCopy(made);
            }}
          >
            {t('receipt.reprint')}
          </Button>
        )}
      </div>
      {copy && <p role="status">{t('receipt.copied', { count: copy.copyNumber })}</p>}
      {original.isError && !copy && (
        <>
          <p>{t('common.failed')}</p>
          <Button onPress={async () => original.refetch()}>{t('common.tryAgain')}</Button>
        </>
      )}
      {receipt &&
        (face === 'paper' ? (
          <ReceiptPicture svg={receipt.svg} label={t('receipt.picture')} testId={testIds.receiptSvg} />
        ) : (
          <ReceiptText text={receipt.text} testId={testIds.receiptText} />
        ))}
    </div>
  );
}
