import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { describe, expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import type { DeviceProcessHandle } from '#main/device-process.ts';
import type { Clock } from '#main/terminal/clock.ts';
import { openEmbeddedWallet } from '#main/embedded-wallet.ts';
import { openServerProcess } from '#main/server-process.ts';

/** A server that does what the test says. */
interface FakeServer {
  readonly port: number;
  readonly args: readonly string[];
  readonly posted: unknown[];
  isKilled: boolean;
  tell(message: unknown): void;
  end(): void;
}

const log = pino({ level: 'silent' });
const readySchema = z.object({ type: z.literal('ready'), port: z.int(), code: z.string().optional() });

/** Time that passes when it is told, and servers that do what they are told. */
function openFakes() {
  const servers: FakeServer[] = [];
  const waiting: { atMs: number; run: () => void }[] = [];
  let nowMs = 0;
  const clock: Clock = {
    now: () => nowMs,
    monotonic: () => nowMs,
    after(delayMs, run) {
      const entry = { atMs: nowMs + delayMs, run };
      waiting.push(entry);
      return () => void waiting.splice(waiting.indexOf(entry), 1);
    },
  };
  const start = (port: number, args: readonly string[] = []): DeviceProcessHandle => {
    let onMessage = (_: unknown): void => {};
    let onExit = (_: string): void => {};
    const server: FakeServer = {
      port,
      args,
      posted: [],
      isKilled: false,
      tell: (message) => onMessage(message),
      end: () => onExit('exit code 1'),
    };
    servers.push(server);
    return {
      post: (message) => void server.posted.push(message),
      onMessage: (listen) => void (onMessage = listen),
      onExit: (listen) => void (onExit = listen),
      kill: () => {
        server.isKilled = true;
        server.end();
      },
    };
  };
  return {
    servers,
    clock,
    start,
    last: () => servers.at(-1) as FakeServer,
    waits: () => waiting.map(({ atMs }) => atMs - nowMs),
    pass(ms: number) {
      nowMs += ms;
      for (const entry of waiting.filter(({ atMs }) => atMs <= nowMs)) {
        waiting.splice(waiting.indexOf(entry), 1);
        entry.run();
      }
    },
  };
}

function open(preferredPort = 7_475) {
  const fakes = openFakes();
  const { clock, start } = fakes;
  const wallet = openServerProcess({ name: 'the server', readySchema, start, preferredPort, clock, log });
  return { ...fakes, wallet };
}

const ready = (port: number) => ({ type: 'ready', port, code: 'K7QF-3MZPXW' });

describe('a server that the terminal carries with it', () => {
  test('has an address once it says that it is ready, and none while it is down', () => {
    const { wallet, last } = open();
    const seen: (string | undefined)[] = [wallet.url()];
    wallet.onReady(() => seen.push(wallet.url()));

    last().tell({ type: 'ready', port: 'not a port' });
    last().tell(ready(7_475));
    const code = wallet.ready()?.code;
    last().end();

    expect([...seen, code, wallet.url()]).toEqual([undefined, 'http://127.0.0.1:7475', 'K7QF-3MZPXW', undefined]);
  });

  test('is started again with longer and longer pauses, at the address that it had', () => {
    const { servers, last, waits, pass } = open(0);
    last().tell(ready(50_001));
    const pauses: number[] = [];
    for (let count = 0; count < 8; count++) {
      last().end();
      pauses.push(...waits());
      pass(10_000);
      last().tell(ready(last().port));
    }

    expect({ pauses, ports: new Set(servers.slice(1).map(({ port }) => port)) }).toEqual({
      pauses: [100, 500, 1_000, 2_000, 5_000, 10_000, 10_000, 10_000],
      ports: new Set([50_001]),
    });
  });

  test('forgives a failure after a long good life', () => {
    const { last, waits, pass } = open();
    last().end();
    pass(100);
    last().tell(ready(7_475));
    pass(30_000);
    last().end();

    expect(waits()).toEqual([100]);
  });

  test('takes any port where the one that it wants is taken', () => {
    const { servers, last, pass } = open(7_475);
    last().end();
    pass(100);

    expect(servers.map(({ port }) => port)).toEqual([7_475, 0]);
  });

  test('is asked to finish, and ended by force when it does not', async () => {
    const { wallet, last, pass, servers } = open();
    last().tell(ready(7_475));
    const closed = wallet.close();
    expect([last().posted, last().isKilled, wallet.close() === closed]).toEqual([[{ type: 'close' }], false, true]);
    pass(3_000);
    await closed;
    pass(60_000);

    expect([last().isKilled, servers.length]).toEqual([true, 1]);
  });

  test('is not started again once it was closed between two starts', async () => {
    const { wallet, last, pass, servers } = open();
    last().end();
    await wallet.close();
    pass(60_000);

    expect(servers.length).toBe(1);
  });
});

describe('the embedded wallet', () => {
  function openWallet() {
    const data = mkdtempSync(join(tmpdir(), 'warikan-embedded-'));
    onTestFinished(() => rmSync(data, { recursive: true }));
    const fakes = openFakes();
    const spawned: string[] = [];
    const wallet = openEmbeddedWallet({
      data,
      port: 7_475,
      spawn: (program, args) => {
        spawned.push(program);
        return fakes.start(Number(args[args.indexOf('--port') + 1]), args);
      },
      clock: fakes.clock,
      log,
    });
    return { ...fakes, wallet, spawned };
  }
  const walletReady = { type: 'ready', port: 7_475, demoEnrolmentCode: 'K7QF-3MZPXW', operatorKey: 'the-key' };

  test('starts its two operators once the server is up, and tells it whom it may ask for money', () => {
    const { servers, wallet, spawned } = openWallet();
    servers[0]?.tell(walletReady);
    servers[1]?.tell({ type: 'ready', port: 50_001, operatorId: 'kumo-card', publicKey: 'kumo' });

    const [asked = []] = servers.slice(1).map(({ args }) => args);
    expect({
      spawned,
      asked: asked.filter((_, index) => ['--wallet-url', '--wallet-key'].includes(asked[index - 1] ?? '')),
      code: wallet.enrolmentCode(),
      told: servers[0]?.posted,
    }).toEqual({
      spawned: ['wallet', 'operator', 'operator'],
      asked: ['http://127.0.0.1:7475', 'the-key'],
      code: 'K7QF-3MZPXW',
      told: [
        {
          type: 'operator',
          operator: {
            operatorId: 'kumo-card',
            name: 'Kumo Card',
            kinds: ['card'],
            url: 'http://127.0.0.1:50001',
            publicKey: 'kumo',
          },
        },
      ],
    });
  });

  test('a server that was started again is told of its operators again, and they are not started twice', () => {
    const { servers, pass, spawned, last } = openWallet();
    servers[0]?.tell(walletReady);
    servers[2]?.tell({ type: 'ready', port: 50_002, operatorId: 'minato-bank', publicKey: 'minato' });
    servers[0]?.end();
    pass(100);
    last().tell(walletReady);

    expect([spawned.length, last().posted]).toEqual([
      4,
      [expect.objectContaining({ operator: expect.objectContaining({ operatorId: 'minato-bank' }) as unknown })],
    ]);
  });
});
