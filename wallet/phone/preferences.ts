import { useSyncExternalStore } from 'react';
import type { Language } from './formats.ts';

/** What a person chose for this phone's screen. Kept in the page's own storage: it belongs to no wallet. */
export interface Preferences {
  readonly language: Language;
  readonly theme: Theme;
}
export type Theme = 'light' | 'dark' | 'system';

export interface PreferenceStore {
  current(): Preferences;
  choose(next: Partial<Preferences>): void;
  listen(onChange: () => void): () => void;
}

const KEY = 'preferences';

/** Keeps the page in the language and the theme that were chosen; what was not chosen is the phone's own. */
export function openPreferences(page: Window): PreferenceStore {
  const listeners = new Set<() => void>();
  let current = read(page);

  function apply(): void {
    const root = page.document.documentElement;
    root.lang = current.language;
    root.dataset['theme'] = current.theme;
  }
  apply();

  return {
    current: () => current,
    choose: (next) => {
      current = { ...current, ...next };
      apply();
      try {
        page.localStorage.setItem(KEY, JSON.stringify(current));
      } catch {
        // Holds until the page is closed.
      }
      for (const listen of listeners) listen();
    },
    listen: (onChange) => {
      listeners.add(onChange);
      return () => listeners.delete(onChange);
    },
  };
}

export function usePreferences(store: PreferenceStore): Preferences {
  return useSyncExternalStore(store.listen, store.current);
}

function read(page: Window): Preferences {
  const kept = readJson(page);
  return {
    language: kept['language'] === 'en' || kept['language'] === 'ja' ? kept['language'] : languageOf(page.navigator),
    theme: kept['theme'] === 'light' || kept['theme'] === 'dark' ? kept['theme'] : 'system',
  };
}

function readJson(page: Window): Record<string, unknown> {
  try {
    const kept: unknown = JSON.parse(page.localStorage.getItem(KEY) ?? '{}');
    return typeof kept === 'object' && kept !== null ? { ...kept } : {};
  } catch {
    return {};
  }
}

function languageOf(navigator: Navigator): Language {
  return navigator.language.startsWith('ja') ? 'ja' : 'en';
}
