import { type WalletEvent, walletEventSchema } from '#contract/wallet.ts';
import type { Listen } from './client.ts';

/**
 * Server-sent events (WHATWG HTML §9.2) over fetch: EventSource cannot sign its request. One stream at a time, opened
 * again from the last event after it breaks, sooner when the network comes back.
 */
export interface Events {
  /** Listens from the event after this one. A second call goes on with the stream that is there. */
  start(lastEventId: string): void;
  /** Lets the stream go, as for a page that nobody sees: browsers allow six connections to a server. */
  stop(): void;
}

export interface EventsOptions {
  readonly listen: Listen;
  readonly onEvent: (event: WalletEvent) => void;
  /** Whether a stream is open: without one the phone asks by itself. */
  readonly onLink: (isOpen: boolean) => void;
  readonly page: Window;
}

const FIRST_WAIT_MS = 500;
const MAX_WAIT_MS = 30_000;
/** The server says something, if only a comment, more often than this. */
const MAX_SILENCE_MS = 60_000;
const MAX_BUFFER_CHARACTERS = 65_536;

export function openEvents({ listen, onEvent, onLink, page }: EventsOptions): Events {
  let current: AbortController | undefined;
  let lastEventId = '0';

  async function run(control: AbortController): Promise<void> {
    let waitMs = FIRST_WAIT_MS;
    while (!control.signal.aborted) {
      const attempt = new AbortController();
      const giveUp = (): void => attempt.abort();
      control.signal.addEventListener('abort', giveUp);
      page.addEventListener('offline', giveUp);
      try {
        const stream = await listen(lastEventId, attempt.signal);
        if (stream !== undefined) {
          waitMs = FIRST_WAIT_MS;
          onLink(true);
          await readStream(stream, attempt);
        }
      } catch {
        // The network broke it off; what was missed comes with the next one.
      } finally {
        attempt.abort();
        control.signal.removeEventListener('abort', giveUp);
        page.removeEventListener('offline', giveUp);
      }
      onLink(false);
      // Not all phones of a server that restarts in the same moment.
      await pause(page, waitMs * (0.5 + Math.random() / 2), control.signal);
      waitMs = Math.min(MAX_WAIT_MS, waitMs * 2);
    }
  }

  async function readStream(stream: ReadableStream<Uint8Array>, attempt: AbortController): Promise<void> {
    const reader = stream.pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>).getReader();
    let buffer = '';
    for (;;) {
      const silence = page.setTimeout(() => attempt.abort(), MAX_SILENCE_MS);
      const { done, value } = await reader.read().finally(() => page.clearTimeout(silence));
      if (done) return;
      buffer = (buffer + value).replaceAll('\r\n', '\n');
      if (buffer.length > MAX_BUFFER_CHARACTERS) return;
      const blocks = buffer.split('\n\n');
      buffer = blocks.pop() ?? '';
      for (const block of blocks) {
        const event = parseBlock(block);
        if (event === undefined) continue;
        lastEventId = event.eventId;
        onEvent(event);
      }
    }
  }

  return {
    start: (from) => {
      if (current !== undefined) return;
      lastEventId = from;
      current = new AbortController();
      void run(current);
    },
    stop: () => {
      current?.abort();
      current = undefined;
    },
  };
}

/** The event of one block of lines; undefined for a comment or what this phone does not know. */
function parseBlock(block: string): WalletEvent | undefined {
  const data = block
    .split('\n')
    .filter((line) => line.startsWith('data:'))
    .map((line) => line.slice('data:'.length).trimStart())
    .join('\n');
  if (data === '') return undefined;
  try {
    return walletEventSchema.safeParse(JSON.parse(data)).data;
  } catch {
    return undefined;
  }
}

/** Ends early when the network comes back, or when nobody listens any more. */
function pause(page: Window, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      page.clearTimeout(timer);
      page.removeEventListener('online', end);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = page.setTimeout(end, ms);
    page.addEventListener('online', end);
    signal.addEventListener('abort', end);
    if (signal.aborted) end();
  });
}
