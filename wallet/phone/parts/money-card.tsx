import type { JSX } from 'react';
import { useText, useWallet } from '../context.tsx';
import { linkedName } from '../methods.ts';

/** Outside the settlement-method area: the balance, or the payment means that a linked method draws on. */
export function MoneyCard(): JSX.Element {
  const { t, format } = useText();
  const { state } = useWallet();
  const { view } = state;
  const linked = view === undefined ? undefined : linkedName(view, view.settlementMethod);
  const reserved = view?.offlineAllowance.reserved;
  return (
    <section className="money-card" aria-label={linked === undefined ? t.balance : t.paysFrom}>
      <p className="money-name">{view?.name ?? '\u00a0'}</p>
      {linked === undefined ? (
        <p className="money-amount">{view === undefined ? '–' : format.money(view.balance)}</p>
      ) : (
        <p className="money-linked">{linked}</p>
      )}
      <p className="money-label">
        {linked === undefined ? t.balance : t.paysFrom}
        {view !== undefined && view.owed.amount > 0 && <small>{t.owed(format.money(view.owed))}</small>}
        {linked === undefined && reserved !== undefined && reserved.amount > 0 && (
          <small>{t.reserved(format.money(reserved))}</small>
        )}
      </p>
    </section>
  );
}
