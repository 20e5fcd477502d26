/** A clock that stands still until it is told to go on. Suits the clocks of hardware/ and of main/. */
export interface ManualClock {
  nowMs(): number;
  after(delayMs: number, run: () => void): () => void;
  /** Runs what falls due, in its order, and lets promises settle in between. */
  advance(ms: number): Promise<void>;
  /** Lets time pass while nothing can run, as a stalled event loop does; what fell due then runs late. */
  stall(ms: number): Promise<void>;
  readonly waiting: number;
}

export function manualClock(): ManualClock {
  let now = 0;
  let timers: { readonly dueMs: number; readonly run: () => void }[] = [];

  async function runDue(untilMs: number, standAt?: number): Promise<void> {
    for (;;) {
      const [next] = timers.filter((timer) => timer.dueMs <= untilMs).toSorted((a, b) => a.dueMs - b.dueMs);
      if (next === undefined) break;
      timers = timers.filter((timer) => timer !== next);
      now = standAt ?? Math.max(now, next.dueMs);
      next.run();
      await settled();
    }
    now = Math.max(now, untilMs);
  }

  return {
    nowMs: () => now,
    after(delayMs, run) {
      const timer = { dueMs: now + delayMs, run };
      timers.push(timer);
      return () => (timers = timers.filter((other) => other !== timer));
    },
    async advance(ms) {
      await settled();
      await runDue(now + ms);
    },
    async stall(ms) {
      const until = now + ms;
      await runDue(until, until);
    },
    get waiting() {
      return timers.length;
    },
  };
}

/** Every promise that can settle without time passing has settled. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
