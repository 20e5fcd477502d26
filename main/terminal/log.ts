import type { Logger } from 'pino';

/** What the terminal needs of a log. It is never given a token, a PIN, a card number or a full name. */
export type Log = Pick<Logger, 'debug' | 'info' | 'warn' | 'error'>;
