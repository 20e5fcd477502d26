import { type JSX, type SubmitEvent, useState } from 'react';
import { useHost, useText } from '../context.tsx';
import { Mark } from '../parts/icon.tsx';
import type { PhoneState } from '../phone.ts';

/** Where a phone without a wallet begins: a new one, or one that is there already. */
export function Welcome({ state }: { state: Extract<PhoneState, { type: 'unbound' }> }): JSX.Element {
  const { phone, preferences } = useHost();
  const { t, language } = useText();
  const [name, setName] = useState('');
  const [code, setCode] = useState('');
  const submit = (act: () => Promise<void>) => (event: SubmitEvent) => {
    event.preventDefault();
    void act();
  };
  const other = language === 'en' ? 'ja' : 'en';
  return (
    <>
      <header className="bar bar-end">
        <button type="button" className="quiet" lang={other} onClick={() => preferences.choose({ language: other })}>
          {other === 'ja' ? '日本語' : 'English'}
        </button>
      </header>
      <main className="stack welcome">
        <div className="welcome-head">
          <Mark size={64} />
          <h1>{t.welcome.title}</h1>
          <p>{t.welcome.lead}</p>
        </div>
        <p className="trouble" role="alert">
          {state.problem === undefined ? '' : t.welcome.problems[state.problem]}
        </p>
        <form className="card form" onSubmit={submit(() => phone.open(name.trim()))}>
          <h2>{t.welcome.newTitle}</h2>
          <label htmlFor="name">{t.welcome.name}</label>
          <input
            id="name"
            value={name}
            onChange={(event) => setName(event.target.value)}
            autoComplete="name"
            maxLength={64}
            required
            aria-describedby="name-hint"
          />
          <p id="name-hint" className="hint">
            {t.welcome.nameHint}
          </p>
          <button type="submit" className="primary" disabled={state.isBusy || name.trim() === ''}>
            {state.isBusy ? t.oneMoment : t.welcome.open}
          </button>
        </form>
        <form className="card form" onSubmit={submit(() => phone.bind(code.trim()))}>
          <h2>{t.welcome.bindTitle}</h2>
          <label htmlFor="code">{t.welcome.bindLabel}</label>
          <input
            id="code"
            className="code-input"
            value={code}
            onChange={(event) => setCode(event.target.value.toUpperCase())}
            placeholder="K7QF-3MZPXW"
            autoComplete="off"
            autoCapitalize="characters"
            spellCheck={false}
            maxLength={24}
            required
            aria-describedby="code-hint"
          />
          <p id="code-hint" className="hint">
            {t.welcome.bindHint}
          </p>
          <button type="submit" className="secondary" disabled={state.isBusy || code.trim() === ''}>
            {t.welcome.bind}
          </button>
        </form>
      </main>
    </>
  );
}
