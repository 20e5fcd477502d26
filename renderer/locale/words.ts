import i18next, { type i18n } from 'i18next';
import { initReactI18next, useTranslation } from 'react-i18next';
import { useCallback, useMemo } from 'react';
import { type Formats, type Language, formatsOf } from '../format.ts';
import { useLive } from '../till.tsx';
import { en } from './en.ts';
import { ja } from './ja.ts';

/** Every text by its path: `sales.none`. A text with a count is named without its plural form: `sales.count`. */
type WordKey = Paths<typeof en>;
type Paths<T> = { [Key in keyof T & string]: T[Key] extends string ? Stem<Key> : `${Key}.${Paths<T[Key]>}` }[keyof T &
  string];
type Stem<Key extends string> = Key extends `${infer Name}_one` | `${infer Name}_other` ? Name : Key;

/**
 * The library's own type of this function is worked out anew at each of some 300 calls and took the compiler a minute;
 * this one is a plain union of keys.
 */
export type Translate = (key: WordKey, values?: Readonly<Record<string, string | number>>) => string;

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
  const { t: translate, i18n: words } = useTranslation();
  const t = useCallback<Translate>((key, values) => translate(key, { ...values }), [translate]);
  const timeZone = useLive(({ terminal }) => terminal?.store.timeZone ?? 'UTC');
  const language: Language = words.language === 'ja' ? 'ja' : 'en';
  const formats = useMemo(() => formatsOf(language, timeZone), [language, timeZone]);
  return { t, formats };
}
