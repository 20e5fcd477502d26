import { first } from './0001-first.ts';

/** In order; the position is the format number of the file. A migration that was shipped never changes. */
export const migrations: readonly string[] = [first];
