import { type RefObject, useLayoutEffect, useState } from 'react';

/** Narrowest tile on a small and on a wide shelf, and the gap between tiles, in px. */
const tileWidth = 148;
const wideTileWidth = 176;
const wideShelf = 1_100;
export const tileGap = 8;
export const tileHeight = 104;

/** How many tiles stand side by side in the element, followed as it changes. */
export function useColumns(element: RefObject<HTMLElement | null>): number {
  const [columns, setColumns] = useState(4);
  useLayoutEffect(() => {
    const { current } = element;
    if (!current) return;
    const measure = (): void => {
      const style = getComputedStyle(current);
      const inner = current.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
      setColumns(
        Math.max(2, Math.floor((inner + tileGap) / ((inner > wideShelf ? wideTileWidth : tileWidth) + tileGap))),
      );
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(current);
    return () => observer.disconnect();
  }, [element]);
  return columns;
}
