import assert from 'node:assert';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { codeOf, isLost, isRolledBack, LANES, type PostgresBooks } from '../store/postgres.ts';
import { toSettlement } from './answers.ts';
import type { Command, Ledger, Outcome } from './ledger.ts';
import { bookCommands, lockConcerned } from './postgres-commands.ts';
import { openInquiries } from './postgres-inquiries.ts';
import { cutRuns, type Run } from './postgres-runs.ts';
import { bookSettlements } from './postgres-settle.ts';
import { readBooks } from './read-books.ts';

/**
 * The ledger on PostgreSQL. A list of settlements is one call of one function and so one round trip and one flush to the
 * disk; other commands are functions too, called in the order of the list inside the same transaction.
 *
 * Whatever another server or the network does to a list, it is booked again as it was: ids make that safe. After a few
 * tries it is given up, and whoever asked may ask again.
 */
export function openPostgresLedger(books: PostgresBooks): Ledger {
  const { lanes, pool, db, news } = books;
  const inquiries = openInquiries(pool);
  /** Nobody waits for a database that is known to be gone: the first try that reaches it says that it is back. */
  let isGone = false;
  let rowType: number | undefined;

  async function book(commands: readonly Command[]): Promise<readonly Outcome[]> {
    for (let tries = 0; ; tries++) {
      try {
        rowType ??= await readRowType(lanes);
        const outcomes = await bookList(lanes, rowType, commands);
        isGone = false;
        news.tell();
        return outcomes;
      } catch (error) {
        const pauseMs = RETRY_PAUSES_MS[tries];
        if (!isWorthRetrying(error)) throw error;
        if (pauseMs === undefined || (isGone && isLost(error))) {
          isGone = isLost(error);
          throw error;
        }
        await pause(pauseMs);
      }
    }
  }

  return {
    book,
    lanes: LANES,
    findSettlement: async (settlementId, storeId) => {
      const row = await inquiries.find(settlementId);
      return row === undefined || row.store_id !== storeId ? undefined : toSettlement(row, row.record);
    },
    readBalance: async (walletId) => {
      const row = await db
        .selectFrom('account')
        .select(['currency', 'balance', 'held', 'owed'])
        .where('id', '=', walletId)
        .where('kind', '=', 'wallet')
        .executeTakeFirst();
      if (row === undefined) return undefined;
      const { currency, balance, held, owed } = row;
      assert(currency !== null && balance !== null, 'a wallet has a balance in a currency');
      return { currency, balance, held, owed };
    },
    readBooks: () => readBooks(books),
  };
}

/** Between tries. The sum is less than a terminal waits for its answer. */
const RETRY_PAUSES_MS = [0, 20, 100, 500, 1_000];

/** Another server was first with an id, or the connection or the database went away, perhaps after the commit. */
function isWorthRetrying(error: unknown): boolean {
  return isRolledBack(error) || codeOf(error) === UNIQUE_VIOLATION || isLost(error);
}

const UNIQUE_VIOLATION = '23505';

/** Each database has numbers of its own for the types that were made in it. */
async function readRowType(lanes: pg.Pool): Promise<number> {
  const { rows } = await lanes.query<{ type: number }>(`select 'ledger_settle_row'::regtype::oid::bigint as type`);
  const type = rows[0]?.type;
  assert(type !== undefined, 'the migrations made the type');
  return type;
}

async function bookList(lanes: pg.Pool, rowType: number, commands: readonly Command[]): Promise<readonly Outcome[]> {
  const runs = cutRuns(commands);
  const client = await lanes.connect();
  let isSound = false;
  try {
    const outcomes = await bookRuns(client, rowType, runs, commands);
    isSound = true;
    return outcomes;
  } catch (error) {
    // What the database refuses leaves the connection as it was; whatever else happens to it, another one is opened.
    isSound = error instanceof pg.DatabaseError && !codeOf(error).startsWith('57P');
    throw error;
  } finally {
    client.release(!isSound);
  }
}

async function bookRuns(
  client: pg.ClientBase,
  rowType: number,
  runs: readonly Run[],
  commands: readonly Command[],
): Promise<readonly Outcome[]> {
  const outcomes: (Outcome | undefined)[] = commands.map(() => undefined);
  const [only] = runs;
  if (runs.length === 1 && only?.type === 'settle') {
    // A statement by itself is a transaction by itself.
    await bookRun(client, rowType, only, outcomes);
  } else if (runs.length > 0) {
    await client.query('begin');
    try {
      await lockConcerned(client, commands);
      for (const run of runs) await bookRun(client, rowType, run, outcomes);
      await client.query('commit');
    } catch (error) {
      // Where the connection is gone, so is the transaction.
      await client.query('rollback').catch(() => {});
      throw error;
    }
  }
  return outcomes.map((outcome) => {
    assert(outcome !== undefined, 'every command has an outcome');
    return outcome;
  });
}

async function bookRun(
  client: pg.ClientBase,
  rowType: number,
  run: Run,
  outcomes: (Outcome | undefined)[],
): Promise<void> {
  const booked =
    run.type === 'settle'
      ? await bookSettlements(client, rowType, run.asked)
      : await bookCommands(client, run.commands);
  run.places.forEach((place, index) => (outcomes[place] = booked[index]));
  if (run.type === 'settle') for (const [place, of] of run.echoes) outcomes[place] = booked[of];
}
