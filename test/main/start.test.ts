import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { afterEach, describe, expect, test } from 'vitest';
import { makeFolder, openLine, runProgram, startTill, startWallet } from '#test/support/programs.ts';

const undo: (() => Promise<unknown> | void)[] = [];

afterEach(async () => {
  for (const one of undo.splice(0).toReversed()) await one();
});

function tidyFolder(): string {
  const folder = makeFolder('start');
  undo.push(() => folder.remove());
  return folder.path;
}

async function start(folder = tidyFolder(), args: readonly string[] = []) {
  const till = await startTill(folder, args);
  undo.push(() => till.stop());
  return till;
}

const runStart = (...args: readonly string[]) => runProgram('main/start.ts', ['--browser', '--no-open', ...args]);

describe('npm start', { timeout: 90_000 }, () => {
  test('prints one line with the page’s address, and keeps everything private', async () => {
    const till = await start();

    expect(till.output()).toMatch(/^Warikan is ready at http:\/\/127\.0\.0\.1:\d+\/\?key=[\w-]{43}\n$/);
    const modes = ['.', 'keys', 'keys/page-secret', 'keys/pin-pepper', 'wallet', 'logs'].map(
      (name) => statSync(join(till.dataFolder, name)).mode & 0o077,
    );
    expect(modes).toEqual([0, 0, 0, 0, 0, 0]);
  });

  test('refuses a second terminal on the same folder in one line, and starts nothing', async () => {
    const till = await start();
    const line = await openLine(till.url);
    await line.until('the wallet to be online', ({ walletLink }) => walletLink.state === 'online');
    await untilOperatorsRun(till.dataFolder);
    const before = filesOf(till.dataFolder);

    const second = await runStart('--data', till.dataFolder, '--port', '0');

    expect({ ...second, files: filesOf(till.dataFolder) }).toEqual({
      code: 1,
      stdout: '',
      stderr:
        `Another Warikan terminal is already running on ${till.dataFolder}. ` +
        'Close it first, or start this one on its own folder with --data DIR.\n',
      files: before,
    });
    line.close();
  });

  test('refuses an option that it does not know', async () => {
    expect(await runStart('--brwoser')).toEqual({
      code: 2,
      stdout: '',
      stderr: expect.stringMatching(/^Unknown option '--brwoser'\.\nUsage: npm start -- .*\n$/) as string,
    });
  });

  test('says so where the port is taken', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    undo.push(() => void server.close());
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : undefined;

    expect(await runStart('--data', tidyFolder(), '--port', String(port))).toMatchObject({
      code: 1,
      stderr: `Port ${port} is taken by another program: choose another one with --port.\n`,
    });
  });

  test('leaves a file from the future as it is, and says so', async () => {
    const folder = tidyFolder();
    const path = join(folder, 'terminal.sqlite');
    const future = new Sqlite(path);
    future.pragma('user_version = 999');
    future.close();
    const before = readFileSync(path);

    const { code, stderr } = await runStart('--data', folder, '--port', '0');

    expect({ code, isKept: readFileSync(path).equals(before), lines: stderr.trim().split('\n').length }).toEqual({
      code: 1,
      isKept: true,
      lines: 1,
    });
    expect(stderr).toMatch(/newer version/);
  });

  test('leaves what is no database as it is, and says so', async () => {
    const folder = tidyFolder();
    writeFileSync(join(folder, 'terminal.sqlite'), 'a shopping list, far longer than the head of a database file');

    const { code, stderr } = await runStart('--data', folder, '--port', '0');

    expect({ code, lines: stderr.trim().split('\n').length }).toEqual({ code: 1, lines: 1 });
  });

  test.each(['stop', 'kill'] as const)(
    'after %s the folder is free, its address the same, no child left',
    async (how) => {
      const folder = tidyFolder();
      const first = await startTill(folder);
      // The devices, the wallet server and two operators.
      await untilOperatorsRun(folder);
      const children = childrenOf(first.process.pid);
      expect(children.length).toBe(4);
      const ended = await first[how]();
      expect(ended).toBe(how === 'stop' ? 0 : undefined);

      const second = await start(folder);

      const key = (url: string): string | null => new URL(url).searchParams.get('key');
      expect(key(second.url)).toBe(key(first.url));
      await untilGone(children);
    },
  );

  test('enrols by itself at a demo wallet on this machine, and without one takes cash', async () => {
    const wallet = await startWallet(tidyFolder());
    undo.push(() => wallet.kill());
    const till = await start(undefined, ['--wallet', wallet.url]);
    const line = await openLine(till.url);
    await line.until('the wallet to be online', ({ walletLink }) => walletLink.state === 'online');
    expect(readdirSync(join(till.dataFolder, 'keys')).filter((name) => name.startsWith('wallet-')).length).toBe(1);
    expect(existsSync(join(till.dataFolder, 'wallet'))).toBe(false);
    line.close();

    const alone = await start(undefined, ['--wallet', 'http://127.0.0.1:9']);
    const counter = await openLine(alone.url);
    await counter.until('the wallet to be given up', ({ walletLink }) => walletLink.state !== 'online');
    expect(counter.state().walletLink.state).not.toBe('online');
    counter.close();
  });
});

/** The last that a start brings: each operator's keys are read once its books are open. */
async function untilOperatorsRun(folder: string): Promise<void> {
  const keys = ['kumo-card', 'minato-bank'].map((name) => join(folder, 'wallet', name, 'operator-keys.json'));
  await expect.poll(() => keys.filter((path) => !existsSync(path)), { timeout: 15_000 }).toEqual([]);
}

function filesOf(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).toSorted((left, right) =>
    left.localeCompare(right),
  );
}

function childrenOf(pid: number | undefined): readonly number[] {
  return execFileSync('ps', ['-o', 'pid=', '--ppid', String(pid)], { encoding: 'utf8' })
    .split('\n')
    .map((text) => Number(text))
    .filter((child) => child > 0);
}

/** They end on their own when their channel closes: soon, not at once. */
async function untilGone(pids: readonly number[]): Promise<void> {
  const isThere = (pid: number): boolean => {
    try {
      process.kill(pid, 0);
      return true;
    } catch {
      return false;
    }
  };
  await expect.poll(() => pids.filter(isThere), { timeout: 15_000 }).toEqual([]);
}
