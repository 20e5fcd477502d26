import { type JSX, type SubmitEvent, useState } from 'react';
import type { ReloadMethod } from '#contract/reload.ts';
import { useList, useText, useWallet } from '../context.tsx';
import { Choice } from '../parts/choice.tsx';
import { ListState } from '../parts/list-state.tsx';
import { problemWords } from '../parts/problem.ts';
import { Screen } from '../parts/screen.tsx';

/** Registers a payment means: whose it is, of what kind, and what its operator gave the customer for this. */
export function AddMethod(): JSX.Element {
  const { t } = useText();
  const { wallet } = useWallet();
  const operators = useList('operators');
  const [operatorId, setOperatorId] = useState<string>();
  const [kind, setKind] = useState<ReloadMethod['kind']>();
  const [token, setToken] = useState('');
  const [isBusy, setIsBusy] = useState(false);
  const [said, setSaid] = useState('');
  const [trouble, setTrouble] = useState('');
  const all = operators.value ?? [];
  const operator = all.find((one) => one.operatorId === operatorId) ?? all[0];
  const chosenKind = operator?.kinds.find((one) => one === kind) ?? operator?.kinds[0];

  async function register(): Promise<void> {
    if (operator === undefined || chosenKind === undefined) return;
    setIsBusy(true);
    setSaid('');
    setTrouble('');
    const request = { operatorId: operator.operatorId, kind: chosenKind, setupToken: token.trim() };
    const answer = await wallet.act('addReloadMethod', {}, request);
    setIsBusy(false);
    if (answer === undefined) return setTrouble(t.noAnswer);
    if (!answer.ok) return setTrouble(problemWords(t, answer.problem.code));
    const { method, wasRegistered } = answer.value;
    setToken('');
    setSaid(wasRegistered ? t.addMethod.known(method.displayName) : t.addMethod.added(method.displayName));
  }

  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    void register();
  };

  return (
    <Screen title={t.addMethod.title} parent="reload">
      <ListState list={operators} isEmpty={all.length === 0} empty={t.addMethod.none} />
      <p role="status" className={said === '' ? 'visually-hidden' : 'said'}>
        {said}
      </p>
      {operator !== undefined && (
        <form className="card form" onSubmit={submit}>
          <Choice
            label={t.addMethod.operator}
            name="operator"
            value={operator.operatorId}
            options={all.map((one) => ({ value: one.operatorId, label: one.name }))}
            onChoose={setOperatorId}
          />
          <Choice
            label={t.addMethod.kind}
            name="kind"
            value={chosenKind}
            options={operator.kinds.map((one) => ({ value: one, label: t.reload.kinds[one] }))}
            onChoose={setKind}
          />
          <div className="field">
            <label htmlFor="token">{t.addMethod.token}</label>
            <input
              id="token"
              value={token}
              onChange={(event) => setToken(event.target.value)}
              autoComplete="off"
              spellCheck={false}
              maxLength={256}
              aria-describedby="token-hint"
            />
            <p id="token-hint" className="hint">
              {t.addMethod.tokenHint}
            </p>
          </div>
          <p className="trouble" role="alert">
            {trouble}
          </p>
          <button type="submit" className="primary" disabled={isBusy || token.trim() === ''}>
            {isBusy ? t.oneMoment : t.addMethod.button}
          </button>
        </form>
      )}
    </Screen>
  );
}
