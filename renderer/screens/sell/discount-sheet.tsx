import { type Check, discountOf } from '#contract/check.ts';
import { sum } from '#contract/money.ts';
import { useWords } from '../../locale/words.ts';
import { Sheet } from '../../parts/sheet.tsx';
import { DiscountForm } from './discount-form.tsx';
import { useRun } from './use-run.ts';

export function BillDiscountSheet({ check, onClose }: { readonly check: Check; readonly onClose: () => unknown }) {
  const { t } = useWords();
  const { run, isBusy } = useRun(onClose);
  const { currency } = check.totals.total;
  return (
    <Sheet title={t('discount.titleCheck')} closeWord={t('common.close')} onClose={onClose}>
      <DiscountForm
        discount={check.discount}
        currency={currency}
        taken={discountOf(sum(check.lineTotals, currency), check.discount)}
        isBusy={isBusy}
        onChange={(discount) =>
          run(async (terminal) => terminal.check.discountCheck({ checkId: check.checkId, discount }))
        }
      />
    </Sheet>
  );
}
