import type { Logger } from 'pino';
import type { Clock } from './call.ts';
import type { Bookkeeper } from './group-commit.ts';

/** Gives back what was reserved for shops without the network once nothing promises it any more. */
export interface Sweeper {
  /** Resolves to how many holds had run out. */
  sweep(): Promise<number>;
  /** Resolves when the sweep that is on its way is done. None begins afterwards. */
  close(): Promise<void>;
}

const EVERY_MS = 60_000;

/** Sweeps at once, and each minute. Several servers over the same books may: a hold ends once. */
export function startSweeper(options: {
  readonly bookkeeper: Pick<Bookkeeper, 'book'>;
  readonly clock: Clock;
  readonly log: Logger;
}): Sweeper {
  const { bookkeeper, clock, log } = options;
  let running: Promise<unknown> = Promise.resolve();

  async function sweep(): Promise<number> {
    const outcome = await bookkeeper.book({ type: 'release_holds', atMs: clock.nowMs() });
    return outcome.type === 'released' ? outcome.count : 0;
  }

  function start(): void {
    running = sweep().catch((error: unknown) => log.error({ err: error }, 'holds were not released'));
  }

  const timer = setInterval(start, EVERY_MS).unref();
  start();
  return {
    sweep,
    close: async () => {
      clearInterval(timer);
      await running;
    },
  };
}
