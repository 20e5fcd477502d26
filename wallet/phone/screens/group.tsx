import { type JSX, useEffect, useState } from 'react';
import type { AllotmentView, GroupPaymentView } from '#contract/group.ts';
import type { Money } from '#contract/money.ts';
import { useList, useText, useWallet } from '../context.tsx';
import { openOf, StatusChip } from '../parts/group-row.tsx';
import { ItemList } from '../parts/item-list.tsx';
import { PinPad } from '../parts/pin-pad.tsx';
import { troubleOf } from '../parts/problem.ts';
import { Screen } from '../parts/screen.tsx';
import { SureButton } from '../parts/sure-button.tsx';
import type { PinOutcome } from '../pin.ts';
import { PayBack } from './pay-back.tsx';

/** One shared bill: who paid, where, when, for what, and what is still open between the two. */
export function Group({ groupPaymentId }: { groupPaymentId: string }): JSX.Element {
  const { t, format } = useText();
  const { wallet } = useWallet();
  const group = useGroup(groupPaymentId);
  const [paying, setPaying] = useState<{ readonly allotment: AllotmentView; readonly amount: Money }>();
  const [paid, setPaid] = useState<Money>();
  if (group === undefined || group === 'gone') {
    return (
      <Screen title={t.groups.title} parent="groups">
        <p className="empty">{group === 'gone' ? t.groups.gone : t.loading}</p>
      </Screen>
    );
  }
  const { role, payer, store, at, total, ownShare, items, groupReference, state, allotments } = group;
  const isPayer = role === 'payer';

  async function pay(pin: string): Promise<PinOutcome> {
    if (paying === undefined) return { type: 'done' };
    const { amount, allotment } = paying;
    const outcome = await wallet.repay({ allotmentId: allotment.allotmentId, groupPaymentId, amount }, pin);
    if (outcome.type === 'done') setPaid(amount);
    // Where nobody knows, the card says so, and has the way out.
    if (outcome.type === 'done' || outcome.type === 'noAnswer') setPaying(undefined);
    return outcome;
  }

  if (paying !== undefined) {
    const { amount, allotment } = paying;
    return (
      <Screen title={t.groups.payBackTitle} parent="groups" onBack={() => setPaying(undefined)}>
        <PinPad
          title={t.groups.payBackTo(format.money(amount), allotment.counterpart)}
          note={t.pin.enter}
          onPin={pay}
        />
      </Screen>
    );
  }
  return (
    <Screen title={isPayer ? t.groups.youPaidFor(allotments.length) : t.groups.paidForYou(payer)} parent="groups">
      <section className="card bill">
        <p className="hint">
          {store} · {format.dateTime(new Date(at))}
        </p>
        <dl className="sums">
          <div>
            <dt>{t.groups.total}</dt>
            <dd>{format.money(total)}</dd>
          </div>
          <div>
            <dt>{t.groups.paidBy}</dt>
            <dd>{isPayer ? t.groups.you : payer}</dd>
          </div>
          <div>
            <dt>{t.groups.yourShare}</dt>
            <dd>{format.money(ownShare)}</dd>
          </div>
        </dl>
      </section>
      <div className="stack" aria-live="polite">
        {state === 'cancelled' ? (
          <p className="said">{t.groups.cancelled}</p>
        ) : isPayer ? (
          <Others group={group} />
        ) : (
          allotments.map((allotment) => (
            <PayBack
              // What was typed is of the amount that was open then.
              key={`${allotment.allotmentId} ${allotment.open.amount}`}
              allotment={allotment}
              paid={paid}
              onPay={(amount) => setPaying({ allotment, amount })}
            />
          ))
        )}
      </div>
      <section className="card bill">
        <h2>{t.groups.items}</h2>
        {items.length === 0 ? (
          <p className="hint">{t.groups.noItems}</p>
        ) : (
          <ItemList items={items} currency={total.currency} />
        )}
        <p className="hint">
          {t.groups.reference} {groupReference}
        </p>
      </section>
    </Screen>
  );
}

/** For the payer: each other person, what is open, and the treat. */
function Others({ group }: { group: GroupPaymentView }): JSX.Element {
  const { t, format } = useText();
  const { wallet } = useWallet();
  const [trouble, setTrouble] = useState('');
  const open = openOf(group);
  const waiting = group.allotments.filter(({ open: { amount } }) => amount > 0);

  async function treat(allotmentIds: readonly string[]): Promise<void> {
    const { groupPaymentId } = group;
    const answer = await wallet.act('treat', { groupPaymentId }, { allotmentIds: [...allotmentIds] });
    setTrouble(troubleOf(t, answer));
  }

  return (
    <section className="card bill" aria-labelledby="others">
      <div className="section-head">
        <h2 id="others">{t.groups.others}</h2>
        <strong className="money">{open.amount > 0 ? format.money(open) : t.groups.settledWords}</strong>
      </div>
      <ul className="others">
        {group.allotments.map((allotment) => (
          <Other
            key={allotment.allotmentId}
            allotment={allotment}
            onTreat={() => void treat([allotment.allotmentId])}
          />
        ))}
      </ul>
      <p className="trouble" role="alert">
        {trouble}
      </p>
      {waiting.length > 1 && (
        <SureButton className="secondary" sure={t.groups.treatSure} onSure={() => void treat([])}>
          {t.groups.treatAll}
        </SureButton>
      )}
    </section>
  );
}

function Other({ allotment, onTreat }: { allotment: AllotmentView; onTreat: () => void }): JSX.Element {
  const { t, format } = useText();
  const { counterpart, amount, repaid, treated, open, status } = allotment;
  const parts = [
    repaid.amount > 0 ? t.groups.repaid(format.money(repaid)) : undefined,
    treated.amount > 0 ? t.groups.treated(format.money(treated)) : undefined,
  ].filter((part) => part !== undefined);
  return (
    <li data-allotment={allotment.allotmentId}>
      <span className="what">
        {counterpart}
        {parts.length > 0 && <small>{parts.join(' · ')}</small>}
      </span>
      <span className="money">
        {format.money(status === 'advance' ? open : amount)}
        <StatusChip status={status} />
      </span>
      {open.amount > 0 && (
        <SureButton
          className="secondary small"
          label={t.groups.treatName(counterpart)}
          sure={t.groups.treatSure}
          onSure={onTreat}
        >
          {t.groups.treat}
        </SureButton>
      )}
    </li>
  );
}

/** From the list where it is there, else asked for by itself: an old one may be pages away. */
function useGroup(groupPaymentId: string): GroupPaymentView | 'gone' | undefined {
  const { wallet } = useWallet();
  const groups = useList('groups');
  const [asked, setAsked] = useState<GroupPaymentView | 'gone'>();
  const listed = groups.value?.rows.find((group) => group.groupPaymentId === groupPaymentId);
  const isMissing = listed === undefined && groups.state === 'ready';
  const { asOfMs } = groups;
  useEffect(() => {
    if (!isMissing) return;
    const ask = async (): Promise<void> => {
      const answer = await wallet.find(groupPaymentId);
      if (answer?.ok) setAsked(answer.value);
      else if (answer !== undefined) setAsked('gone');
    };
    void ask();
  }, [wallet, groupPaymentId, isMissing, asOfMs]);
  return listed ?? asked;
}
