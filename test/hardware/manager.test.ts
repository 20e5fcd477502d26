import { describe, expect, test } from 'vitest';
import { deviceCommandSchema, deviceEventSchema, type DeviceCommand, type DeviceEvent } from '#contract/devices.ts';
import { scanner } from '#hardware/device/scanner.ts';
import type { DeviceSession, ProbeResult } from '#hardware/device/session.ts';
import { openManager } from '#hardware/manager.ts';
import { simulatedTransport } from '#hardware/transport/simulated.ts';
import type { ConnectionListener, OpenResult, Transport } from '#hardware/transport/transport.ts';
import { manualClock, settled } from './manual-clock.ts';

type Answer = Exclude<OpenResult, { state: 'open' }> | 'open';

interface FakePort {
  /** What the next tries to open are answered; `open` when nothing is said. */
  readonly answers: Answer[];
  tries: number;
  closes: number;
  listener: ConnectionListener | undefined;
  /** Set to hold a try until it is called. */
  hold: Promise<void> | undefined;
  holdClose: Promise<void> | undefined;
}

const absent: Answer = { state: 'absent', detail: 'Nothing is connected.' };

function serial(deviceId: string, path: string, more: object = {}) {
  return { deviceId, kind: 'scanner', profile: 'generic-serial', transport: { type: 'serial', path }, ...more };
}

function simulated(deviceId: string) {
  return { deviceId, kind: 'scanner', profile: 'simulated-scanner', transport: { type: 'simulated' } };
}

function openBench({ session }: { session?: DeviceSession } = {}) {
  const clock = manualClock();
  const events: DeviceEvent[] = [];
  const ports = new Map<string, FakePort>();
  const portAt = (path: string): FakePort => {
    const port = ports.get(path) ?? {
      answers: [],
      tries: 0,
      closes: 0,
      listener: undefined,
      hold: undefined,
      holdClose: undefined,
    };
    ports.set(path, port);
    return port;
  };
  const manager = openManager({
    clock,
    random: () => 0,
    emit: (event) => events.push(deviceEventSchema.parse(event)),
    openTransport: (config) =>
      config.transport.type === 'serial' ? fakeTransport(portAt(config.transport.path)) : simulatedTransport(),
    openSession: (_config, profile) => session ?? scanner(profile),
  });
  const say = (command: unknown): void => manager.handle(deviceCommandSchema.parse(command) satisfies DeviceCommand);
  return {
    clock,
    events,
    portAt,
    manager,
    configure: async (...devices: unknown[]) => {
      say({ type: 'configure', devices });
      await settled();
    },
    simulate: async (deviceId: string, text: string) => {
      say({ type: 'simulate', deviceId, bytes: Buffer.from(text).toString('base64') });
      await settled();
    },
    say,
    /** What was told since the last question, in words that compare well. */
    told: () => events.splice(0).map(inWords),
  };
}

function fakeTransport(port: FakePort): Transport {
  return {
    source: 'serial',
    async open(listener) {
      port.tries += 1;
      const answer = port.answers.shift() ?? 'open';
      await port.hold;
      if (answer !== 'open') return answer;
      port.listener = listener;
      return {
        state: 'open',
        connection: {
          write: () => Promise.resolve({ outcome: 'written' }),
          async close() {
            await port.holdClose;
            port.closes += 1;
          },
        },
      };
    },
  };
}

function inWords(event: DeviceEvent): string {
  switch (event.type) {
    case 'state':
      return `${event.deviceId} ${event.state.state}${event.state.state === 'blocked' ? `(${event.state.reason})` : ''}`;
    case 'scan':
      return `${event.deviceId}#${event.seq} ${event.source} ${event.text}`;
    case 'fault':
      return `${event.deviceId}#${event.seq} fault ${event.code}`;
    default:
      return event.type;
  }
}

function send(port: FakePort, text: string): void {
  port.listener?.onBytes(Buffer.from(text));
}

describe('the list of devices', () => {
  test('what is new is opened, what is gone is closed, the rest is left alone', async () => {
    const bench = openBench();
    await bench.configure(serial('one', '/dev/a'), serial('two', '/dev/b'));
    expect(bench.told()).toEqual(['one opening', 'two opening', 'one ready', 'two ready']);
    await bench.configure(serial('two', '/dev/b'), serial('three', '/dev/c'));
    expect(bench.told()).toEqual(['one closing', 'one absent', 'three opening', 'three ready']);
    expect(bench.portAt('/dev/a').closes).toBe(1);
    expect(bench.portAt('/dev/b')).toMatchObject({ tries: 1, closes: 0 });
  });

  test('a changed device is closed before it is opened again, and its numbers go on', async () => {
    const bench = openBench();
    await bench.configure(serial('one', '/dev/a'));
    send(bench.portAt('/dev/a'), '1\r');
    bench.told();
    let release = (): void => undefined;
    bench.portAt('/dev/a').holdClose = new Promise((resolve) => (release = resolve));
    await bench.configure(
      serial('one', '/dev/a', { transport: { type: 'serial', path: '/dev/a', baudRate: 115_200 } }),
    );
    expect(bench.told()).toEqual(['one closing']);
    release();
    await settled();
    expect(bench.told()).toEqual(['one absent', 'one opening', 'one ready']);
    send(bench.portAt('/dev/a'), '2\r');
    expect(bench.told()).toEqual(['one#2 serial 2']);
  });

  test('an unknown profile, or one of another kind of device, is blocked and hurts no other device', async () => {
    const bench = openBench();
    await bench.configure(
      serial('one', '/dev/a', { profile: 'nothing-like-it' }),
      serial('two', '/dev/b', { kind: 'posPrinter' }),
      serial('three', '/dev/c'),
    );
    expect(bench.told()).toEqual([
      'one blocked(unsupportedMode)',
      'two blocked(unsupportedMode)',
      'three opening',
      'three ready',
    ]);
  });

  test('closing lets every port go, also one whose opening is still under way', async () => {
    const bench = openBench();
    let release = (): void => undefined;
    bench.portAt('/dev/b').hold = new Promise((resolve) => (release = resolve));
    await bench.configure(serial('one', '/dev/a'), serial('two', '/dev/b'));
    const closed = bench.manager.close();
    await settled();
    release();
    await closed;
    expect([bench.portAt('/dev/a').closes, bench.portAt('/dev/b').closes]).toEqual([1, 1]);
    expect(bench.clock.waiting).toBe(0);
    bench.told();
    await bench.configure(serial('three', '/dev/c'));
    expect(bench.told()).toEqual([]);
  });

  test('a ping is answered by a pong of its number', () => {
    const bench = openBench();
    bench.say({ type: 'ping', number: 7 });
    expect(bench.events).toEqual([{ type: 'pong', number: 7 }]);
  });
});

describe('scans', () => {
  test('each is told at once, in the very call that brought its last byte', async () => {
    const bench = openBench();
    await bench.configure(serial('one', '/dev/a'));
    bench.told();
    send(bench.portAt('/dev/a'), '4901234567894');
    expect(bench.told()).toEqual([]);
    send(bench.portAt('/dev/a'), '\r');
    expect(bench.told()).toEqual(['one#1 serial 4901234567894']);
  });

  test('the same barcode twice is two scans, in one chunk and in two', async () => {
    const bench = openBench();
    await bench.configure(serial('one', '/dev/a'));
    bench.told();
    send(bench.portAt('/dev/a'), '49\r49\r');
    send(bench.portAt('/dev/a'), '49\r');
    expect(bench.told()).toEqual(['one#1 serial 49', 'one#2 serial 49', 'one#3 serial 49']);
  });

  test('the whole event of a scan', async () => {
    const bench = openBench();
    await bench.configure(serial('one', '/dev/a'));
    bench.events.length = 0;
    send(bench.portAt('/dev/a'), ']C10104912345678904\x1d10AB\r\n');
    expect(bench.events).toEqual([
      {
        type: 'scan',
        deviceId: 'one',
        seq: 1,
        source: 'serial',
        bytes: Buffer.from('0104912345678904\x1d10AB').toString('base64'),
        text: '0104912345678904\x1d10AB',
        charset: 'utf-8',
        isLossy: false,
        symbology: { aim: ']C1', trust: 'guessed' },
      },
    ]);
  });

  test('a simulated scanner reads through the same framer as a real one, and right after it was configured', async () => {
    const bench = openBench();
    bench.say({ type: 'configure', devices: [simulated('one')] });
    await bench.simulate('one', ']E049');
    await bench.simulate('one', '01\r\n]E04901\r');
    expect(bench.told()).toEqual(['one opening', 'one ready', 'one#1 simulated 4901', 'one#2 simulated 4901']);
  });

  test('nothing is simulated on a real device or on none', async () => {
    const bench = openBench();
    await bench.configure(serial('one', '/dev/a'));
    bench.told();
    await bench.simulate('one', '49\r');
    await bench.simulate('two', '49\r');
    expect(bench.told()).toEqual(['one#1 fault writeRefused', 'two#1 fault writeRefused']);
  });

  test('a line of controls only is a fault and no scan', async () => {
    const bench = openBench();
    await bench.configure(serial('one', '/dev/a'));
    bench.told();
    send(bench.portAt('/dev/a'), '\x00\x01\x02\r49\r');
    expect(bench.told()).toEqual(['one#1 fault malformedReport', 'one#2 serial 49']);
  });

  test('an over-long line makes the device suspect until it sends a code', async () => {
    const bench = openBench();
    await bench.configure(serial('one', '/dev/a'));
    bench.told();
    send(bench.portAt('/dev/a'), 'A'.repeat(100_000));
    expect(bench.told()).toEqual(['one#1 fault frameTooLong', 'one suspect']);
    send(bench.portAt('/dev/a'), '\r49\r');
    expect(bench.told()).toEqual(['one ready', 'one#2 serial 49']);
  });
});

describe('a code that stops half-way', () => {
  test('is given up after half a second of silence and never delivered', async () => {
    const bench = openBench();
    await bench.configure(serial('one', '/dev/a'));
    bench.told();
    send(bench.portAt('/dev/a'), '4901');
    await bench.clock.advance(400);
    expect(bench.told()).toEqual([]);
    await bench.clock.advance(200);
    expect(bench.told()).toEqual(['one#1 fault partialFrame']);
    send(bench.portAt('/dev/a'), '4912345678904\r');
    expect(bench.told()).toEqual(['one#2 serial 4912345678904']);
  });

  test('is not given up by a stall of the process, behind which its rest may wait', async () => {
    const bench = openBench();
    await bench.configure(serial('one', '/dev/a'));
    bench.told();
    send(bench.portAt('/dev/a'), '49012345');
    await bench.clock.stall(3_000);
    send(bench.portAt('/dev/a'), '67894\r');
    expect(bench.told()).toEqual(['one#1 serial 4901234567894']);
  });

  test('nobody is told the time when nothing is half-way', async () => {
    const bench = openBench();
    await bench.configure(simulated('one'));
    const idle = bench.clock.waiting;
    await bench.simulate('one', '49');
    expect(bench.clock.waiting).toBe(idle + 1);
    await bench.simulate('one', '\r');
    await bench.clock.advance(100);
    expect(bench.clock.waiting).toBe(idle);
  });

  test('is not continued by the next connection', async () => {
    const bench = openBench();
    await bench.configure(serial('one', '/dev/a'));
    send(bench.portAt('/dev/a'), '490');
    bench.portAt('/dev/a').listener?.onGone({ code: 'unplugged', detail: 'It was unplugged.' });
    await bench.clock.advance(300);
    bench.told();
    send(bench.portAt('/dev/a'), '123\r');
    expect(bench.told()).toEqual(['one#2 serial 123']);
  });
});

describe('a device that is not there', () => {
  test('is tried again after 0.25, 0.5, 1, 2, 5, 5 s, and said to be absent once', async () => {
    const bench = openBench();
    const port = bench.portAt('/dev/a');
    port.answers.push(...Array.from({ length: 7 }, () => absent));
    await bench.configure(serial('one', '/dev/a'));
    const triedAt: number[] = [];
    for (let ms = 0; ms <= 14_000; ms += 50) {
      if (port.tries > triedAt.length) triedAt.push(ms);
      await bench.clock.advance(50);
    }
    expect(triedAt).toEqual([0, 250, 750, 1_750, 3_750, 8_750, 13_750]);
    expect(bench.told()).toEqual(['one opening', 'one absent']);
    await bench.clock.advance(5_000);
    expect(bench.told()).toEqual(['one ready']);
  });

  test('a failure is told once, not at each try', async () => {
    const bench = openBench();
    const failed: Answer = { state: 'failed', detail: 'It could not be opened.' };
    bench.portAt('/dev/a').answers.push(failed, failed, failed);
    await bench.configure(serial('one', '/dev/a'));
    await bench.clock.advance(5_000);
    expect(bench.told()).toEqual(['one opening', 'one#1 fault openFailed', 'one absent', 'one ready']);
  });

  test('what a person must put right is said with its reason, looked at again, and works without a restart', async () => {
    const bench = openBench();
    const port = bench.portAt('/dev/a');
    port.answers.push(
      { state: 'blocked', reason: 'permission', detail: 'Not allowed.' },
      { state: 'blocked', reason: 'inUse', detail: 'Another program has it.' },
      { state: 'blocked', reason: 'inUse', detail: 'Another program has it.' },
    );
    await bench.configure(serial('one', '/dev/a'));
    await bench.clock.advance(6_000);
    expect(bench.told()).toEqual(['one opening', 'one blocked(permission)', 'one blocked(inUse)', 'one ready']);
    expect(port.tries).toBe(4);
  });
});

describe('a device that is unplugged', () => {
  const unplugged = { code: 'unplugged', detail: 'It was unplugged.' } as const;

  test('is told, and open again a quarter of a second after it is back', async () => {
    const bench = openBench();
    const port = bench.portAt('/dev/a');
    await bench.configure(serial('one', '/dev/a'));
    await bench.clock.advance(30_000);
    bench.told();
    port.listener?.onGone(unplugged);
    expect(bench.told()).toEqual(['one#1 fault connectionLost', 'one absent']);
    await bench.clock.advance(249);
    expect(port.tries).toBe(1);
    await bench.clock.advance(1);
    expect(bench.told()).toEqual(['one ready']);
    expect(port.closes).toBe(1);
  });

  test('a loose plug waits longer each time, until a connection lasted 30 s', async () => {
    const bench = openBench();
    const port = bench.portAt('/dev/a');
    await bench.configure(serial('one', '/dev/a'));
    const waits: number[] = [];
    for (const lastedMs of [0, 0, 0, 30_000, 0]) {
      await bench.clock.advance(lastedMs);
      const { tries } = port;
      port.listener?.onGone(unplugged);
      let waited = 0;
      for (; port.tries === tries; waited += 50) await bench.clock.advance(50);
      waits.push(waited);
    }
    expect(waits).toEqual([250, 500, 1_000, 250, 500]);
  });

  test('is not opened before its old connection has let the port go', async () => {
    const bench = openBench();
    const port = bench.portAt('/dev/a');
    await bench.configure(serial('one', '/dev/a'));
    let release = (): void => undefined;
    port.holdClose = new Promise((resolve) => (release = resolve));
    port.listener?.onGone(unplugged);
    await bench.clock.advance(1_000);
    expect(port.tries).toBe(1);
    release();
    await settled();
    expect(port.tries).toBe(2);
  });

  test('bytes that come late from the old connection are not heard', async () => {
    const bench = openBench();
    const port = bench.portAt('/dev/a');
    await bench.configure(serial('one', '/dev/a'));
    const old = port.listener;
    old?.onGone(unplugged);
    await bench.clock.advance(300);
    bench.told();
    old?.onBytes(Buffer.from('49\r'));
    old?.onGone(unplugged);
    expect(bench.told()).toEqual([]);
  });
});

describe('a device that is asked who it is', () => {
  function probing(answer: Promise<ProbeResult>): DeviceSession {
    return { activity: 'idle', begin: () => undefined, probe: () => answer, receive: () => [], tick: () => [] };
  }

  test('is ready when it is the right one', async () => {
    const bench = openBench({ session: probing(Promise.resolve({ isRight: true })) });
    await bench.configure(serial('one', '/dev/a'));
    expect(bench.told()).toEqual(['one opening', 'one probing', 'one ready']);
  });

  test('is let go when it is another one, and asked again later', async () => {
    const bench = openBench({ session: probing(Promise.resolve({ isRight: false, detail: 'It is a modem.' })) });
    await bench.configure(serial('one', '/dev/a'));
    expect(bench.told()).toEqual(['one opening', 'one probing', 'one#1 fault openFailed', 'one absent']);
    expect(bench.portAt('/dev/a').closes).toBe(1);
    await bench.clock.advance(250);
    expect(bench.portAt('/dev/a').tries).toBe(2);
  });

  test('is let go when it says nothing', async () => {
    const bench = openBench({ session: probing(new Promise(() => undefined)) });
    await bench.configure(serial('one', '/dev/a'));
    await bench.clock.advance(5_000);
    expect(bench.told()).toEqual(['one opening', 'one probing', 'one#1 fault openFailed', 'one absent']);
  });
});
