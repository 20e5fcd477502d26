import type { JSX } from 'react';
import { useText, useWallet } from '../context.tsx';
import { problemWords } from './problem.ts';
import { Icon, type IconName } from './icon.tsx';
import type { ReloadProgress } from '../reloads.ts';

const icons: Readonly<Record<'busy' | 'good' | 'bad', IconName>> = { busy: 'history', good: 'check', bad: 'warning' };

/** Reloads that were asked for on this phone, until somebody has seen how they ended; or those only that did not end well. */
export function ReloadProgressList({ onlyOpen = false }: { onlyOpen?: boolean }): JSX.Element {
  const { t, format } = useText();
  const { wallet, state } = useWallet();
  return (
    <ul className="progress-list" role="status">
      {state.reloads
        .filter((reload) => !onlyOpen || moodOf(reload.state) !== 'good')
        .map((reload) => {
          const mood = moodOf(reload.state);
          return (
            <li key={reload.reloadId} className="card progress" data-mood={mood} data-state={reload.state}>
              <Icon name={icons[mood]} size={24} />
              <span className="what">
                {t.reload.button(format.money(reload.amount))}
                <small>{wordsOf(reload)}</small>
              </span>
              {mood !== 'busy' && (
                <button
                  type="button"
                  className="bar-button"
                  aria-label={t.close}
                  onClick={() => wallet.dismissReload(reload.reloadId)}
                >
                  <Icon name="close" size={20} />
                </button>
              )}
            </li>
          );
        })}
    </ul>
  );

  function wordsOf({ state: reached, reason, code }: ReloadProgress): string {
    const said = t.reload.states[reached];
    if (reached === 'refused' && code !== undefined) return problemWords(t, code);
    return reached === 'declined' && reason !== undefined ? `${said} ${t.reload.reasons[reason]}` : said;
  }
}

function moodOf(state: ReloadProgress['state']): 'busy' | 'good' | 'bad' {
  if (state === 'credited') return 'good';
  return state === 'sending' || state === 'unknown' || state === 'pending' ? 'busy' : 'bad';
}
