import { first } from './migrations/0001-first.ts';
import { whole } from './migrations/0002-whole.ts';

/** Numbered from 1 by their place. Never changed once released: a new one corrects an old one. */
export const migrations: readonly string[] = [first, whole];
