import type { Command, Ledger, Outcome } from './ledger/ledger.ts';

/**
 * Commands that arrive together share one commit, because a commit waits for the disk and a command does not.
 *
 * While one list is being committed the next one gathers. Where the ledger can have several lists on their way, each
 * wallet belongs to one of the lanes, so that lists never wait for each other's rows and what concerns one wallet is
 * booked in the order in which it came.
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

interface Lane {
  readonly waiting: Waiting[];
  running: Promise<void> | undefined;
}

const MAX_BATCH = 256;
const MAX_WAITING = 2_048;

/** @param afterCommit called between the commit and the answers, for tests that pull the plug there */
export function openBookkeeper(
  ledger: Pick<Ledger, 'book' | 'lanes'>,
  afterCommit: (commands: readonly Command[]) => void | Promise<void> = () => {},
): Bookkeeper {
  const lanes = Array.from({ length: ledger.lanes ?? 1 }, (): Lane => ({ waiting: [], running: undefined }));
  let isClosed = false;

  async function run(lane: Lane): Promise<void> {
    // Lets every request that has already arrived join the first list.
    await new Promise((resolve) => setImmediate(resolve));
    while (lane.waiting.length > 0) await commit(lane.waiting.splice(0, MAX_BATCH));
    lane.running = undefined;
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
        const lane = lanes[laneOf(command, lanes.length)];
        const waiting = lanes.reduce((sum, one) => sum + one.waiting.length, 0);
        if (isClosed || lane === undefined || waiting >= MAX_WAITING) {
          reject(new Overloaded('The wallet server has more to book than it can.'));
          return;
        }
        lane.waiting.push({ command, resolve, reject });
        lane.running ??= run(lane);
      }),
    close: async () => {
      isClosed = true;
      for (const { running } of lanes) await running;
    },
  };
}

/** By the random end of the wallet's id, or of whatever else the command names where it names no wallet. */
function laneOf(command: Command, count: number): number {
  return count === 1 ? 0 : Number.parseInt(concerned(command).slice(-4), 16) % count || 0;
}

function concerned(command: Command): string {
  switch (command.type) {
    case 'settle':
      return command.payer.isGood ? command.payer.walletId : command.settlementId;
    case 'cancel':
    case 'refund':
      return command.settlementId;
    case 'reload':
    case 'repay':
    case 'place_hold':
      return command.walletId;
    case 'reverse_reload':
    case 'charge_back':
      return command.reloadId;
    case 'treat':
      return command.groupPaymentId;
    case 'release_holds':
      return '';
  }
}
