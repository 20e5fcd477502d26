import { type JSX, useState } from 'react';
import type { AllotmentView } from '#contract/group.ts';
import { type Money, money, toDecimalString } from '#contract/money.ts';
import { useText, useWallet } from '../context.tsx';
import { AmountField, amountIn } from '../parts/amount-field.tsx';
import { StatusChip } from '../parts/group-row.tsx';

interface PayBackProps {
  readonly allotment: AllotmentView;
  /** What was paid back just now. */
  readonly paid: Money | undefined;
  readonly onPay: (amount: Money) => void;
}

/** What this customer owes the payer of one bill, and the way to pay it back, in whole or in part. */
export function PayBack({ allotment, paid, onPay }: PayBackProps): JSX.Element {
  const { t, format } = useText();
  const { state } = useWallet();
  const { allotmentId, counterpart, open, repaid, treated, status } = allotment;
  const unknown = state.unknownRepayments.find((task) => task.allotmentId === allotmentId);
  const lost = state.lostRepayments.find((task) => task.allotmentId === allotmentId);
  const [text, setText] = useState<string>();
  const shown = text ?? toDecimalString(open);
  const amount = amountIn(shown, money(1, open.currency), open);

  return (
    <section className="card bill" data-status={status} aria-label={t.groups.youOwe}>
      <div className="section-head">
        <h2>{t.groups.youOwe}</h2>
        <StatusChip status={status} />
      </div>
      <p className="owed">{format.money(open)}</p>
      {repaid.amount > 0 && <p className="hint">{t.groups.repaid(format.money(repaid))}</p>}
      {treated.amount > 0 && <p className="hint">{t.groups.treatedWords(counterpart)}</p>}
      {paid !== undefined && (
        <p className="said" role="status">
          {t.groups.paidBack(format.money(paid))}
        </p>
      )}
      {lost !== undefined && (
        <p className="said warn" role="alert">
          {t.groups.lost(format.money(lost.amount))}
        </p>
      )}
      {unknown !== undefined ? (
        <>
          <p className="said warn" role="alert">
            {t.groups.unknown(format.money(unknown.amount))}
          </p>
          <button type="button" className="primary" onClick={() => onPay(unknown.amount)}>
            {t.groups.askAgain}
          </button>
        </>
      ) : (
        open.amount > 0 && (
          <>
            <AmountField
              label={t.amount}
              text={shown}
              currency={open.currency}
              hint={t.upTo(format.money(open))}
              quick={partsOf(open, t.groups.whole, t.groups.half)}
              onText={setText}
            />
            <button
              type="button"
              className="primary"
              disabled={amount === undefined}
              onClick={() => amount !== undefined && onPay(amount)}
            >
              {t.groups.payBack(amount === undefined ? '' : format.money(amount))}
            </button>
          </>
        )
      )}
    </section>
  );
}

function partsOf(open: Money, whole: string, half: string): readonly { amount: Money; label: string }[] {
  const halved = money(Math.ceil(open.amount / 2), open.currency);
  return [
    { amount: open, label: whole },
    { amount: halved, label: half },
  ];
}
