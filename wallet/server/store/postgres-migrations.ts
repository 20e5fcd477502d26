import { commandFunctions } from '../ledger/postgres-command-functions.ts';
import { settleFunction } from '../ledger/postgres-settle-function.ts';
import { tables } from './postgres-tables.ts';

/** Numbered from 1 by their place. Never changed once released: a new one corrects an old one. */
export const postgresMigrations: readonly string[] = [`${tables}${settleFunction}${commandFunctions}`];
