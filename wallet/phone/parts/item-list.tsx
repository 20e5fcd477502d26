import type { JSX } from 'react';
import type { GroupPaymentView } from '#contract/group.ts';
import { useText } from '../context.tsx';

const ONE = 1_000;

/** What one person had: their own part of each line. */
export function ItemList(props: { items: GroupPaymentView['items']; currency: string }): JSX.Element {
  const { items, currency } = props;
  const { t, format } = useText();
  return (
    <ul className="items">
      {items.map(({ name, quantity, amount, sharedBy }, index) => (
        <li key={`${index} ${name}`}>
          <span>
            {name} {quantity !== ONE && <span className="soft">{format.quantity(quantity)}</span>}{' '}
            {sharedBy > 1 && <span className="soft">{t.groups.sharedBy(sharedBy)}</span>}
          </span>
          <span className="money">{format.money({ amount, currency })}</span>
        </li>
      ))}
    </ul>
  );
}
