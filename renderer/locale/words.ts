import i18next, { type i18n } from 'i18next';
import { initReactI18next, useTranslation } from 'react-i18next';
import { useMemo } from 'react';
import { type Formats, type Language, formatsOf } from '../format.ts';
import { useLive } from '../till.tsx';
import { en } from './en.ts';
import { ja } from './ja.ts';

declare module 'i18next' {
  interface CustomTypeOptions {
    resources: { translation: typeof en };
  }
}

export type Translate = ReturnType<typeof useTranslation>['t'];

/** Both languages are in the page: a switch is instant and needs no network. */
export async function openWords(language: Language): Promise<i18n> {
  const words = i18next.createInstance();
  await words.use(initReactI18next).init({
    lng: language,
    fallbackLng: 'en',
    resources: { en: { translation: en }, ja: { translation: ja } },
    // React escapes what it paints.
    interpolation: { escapeValue: false },
    returnNull: false,
  });
  return words;
}

/** Words and formats of the language in use. */
export function useWords(): { readonly t: Translate; readonly formats: Formats } {
  const { t, i18n: words } = useTranslation();
  const timeZone = useLive(({ terminal }) => terminal?.store.timeZone ?? 'UTC');
  const language: Language = words.language === 'ja' ? 'ja' : 'en';
  const formats = useMemo(() => formatsOf(language, timeZone), [language, timeZone]);
  return { t, formats };
}
