import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { deviceCommandSchema, deviceEventSchema, type DeviceEvent, type DeviceLink } from '#contract/devices.ts';
import { systemClock } from '#hardware/clock.ts';
import { forkDeviceProcess } from '#main/child-process.ts';
import { openDeviceProcess, pingMs, type DeviceProcessHandle } from '#main/device-process.ts';
import { openPty, ptyMissing, type Pty } from '#test/support/pty.ts';

const entry = fileURLToPath(new URL('../../hardware/process.ts', import.meta.url));
const fixture = (name: string): string => fileURLToPath(new URL(`./fixtures/${name}.process.ts`, import.meta.url));

const simulated = {
  deviceId: 'demo',
  kind: 'scanner',
  profile: 'simulated-scanner',
  transport: { type: 'simulated' },
};
const serialAt = (path: string) => ({
  deviceId: 'scanner',
  kind: 'scanner',
  profile: 'generic-serial',
  transport: { type: 'serial', path },
});

let folder: string;
let links: DeviceLink[];
let pty: Pty | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'devices-'));
  links = [];
  pty = undefined;
});

afterEach(async () => {
  await Promise.all(links.map((link) => link.close()));
  await pty?.unplug();
  rmSync(folder, { recursive: true });
});

/** The real thing under the real supervisor; events are waited for in their order. */
function openBench(script = entry, clock = systemClock) {
  const handles: DeviceProcessHandle[] = [];
  const link = openDeviceProcess({
    clock,
    random: () => 1,
    log: () => undefined,
    spawn() {
      const handle = forkDeviceProcess(script);
      handles.push(handle);
      return handle;
    },
  });
  links.push(link);
  const queue: string[] = [];
  let wake = (): void => undefined;
  link.onEvent((event) => {
    queue.push(inWords(event));
    wake();
  });
  const next = async (): Promise<string> => {
    for (;;) {
      const word = queue.shift();
      if (word !== undefined) return word;
      await new Promise<void>((resolve) => (wake = resolve));
    }
  };
  return {
    link,
    handles,
    say: (command: unknown) => link.post(deviceCommandSchema.parse(command)),
    configure: (...devices: unknown[]) => link.post(deviceCommandSchema.parse({ type: 'configure', devices })),
    /** Waits for an event in these words and passes over all that comes before it. */
    async until(word: string): Promise<void> {
      while ((await next()) !== word);
    },
    async take(count: number): Promise<string[]> {
      const words: string[] = [];
      while (words.length < count) words.push(await next());
      return words;
    },
  };
}

function inWords(event: DeviceEvent): string {
  switch (event.type) {
    case 'state':
      return `${event.deviceId} ${event.state.state}`;
    case 'scan':
      return `${event.deviceId} ${event.text}`;
    case 'fault':
      return `${event.deviceId} fault ${event.code}`;
    default:
      return event.type;
  }
}

describe('the device process', () => {
  test('runs a simulated scanner', async () => {
    const bench = openBench();
    bench.configure(simulated);
    expect(await bench.take(3)).toEqual(['started', 'demo opening', 'demo ready']);
    bench.say({ type: 'simulate', deviceId: 'demo', bytes: Buffer.from('4901234567894\r').toString('base64') });
    expect(await bench.take(1)).toEqual(['demo 4901234567894']);
  });

  test('killed with SIGKILL comes back with its devices', async () => {
    const bench = openBench();
    bench.configure(simulated);
    await bench.until('demo ready');
    bench.handles[0]?.kill();
    expect(await bench.take(4)).toEqual(['demo absent', 'started', 'demo opening', 'demo ready']);
    expect(bench.handles).toHaveLength(2);
  });

  test('that spins is found by its silence and started again', async () => {
    // Ten pings a second instead of one; the rest of the supervisor's time stays as it is.
    const after = (ms: number, run: () => void): (() => void) => systemClock.after(ms === pingMs ? 100 : ms, run);
    const bench = openBench(fixture('spinning'), { ...systemClock, after });
    const details: (string | undefined)[] = [];
    bench.link.onHealth((health) => details.push(health.detail));
    expect(await bench.take(2)).toEqual(['started', 'started']);
    expect(details).toContain('The device process ended: it did not answer for 3 s.');
  });

  test('ends with code 0 at SIGTERM and goes on at Ctrl-C', async () => {
    const child = fork(entry, [], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    await once(child, 'message');
    child.kill('SIGINT');
    child.send({ type: 'ping', number: 1 });
    expect(await once(child, 'message')).toEqual([{ type: 'pong', number: 1 }, undefined]);
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([0, null]);
  });

  test('started by hand says who starts it', async () => {
    const child = spawn(process.execPath, [entry], { stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
    expect(await once(child, 'close')).toEqual([1, null]);
    expect(said).toContain('The device process is started by the terminal, not by hand.');
  });
});

describe.skipIf(ptyMissing !== undefined)('a scanner on a real port', () => {
  const path = (): string => join(folder, 'scanner');

  async function openScanner() {
    pty = await openPty(path());
    const bench = openBench();
    bench.configure(serialAt(path()));
    expect(await bench.take(3)).toEqual(['started', 'scanner opening', 'scanner ready']);
    return { bench, pty };
  }

  test('sends codes whole, byte by byte, two in one chunk, twice the same, and with CR LF cut in two', async () => {
    const { bench, pty: port } = await openScanner();
    await port.write('4901234567894\r');
    expect(await bench.take(1)).toEqual(['scanner 4901234567894']);
    for (const byte of '4912345678904\r\n') await port.write(byte);
    expect(await bench.take(1)).toEqual(['scanner 4912345678904']);
    await port.write('111\r222\r');
    expect(await bench.take(2)).toEqual(['scanner 111', 'scanner 222']);
    await port.write('333\r\n333\r');
    await port.write('\n444\n');
    expect(await bench.take(3)).toEqual(['scanner 333', 'scanner 333', 'scanner 444']);
  });

  test.each([
    ['control bytes', Buffer.from('000102030b7f0d', 'hex'), ['fault malformedReport']],
    ['noise without a terminator', Buffer.from('000000', 'hex'), []],
    ['invalid UTF-8', Buffer.from('c328ff800d', 'hex'), ['\u00c3(ÿ\u0080']],
    [
      'a line of 1 MB',
      Buffer.concat([Buffer.alloc(1_000_000, 0x41), Buffer.from('\r')]),
      ['fault frameTooLong', 'suspect', 'ready'],
    ],
  ])('a code is intact behind %s', async (_name, garbage, told) => {
    const { bench, pty: port } = await openScanner();
    await port.write('111\r');
    await port.write(garbage);
    await port.write('4901234567894\r');
    expect(await bench.take(told.length + 2)).toEqual(
      ['111', ...told, '4901234567894'].map((word) => `scanner ${word}`),
    );
  });

  test('a code that stops half-way is never delivered', async () => {
    const { bench, pty: port } = await openScanner();
    await port.write('49012');
    expect(await bench.take(1)).toEqual(['scanner fault partialFrame']);
    await port.write('111\r');
    expect(await bench.take(1)).toEqual(['scanner 111']);
  });

  test('unplugged is told, and plugged in again at the same path goes on', async () => {
    const { bench, pty: first } = await openScanner();
    await first.unplug();
    expect(await bench.take(2)).toEqual(['scanner fault connectionLost', 'scanner absent']);
    pty = await openPty(path());
    await bench.until('scanner ready');
    await pty.write('111\r');
    expect(await bench.take(1)).toEqual(['scanner 111']);
  });

  test('has its port again after the process was killed', async () => {
    const { bench, pty: port } = await openScanner();
    bench.handles[0]?.kill();
    await bench.until('started');
    await bench.until('scanner ready');
    await port.write('111\r');
    expect(await bench.take(1)).toEqual(['scanner 111']);
  });

  test('is let go when the terminal is killed', async () => {
    pty = await openPty(path());
    const parent = fork(fixture('parent'), [entry, path()], { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
    await once(parent, 'message');
    // The pipe is shared with the device process: it closes when the last of the two has ended.
    const bothEnded = parent.stderr === null ? Promise.reject(new Error('no pipe')) : once(parent.stderr, 'close');
    parent.stderr?.resume();
    parent.kill('SIGKILL');
    await bothEnded;
  });

  test('works on a machine without udevadm', async () => {
    pty = await openPty(path());
    const child = fork(entry, [], { env: { PATH: '/nonexistent' }, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    const words: string[] = [];
    let wake = (): void => undefined;
    child.on('message', (message) => {
      words.push(inWords(deviceEventSchema.parse(message)));
      wake();
    });
    const until = async (word: string): Promise<void> => {
      while (!words.includes(word)) await new Promise<void>((resolve) => (wake = resolve));
    };
    child.send({ type: 'configure', devices: [serialAt(path())] });
    await until('scanner ready');
    await pty.write('111\r');
    await until('scanner 111');
    child.send({ type: 'close' });
    expect(await once(child, 'exit')).toEqual([0, null]);
    expect(words.slice(-2)).toEqual(['scanner closing', 'scanner absent']);
  });
});
