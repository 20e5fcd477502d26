import { z } from 'zod';
import type { DeviceProcessHandle } from './device-process.ts';
import type { Clock } from './terminal/clock.ts';
import type { Log } from './terminal/log.ts';

/** The embedded wallet server, kept running. */
export interface WalletProcess {
  /** Where it answers; undefined while it does not run. */
  url(): string | undefined;
  /** A code that enrols a terminal in its demo store, as of its last start. */
  enrolmentCode(): string | undefined;
  /** Tells each time that it has come up. */
  onReady(listen: () => void): void;
  /** Lets it finish, and ends it by force after a while. A second call waits for the first. */
  close(): Promise<void>;
}

const RESTART_DELAYS_MS = [100, 500, 1_000, 2_000, 5_000, 10_000] as const;
/** One that ran this long was well: the next failure is a first one. */
const STEADY_AFTER_MS = 30_000;
const CLOSE_DEADLINE_MS = 3_000;

const readySchema = z.object({
  type: z.literal('ready'),
  port: z.int().min(1).max(65_535),
  demoEnrolmentCode: z.string().optional(),
});

/**
 * Starts the server and starts it again whenever it ends.
 *
 * @param start takes the port to listen on: the preferred one, and any free one (0) where that could not be had
 */
export function openWalletProcess(options: {
  readonly start: (port: number) => DeviceProcessHandle;
  readonly preferredPort: number;
  readonly clock: Clock;
  readonly log: Log;
}): WalletProcess {
  const { start, clock, log } = options;
  const listeners: (() => void)[] = [];
  let port = options.preferredPort;
  let ready: z.infer<typeof readySchema> | undefined;
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
      for (const listen of listeners) listen();
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
      log.warn({ detail, delayMs }, 'the wallet server ended and is started again');
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
    url: () => (ready === undefined ? undefined : `http://127.0.0.1:${ready.port}`),
    enrolmentCode: () => ready?.demoEnrolmentCode,
    onReady: (listen) => void listeners.push(listen),
    close() {
      closing ??= end();
      return closing;
    },
  };
}
