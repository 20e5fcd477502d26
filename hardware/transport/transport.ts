import type { BlockedReason, ScanEvent } from '#contract/devices.ts';

/** A way to reach one device. Holds nothing open by itself: `open` makes a connection, and each is a new one. */
export interface Transport {
  readonly source: ScanEvent['source'];
  /**
   * Tries once to connect, within a time limit of its own, and never throws: what the world does is in the answer. At
   * most one connection is open at a time.
   */
  open(listener: ConnectionListener): Promise<OpenResult>;
  /** Only a simulated device has this: bytes as if its wire had carried them. False while it is not open. */
  feed?(bytes: Uint8Array): boolean;
}

export interface ConnectionListener {
  /** Called with bytes as soon as they are there, uncollected. */
  onBytes(bytes: Uint8Array): void;
  /** The connection is lost. Called at most once, never after `close`, and nothing follows it. */
  onGone(reason: GoneReason): void;
}

export interface Connection {
  /**
   * Writes at once or not at all: nothing waits for a better time, so that no drawer opens when a cable is plugged in
   * again. One write at a time. When the deadline passes, how much has left is not known, and the connection is lost.
   */
  write(bytes: Uint8Array, deadlineMs: number): Promise<WriteResult>;
  /** Resolves when the port is free, or when it will not be. A second call waits for the first. */
  close(): Promise<void>;
}

export type OpenResult =
  | { readonly state: 'open'; readonly connection: Connection }
  /** Nothing is there. */
  | { readonly state: 'absent'; readonly detail: string }
  /** Something is there, and a person must act. */
  | { readonly state: 'blocked'; readonly reason: BlockedReason; readonly detail: string }
  /** Something is there and did not answer as it should; it may next time. */
  | { readonly state: 'failed'; readonly detail: string };

export interface GoneReason {
  readonly code: 'unplugged' | 'failed';
  readonly detail: string;
}

export type WriteResult =
  | { readonly outcome: 'written' }
  /** Not a byte has left. */
  | { readonly outcome: 'refused'; readonly reason: 'notOpen' | 'busy' }
  /** Some bytes may have left: never repeat without asking. */
  | { readonly outcome: 'unknown'; readonly detail: string };
