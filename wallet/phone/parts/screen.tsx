import { type JSX, type ReactNode, useEffect, useRef } from 'react';
import { useHost, useText } from '../context.tsx';
import { Icon } from './icon.tsx';

interface ScreenProps {
  readonly title: string;
  /** Where back leads when this screen was the first. Undefined where there is no way back. */
  readonly parent?: string | undefined;
  /** In place of going back. */
  readonly onBack?: () => void;
  readonly children: ReactNode;
}

/** A screen below home: its name, the way back, and the focus on the name, so that a screen reader says it. */
export function Screen({ title, parent, onBack, children }: ScreenProps): JSX.Element {
  const { router } = useHost();
  const { t } = useText();
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    // A PIN pad has taken it already.
    const isTaken = document.activeElement?.closest('main') !== null;
    if (!isTaken) heading.current?.focus({ preventScroll: true });
  }, [title]);
  return (
    <>
      <header className="bar">
        {parent !== undefined && (
          <button
            type="button"
            className="bar-button"
            aria-label={t.back}
            onClick={onBack ?? (() => router.back(parent))}
          >
            <Icon name="back" size={26} />
          </button>
        )}
        <h1 ref={heading} tabIndex={-1}>
          {title}
        </h1>
      </header>
      <main className="stack">{children}</main>
    </>
  );
}
