/** Time as the terminal sees it. Handed in by the host, so a test or a simulation owns it. */
export interface Clock {
  /** Wall time in milliseconds since 1970: for people and receipts, never for order. */
  now(): number;
  /** Milliseconds of a clock that only runs forward. */
  monotonic(): number;
  /** Runs once after the delay. Returns what takes it back. */
  after(delayMs: number, run: () => void): () => void;
}

export function timestamp(clock: Clock): string {
  return new Date(clock.now()).toISOString();
}
