import type { DeviceConfig, DeviceEvent, DeviceState } from '#contract/devices.ts';
import { backOffMs, stableMs } from './back-off.ts';
import type { Clock } from './clock.ts';
import type { DeviceReport, DeviceSession } from './device/session.ts';
import type { Connection, GoneReason, OpenResult, Transport } from './transport/transport.ts';

/** One configured device, and whatever connection it has now. Keeps trying until it is closed. */
export interface Attachment {
  /** Begins the first try. Called once. */
  start(): void;
  /** Hands bytes to a simulated device, once a try that is under way has ended. */
  feed(bytes: Uint8Array): Promise<void>;
  /** Resolves when the port is free. A second call waits for the first. */
  close(): Promise<void>;
}

export interface AttachmentParts {
  readonly config: DeviceConfig;
  readonly transport: Transport;
  readonly session: DeviceSession;
  readonly clock: Clock;
  /** From 0 up to 1. */
  readonly random: () => number;
  /** The next number of this device's events. */
  readonly nextSeq: () => number;
  readonly emit: (event: DeviceEvent) => void;
}

/** How often a conversation that is half-way is told the time. */
const tickMs = 100;
/**
 * A tick that comes later than this was held up by a stalled process, and the bytes that end the frame may wait unread
 * behind the same stall: the next tick decides.
 */
const lateTickMs = 50;
/** What a person must put right is looked at again in calm steps. */
const blockedRetryMs = 2_000;
const probeDeadlineMs = 5_000;

export function attach({ config, transport, session, clock, random, nextSeq, emit }: AttachmentParts): Attachment {
  const { deviceId, kind } = config;
  let state: DeviceState | undefined;
  let connection: Connection | undefined;
  let attempt = 0;
  let toldFailure: string | undefined;
  let opening: Promise<void> = Promise.resolve();
  let releasing: Promise<void> = Promise.resolve();
  let closed: Promise<void> | undefined;
  let cancelRetry = (): void => undefined;
  let cancelTick: (() => void) | undefined;
  let cancelStable = (): void => undefined;
  /** Every try has a number, so that nothing late from an earlier connection is taken for the present one. */
  let current = 0;

  function become(next: DeviceState): void {
    if (JSON.stringify(next) === JSON.stringify(state)) return;
    state = next;
    emit({ type: 'state', deviceId, kind, state: next });
  }

  function tell(report: DeviceReport): void {
    if (report.type === 'state') become(report.state);
    else if (report.type === 'scan') emit({ ...report, deviceId, seq: nextSeq(), source: transport.source });
    else emit({ ...report, deviceId, seq: nextSeq() });
  }

  async function connect(): Promise<void> {
    current += 1;
    const mine = current;
    const early: Uint8Array[] = [];
    // Retries are silent: a screen that flickers between `absent` and `opening` says nothing.
    if (state === undefined) become({ state: 'opening' });
    // The last connection may still hold the port's lock.
    await releasing;
    if (mine !== current) return;
    const result = await transport.open({
      onBytes(bytes) {
        if (mine !== current) return;
        if (connection === undefined) early.push(bytes);
        else receive(bytes);
      },
      onGone(reason) {
        if (mine === current) lose(reason);
      },
    });
    if (mine !== current) {
      if (result.state === 'open') await result.connection.close();
      return;
    }
    if (result.state !== 'open') {
      rest(result);
      return;
    }
    connection = result.connection;
    session.begin(connection);
    if (session.probe === undefined) becomeReady();
    early.forEach(receive);
    if (session.probe !== undefined && (await passesProbe(session.probe(), mine))) becomeReady();
  }

  function becomeReady(): void {
    toldFailure = undefined;
    cancelStable = clock.after(stableMs, () => (attempt = 0));
    become({ state: 'ready' });
  }

  async function passesProbe(probing: Promise<{ isRight: boolean; detail?: string }>, mine: number): Promise<boolean> {
    become({ state: 'probing' });
    let cancelDeadline = (): void => undefined;
    const deadline = new Promise<{ isRight: false; detail: string }>((resolve) => {
      cancelDeadline = clock.after(probeDeadlineMs, () => resolve({ isRight: false, detail: 'It does not answer.' }));
    });
    const answer = await Promise.race([probing, deadline]);
    cancelDeadline();
    if (mine !== current) return false;
    if (!answer.isRight) rest({ state: 'failed', detail: answer.detail ?? 'It is another device.' });
    return answer.isRight;
  }

  /** Nothing to work with for now: say why, once, and try again later. */
  function rest(result: Exclude<OpenResult, { state: 'open' }>): void {
    void drop();
    if (result.state === 'blocked') {
      become(result);
      cancelRetry = clock.after(blockedRetryMs, retry);
      return;
    }
    if (result.state === 'failed' && toldFailure !== result.detail) {
      toldFailure = result.detail;
      tell({ type: 'fault', code: 'openFailed', message: result.detail });
    }
    become({ state: 'absent', detail: result.detail });
    cancelRetry = clock.after(backOffMs(attempt, random()), retry);
    attempt += 1;
  }

  function retry(): void {
    opening = connect();
  }

  function lose(reason: GoneReason): void {
    void drop();
    tell({ type: 'fault', code: 'connectionLost', message: reason.detail });
    become({ state: 'absent', detail: reason.detail });
    cancelRetry = clock.after(backOffMs(attempt, random()), retry);
    attempt += 1;
  }

  /** Lets the present connection go. Whatever it still says is no longer heard. */
  function drop(): Promise<void> {
    const last = connection;
    connection = undefined;
    current += 1;
    cancelStable();
    cancelTick?.();
    cancelTick = undefined;
    if (last !== undefined) releasing = last.close();
    return releasing;
  }

  function receive(bytes: Uint8Array): void {
    session.receive(bytes, clock.nowMs()).forEach(tell);
    if (session.activity === 'receiving' && cancelTick === undefined) tickLater();
  }

  function tickLater(): void {
    const dueMs = clock.nowMs() + tickMs;
    cancelTick = clock.after(tickMs, () => {
      cancelTick = undefined;
      const nowMs = clock.nowMs();
      if (nowMs - dueMs <= lateTickMs) session.tick(nowMs).forEach(tell);
      if (session.activity === 'receiving') tickLater();
    });
  }

  return {
    start: retry,

    async feed(bytes) {
      if (transport.feed !== undefined) await opening;
      if (transport.feed?.(bytes) === true) return;
      const message = 'It is no simulated device, or not open: what was simulated went nowhere.';
      tell({ type: 'fault', code: 'writeRefused', message });
    },

    close() {
      closed ??= (async () => {
        cancelRetry();
        become({ state: 'closing' });
        // A try that is under way finds itself outdated and lets its connection go before it resolves.
        await Promise.all([drop(), opening]);
        become({ state: 'absent', detail: 'It is no longer configured.' });
      })();
      return closed;
    },
  };
}
