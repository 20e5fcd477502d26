import type { Clock } from '../call.ts';

/** Work that is done when something is due: never twice at a time, and once more when it rang meanwhile. */
export interface Alarm {
  /** There may be something due. */
  ring(): void;
  /** Resolves when the work that is on its way is done. Nothing starts afterwards. */
  close(): Promise<void>;
}

/** Longest nap: another server over the same books may have left something. */
const MAX_NAP_MS = 15_000;
const AFTER_ERROR_MS = 1_000;

/** @param work resolves to when there is something due next; undefined where only a ring can tell */
export function openAlarm(
  clock: Clock,
  work: () => Promise<number | undefined>,
  onError: (error: unknown) => void,
): Alarm {
  let nap: NodeJS.Timeout | undefined;
  let running: Promise<void> | undefined;
  let hasRung = false;
  let isClosed = false;

  async function run(): Promise<void> {
    let nextMs: number | undefined;
    do {
      hasRung = false;
      try {
        nextMs = await work();
      } catch (error) {
        onError(error);
        nextMs = clock.nowMs() + AFTER_ERROR_MS;
      }
    } while (hasRung && !isClosed);
    running = undefined;
    const napMs = nextMs === undefined ? MAX_NAP_MS : Math.min(Math.max(nextMs - clock.nowMs(), 0), MAX_NAP_MS);
    if (!isClosed) nap = setTimeout(start, napMs).unref();
  }

  function start(): void {
    if (isClosed) return;
    clearTimeout(nap);
    hasRung = true;
    running ??= run();
  }

  return {
    ring: start,
    close: async () => {
      isClosed = true;
      clearTimeout(nap);
      await running;
    },
  };
}
