import type { ServerResponse } from 'node:http';
import type { WalletEvent } from '#contract/wallet.ts';

/** What a handler of a route of events answers with: from then on each event goes to `send` until it is closed. */
export interface EventStream {
  readonly type: 'stream';
  /**
   * Begins after an event, or with the next one where there is none. `send` never blocks and may close the stream; what
   * was not sent is asked for again by the id of the last one.
   *
   * @returns how to end it
   */
  open(afterId: string | undefined, send: (event: WalletEvent) => void): () => void;
}

/** The open streams of all callers. */
export interface Streams {
  /** Whether one more may be opened. */
  readonly isFull: boolean;
  /** Writes events to the response until either side ends it. A caller who has too many loses the oldest. */
  serve(stream: EventStream, to: ServerResponse, from: StreamStart): void;
  /** Ends all streams of a caller: its key was revoked. */
  closeOf(keyId: string): void;
  /** Ends all. */
  close(): void;
}

interface StreamStart {
  readonly keyId: string;
  readonly afterId: string | undefined;
}

export interface StreamsOptions {
  /** Whether a caller whose stream is open may still hear; asked now and then. */
  readonly isWelcome: (keyId: string) => Promise<boolean>;
}

const MAX_STREAMS = 2_000;
const MAX_STREAMS_PER_CALLER = 4;
/** A reader who is this far behind is cut off: it comes again with the id of the last event that it has. */
const MAX_UNREAD_BYTES = 256 * 1_024;
const HEARTBEAT_MS = 15_000;
/** How soon a stream ends after another process revoked its key. */
const LOOK_MS = 1_000;
/** What a client waits before it comes again. */
const RETRY_MS = 2_000;

export function openStreams({ isWelcome }: StreamsOptions): Streams {
  const open = new Map<string, Set<() => void>>();
  let count = 0;
  let isLooking = false;

  /** One question for each caller, not for each stream. */
  async function look(): Promise<void> {
    if (isLooking) return;
    isLooking = true;
    try {
      for (const keyId of Array.from(open.keys())) if (!(await isWelcome(keyId))) closeOf(keyId);
    } catch {
      // The books cannot be read just now. Whoever is heard anew is looked at anew.
    } finally {
      isLooking = false;
    }
  }
  const looking = setInterval(() => void look(), LOOK_MS).unref();

  function closeOf(keyId: string): void {
    for (const end of Array.from(open.get(keyId) ?? [])) end();
  }

  return {
    get isFull() {
      return count >= MAX_STREAMS;
    },

    serve(stream, to, { keyId, afterId }) {
      const mine = open.get(keyId) ?? new Set();
      if (mine.size >= MAX_STREAMS_PER_CALLER) mine.values().next().value?.();
      open.set(keyId, mine);
      count += 1;

      let isOver = false;
      let stop = (): void => {};
      const heartbeat = setInterval(() => write(':\n\n'), HEARTBEAT_MS).unref();
      const end = (): void => {
        if (isOver) return;
        isOver = true;
        clearInterval(heartbeat);
        count -= 1;
        mine.delete(end);
        if (mine.size === 0 && open.get(keyId) === mine) open.delete(keyId);
        stop();
        to.end();
      };
      const write = (text: string): void => {
        if (isOver) return;
        to.write(text);
        if (to.writableLength <= MAX_UNREAD_BYTES) return;
        end();
        to.destroy();
      };
      mine.add(end);
      to.once('close', end).once('error', end);
      to.writeHead(200, {
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
        // Some proxies gather answers before they hand them on.
        'x-accel-buffering': 'no',
      });
      write(`retry: ${RETRY_MS}\n\n`);
      const stopSource = stream.open(afterId, (event) => write(textOf(event)));
      // It may have ended while it was being opened.
      if (isOver) stopSource();
      else stop = stopSource;
    },

    closeOf,

    close() {
      clearInterval(looking);
      for (const keyId of Array.from(open.keys())) closeOf(keyId);
    },
  };
}

/** WHATWG HTML §9.2: JSON has no line breaks of its own, ids and types are ours. */
function textOf(event: WalletEvent): string {
  return `id: ${event.eventId}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
}
