import type { KeyboardEvent } from 'react';

/** Where an arrow key leads in a grid of `count` tiles in rows of `columns`. Undefined where it leads out. */
export function gridStep(key: string, at: number, columns: number, count: number): number | undefined {
  const to = target(key, at, columns, count);
  return to !== undefined && to >= 0 && to < count ? to : undefined;
}

/** Arrow keys among the buttons of a grid; the rest of the page sees only the keys that lead nowhere here. */
export function moveInGrid(event: KeyboardEvent<HTMLElement>, columns: number, onLeaveUp?: () => void): void {
  const tiles = [...event.currentTarget.querySelectorAll<HTMLButtonElement>('button')];
  const at = tiles.findIndex((tile) => tile === document.activeElement);
  if (at < 0 || !/^(Arrow|Home$|End$)/.test(event.key)) return;
  event.preventDefault();
  const to = gridStep(event.key, at, columns, tiles.length);
  if (to !== undefined) tiles[to]?.focus();
  else if (event.key === 'ArrowUp') onLeaveUp?.();
}

function target(key: string, at: number, columns: number, count: number): number | undefined {
  switch (key) {
    case 'ArrowLeft':
      return at - 1;
    case 'ArrowRight':
      return at + 1;
    case 'ArrowUp':
      return at - columns;
    case 'ArrowDown':
      return at + columns;
    case 'Home':
      return 0;
    case 'End':
      return count - 1;
    default:
      return undefined;
  }
}
