import { createStore } from 'zustand/vanilla';

/** What a person chose for this screen. Kept in the page's own storage: it is the same whichever terminal answers. */
export interface Preferences {
  /** `store`: the language of the store's setting. */
  readonly language: 'en' | 'ja' | 'store';
  readonly theme: Theme | 'system';
  readonly lastStaffId: string | undefined;
}
export type Theme = 'light' | 'dark' | 'contrast';

const KEY = 'warikan.preferences';
const languages = ['en', 'ja', 'store'] as const;
const themes = ['light', 'dark', 'contrast', 'system'] as const;

/** Remembers every change. A storage that refuses (private mode, full) costs the memory and nothing else. */
export function openPreferences(storage: Storage) {
  const store = createStore<Preferences>(() => read(storage));
  store.subscribe((preferences) => {
    try {
      storage.setItem(KEY, JSON.stringify(preferences));
    } catch {
      // The choice holds until the page is closed.
    }
  });
  return store;
}
export type PreferencesStore = ReturnType<typeof openPreferences>;

/** `system` follows the machine: more contrast wins over dark. */
export function themeOf(
  chosen: Preferences['theme'],
  machine: { readonly isDark: boolean; readonly wantsContrast: boolean },
): Theme {
  if (chosen !== 'system') return chosen;
  if (machine.wantsContrast) return 'contrast';
  return machine.isDark ? 'dark' : 'light';
}

function read(storage: Storage): Preferences {
  const kept = readJson(storage);
  return {
    language: languages.find((language) => language === kept['language']) ?? 'store',
    theme: themes.find((theme) => theme === kept['theme']) ?? 'system',
    lastStaffId: typeof kept['lastStaffId'] === 'string' ? kept['lastStaffId'] : undefined,
  };
}

function readJson(storage: Storage): Record<string, unknown> {
  try {
    const kept: unknown = JSON.parse(storage.getItem(KEY) ?? '{}');
    return typeof kept === 'object' && kept !== null ? { ...kept } : {};
  } catch {
    return {};
  }
}
