import type { JSX } from 'react';
import type { HistoryEntry } from '#contract/wallet.ts';
import { useText, useWallet } from '../context.tsx';
import { acceptedName, methodName, unbroken } from '../methods.ts';
import { Icon, type IconName } from './icon.tsx';

const icons: Readonly<Record<HistoryEntry['kind'], IconName>> = {
  settlement: 'up',
  cancel: 'down',
  refund: 'down',
  reload: 'plus',
  reload_reversal: 'up',
  chargeback: 'up',
  owed_paid: 'up',
  repayment: 'people',
  repayment_return: 'people',
  share: 'people',
};

/** One line of the one history, whatever it was. */
export function HistoryRow({ entry, hasDate = false }: { entry: HistoryEntry; hasDate?: boolean }): JSX.Element {
  const { t, format } = useText();
  const { state } = useWallet();
  const { kind, amount, currency, share, store, counterpart, settlementMethod } = entry;
  const at = new Date(entry.at);
  const method = state.view?.settlementMethods.find((known) => known.method === settlementMethod)?.method;
  const details = [
    store === undefined && counterpart === undefined ? undefined : t.history.kinds[kind],
    kind === 'share' && counterpart !== undefined ? t.history.paidBy(counterpart) : undefined,
    store !== undefined && kind !== 'share' ? counterpart : undefined,
    settlementMethod === undefined
      ? undefined
      : method === undefined
        ? acceptedName(t, settlementMethod)
        : methodName(t, state.view, method),
    kind === 'settlement' && share !== undefined
      ? t.history.share(format.money({ amount: share, currency }))
      : undefined,
  ];
  const said = [...details.filter((detail) => detail !== undefined), ...(hasDate ? [] : [format.time(at)])];
  const body = (
    <>
      <span className="badge" aria-hidden="true">
        <Icon name={icons[kind]} size={20} />
      </span>
      <span className="what">
        {store ?? unbroken(counterpart) ?? t.history.kinds[kind]}
        <small>{said.join('\u00a0· ')}</small>
        {hasDate && <small>{format.dateTime(at)}</small>}
      </span>
      <span className="money" data-sign={amount > 0 ? 'in' : amount < 0 ? 'out' : 'none'}>
        {kind === 'share' ? format.money({ amount: share ?? 0, currency }) : format.signed({ amount, currency })}
      </span>
    </>
  );
  return (
    <li data-kind={kind} data-entry={entry.entryId}>
      {entry.groupPaymentId === undefined ? (
        <div className="row">{body}</div>
      ) : (
        <a className="row" href={`#/groups/${entry.groupPaymentId}`}>
          {body}
        </a>
      )}
    </li>
  );
}
