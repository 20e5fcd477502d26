import { useEffect, useEffectEvent } from 'react';
import { type Command, type KeyPlace, commandOf } from './shortcuts.ts';

/** Listens to the whole window, after everything that has the focus has had its turn. */
export function useKeyboard(
  placeOf: () => Pick<KeyPlace, 'isSheetOpen' | 'stage' | 'hasTyped'>,
  onCommand: (command: Command) => unknown,
): void {
  const listen = useEffectEvent((event: KeyboardEvent) => {
    if (event.defaultPrevented || event.isComposing) return;
    const focused = document.activeElement;
    const command = commandOf(
      {
        key: event.key,
        isControl: event.ctrlKey || event.metaKey,
        isAlt: event.altKey,
        isShift: event.shiftKey,
      },
      {
        ...placeOf(),
        isTyping: focused instanceof HTMLInputElement ? isTextInput(focused) : focused instanceof HTMLTextAreaElement,
        isOnButton: focused instanceof HTMLButtonElement || focused instanceof HTMLAnchorElement,
      },
    );
    if (!command) return;
    event.preventDefault();
    onCommand(command);
  });
  useEffect(() => {
    const listener = (event: KeyboardEvent): void => listen(event);
    window.addEventListener('keydown', listener);
    return () => window.removeEventListener('keydown', listener);
  }, []);
}

function isTextInput(input: HTMLInputElement): boolean {
  return !['radio', 'checkbox', 'button'].includes(input.type);
}
