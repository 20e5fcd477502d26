/**
 * Bytes to events, without I/O and without a clock of its own: time is an argument, so any run can be repeated.
 *
 * Bytes come from outside and may be anything. No codec ever throws for what it was fed, and none ever holds more
 * than `limits.pendingBytesMax` of it.
 */
export interface Codec<Event> {
  /** The next bytes of the stream, cut anywhere. The answer does not depend on where they were cut. */
  push(bytes: Uint8Array, nowMs: number): readonly Event[];
  /** Nothing but time has passed. Ends what silence ends. */
  tick(nowMs: number): readonly Event[];
  /** Forgets what was pending: a new connection never continues the frame of an old one. */
  reset(): void;
  /** Something is half-way and `tick` is wanted. */
  readonly isPending: boolean;
  readonly limits: { readonly payloadBytesMax: number; readonly pendingBytesMax: number };
}
