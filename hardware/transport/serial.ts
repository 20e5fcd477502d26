import type { SerialPort } from 'serialport';
import type { Clock } from '../clock.ts';
import type { SerialSettings } from '../profile/profile.ts';
import { endAtHangUp } from './hang-up.ts';
import { readOpenFailure } from './open-failure.ts';
import { identifyByList, identifyNode, type Identify } from './presence.ts';
import type { Connection, ConnectionListener, GoneReason, OpenResult, Transport, WriteResult } from './transport.ts';

export interface SerialTransportParts {
  readonly path: string;
  readonly baudRate: number;
  readonly settings: SerialSettings;
  readonly clock: Clock;
  /** What stands behind the path. Left out: the way of this platform. */
  readonly identify?: Identify;
  /** The native library. Left out: loaded at the first open, so that a machine without it still runs the rest. */
  readonly load?: () => Promise<SerialPortClass>;
}

export type SerialPortClass = typeof SerialPort;

/** A driver that hangs in open must not hold the device for ever. */
export const openDeadlineMs = 10_000;
/** A line that nobody reads from never tells that it was unplugged, and Windows may not tell at all: so look. */
export const presenceMs = 1_000;
/** Closing waits in the kernel for bytes that a dead device will never take. */
const closeDeadlineMs = 1_000;

/**
 * A serial port, real or USB with a serial face, through `serialport`.
 *
 * Each connection is a fresh SerialPort: a used one keeps writes that it could not send and sends them after a reconnect,
 * which would open a cash drawer minutes late.
 */
export function serialTransport(parts: SerialTransportParts): Transport {
  return {
    source: 'serial',

    async open(listener) {
      let loaded: SerialPortClass;
      try {
        loaded = await (parts.load ?? loadSerialPort)();
      } catch (error) {
        return { state: 'blocked', reason: 'driverMissing', detail: `The serial driver is missing: ${said(error)}.` };
      }
      return openPort(loaded, parts, listener);
    },
  };
}

async function loadSerialPort(): Promise<SerialPortClass> {
  return (await import('serialport')).SerialPort;
}

function openPort(
  SerialPortClass: SerialPortClass,
  parts: SerialTransportParts,
  listener: ConnectionListener,
): Promise<OpenResult> {
  const { path, baudRate, settings, clock } = parts;
  const { dataBits, parity, stopBits } = settings;
  return new Promise((resolve) => {
    let port: SerialPort;
    try {
      port = new SerialPortClass({ path, baudRate, dataBits, parity, stopBits, lock: true, autoOpen: false });
    } catch (error) {
      resolve({ state: 'failed', detail: `${path} could not be opened: ${said(error)}.` });
      return;
    }
    const identify =
      parts.identify ?? (process.platform === 'win32' ? identifyByList(() => SerialPortClass.list()) : identifyNode);
    const line = watchLine(port, listener, clock, () => identify(path));

    let isLate = false;
    const cancelDeadline = clock.after(openDeadlineMs, () => {
      isLate = true;
      resolve({ state: 'failed', detail: `${path} did not open within ${openDeadlineMs / 1_000} s.` });
    });
    // Our own `open` listener stands before the one by which the stream starts to read.
    port.once('open', () => {
      if (port.port !== undefined) endAtHangUp(port.port);
    });
    port.on('error', (error: Error) => line.lose({ code: 'failed', detail: `${path}: ${error.message}.` }));
    port.on('close', () => line.lose({ code: 'unplugged', detail: `${path} was unplugged.` }));
    // Attached always, also for a device that never speaks: only a port that is read notices that it was unplugged.
    port.on('data', (bytes: Buffer) => line.receive(bytes));

    port.open((error) => {
      cancelDeadline();
      if (error !== null) {
        resolve(readOpenFailure(error.message, path, process.platform));
      } else if (isLate) {
        void line.connection.close();
      } else {
        // A pseudo-terminal and some adapters have no modem lines; a scanner that needs none works without.
        port.set({ dtr: settings.dtr, rts: settings.rts }, () => undefined);
        line.begin();
        resolve({ state: 'open', connection: line.connection });
      }
    });
  });
}

interface Line {
  readonly connection: Connection;
  begin(): void;
  receive(bytes: Uint8Array): void;
  lose(reason: GoneReason): void;
}

/** One connection's life: `opening → open → ended`, and never back. */
function watchLine(
  port: SerialPort,
  listener: ConnectionListener,
  clock: Clock,
  identify: () => Promise<string | undefined>,
): Line {
  let state: 'opening' | 'open' | 'ended' = 'opening';
  let isWriting = false;
  let closed: Promise<void> | undefined;
  let cancelLook = (): void => undefined;

  function end(): Promise<void> {
    state = 'ended';
    cancelLook();
    closed ??= release(port, clock);
    return closed;
  }

  function lose(reason: GoneReason): void {
    if (state !== 'open') return;
    void end();
    listener.onGone(reason);
  }

  /** Trusts only a path that it has seen: where the node can not be looked up, the line itself must tell. */
  async function look(first: string | undefined): Promise<void> {
    const now = await identify().catch(() => first);
    if (state !== 'open') return;
    if (first !== undefined && now !== first) {
      lose({ code: 'unplugged', detail: `${port.path} was unplugged.` });
      return;
    }
    cancelLook = clock.after(presenceMs, () => void look(now));
  }

  return {
    lose,

    begin() {
      state = 'open';
      void look(undefined);
    },

    receive(bytes) {
      if (state !== 'ended') listener.onBytes(bytes);
    },

    connection: {
      close: end,

      async write(bytes, deadlineMs) {
        if (state !== 'open' || !port.isOpen) return { outcome: 'refused', reason: 'notOpen' };
        if (isWriting) return { outcome: 'refused', reason: 'busy' };
        isWriting = true;
        const result = await writeAndDrain(port, bytes, deadlineMs, clock);
        isWriting = false;
        if (result.outcome === 'unknown') lose({ code: 'failed', detail: result.detail });
        return result;
      },
    },
  };
}

function writeAndDrain(port: SerialPort, bytes: Uint8Array, deadlineMs: number, clock: Clock): Promise<WriteResult> {
  return new Promise((resolve) => {
    const cancelDeadline = clock.after(deadlineMs, () =>
      resolve({ outcome: 'unknown', detail: `${port.path} did not take the bytes within ${deadlineMs} ms.` }),
    );
    const settle = (error: Error | null | undefined): void => {
      cancelDeadline();
      if (error === null || error === undefined) resolve({ outcome: 'written' });
      else resolve({ outcome: 'unknown', detail: `${port.path} failed while writing: ${error.message}.` });
    };
    // `drain` waits for an opening that never comes when the port has closed meanwhile; the deadline ends that wait.
    port.write(Buffer.from(bytes), (error) =>
      error === null || error === undefined ? port.drain(settle) : settle(error),
    );
  });
}

/** Drops what was not sent, so that closing need not wait for it, and closes. */
function release(port: SerialPort, clock: Clock): Promise<void> {
  if (!port.isOpen) return Promise.resolve();
  return new Promise((resolve) => {
    const cancelDeadline = clock.after(closeDeadlineMs, resolve);
    const finish = (): void => {
      cancelDeadline();
      resolve();
    };
    port.flush(() => (port.isOpen ? port.close(finish) : finish()));
  });
}

function said(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
