import type { Clock } from './call.ts';
import type { Bookkeeper } from './group-commit.ts';

/** Gives back what was reserved for shops without the network once nothing promises it any more. */
export interface Sweeper {
  /** Resolves when the sweep that is on its way is done. None begins afterwards. */
  close(): Promise<void>;
}

export interface SweeperOptions {
  readonly bookkeeper: Pick<Bookkeeper, 'book'>;
  readonly clock: Clock;
  /** @param count holds that had run out */
  readonly onSwept?: (count: number) => void;
  readonly onError: (error: unknown) => void;
}

const EVERY_MS = 60_000;

/** Sweeps at once, and each minute. Several servers over the same books may: a hold ends once. */
export function startSweeper({ bookkeeper, clock, onSwept = () => {}, onError }: SweeperOptions): Sweeper {
  let running: Promise<void> | undefined;

  async function sweep(): Promise<void> {
    try {
      const outcome = await bookkeeper.book({ type: 'release_holds', atMs: clock.nowMs() });
      if (outcome.type === 'released') onSwept(outcome.count);
    } catch (error) {
      onError(error);
    }
    running = undefined;
  }

  const start = (): void => void (running ??= sweep());
  const timer = setInterval(start, EVERY_MS).unref();
  start();
  return {
    close: async () => {
      clearInterval(timer);
      await running;
    },
  };
}
