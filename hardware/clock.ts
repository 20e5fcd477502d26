/** Time is handed in, so that a test can repeat a run. */
export interface Clock {
  /** Milliseconds since some fixed moment. Never goes back. */
  nowMs(): number;
  /** Runs once, not before `delayMs` have passed. Returns how to call it off; a second call does nothing. */
  after(delayMs: number, run: () => void): () => void;
}

export const systemClock: Clock = {
  nowMs: () => performance.now(),
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  },
};
