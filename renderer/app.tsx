import { type QueryClient, QueryClientProvider } from '@tanstack/react-query';
import type { i18n } from 'i18next';
import { useEffect, useSyncExternalStore } from 'react';
import { I18nProvider } from 'react-aria-components';
import { I18nextProvider } from 'react-i18next';
import { useStore } from 'zustand';
import { Announcer } from './announcer.tsx';
import { themeOf } from './preferences.ts';
import { Notices } from './screens/shell/notices.tsx';
import { Shell } from './screens/shell/shell.tsx';
import { Splash } from './screens/shell/splash.tsx';
import { SignIn } from './screens/sign-in/sign-in.tsx';
import { type Till, TillContext, useLive } from './till.tsx';

interface AppProps {
  readonly till: Till;
  readonly queries: QueryClient;
  readonly words: i18n;
}

/** Everything that the screens stand on, then the one screen that fits the terminal's state. */
export function App({ till, queries, words }: AppProps) {
  const language = useLanguage(till, words);
  useTheme(till);
  return (
    <TillContext value={till}>
      <QueryClientProvider client={queries}>
        <I18nextProvider i18n={words}>
          <I18nProvider locale={language === 'ja' ? 'ja-JP' : 'en-GB'}>
            <Gate />
          </I18nProvider>
        </I18nextProvider>
      </QueryClientProvider>
    </TillContext>
  );
}

function Gate() {
  const stage = useLive(({ terminal }) => (terminal ? (terminal.signedIn ? 'open' : 'signedOut') : 'connecting'));
  if (stage === 'connecting') return <Splash />;
  return (
    <>
      {stage === 'signedOut' ? (
        <>
          <SignIn />
          <Notices isFloating />
        </>
      ) : (
        <Shell />
      )}
      <Announcer />
    </>
  );
}

function useLanguage(till: Till, words: i18n): 'en' | 'ja' {
  const chosen = useStore(till.preferences, ({ language }) => language);
  const ofStore = useStore(till.live, ({ terminal }) => terminal?.store.language ?? 'en');
  const language = chosen === 'store' ? ofStore : chosen;
  useEffect(() => {
    document.documentElement.lang = language;
    void words.changeLanguage(language);
  }, [language, words]);
  return language;
}

function useTheme(till: Till): void {
  const chosen = useStore(till.preferences, ({ theme }) => theme);
  const isDark = useMedia('(prefers-color-scheme: dark)');
  const wantsContrast = useMedia('(prefers-contrast: more)');
  const theme = themeOf(chosen, { isDark, wantsContrast });
  useEffect(() => {
    document.documentElement.dataset['theme'] = theme;
  }, [theme]);
}

function useMedia(query: string): boolean {
  return useSyncExternalStore(
    (onChange) => {
      const media = window.matchMedia(query);
      media.addEventListener('change', onChange);
      return () => media.removeEventListener('change', onChange);
    },
    () => window.matchMedia(query).matches,
  );
}
