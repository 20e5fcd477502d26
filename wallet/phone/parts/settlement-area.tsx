import type { JSX } from 'react';
import type { SettlementMethodId } from '#contract/wallet.ts';
import { useText, useWallet } from '../context.tsx';
import { kindOf, methodIcons, methodName } from '../methods.ts';
import { Icon } from './icon.tsx';

/**
 * The settlement methods: the current one in large, its name above its button; the others beside it, each of which can
 * be made current by its name and started at once by its button.
 */
export function SettlementArea({ onStart }: { onStart: () => void }): JSX.Element {
  const { t } = useText();
  const { wallet, state } = useWallet();
  const { view } = state;
  const current = view?.settlementMethod ?? 'shown_code';
  const others = view?.settlementMethods.filter(({ method }) => method !== current) ?? [];

  function start(method: SettlementMethodId): void {
    if (method !== current) void wallet.choose(method);
    onStart();
  }

  return (
    <section className="methods" aria-labelledby="pay-with">
      <h2 id="pay-with">{t.payWith}</h2>
      <div className="card method-current" data-method={current} aria-current="true">
        <p className="method-name">
          <Icon name={methodIcons[kindOf(current)]} />
          <span>{methodName(t, view, current)}</span>
          <small className="chip">{t.current}</small>
        </p>
        <button type="button" className="primary large" disabled={view === undefined} onClick={() => start(current)}>
          {t.start[kindOf(current)]}
        </button>
      </div>
      <ul className="method-others">
        {others.map(({ method }) => {
          const [kind, name] = [kindOf(method), methodName(t, view, method)];
          return (
            <li key={method} className="card method-other" data-method={method}>
              <button
                type="button"
                className="method-name"
                aria-label={t.makeCurrent(name)}
                onClick={() => void wallet.choose(method)}
              >
                <Icon name={methodIcons[kind]} />
                <span>{name}</span>
              </button>
              <button
                type="button"
                className="secondary"
                aria-label={t.startMethod(t.start[kind], name)}
                onClick={() => start(method)}
              >
                {t.start[kind]}
              </button>
            </li>
          );
        })}
      </ul>
    </section>
  );
}
