import { type JSX, type SubmitEvent, useState } from 'react';
import { type Money, money } from '#contract/money.ts';
import type { ReloadMethod } from '#contract/reload.ts';
import type { RouteResponse } from '#contract/wallet.ts';
import { useText, useWallet } from '../context.tsx';
import { unbroken } from '../methods.ts';
import { AmountField, amountIn, notes } from '../parts/amount-field.tsx';
import { Icon, type IconName } from '../parts/icon.tsx';
import { troubleOf } from '../parts/problem.ts';
import { ReloadProgressList } from '../parts/reload-progress.tsx';
import { Screen } from '../parts/screen.tsx';
import { SureButton } from '../parts/sure-button.tsx';

type View = RouteResponse<'getWallet'>;

const kindIcons: Readonly<Record<ReloadMethod['kind'], IconName>> = {
  card: 'card',
  bank_account: 'bank',
  carrier: 'carrier',
  cash_point: 'cash',
};

/** In usual notes. */
const QUICK = [10, 30, 50, 100];

/** All registered payment means side by side, an amount, and the way to add, edit and automate. */
export function Reload(): JSX.Element {
  const { t } = useText();
  const { state } = useWallet();
  const { view } = state;
  return (
    <Screen title={t.reload.title} parent="">
      <ReloadProgressList />
      {view === undefined ? <p className="empty">{t.loading}</p> : <ReloadForm view={view} />}
    </Screen>
  );
}

function ReloadForm({ view }: { view: View }): JSX.Element {
  const { t, format } = useText();
  const { wallet } = useWallet();
  const { reloadMethods, limits, autoReload } = view;
  const [chosen, setChosen] = useState<string>();
  const [text, setText] = useState('');
  const [isEditing, setIsEditing] = useState(false);
  const [trouble, setTrouble] = useState('');
  const { currency } = view.balance;
  const method = reloadMethods.find(({ methodId }) => methodId === chosen) ?? reloadMethods[0];
  const amount = amountIn(text, limits.reloadMin, limits.reloadMax);

  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    if (method === undefined || amount === undefined) return;
    setText('');
    // What becomes of it stands at the top, out of sight on a small phone.
    window.scrollTo(0, 0);
    void wallet.reload(method.methodId, amount);
  };

  async function remove(methodId: string): Promise<void> {
    const answer = await wallet.act('removeReloadMethod', { methodId });
    setTrouble(troubleOf(t, answer));
  }

  return (
    <>
      <form className="stack" onSubmit={submit}>
        <div className="section-head">
          <h2 id="from">{t.reload.choose}</h2>
          {reloadMethods.length > 0 && (
            <button type="button" className="quiet" aria-pressed={isEditing} onClick={() => setIsEditing(!isEditing)}>
              {isEditing ? t.reload.manageDone : t.reload.manage}
            </button>
          )}
        </div>
        {reloadMethods.length === 0 && <p className="empty">{t.reload.none}</p>}
        <ul className="means" aria-labelledby="from">
          {reloadMethods.map((one) => (
            <li key={one.methodId} className="mean">
              <label>
                <input
                  type="radio"
                  name="method"
                  checked={one.methodId === method?.methodId}
                  onChange={() => setChosen(one.methodId)}
                />
                <span className="card">
                  <Icon name={kindIcons[one.kind]} size={26} />
                  <span className="mean-name">{unbroken(one.displayName)}</span>
                  <small>{one.operatorName}</small>
                </span>
              </label>
              {isEditing && (
                <SureButton
                  className="danger small"
                  label={`${t.remove}: ${one.displayName}`}
                  sure={t.removeSure}
                  onSure={() => void remove(one.methodId)}
                >
                  {t.remove}
                </SureButton>
              )}
            </li>
          ))}
          <li className="mean">
            <a className="mean-add" href="#/reload/add">
              <Icon name="plus" size={26} />
              {t.reload.add}
            </a>
          </li>
        </ul>
        <p className="trouble" role="alert">
          {trouble}
        </p>
        {method !== undefined && (
          <section className="card form">
            <AmountField
              label={t.amount}
              text={text}
              currency={currency}
              hint={t.between(format.money(limits.reloadMin), format.money(limits.reloadMax))}
              quick={quickAmounts(currency, limits.reloadMin, limits.reloadMax)}
              onText={setText}
            />
            <button type="submit" className="primary" disabled={amount === undefined}>
              {amount === undefined ? t.reload.title : t.reload.button(format.money(amount))}
            </button>
          </section>
        )}
      </form>
      <a className="card row-link" href="#/reload/auto">
        <Icon name="history" />
        <span className="what">
          {t.reload.auto}
          <small>
            {autoReload?.isOn === true
              ? t.reload.autoOn(
                  format.money(money(autoReload.amount, currency)),
                  format.money(money(autoReload.threshold, currency)),
                )
              : t.reload.autoOff}
          </small>
        </span>
        <Icon name="forward" size={18} />
      </a>
    </>
  );
}

function quickAmounts(currency: string, least: Money, most: Money): readonly { amount: Money }[] {
  return QUICK.map((count) => notes(count, currency))
    .filter(({ amount }) => amount >= least.amount && amount <= most.amount)
    .map((amount) => ({ amount }));
}
