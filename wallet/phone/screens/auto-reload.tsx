import { type JSX, type SubmitEvent, useState } from 'react';
import { money, parseDecimal, toDecimalString } from '#contract/money.ts';
import type { AutoReload as Settings } from '#contract/reload.ts';
import type { RouteResponse } from '#contract/wallet.ts';
import { useText, useWallet } from '../context.tsx';
import { AmountField, notes } from '../parts/amount-field.tsx';
import { Choice } from '../parts/choice.tsx';
import { troubleOf } from '../parts/problem.ts';
import { Screen } from '../parts/screen.tsx';

type View = RouteResponse<'getWallet'>;
type AmountName = 'threshold' | 'amount' | 'dailyCap' | 'monthlyCap';

/** Reloads by itself below a threshold, within caps. */
export function AutoReload(): JSX.Element {
  const { t } = useText();
  const { state } = useWallet();
  const { view } = state;
  return (
    <Screen title={t.auto.title} parent="reload">
      {view === undefined ? (
        <p className="empty">{t.loading}</p>
      ) : view.reloadMethods.length === 0 ? (
        <p className="empty">{t.auto.needsMethod}</p>
      ) : (
        <AutoForm view={view} />
      )}
    </Screen>
  );
}

function AutoForm({ view }: { view: View }): JSX.Element {
  const { t, format } = useText();
  const { wallet } = useWallet();
  const { currency } = view.balance;
  const { reloadMin, reloadMax } = view.limits;
  const [isOn, setIsOn] = useState(view.autoReload?.isOn ?? false);
  const [methodId, setMethodId] = useState(view.autoReload?.methodId ?? view.reloadMethods[0]?.methodId);
  const [texts, setTexts] = useState(() => textsOf(view));
  const [said, setSaid] = useState('');
  const [trouble, setTrouble] = useState('');
  const known = view.reloadMethods.find((one) => one.methodId === methodId) ?? view.reloadMethods[0];
  const amounts = amountsIn(texts, currency);

  async function save(): Promise<void> {
    if (amounts === undefined || known === undefined) return;
    const answer = await wallet.act('putAutoReload', {}, { isOn, methodId: known.methodId, ...amounts });
    setSaid(answer?.ok === true ? t.saved : '');
    setTrouble(troubleOf(t, answer));
  }

  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    void save();
  };
  const field = (name: AmountName, label: string, hint?: string): JSX.Element => (
    <AmountField
      label={label}
      text={texts[name]}
      currency={currency}
      hint={hint}
      onText={(text) => {
        setSaid('');
        setTexts({ ...texts, [name]: text });
      }}
    />
  );

  return (
    <form className="card form" onSubmit={submit}>
      <label className="switch">
        <span>{t.auto.isOn}</span>
        <input
          type="checkbox"
          role="switch"
          checked={isOn}
          aria-checked={isOn}
          onChange={(event) => {
            setSaid('');
            setIsOn(event.target.checked);
          }}
        />
      </label>
      <Choice
        label={t.auto.method}
        name="auto-method"
        value={known?.methodId}
        options={view.reloadMethods.map((one) => ({ value: one.methodId, label: one.displayName }))}
        onChoose={setMethodId}
      />
      {field('threshold', t.auto.threshold)}
      {field('amount', t.auto.amount, t.between(format.money(reloadMin), format.money(reloadMax)))}
      {field('dailyCap', t.auto.daily)}
      {field('monthlyCap', t.auto.monthly)}
      <p className="trouble" role="alert">
        {trouble}
      </p>
      <button type="submit" className="primary" disabled={amounts === undefined}>
        {t.save}
      </button>
      <p className="said-line" role="status">
        {said}
      </p>
    </form>
  );
}

function textsOf({ autoReload, balance: { currency } }: View): Readonly<Record<AmountName, string>> {
  const text = (minor: number | undefined, count: number): string =>
    toDecimalString(minor === undefined ? notes(count, currency) : money(minor, currency));
  const { threshold, amount, dailyCap, monthlyCap } = autoReload ?? {};
  return {
    threshold: text(threshold, 10),
    amount: text(amount, 30),
    dailyCap: text(dailyCap, 100),
    monthlyCap: text(monthlyCap, 300),
  };
}

/** All four, or undefined while one of them is no amount. */
function amountsIn(
  texts: Readonly<Record<AmountName, string>>,
  currency: string,
): Pick<Settings, AmountName> | undefined {
  const [threshold, amount, dailyCap, monthlyCap] = (['threshold', 'amount', 'dailyCap', 'monthlyCap'] as const).map(
    (name) => parseDecimal(texts[name], currency)?.amount,
  );
  if (threshold === undefined || !isPositive(amount) || !isPositive(dailyCap) || !isPositive(monthlyCap))
    return undefined;
  return { threshold, amount, dailyCap, monthlyCap };
}

function isPositive(amount: number | undefined): amount is number {
  return amount !== undefined && amount > 0;
}
