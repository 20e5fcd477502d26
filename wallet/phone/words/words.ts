import type { Language } from '../formats.ts';
import { en } from './en.ts';
import { ja } from './ja.ts';

/** Every word of the page. Japanese has the keys of English: the type holds it to that. */
export type Words = typeof en;

export const words: Readonly<Record<Language, Words>> = { en, ja };
