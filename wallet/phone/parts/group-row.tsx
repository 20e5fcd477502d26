import type { JSX } from 'react';
import type { AllotmentView, GroupPaymentView } from '#contract/group.ts';
import { type Money, sum } from '#contract/money.ts';
import { useText } from '../context.tsx';
import { Icon } from './icon.tsx';

/** One shared bill, as the person concerned reads it: who paid for whom, where, when, and what is open. */
export function GroupRow({ group }: { group: GroupPaymentView }): JSX.Element {
  const { t, format } = useText();
  const { role, payer, store, allotments } = group;
  const open = openOf(group);
  const amount = open.amount > 0 ? open : allottedOf(group);
  return (
    <li data-group={group.groupPaymentId}>
      <a className="row" href={`#/groups/${group.groupPaymentId}`}>
        <span className="badge" aria-hidden="true">
          <Icon name="people" size={20} />
        </span>
        <span className="what">
          {role === 'payer' ? t.groups.youPaidFor(allotments.length) : t.groups.paidForYou(payer)}
          <small>{store}</small>
          <small>{format.dateTime(new Date(group.at))}</small>
        </span>
        <span className="money">
          {format.money(amount)}
          <StatusChip status={statusOf(group)} />
        </span>
      </a>
    </li>
  );
}

export function StatusChip({ status }: { status: AllotmentView['status'] }): JSX.Element {
  const { t } = useText();
  return (
    <small className="chip" data-status={status}>
      {t.groups.statuses[status]}
    </small>
  );
}

/** What is still open of all its allotments, in the reader's view. */
export function openOf({ allotments, total }: GroupPaymentView): Money {
  return sum(
    allotments.map(({ open }) => open),
    total.currency,
  );
}

function allottedOf({ allotments, total }: GroupPaymentView): Money {
  return sum(
    allotments.map(({ amount }) => amount),
    total.currency,
  );
}

/** Of several the one that asks for most attention. */
function statusOf({ state, allotments }: GroupPaymentView): AllotmentView['status'] {
  if (state === 'cancelled') return 'cancelled';
  const statuses = allotments.map(({ status }) => status);
  return (['advance', 'treated', 'settled'] as const).find((status) => statuses.includes(status)) ?? 'settled';
}
