import { type JSX, useEffect, useRef } from 'react';
import { useText, useWallet } from '../context.tsx';

/** Stands after the last row: the next page is read when it comes into view, or when it is touched. */
export function MoreRows(props: { name: 'history' | 'groups'; nextCursor: string | undefined }): JSX.Element | null {
  const { name, nextCursor } = props;
  const { t } = useText();
  const { wallet } = useWallet();
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (button.current === null) return undefined;
    const observer = new IntersectionObserver(([entry]) => {
      if (entry?.isIntersecting === true) void wallet.more(name);
    });
    observer.observe(button.current);
    return () => observer.disconnect();
  }, [wallet, name, nextCursor]);
  if (nextCursor === undefined) return null;
  return (
    <button ref={button} type="button" className="quiet centre" onClick={() => void wallet.more(name)}>
      {t.more}
    </button>
  );
}
