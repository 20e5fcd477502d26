import type { JSX } from 'react';
import { useText, useWallet } from '../context.tsx';
import type { Listed } from '../lists.ts';

interface ListStateProps {
  readonly list: Listed<unknown>;
  readonly isEmpty: boolean;
  readonly empty: string;
}

/** What stands where a list has no rows to show: it is loading, it failed, or there is nothing. */
export function ListState({ list, isEmpty, empty }: ListStateProps): JSX.Element | null {
  const { t } = useText();
  const { wallet } = useWallet();
  if (list.value !== undefined) return isEmpty ? <p className="empty">{empty}</p> : null;
  if (list.state === 'loading') return <p className="empty">{t.loading}</p>;
  return (
    <div className="empty">
      <p role="alert">{t.failed}</p>
      <button type="button" className="secondary" onClick={() => void wallet.refresh()}>
        {t.retry}
      </button>
    </div>
  );
}
