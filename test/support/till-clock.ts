import type { Clock } from '#main/terminal/clock.ts';

/** A clock that stands still until a test lets it go on. Its wall time can be set wrong; its monotonic time cannot. */
export interface TillClock extends Clock {
  /** Runs what falls due, in its order, and lets everything settle in between. */
  advance(ms: number): Promise<void>;
  /** Sets the wall clock forward (or back, below zero), as a person or a time server does. */
  setWall(aheadMs: number): void;
  /** A view that can be cut off, as a process that is killed: none of its timers ever runs again. */
  life(): Clock & { end(): void };
  /** When the next timer is due, in milliseconds from now. */
  nextDueMs(): number | undefined;
}

interface Timer {
  readonly dueMs: number;
  readonly run: () => void;
}

/** Monday, 23 November 2026, 09:00 in Tokyo. */
export const tillOpensMs = Date.UTC(2026, 10, 23);

export function openTillClock(): TillClock {
  let nowMs = 0;
  let aheadMs = 0;
  const timers = new Set<Timer>();

  const earliest = (untilMs: number): Timer | undefined => {
    let found: Timer | undefined;
    for (const timer of timers) {
      if (timer.dueMs <= untilMs && (!found || timer.dueMs < found.dueMs)) found = timer;
    }
    return found;
  };

  const clock: Clock = {
    now: () => tillOpensMs + nowMs + aheadMs,
    monotonic: () => nowMs,
    after(delayMs, run) {
      const timer = { dueMs: nowMs + delayMs, run };
      timers.add(timer);
      return () => {
        timers.delete(timer);
      };
    },
  };

  return {
    ...clock,
    async advance(ms) {
      const untilMs = nowMs + ms;
      await settled();
      for (let timer = earliest(untilMs); timer; timer = earliest(untilMs)) {
        timers.delete(timer);
        nowMs = timer.dueMs;
        timer.run();
        await settled();
      }
      nowMs = untilMs;
    },
    setWall(ms) {
      aheadMs = ms;
    },
    nextDueMs() {
      const timer = earliest(Infinity);
      return timer && timer.dueMs - nowMs;
    },
    life() {
      let isAlive = true;
      return {
        now: () => clock.now(),
        monotonic: () => clock.monotonic(),
        after: (delayMs, run) =>
          clock.after(delayMs, () => {
            if (isAlive) run();
          }),
        end() {
          isAlive = false;
        },
      };
    },
  };
}

/** Every promise that can settle without time passing has settled. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
