import type { TerminalEvent } from '#contract/terminal.ts';
import type { Dial, TerminalClient, TerminalLine } from './terminal-client.ts';

/** `lost` carries how often in a row it could not be opened, for the screen's words. */
export type Link =
  { readonly state: 'connecting' } | { readonly state: 'open' } | { readonly state: 'lost'; readonly failures: number };

export interface Connection {
  /** Undefined while the line is down. */
  client(): TerminalClient | undefined;
  /** Tries again at once instead of waiting the back-off out. */
  tryNow(): void;
  /** Ends for good. */
  close(): void;
}

export interface ConnectionOptions {
  readonly dial: Dial;
  /** Each event in its order. The first of every line is a snapshot, which replaces all that came before. */
  readonly onEvent: (event: TerminalEvent) => void;
  readonly onLink: (link: Link) => void;
  /** Settles after the time, or earlier when the signal aborts. */
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** A terminal on the same machine is back within moments; one that is gone is not asked more than twice a minute. */
const RETRY_DELAYS_MS = [100, 250, 500, 1_000, 2_000, 5_000, 10_000, 30_000] as const;

/** Keeps one line to the terminal open: dials, listens, and dials again with a growing pause when it breaks. */
export function keepConnected({ dial, onEvent, onLink, wait }: ConnectionOptions): Connection {
  let line: TerminalLine | undefined;
  let isClosed = false;
  let pause = new AbortController();
  let failures = 0;

  async function listen(): Promise<void> {
    const opened = await dial();
    try {
      for await (const event of await opened.client.events()) {
        if (isClosed) return;
        onEvent(event);
        if (event.type !== 'snapshot') continue;
        // Only now may a command go out: before the snapshot the screens do not show what it would act on.
        line = opened;
        failures = 0;
        onLink({ state: 'open' });
      }
    } finally {
      line = undefined;
      opened.close();
    }
  }

  async function run(): Promise<void> {
    onLink({ state: 'connecting' });
    while (!isClosed) {
      // Why it broke does not matter here: whatever it was, the way out is another line.
      await listen().catch(() => {});
      if (isClosed) return;
      pause = new AbortController();
      const delay = RETRY_DELAYS_MS[Math.min(failures, RETRY_DELAYS_MS.length - 1)] ?? 0;
      failures += 1;
      onLink({ state: 'lost', failures });
      await wait(delay, pause.signal);
    }
  }

  void run();
  return {
    client: () => line?.client,
    tryNow: () => pause.abort(),
    close() {
      isClosed = true;
      pause.abort();
      line?.close();
    },
  };
}

/** The `wait` of the page. */
export function waitOnTimer(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const timer = setTimeout(resolve, ms);
    signal.addEventListener(
      'abort',
      () => {
        clearTimeout(timer);
        resolve();
      },
      { once: true },
    );
  });
}
