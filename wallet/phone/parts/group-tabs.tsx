import type { JSX } from 'react';
import { useText } from '../context.tsx';

/** The two ways to look at what people have between them: by person and by bill. */
export function GroupTabs({ current }: { current: 'people' | 'bills' }): JSX.Element {
  const { t } = useText();
  return (
    <nav className="tabs" aria-label={t.people.title}>
      <a href="#/people" aria-current={current === 'people' ? 'page' : undefined}>
        {t.groups.tabs.people}
      </a>
      <a href="#/groups" aria-current={current === 'bills' ? 'page' : undefined}>
        {t.groups.tabs.bills}
      </a>
    </nav>
  );
}
