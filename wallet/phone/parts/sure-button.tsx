import { type JSX, type ReactNode, useEffect, useState } from 'react';

interface SureButtonProps {
  readonly children: ReactNode;
  /** What the button says once it was touched. */
  readonly sure: string;
  readonly className?: string;
  readonly label?: string;
  readonly onSure: () => void;
}

const ANSWER_MS = 4_000;

/** Two taps for what cannot be taken back: the second within four seconds. */
export function SureButton({ children, sure, className = 'quiet', label, onSure }: SureButtonProps): JSX.Element {
  const [isAsked, setIsAsked] = useState(false);
  useEffect(() => {
    if (!isAsked) return undefined;
    const timer = setTimeout(() => setIsAsked(false), ANSWER_MS);
    return () => clearTimeout(timer);
  }, [isAsked]);
  const tap = (): void => {
    setIsAsked(!isAsked);
    if (isAsked) onSure();
  };
  return (
    <button
      type="button"
      className={className}
      data-asked={isAsked}
      aria-label={isAsked ? undefined : label}
      onClick={tap}
    >
      {isAsked ? sure : children}
    </button>
  );
}
