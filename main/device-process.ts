import {
  deviceCommandSchema,
  deviceEventSchema,
  type DeviceCommand,
  type DeviceEvent,
  type DeviceHealth,
  type DeviceLink,
} from '#contract/devices.ts';

/** One running device process, however the host started it: a Node child process or an Electron utility process. */
export interface DeviceProcessHandle {
  /** Does nothing once the process has ended. */
  post(message: unknown): void;
  onMessage(listener: (message: unknown) => void): void;
  /** Called once, also when the process could not be started at all. `detail` says how it ended. */
  onExit(listener: (detail: string) => void): void;
  /** Ends it at once, whatever it is doing (SIGKILL): a process that spins in a driver hears nothing else. */
  kill(): void;
}

export interface DeviceProcessParts {
  readonly spawn: () => DeviceProcessHandle;
  readonly clock: Clock;
  /** From 0 up to 1. */
  readonly random: () => number;
  /** Told in sentences; never what was scanned. */
  readonly log: (sentence: string) => void;
}

interface Clock {
  /** Milliseconds since some fixed moment. Never goes back. */
  nowMs(): number;
  /** Runs once, not before `delayMs` have passed. Returns how to call it off. */
  after(delayMs: number, run: () => void): () => void;
}

/** Time to load the drivers and say `started`. */
const startDeadlineMs = 10_000;
export const pingMs = 1_000;
/** Pings without an answer after which a process counts as hung. Counted, because a stall of our own counts as one. */
const unansweredMax = 3;
const restartStepsMs = [250, 500, 1_000, 2_000, 5_000] as const;
/** A process that lived this long has earned a quick restart. */
const stableMs = 30_000;
/** Starts in a row that did not last, after which the screens say `failed`. It is still tried again. */
const failedAfter = 5;
const closeDeadlineMs = 3_000;

/**
 * Keeps a device process alive: starts it, starts it again when it ends or stops answering, and repeats the last
 * `configure`. Its death is a state on the screen, never a lost sale.
 */
export function openDeviceProcess({ spawn, clock, random, log }: DeviceProcessParts): DeviceLink {
  const eventListeners = new Set<(event: DeviceEvent) => void>();
  const healthListeners = new Set<(health: DeviceHealth) => void>();
  let health: DeviceHealth = { state: 'starting', restarts: 0 };
  let configuration: Extract<DeviceCommand, { type: 'configure' }> | undefined;
  let running: DeviceProcessHandle | undefined;
  let hasStarted = false;
  let shortLives = 0;
  let unanswered = 0;
  let pingNumber = 0;
  let reason: string | undefined;
  let closed: Promise<void> | undefined;
  let ended = (): void => undefined;
  let cancelTimers: (() => void)[] = [];

  function tellHealth(next: DeviceHealth): void {
    health = next;
    for (const listener of healthListeners) listener(next);
  }

  function tell(event: DeviceEvent): void {
    for (const listener of eventListeners) listener(event);
  }

  function later(delayMs: number, run: () => void): void {
    cancelTimers.push(clock.after(delayMs, run));
  }

  function forgetTimers(): void {
    for (const cancel of cancelTimers) cancel();
    cancelTimers = [];
  }

  function start(): void {
    forgetTimers();
    const handle = spawn();
    running = handle;
    hasStarted = false;
    unanswered = 0;
    handle.onExit((detail) => {
      if (handle === running) lose(detail);
    });
    handle.onMessage((message) => {
      if (handle === running) receive(handle, message);
    });
    later(startDeadlineMs, () => kill(handle, `it did not start within ${startDeadlineMs / 1_000} s`));
  }

  function receive(handle: DeviceProcessHandle, message: unknown): void {
    const parsed = deviceEventSchema.safeParse(message);
    if (!parsed.success) {
      log('the device process sent what is no device event; it was dropped');
      return;
    }
    const event = parsed.data;
    if (event.type === 'pong') unanswered = 0;
    else if (event.type === 'started') greet(handle);
    else tell(event);
  }

  function greet(handle: DeviceProcessHandle): void {
    if (hasStarted) return;
    hasStarted = true;
    forgetTimers();
    later(stableMs, () => (shortLives = 0));
    later(pingMs, () => ping(handle));
    if (configuration !== undefined) handle.post(configuration);
    if (closed === undefined) tellHealth({ ...health, state: 'running' });
    tell({ type: 'started' });
  }

  function ping(handle: DeviceProcessHandle): void {
    if (unanswered === unansweredMax) {
      kill(handle, `it did not answer for ${(unansweredMax * pingMs) / 1_000} s`);
      return;
    }
    unanswered += 1;
    pingNumber += 1;
    handle.post({ type: 'ping', number: pingNumber });
    later(pingMs, () => ping(handle));
  }

  /** `lose` follows when the process has really ended: two at once would fight for the ports. */
  function kill(handle: DeviceProcessHandle, why: string): void {
    reason = why;
    handle.kill();
  }

  function lose(exit: string): void {
    forgetTimers();
    running = undefined;
    hasStarted = false;
    const detail = `The device process ended: ${reason ?? exit}.`;
    reason = undefined;
    if (closed !== undefined) {
      ended();
      return;
    }
    log(detail);
    for (const { deviceId, kind } of configuration?.devices ?? []) {
      tell({
        type: 'state',
        deviceId,
        kind,
        state: { state: 'absent', detail: 'The device process is starting again.' },
      });
    }
    const step = restartStepsMs[Math.min(shortLives, restartStepsMs.length - 1)] ?? restartStepsMs[0];
    shortLives += 1;
    const state = shortLives < failedAfter ? 'restarting' : 'failed';
    tellHealth({ state, restarts: health.restarts + 1, detail });
    later(Math.round(step * (1 - random() / 5)), start);
  }

  start();
  return {
    post(command) {
      // A command that the other end would refuse is a bug of ours, and is thrown where it was made.
      const checked = deviceCommandSchema.parse(command);
      if (checked.type === 'configure') configuration = checked;
      if (closed === undefined && hasStarted) running?.post(checked);
    },

    onEvent(listener) {
      eventListeners.add(listener);
      return () => void eventListeners.delete(listener);
    },

    onHealth(listener) {
      healthListeners.add(listener);
      listener(health);
      return () => void healthListeners.delete(listener);
    },

    close() {
      closed ??= new Promise((resolve) => {
        ended = resolve;
        const handle = running;
        forgetTimers();
        if (handle === undefined) {
          resolve();
          return;
        }
        handle.post({ type: 'close' });
        later(closeDeadlineMs, () => handle.kill());
      });
      return closed;
    },
  };
}
