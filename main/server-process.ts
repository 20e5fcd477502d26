import type { z } from 'zod';
import type { DeviceProcessHandle } from './device-process.ts';
import type { Clock } from './terminal/clock.ts';
import type { Log } from './terminal/log.ts';

/** One of the servers that the terminal carries with it, kept running. */
export interface ServerProcess<Ready extends ReadyServer> {
  /** What it said when it last came up; undefined while it does not run. */
  ready(): Ready | undefined;
  /** Where it answers; undefined while it does not run. */
  url(): string | undefined;
  /** Tells each time that it has come up. */
  onReady(listen: (ready: Ready) => void): void;
  /** Tells it something; lost while it does not run. */
  post(message: unknown): void;
  /** Lets it finish, and ends it by force after a while. A second call waits for the first. */
  close(): Promise<void>;
}

interface ReadyServer {
  readonly port: number;
}

const RESTART_DELAYS_MS = [100, 500, 1_000, 2_000, 5_000, 10_000] as const;
/** One that ran this long was well: the next failure is a first one. */
const STEADY_AFTER_MS = 30_000;
const CLOSE_DEADLINE_MS = 3_000;

/**
 * Starts the server and starts it again whenever it ends.
 *
 * @param start takes the port to listen on: the preferred one, and any free one (0) where that could not be had
 */
export function openServerProcess<Ready extends ReadyServer>(options: {
  /** As the log calls it. */
  readonly name: string;
  /** What it tells when it is up. */
  readonly readySchema: z.ZodType<Ready>;
  readonly start: (port: number) => DeviceProcessHandle;
  readonly preferredPort: number;
  readonly clock: Clock;
  readonly log: Log;
}): ServerProcess<Ready> {
  const { name, readySchema, start, clock, log } = options;
  const listeners: ((ready: Ready) => void)[] = [];
  let port = options.preferredPort;
  let ready: Ready | undefined;
  let failures = 0;
  let child: DeviceProcessHandle | undefined;
  let takeBackRestart = (): void => {};
  let closing: Promise<void> | undefined;
  let onEnd = (): void => {};

  function launch(): void {
    const startedAtMs = clock.monotonic();
    const launched = start(port);
    child = launched;
    launched.onMessage((message) => {
      const parsed = readySchema.safeParse(message);
      if (!parsed.success) return;
      ready = parsed.data;
      // The customers' pages know it by this address: a restart should not move it.
      port = ready.port;
      for (const listen of listeners) listen(ready);
    });
    launched.onExit((detail) => {
      child = undefined;
      const wasReady = ready !== undefined;
      ready = undefined;
      if (closing !== undefined) return onEnd();
      if (clock.monotonic() - startedAtMs >= STEADY_AFTER_MS) failures = 0;
      // It never came up: somebody else may have the port.
      if (!wasReady) port = 0;
      const delayMs = RESTART_DELAYS_MS[Math.min(failures, RESTART_DELAYS_MS.length - 1)] ?? 0;
      failures += 1;
      log.warn({ detail, delayMs }, `${name} ended and is started again`);
      takeBackRestart = clock.after(delayMs, launch);
    });
  }

  async function end(): Promise<void> {
    takeBackRestart();
    if (child === undefined) return;
    const running = child;
    const takeBackKill = clock.after(CLOSE_DEADLINE_MS, () => running.kill());
    await new Promise<void>((resolve) => {
      onEnd = resolve;
      running.post({ type: 'close' });
    });
    takeBackKill();
  }

  launch();
  return {
    ready: () => ready,
    url: () => (ready === undefined ? undefined : `http://127.0.0.1:${ready.port}`),
    onReady: (listen) => void listeners.push(listen),
    post: (message) => child?.post(message),
    close() {
      closing ??= end();
      return closing;
    },
  };
}
