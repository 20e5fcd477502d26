import { type JSX, useState } from 'react';
import type { AllotmentView, GroupPaymentView } from '#contract/group.ts';
import { type Money, money, toDecimalString } from '#contract/money.ts';
import { useText, useWallet } from '../context.tsx';
import { AmountField, amountIn } from '../parts/amount-field.tsx';
import { StatusChip } from '../parts/group-row.tsx';
import { PinPad } from '../parts/pin-pad.tsx';

interface PayBackProps {
  readonly group: GroupPaymentView;
  readonly allotment: AllotmentView;
}

/** What this customer owes the payer of one bill, and the way to pay it back, in whole or in part. */
export function PayBack({ group, allotment }: PayBackProps): JSX.Element {
  const { t, format } = useText();
  const { wallet, state } = useWallet();
  const { allotmentId, counterpart, open, repaid, treated, status } = allotment;
  const unknown = state.unknownRepayments.find((task) => task.allotmentId === allotmentId);
  const lost = state.lostRepayments.find((task) => task.allotmentId === allotmentId);
  const [text, setText] = useState<string>();
  const [paying, setPaying] = useState<Money>();
  const [paid, setPaid] = useState<Money>();
  const shown = text ?? toDecimalString(open);
  const amount = amountIn(shown, money(1, open.currency), open);

  async function pay(asked: Money, pin: string) {
    const request = { allotmentId, groupPaymentId: group.groupPaymentId, amount: asked };
    const outcome = await wallet.repay(request, pin);
    if (outcome.type === 'done') {
      setPaid(asked);
      setPaying(undefined);
      setText(undefined);
    }
    // Nobody knows: said in the card, where the way out is.
    if (outcome.type === 'noAnswer') setPaying(undefined);
    return outcome;
  }

  if (paying !== undefined) {
    return (
      <section className="card sheet" aria-label={t.pin.enter}>
        <PinPad
          title={t.groups.payBackTo(format.money(paying), counterpart)}
          note={t.pin.enter}
          onPin={(pin) => pay(paying, pin)}
        />
        <button type="button" className="quiet centre" onClick={() => setPaying(undefined)}>
          {t.cancel}
        </button>
      </section>
    );
  }
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
          <button type="button" className="primary" onClick={() => setPaying(unknown.amount)}>
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
            <button type="button" className="primary" disabled={amount === undefined} onClick={() => setPaying(amount)}>
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
