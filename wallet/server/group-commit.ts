import type { Command, Ledger, Outcome } from './ledger/ledger.ts';

/**
 * Commands that arrive together share one commit, because a commit waits for the disk and a command does not.
 *
 * While one list is being committed the next one gathers. There is never more than one list on its way, so commands
 * are booked in the order in which they came.
 */
export interface Bookkeeper {
  /** Resolves once the command is on the disk. Rejects with {@link Overloaded} when too many are waiting. */
  book(command: Command): Promise<Outcome>;
  /** Resolves when all that was accepted is booked. Nothing is accepted afterwards. */
  close(): Promise<void>;
}

/** There is more to book than the disk can take. Nothing was booked; the same request may come again. */
export class Overloaded extends Error {
  override readonly name = 'Overloaded';
}

interface Waiting {
  readonly command: Command;
  readonly resolve: (outcome: Outcome) => void;
  readonly reject: (error: unknown) => void;
}

const MAX_BATCH = 256;
const MAX_WAITING = 2_048;

/** @param afterCommit called between the commit and the answers, for tests that pull the plug there */
export function openBookkeeper(
  ledger: Pick<Ledger, 'book'>,
  afterCommit: (commands: readonly Command[]) => void | Promise<void> = () => {},
): Bookkeeper {
  const waiting: Waiting[] = [];
  let isClosed = false;
  let running: Promise<void> | undefined;

  async function run(): Promise<void> {
    // Lets every request that has already arrived join the first list.
    await new Promise((resolve) => setImmediate(resolve));
    while (waiting.length > 0) await commit(waiting.splice(0, MAX_BATCH));
    running = undefined;
  }

  async function commit(batch: readonly Waiting[]): Promise<void> {
    try {
      const commands = batch.map(({ command }) => command);
      const outcomes = await ledger.book(commands);
      await afterCommit(commands);
      batch.forEach(({ resolve, reject }, index) => {
        const outcome = outcomes[index];
        if (outcome === undefined) reject(new Error('a command was left without an outcome'));
        else resolve(outcome);
      });
    } catch (error) {
      // One command that cannot be booked must not take its neighbours with it; ids make the second try safe.
      if (batch.length === 1) batch[0]?.reject(error);
      else for (const one of batch) await commit([one]);
    }
  }

  return {
    book: (command) =>
      new Promise((resolve, reject) => {
        if (isClosed || waiting.length >= MAX_WAITING) {
          reject(new Overloaded('The wallet server has more to book than it can.'));
          return;
        }
        waiting.push({ command, resolve, reject });
        running ??= run();
      }),
    close: async () => {
      isClosed = true;
      await running;
    },
  };
}
