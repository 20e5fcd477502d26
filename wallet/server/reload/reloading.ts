import type { Logger } from 'pino';
import type { Clock } from '../call.ts';
import type { Bookkeeper } from '../group-commit.ts';
import type { ServerKeys } from '../keys.ts';
import type { Books } from '../store/books.ts';
import { openAlarm } from './alarm.ts';
import { AUTO_RETRY_MS, openAutoReloads } from './auto-reload.ts';
import { type LinkedPayments, openLinkedPayments } from './linked.ts';
import { openMethods } from './methods.ts';
import { requestKeyOf } from './operator-client.ts';
import { openOperators, type Operators } from './operators.ts';
import { reconcile } from './reconciliation.ts';
import { openReloads } from './reloads.ts';
import { type ReloadHandlers, reloadRoutes } from './routes.ts';
import { openTurns } from './turns.ts';

/** Everything about money that comes into wallets: where the parts of this folder meet. */
export interface Reloading extends LinkedPayments {
  readonly handlers: ReloadHandlers;
  /** What operators are told to listen to: Ed25519, base64url. */
  readonly requestKey: string;
  /** Adds an operator, or changes it. */
  readonly putOperator: Operators['put'];
  /** Takes up what an earlier start left open, and from now on looks after what is due. */
  start(): void;
  /** Money was spent: soon the wallets that run low are looked through. */
  noticeSpending(): void;
  /** Resolves when what is on its way is done. */
  close(): Promise<void>;
}

export interface ReloadingOptions {
  readonly books: Books;
  readonly bookkeeper: Bookkeeper;
  readonly keys: ServerKeys;
  readonly clock: Clock;
  readonly newId: () => string;
  readonly random: (bytes: number) => Uint8Array;
  readonly log: Logger;
  /** How long an automatic reload that was declined is left alone. */
  readonly autoRetryMs?: number;
}

/** Spending is looked at together: a busy minute needs no more than a few looks. */
const SWEEP_DELAY_MS = 250;
const DAY_MS = 24 * 3_600_000;
/** A day's file is asked for when the operator has had time to close the day. */
const FILE_READY_MS = 3_600_000;
const FILE_RETRY_MS = 600_000;
const AFTER_START_MS = 60_000;

export function openReloading(options: ReloadingOptions): Reloading {
  const { books, bookkeeper, keys, clock, newId, random, log } = options;
  const onError = (error: unknown): void => log.error({ err: error }, 'work that was due failed');
  const key = requestKeyOf(keys);
  const closing = new AbortController();
  const operators = openOperators({ books, key, clock, random, closing: closing.signal });
  const turns = openTurns();
  const methods = openMethods({ books, operators, turns, clock, newId });
  const reloads = openReloads({
    books,
    bookkeeper,
    operators,
    turns,
    clock,
    log,
    onDue: () => inquirer.ring(),
    onAutoCredited: noticeSpending,
  });
  const retryMs = options.autoRetryMs ?? AUTO_RETRY_MS;
  const autoReloads = openAutoReloads({ books, reloads, methods, clock, newId, log, retryMs });
  const linked = openLinkedPayments(books, reloads, onError);

  const inquirer = openAlarm(clock, reloads.resumeDue, onError);
  const sweeper = openAlarm(clock, autoReloads.sweep, onError);
  const accountant = openAlarm(clock, reconcileYesterday, onError);
  let sweep: NodeJS.Timeout | undefined;
  // Operators that start beside this server are there by then.
  let reconcilesAtMs = clock.nowMs() + AFTER_START_MS;

  /** Once a day, and after a start: what does not agree is a line in the log, and on the administrator's page. */
  async function reconcileYesterday(): Promise<number> {
    const nowMs = clock.nowMs();
    if (nowMs < reconcilesAtMs) return reconcilesAtMs;
    const date = new Date(nowMs - FILE_READY_MS - DAY_MS).toISOString().slice(0, 10);
    reconcilesAtMs = Date.parse(date) + 2 * DAY_MS + FILE_READY_MS;
    for (const { operatorId } of await operators.list()) {
      const found = await reconcile(books, operators, operatorId, date);
      if (found === undefined) continue;
      if (found === 'unknown') {
        log.warn({ operatorId, date }, 'an operator gave no settlement file');
        reconcilesAtMs = nowMs + FILE_RETRY_MS;
        continue;
      }
      const { oursOnly, theirsOnly, amountDiffers } = found;
      const differing = { ours: oursOnly.length, theirs: theirsOnly.length, amounts: amountDiffers.length };
      const agrees = Object.values(differing).every((count) => count === 0);
      log[agrees ? 'info' : 'error']({ operatorId, date, matched: found.matched, ...differing }, 'reloads reconciled');
    }
    return reconcilesAtMs;
  }

  function noticeSpending(): void {
    sweep ??= setTimeout(() => {
      sweep = undefined;
      sweeper.ring();
    }, SWEEP_DELAY_MS).unref();
  }

  return {
    handlers: reloadRoutes({ books, operators, methods, reloads, autoReloads, onLow: noticeSpending }),
    requestKey: key.publicKey,
    putOperator: operators.put,
    cover: linked.cover,
    start: () => {
      inquirer.ring();
      sweeper.ring();
      accountant.ring();
    },
    noticeSpending,
    close: async () => {
      closing.abort();
      clearTimeout(sweep);
      await Promise.all([inquirer.close(), sweeper.close(), accountant.close()]);
    },
  };
}
