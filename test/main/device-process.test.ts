import { describe, expect, test } from 'vitest';
import { deviceCommandSchema, deviceConfigSchema, type DeviceEvent, type DeviceHealth } from '#contract/devices.ts';
import { openDeviceProcess, type DeviceProcessHandle } from '#main/device-process.ts';
import { manualClock } from '#test/hardware/manual-clock.ts';

/** A process under the hand of the test. */
interface FakeProcess extends DeviceProcessHandle {
  readonly received: unknown[];
  kills: number;
  say(message: unknown): void;
  /** Pings are answered while this holds. */
  answers: boolean;
  exit(detail: string): void;
}

function fakeProcess(): FakeProcess {
  let tell = (_message: unknown): void => undefined;
  let ended = (_detail: string): void => undefined;
  const fake: FakeProcess = {
    received: [],
    kills: 0,
    answers: true,
    post(message) {
      const command = deviceCommandSchema.parse(message);
      if (command.type !== 'ping') fake.received.push(command);
      else if (fake.answers) tell({ type: 'pong', number: command.number });
    },
    onMessage: (listener) => void (tell = listener),
    onExit: (listener) => void (ended = listener),
    say: (message) => tell(message),
    exit: (detail) => ended(detail),
    kill() {
      fake.kills += 1;
      ended('signal SIGKILL');
    },
  };
  return fake;
}

const one = deviceConfigSchema.parse({
  deviceId: 'one',
  kind: 'scanner',
  profile: 'simulated-scanner',
  transport: { type: 'simulated' },
});
const configure = { type: 'configure' as const, devices: [one] };

function openBench() {
  const clock = manualClock();
  const processes: FakeProcess[] = [];
  const events: DeviceEvent[] = [];
  const healths: DeviceHealth[] = [];
  const log: string[] = [];
  const link = openDeviceProcess({
    clock,
    random: () => 0,
    log: (sentence) => log.push(sentence),
    spawn() {
      const started = fakeProcess();
      processes.push(started);
      return started;
    },
  });
  link.onEvent((event) => events.push(event));
  link.onHealth((health) => healths.push(health));
  return {
    clock,
    link,
    processes,
    log,
    get latest(): FakeProcess {
      const latest = processes.at(-1);
      if (latest === undefined) throw new Error('nothing was started');
      return latest;
    },
    told: () => events.splice(0),
    healths: () => healths.splice(0).map(({ state, restarts }) => `${state} ${restarts}`),
  };
}

describe('a device process', () => {
  test('is started with the link and runs when it says so', () => {
    const bench = openBench();
    expect(bench.healths()).toEqual(['starting 0']);
    bench.latest.say({ type: 'started' });
    expect(bench.healths()).toEqual(['running 0']);
    expect(bench.told()).toEqual([{ type: 'started' }]);
  });

  test('gets the configuration that was made before it ran, and no other old command', () => {
    const bench = openBench();
    bench.link.post(configure);
    bench.link.post(deviceCommandSchema.parse({ type: 'simulate', deviceId: 'one', bytes: 'MQ0=' }));
    expect(bench.latest.received).toEqual([]);
    bench.latest.say({ type: 'started' });
    expect(bench.latest.received).toEqual([configure]);
  });

  test('that crashes is started again and gets the last configuration again', async () => {
    const bench = openBench();
    bench.latest.say({ type: 'started' });
    bench.link.post(configure);
    bench.told();
    bench.latest.exit('exit code 134');
    expect(bench.told()).toEqual([
      {
        type: 'state',
        deviceId: 'one',
        kind: 'scanner',
        state: { state: 'absent', detail: 'The device process is starting again.' },
      },
    ]);
    expect(bench.log).toEqual(['The device process ended: exit code 134.']);
    bench.link.post(deviceCommandSchema.parse({ type: 'simulate', deviceId: 'one', bytes: 'MQ0=' }));
    await bench.clock.advance(250);
    expect(bench.processes).toHaveLength(2);
    bench.latest.say({ type: 'started' });
    expect(bench.latest.received).toEqual([configure]);
    expect(bench.healths()).toEqual(['starting 0', 'running 0', 'restarting 1', 'running 1']);
  });

  test('that answers its pings is left alone', async () => {
    const bench = openBench();
    bench.latest.say({ type: 'started' });
    await bench.clock.advance(60_000);
    expect([bench.processes.length, bench.latest.kills]).toEqual([1, 0]);
  });

  test('that does not answer is killed and started again within 5 s', async () => {
    const bench = openBench();
    const [spinning] = bench.processes;
    spinning?.say({ type: 'started' });
    await bench.clock.advance(10_000);
    if (spinning !== undefined) spinning.answers = false;
    await bench.clock.advance(5_000);
    expect(spinning?.kills).toBe(1);
    expect(bench.processes).toHaveLength(2);
    expect(bench.log).toEqual(['The device process ended: it did not answer for 3 s.']);
  });

  test('is not killed for a stall of the terminal itself', async () => {
    const bench = openBench();
    bench.latest.say({ type: 'started' });
    bench.latest.answers = false;
    await bench.clock.stall(20_000);
    const pong = { type: 'pong', number: 1 };
    bench.latest.say(pong);
    expect(bench.latest.kills).toBe(0);
  });

  test('that never says that it started is killed after 10 s', async () => {
    const bench = openBench();
    await bench.clock.advance(9_999);
    expect(bench.latest.kills).toBe(0);
    await bench.clock.advance(1);
    expect(bench.processes[0]?.kills).toBe(1);
  });

  test('that keeps crashing is started ever more seldom, is called failed, and is still tried', async () => {
    const bench = openBench();
    const waits: number[] = [];
    for (let life = 0; life < 7; life += 1) {
      bench.latest.exit('exit code 1');
      const { length } = bench.processes;
      let waited = 0;
      for (; bench.processes.length === length; waited += 50) await bench.clock.advance(50);
      waits.push(waited);
    }
    expect(waits).toEqual([250, 500, 1_000, 2_000, 5_000, 5_000, 5_000]);
    expect(bench.healths().slice(1)).toEqual([
      'restarting 1',
      'restarting 2',
      'restarting 3',
      'restarting 4',
      'failed 5',
      'failed 6',
      'failed 7',
    ]);
    bench.latest.say({ type: 'started' });
    expect(bench.healths()).toEqual(['running 7']);
  });

  test('that lasted 30 s has earned a quick restart', async () => {
    const bench = openBench();
    for (let life = 0; life < 3; life += 1) {
      bench.latest.exit('exit code 1');
      await bench.clock.advance(5_000);
    }
    bench.latest.say({ type: 'started' });
    await bench.clock.advance(30_000);
    bench.latest.exit('exit code 1');
    await bench.clock.advance(250);
    expect(bench.processes).toHaveLength(5);
  });

  test('is not heard any more once another has taken its place', async () => {
    const bench = openBench();
    const [old] = bench.processes;
    old?.exit('exit code 1');
    await bench.clock.advance(250);
    bench.told();
    old?.say({ type: 'pong', number: 1 });
    old?.say({ type: 'started' });
    old?.exit('exit code 1');
    expect(bench.told()).toEqual([]);
    expect(bench.processes).toHaveLength(2);
  });

  test('that sends what is no device event is not believed', () => {
    const bench = openBench();
    bench.latest.say({ type: 'started' });
    bench.told();
    bench.latest.say({ type: 'scan', deviceId: 'one', text: 'half an event' });
    expect(bench.told()).toEqual([]);
    expect(bench.log).toEqual(['the device process sent what is no device event; it was dropped']);
  });

  test('is asked to end, is not started again, and the second close waits for the first', async () => {
    const bench = openBench();
    bench.latest.say({ type: 'started' });
    const first = bench.link.close();
    expect(bench.link.close()).toBe(first);
    expect(bench.latest.received).toEqual([{ type: 'close' }]);
    bench.latest.exit('exit code 0');
    await first;
    await bench.clock.advance(60_000);
    expect([bench.processes.length, bench.latest.kills, bench.clock.waiting]).toEqual([1, 0, 0]);
  });

  test('that does not end when asked is ended by force', async () => {
    const bench = openBench();
    bench.latest.say({ type: 'started' });
    const closed = bench.link.close();
    await bench.clock.advance(3_000);
    await closed;
    expect(bench.latest.kills).toBe(1);
  });

  test('is not started by a restart that was still waiting when the link closed', async () => {
    const bench = openBench();
    bench.latest.exit('exit code 1');
    await bench.link.close();
    await bench.clock.advance(60_000);
    expect(bench.processes).toHaveLength(1);
  });

  test('is never sent a command that it would refuse', () => {
    const bench = openBench();
    bench.latest.say({ type: 'started' });
    const devices = [...configure.devices, ...configure.devices];
    expect(() => bench.link.post({ ...configure, devices })).toThrow('two devices share one deviceId');
    expect(bench.latest.received).toEqual([]);
  });
});
