import { spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { closeSync, constants, openSync, chmodSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SerialPort } from 'serialport';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemClock, type Clock } from '#hardware/clock.ts';
import { endAtHangUp } from '#hardware/transport/hang-up.ts';
import { readOpenFailure } from '#hardware/transport/open-failure.ts';
import { identifyByList, identifyNode, type Identify } from '#hardware/transport/presence.ts';
import { openDeadlineMs, presenceMs, serialTransport, type SerialPortClass } from '#hardware/transport/serial.ts';
import type { Connection, GoneReason, Transport } from '#hardware/transport/transport.ts';
import { openPty, ptyMissing, type Pty } from '#test/support/pty.ts';
import { manualClock, settled } from '../manual-clock.ts';

const settings = { dataBits: 8, parity: 'none', stopBits: 1, dtr: true, rts: true } as const;
/** No look at the path: what the test sees, the line itself has told. */
const unknown: Identify = () => Promise.reject(new Error('it can not be known'));

let folder: string;
let connections: Connection[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'serial-'));
  connections = [];
});

afterEach(async () => {
  await Promise.all(connections.map((connection) => connection.close()));
  rmSync(folder, { recursive: true });
});

function serialAt(path: string, more: { clock?: Clock; identify?: Identify } = {}): Transport {
  return serialTransport({ path, baudRate: 9_600, settings, clock: systemClock, ...more });
}

/** Opens or fails the test; collects what is read. */
async function open(transport: Transport) {
  let read = '';
  let wake = (): void => undefined;
  let lose = (_reason: GoneReason): void => undefined;
  const gone = new Promise<GoneReason>((resolve) => (lose = resolve));
  const result = await transport.open({
    onBytes(bytes) {
      read += Buffer.from(bytes).toString('latin1');
      wake();
    },
    onGone: (reason) => lose(reason),
  });
  if (result.state !== 'open') throw new Error(JSON.stringify(result));
  connections.push(result.connection);
  return {
    connection: result.connection,
    gone,
    async hasRead(length: number): Promise<string> {
      while (read.length < length) await new Promise<void>((resolve) => (wake = resolve));
      return read;
    },
  };
}

/** A port whose driver does what a test wants to see. */
class FakePort extends EventEmitter {
  isOpen = true;
  path = '/dev/fake';
  open(callback: (error: Error | null) => void): void {
    callback(null);
  }
  set(_lines: object, callback: () => void): void {
    callback();
  }
  flush(callback: () => void): void {
    callback();
  }
  close(callback: () => void): void {
    callback();
  }
}

const silent = { onBytes: () => undefined, onGone: () => undefined };

describe.skipIf(ptyMissing !== undefined)('a real serial port on a pseudo-terminal', () => {
  let pty: Pty;

  beforeEach(async () => {
    pty = await openPty(join(folder, 'scanner'));
  });

  afterEach(async () => {
    await pty.unplug();
  });

  test('opens although it has no modem lines, and bytes arrive as they are', async () => {
    const line = await open(serialAt(pty.path));
    await pty.write(Buffer.from([0x00, 0x1d, 0x0d, 0x0a, 0xff, 0x03, 0x11, 0x13]));
    expect(await line.hasRead(8)).toBe('\x00\x1d\r\n\xff\x03\x11\x13');
  });

  test('what is written arrives', async () => {
    const line = await open(serialAt(pty.path));
    expect(await line.connection.write(Buffer.from('16540d', 'hex'), 5_000)).toEqual({ outcome: 'written' });
    expect((await pty.received(3)).toString('hex')).toBe('16540d');
  });

  test('an unplugged line is told once, refuses writes at once, and keeps nothing for its return', async () => {
    const line = await open(serialAt(pty.path, { identify: unknown }));
    await pty.unplug();
    expect(await line.gone).toMatchObject({ code: 'unplugged' });
    const kick = Buffer.from('1b700032fa', 'hex');
    expect(await line.connection.write(kick, 5_000)).toEqual({ outcome: 'refused', reason: 'notOpen' });
    pty = await openPty(pty.path);
    const again = await open(serialAt(pty.path));
    await again.connection.write(Buffer.from('hello'), 5_000);
    expect((await pty.received(5)).toString()).toBe('hello');
  });

  test('a line that hung up before it was first read is noticed, and does not spin', async () => {
    // With the library's own reader this port stays open for ever and takes a whole core.
    const port = new SerialPort({ path: pty.path, baudRate: 9_600, autoOpen: false });
    await new Promise<void>((resolve, reject) => port.open((error) => (error === null ? resolve() : reject(error))));
    if (port.port !== undefined) endAtHangUp(port.port);
    await pty.unplug();
    port.resume();
    expect(await once(port, 'close')).toMatchObject([{ disconnected: true }]);
  });

  test('a line that is closed while a read is on its way is not waited for: its poller is gone', async () => {
    // A destroyed poller that is asked once more reads freed memory and takes the process with it.
    const fd = openSync(pty.path, constants.O_RDWR | constants.O_NONBLOCK | constants.O_NOCTTY);
    const asked: string[] = [];
    const port = { fd: fd as number | null, poller: { once: (event: string) => asked.push(event) } };
    endAtHangUp(port as never);
    const reading = (port as unknown as NonNullable<SerialPort['port']>).read(Buffer.alloc(8), 0, 8);
    port.fd = null;
    await expect(reading).rejects.toMatchObject({ canceled: true });
    expect(asked).toEqual([]);
    closeSync(fd);
  });

  test('a second opener is told that the port is in use, and gets it when it is free', async () => {
    const line = await open(serialAt(pty.path));
    expect(await serialAt(pty.path).open(silent)).toMatchObject({ state: 'blocked', reason: 'inUse' });
    await line.connection.close();
    await open(serialAt(pty.path));
  });

  test('a write that nobody takes ends at its deadline, and the connection with it', async () => {
    const line = await open(serialAt(pty.path));
    const write = line.connection.write(Buffer.alloc(1_000_000, 0x41), 200);
    expect(await line.connection.write(Buffer.from('x'), 200)).toEqual({ outcome: 'refused', reason: 'busy' });
    expect(await write).toMatchObject({ outcome: 'unknown' });
    expect(await line.gone).toMatchObject({ code: 'failed' });
    expect(await line.connection.write(Buffer.from('x'), 200)).toEqual({ outcome: 'refused', reason: 'notOpen' });
  });

  test('nothing is heard after close, and a second close waits for the first', async () => {
    const heard: string[] = [];
    const result = await serialAt(pty.path, { identify: unknown }).open({
      onBytes: () => heard.push('bytes'),
      onGone: () => heard.push('gone'),
    });
    if (result.state !== 'open') throw new Error(result.detail);
    const closing = result.connection.close();
    expect(result.connection.close()).toBe(closing);
    await pty.write('late\r');
    await closing;
    await pty.unplug();
    await settled();
    expect(heard).toEqual([]);
  });

  test('a device that was replaced behind the same path is noticed by looking', async () => {
    const clock = manualClock();
    const nodes = ['5:1', '5:1', '5:2'];
    const line = await open(serialAt(pty.path, { clock, identify: () => Promise.resolve(nodes.shift()) }));
    await clock.advance(presenceMs);
    await clock.advance(presenceMs);
    expect(await line.gone).toEqual({ code: 'unplugged', detail: `${pty.path} was unplugged.` });
  });

  test('a look that fails gives no connection up', async () => {
    const clock = manualClock();
    let looks = 0;
    const line = await open(
      serialAt(pty.path, {
        clock,
        identify: () =>
          (looks += 1) === 1 ? Promise.resolve('5:1') : Promise.reject(new Error('spawn udevadm ENOENT')),
      }),
    );
    await clock.advance(presenceMs * 5);
    expect(looks).toBeGreaterThan(3);
    await pty.write('still here');
    expect(await line.hasRead(10)).toBe('still here');
  });

  test('without the right to open it, the port is blocked and the answer says what to do', async () => {
    // Root may open everything, so root asks as nobody; anyone else takes the right from himself.
    const isRoot = process.getuid?.() === 0;
    if (!isRoot) chmodSync(realpathSync(pty.path), 0);
    chmodSync(folder, 0o755);
    const script = fileURLToPath(new URL('../fixtures/open-once.process.ts', import.meta.url));
    const child = spawn(process.execPath, [script, pty.path], {
      stdio: ['ignore', 'pipe', 'inherit'],
      ...(isRoot ? { uid: 65_534, gid: 65_534 } : {}),
    });
    let said = '';
    child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
    await once(child, 'close');
    expect(JSON.parse(said)).toMatchObject({ state: 'blocked', reason: 'permission' });
    expect(said).toContain('usermod -aG dialout');
  });
});

describe('a port that can not be opened', () => {
  test('nothing there is absent', async () => {
    expect(await serialAt(join(folder, 'none')).open(silent)).toEqual({
      state: 'absent',
      detail: `Nothing is connected at ${join(folder, 'none')}.`,
    });
  });

  test('a path that is no serial port is blocked', async () => {
    expect(await serialAt('/dev/null').open(silent)).toMatchObject({ state: 'blocked', reason: 'unsupportedMode' });
    expect(await serialAt(folder).open(silent)).toMatchObject({ state: 'blocked', reason: 'unsupportedMode' });
  });

  test('a machine without the native driver says so', async () => {
    const load = (): Promise<SerialPortClass> => Promise.reject(new Error('Cannot find module'));
    const transport = serialTransport({ path: '/dev/ttyS0', baudRate: 9_600, settings, clock: systemClock, load });
    expect(await transport.open(silent)).toMatchObject({ state: 'blocked', reason: 'driverMissing' });
  });

  test('every connection gets the reader that notices a hang-up, before it reads', async () => {
    const driver = { poller: {}, fd: 3, read: () => Promise.reject(new Error('the reader of the library')) };
    const { read } = driver;
    class Posix extends FakePort {
      port = driver;
      override open(callback: (error: Error | null) => void): void {
        this.once('open', () => expect(driver.read).not.toBe(read));
        this.emit('open');
        callback(null);
      }
    }
    const load = (): Promise<SerialPortClass> => Promise.resolve(Posix as unknown as SerialPortClass);
    const transport = serialTransport({ path: '/dev/posix', baudRate: 9_600, settings, clock: manualClock(), load });
    expect(await transport.open(silent)).toMatchObject({ state: 'open' });
    expect.assertions(2);
  });

  test('bytes that the driver still delivers while it closes are not heard', async () => {
    class Late extends FakePort {
      override flush(callback: () => void): void {
        this.emit('data', Buffer.from('late\r'));
        callback();
      }
    }
    const heard: string[] = [];
    const load = (): Promise<SerialPortClass> => Promise.resolve(Late as unknown as SerialPortClass);
    const transport = serialTransport({ path: '/dev/late', baudRate: 9_600, settings, clock: manualClock(), load });
    const result = await transport.open({ onBytes: () => heard.push('bytes'), onGone: () => heard.push('gone') });
    if (result.state === 'open') await result.connection.close();
    expect([result.state, heard]).toEqual(['open', []]);
  });

  test('an open that hangs in the driver is given up, and let go should it come later', async () => {
    const clock = manualClock();
    let finish = (_error: Error | null): void => undefined;
    let closes = 0;
    class Hanging extends FakePort {
      override open(callback: (error: Error | null) => void): void {
        finish = callback;
      }
      override close(callback: () => void): void {
        closes += 1;
        callback();
      }
    }
    const load = (): Promise<SerialPortClass> => Promise.resolve(Hanging as unknown as SerialPortClass);
    const opened = serialTransport({ path: '/dev/hangs', baudRate: 9_600, settings, clock, load }).open(silent);
    await clock.advance(openDeadlineMs);
    expect(await opened).toMatchObject({ state: 'failed' });
    finish(null);
    expect(closes).toBe(1);
  });

  test.each([
    ['Opening COM3: Access denied', 'win32', { state: 'blocked', reason: 'inUse' }],
    ['Opening COM9: File not found', 'win32', { state: 'absent' }],
    ['Error: Device or resource busy, cannot open /dev/ttyACM0', 'linux', { state: 'blocked', reason: 'inUse' }],
    ['Error: Permission denied, cannot open /dev/tty.usb', 'darwin', { state: 'blocked', reason: 'permission' }],
    ['Error: Input/output error, cannot open /dev/ttyACM0', 'linux', { state: 'failed' }],
  ] as const)('%s on %s', (message, platform, expected) => {
    expect(readOpenFailure(message, '/dev/x', platform)).toMatchObject(expected);
  });
});

describe('what stands behind a path', () => {
  test('is the same while it stays, and nothing where nothing is', async () => {
    expect(await identifyNode('/dev/null')).toBe(await identifyNode('/dev/null'));
    expect(await identifyNode('/dev/null')).not.toBe(await identifyNode('/dev/zero'));
    expect(await identifyNode(join(folder, 'none'))).toBeUndefined();
  });

  test('is asked from the list of ports where ports are no files', async () => {
    const identify = identifyByList(() => Promise.resolve([{ path: 'COM3' }]));
    expect([await identify('COM3'), await identify('COM4')]).toEqual(['COM3', undefined]);
  });
});
