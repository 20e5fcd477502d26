import { type JSX, type SubmitEvent, useState } from 'react';
import { toDecimalString, zero } from '#contract/money.ts';
import type { RouteResponse } from '#contract/wallet.ts';
import { useHost, useText, useWallet } from '../context.tsx';
import { AmountField, amountIn } from '../parts/amount-field.tsx';
import { Choice } from '../parts/choice.tsx';
import { Icon, type IconName } from '../parts/icon.tsx';
import { troubleOf } from '../parts/problem.ts';
import { Screen } from '../parts/screen.tsx';
import { SureButton } from '../parts/sure-button.tsx';
import { type Theme, usePreferences } from '../preferences.ts';

type View = RouteResponse<'getWallet'>;

const languages = [
  { value: 'en', label: 'English', lang: 'en' },
  { value: 'ja', label: '日本語', lang: 'ja' },
] as const;
const themes: readonly Theme[] = ['system', 'light', 'dark'];

export function Settings(): JSX.Element {
  const { phone, preferences } = useHost();
  const { t } = useText();
  const { state } = useWallet();
  const { language, theme } = usePreferences(preferences);
  const { view } = state;
  return (
    <Screen title={t.settings.title} parent="">
      <section className="card form">
        <Choice
          label={t.settings.language}
          name="language"
          value={language}
          options={languages}
          onChoose={(next) => preferences.choose({ language: next })}
        />
        <Choice
          label={t.settings.theme}
          name="theme"
          value={theme}
          options={themes.map((value) => ({ value, label: t.settings.themes[value] }))}
          onChoose={(next) => preferences.choose({ theme: next })}
        />
      </section>
      <nav className="card links" aria-label={t.settings.title}>
        <SettingLink to="settings/pin" icon="lock" name={t.settings.pin} />
        <SettingLink to="settings/phones" icon="phone" name={t.settings.phones} />
        <SettingLink to="reload/auto" icon="history" name={t.reload.auto} />
      </nav>
      {view !== undefined && <Allowance view={view} />}
      {view !== undefined && <Limits view={view} />}
      <section className="card form">
        <p className="hint">{t.settings.forgetHint}</p>
        <SureButton className="danger" sure={t.settings.forgetSure} onSure={() => void phone.forget()}>
          {t.settings.forget}
        </SureButton>
      </section>
    </Screen>
  );
}

function SettingLink({ to, icon, name }: { to: string; icon: IconName; name: string }): JSX.Element {
  return (
    <a href={`#/${to}`}>
      <Icon name={icon} />
      <span className="what">{name}</span>
      <Icon name="forward" size={18} />
    </a>
  );
}

/** How much of the balance is set aside for shops without a network. */
function Allowance({ view }: { view: View }): JSX.Element {
  const { t, format } = useText();
  const { wallet } = useWallet();
  const { chosen, reserved, max } = view.offlineAllowance;
  const [text, setText] = useState(toDecimalString(chosen));
  const [said, setSaid] = useState('');
  const [trouble, setTrouble] = useState('');
  const amount = amountIn(text, zero(max.currency), max);

  async function save(): Promise<void> {
    if (amount === undefined) return;
    const answer = await wallet.act('putOfflineAllowance', {}, { amount });
    setSaid(answer?.ok === true ? t.saved : '');
    setTrouble(troubleOf(t, answer));
  }

  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    void save();
  };
  return (
    <form className="card form" onSubmit={submit} aria-labelledby="allowance">
      <h2 id="allowance">{t.settings.allowance}</h2>
      <p className="hint">{t.settings.allowanceHint}</p>
      <AmountField
        label={t.amount}
        text={text}
        currency={max.currency}
        hint={`${t.upTo(format.money(max))}. ${t.settings.allowanceNow(format.money(reserved))}`}
        onText={(next) => {
          setSaid('');
          setText(next);
        }}
      />
      <p className="trouble" role="alert">
        {trouble}
      </p>
      <button type="submit" className="secondary" disabled={amount === undefined}>
        {t.save}
      </button>
      <p className="said-line" role="status">
        {said}
      </p>
    </form>
  );
}

function Limits({ view }: { view: View }): JSX.Element {
  const { t, format } = useText();
  const { perPayment, perDay, perMonth, maxBalance } = view.limits;
  const rows = [
    [t.settings.perPayment, perPayment],
    [t.settings.perDay, perDay],
    [t.settings.perMonth, perMonth],
    [t.settings.maxBalance, maxBalance],
  ] as const;
  return (
    <section className="card" aria-labelledby="limits">
      <h2 id="limits">{t.settings.limits}</h2>
      <dl className="sums">
        {rows.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{format.money(value)}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
