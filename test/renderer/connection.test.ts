import { expect, test } from 'vitest';
import type { TerminalEvent } from '#contract/terminal.ts';
import { type Link, keepConnected } from '#renderer/connection.ts';
import type { TerminalClient, TerminalLine } from '#renderer/terminal-client.ts';
import { someState } from './samples.ts';

/** A line whose events the test pushes, and which it breaks. */
function scriptedLine(): TerminalLine & { push(event: TerminalEvent): void; break(): void } {
  const waiting: (TerminalEvent | 'broken')[] = [];
  let wake = (): void => undefined;
  const say = (item: TerminalEvent | 'broken'): void => {
    waiting.push(item);
    wake();
  };
  async function* events(): AsyncGenerator<TerminalEvent, void, void> {
    for (;;) {
      const item = waiting.shift();
      if (item === 'broken') throw new Error('the line broke');
      if (item) yield item;
      else await new Promise<void>((resolve) => (wake = resolve));
    }
  }
  const client = { events: async () => Promise.resolve(events()) } as unknown as TerminalClient;
  return { client, close: () => say('broken'), push: say, break: () => say('broken') };
}

/** Runs `keepConnected` over the lines that the test hands it, and lets it wait for things instead of for time. */
function stage(...lines: (ReturnType<typeof scriptedLine> | Error)[]) {
  const told: (Link['state'] | TerminalEvent['type'])[] = [];
  const waits: { ms: number; go: () => void }[] = [];
  const listeners = new Set<() => void>();
  const changed = (): void => listeners.forEach((listener) => listener());
  const connection = keepConnected({
    async dial() {
      const line = lines.shift();
      if (!line) return new Promise(() => {});
      if (line instanceof Error) throw line;
      return Promise.resolve(line);
    },
    onEvent: ({ type }) => {
      told.push(type);
      changed();
    },
    onLink: ({ state }) => {
      told.push(state);
      changed();
    },
    wait: async (ms, signal) =>
      new Promise((go) => {
        waits.push({ ms, go });
        signal.addEventListener('abort', () => go(), { once: true });
        changed();
      }),
  });
  const until = async (isTrue: () => boolean): Promise<void> =>
    new Promise((resolve) => {
      const check = (): void => {
        if (!isTrue()) return;
        listeners.delete(check);
        resolve();
      };
      listeners.add(check);
      check();
    });
  return { told, waits, connection, until };
}

const snapshot: TerminalEvent = { type: 'snapshot', state: someState({}) };

test('commands go out only after the snapshot, and not while the line is down', async () => {
  const line = scriptedLine();
  const { waits, connection, until, told } = stage(line);
  expect(connection.client()).toBeUndefined();

  line.push(snapshot);
  await until(() => told.includes('open'));
  expect(connection.client()).toBe(line.client);

  line.break();
  await until(() => waits.length === 1);
  expect(connection.client()).toBeUndefined();
  connection.close();
});

test('a broken line is dialled again and starts with a snapshot', async () => {
  const [first, second] = [scriptedLine(), scriptedLine()];
  const { told, waits, connection, until } = stage(first, second);

  first.push(snapshot);
  first.push({ type: 'catalogueChanged' });
  first.break();
  await until(() => waits.length === 1);
  second.push(snapshot);
  waits[0]?.go();
  await until(() => told.filter((word) => word === 'open').length === 2);

  expect(told).toEqual(['connecting', 'snapshot', 'open', 'catalogueChanged', 'lost', 'snapshot', 'open']);
  connection.close();
});

test('each failure in a row waits longer, up to half a minute, and a success starts over', async () => {
  const line = scriptedLine();
  const refusals = Array.from({ length: 9 }, () => new Error('refused'));
  const { told, waits, connection, until } = stage(...refusals, line);
  for (let failure = 0; failure < 9; failure += 1) {
    await until(() => waits.length === failure + 1);
    waits[failure]?.go();
  }
  line.push(snapshot);
  await until(() => told.includes('open'));
  line.break();
  await until(() => waits.length === 10);

  expect(waits.map(({ ms }) => ms)).toEqual([100, 250, 500, 1_000, 2_000, 5_000, 10_000, 30_000, 30_000, 100]);
  connection.close();
});

test('"try now" does not wait the pause out', async () => {
  const line = scriptedLine();
  const { told, waits, connection, until } = stage(new Error('refused'), line);
  await until(() => waits.length === 1);

  line.push(snapshot);
  connection.tryNow();
  await until(() => told.includes('open'));

  expect(told).toEqual(['connecting', 'lost', 'snapshot', 'open']);
  connection.close();
});
