import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { createORPCClient } from '@orpc/client';
import { RPCLink } from '@orpc/client/websocket';
import type { ContractRouterClient } from '@orpc/contract';
import { WebSocket } from 'ws';
import type { TerminalContract, TerminalEvent, TerminalState } from '#contract/terminal.ts';

/** The whole product in its real processes, for tests and benches: `npm start` and `npm run wallet`. */

export const PROJECT = fileURLToPath(new URL('../../', import.meta.url));
/** Far beyond what is needed: only a test that would fail anyway waits so long. */
const READY_TIMEOUT_MS = 60_000;
const EXIT_TIMEOUT_MS = 20_000;
const WAIT_TIMEOUT_MS = 60_000;

export type Client = ContractRouterClient<TerminalContract>;

/** A running program of ours. */
interface Program {
  readonly process: ChildProcess;
  /** All that it printed so far. */
  output(): string;
  /** As a person ends it: Ctrl-C. Resolves with its exit code. */
  stop(): Promise<number | null>;
  /** kill -9. */
  kill(): Promise<void>;
}

export interface RunningTill extends Program {
  readonly url: string;
  readonly dataFolder: string;
}

export interface RunningWallet extends Program {
  readonly url: string;
  readonly dataFolder: string;
}

export function makeFolder(name: string): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), `warikan-${name}-`));
  return { path, remove: () => rmSync(path, { recursive: true, force: true, maxRetries: 5 }) };
}

/** `npm start -- --browser` on a free port. */
export async function startTill(dataFolder: string, args: readonly string[] = []): Promise<RunningTill> {
  const given = ['--browser', '--no-open', '--port', '0', '--data', dataFolder, ...args];
  const { program, match } = await startProgram('main/start.ts', given, /^Warikan is ready at (\S+)$/);
  return { ...program, url: match, dataFolder };
}

/** `npm run wallet`, with demo customers. */
export async function startWallet(
  dataFolder: string,
  { port = 0, faults = [] }: { readonly port?: number; readonly faults?: readonly string[] } = {},
): Promise<RunningWallet> {
  const given = ['--demo', '--data', dataFolder, '--port', String(port), ...faults.flatMap((one) => ['--fault', one])];
  const { program, match } = await startProgram('wallet/server/process.ts', given, /^wallet server ready at (\S+)$/);
  return { ...program, url: match, dataFolder };
}

/** Runs one of our commands to its end. */
export async function runProgram(
  script: string,
  args: readonly string[],
): Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }> {
  const child = spawn(process.execPath, [join(PROJECT, script), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: environment(),
    timeout: READY_TIMEOUT_MS,
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stdout, stderr };
}

async function startProgram(
  script: string,
  args: readonly string[],
  ready: RegExp,
): Promise<{ readonly program: Program; readonly match: string }> {
  const child = spawn(process.execPath, [join(PROJECT, script), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: environment(),
  });
  // A test that fails before it stops its programs leaves none behind.
  const end = (): void => void child.kill('SIGKILL');
  process.once('exit', end);
  child.once('exit', () => process.off('exit', end));
  const exited = once(child, 'exit') as Promise<[number | null]>;
  let output = '';
  const match = await within(
    READY_TIMEOUT_MS,
    `${script} to be ready`,
    new Promise<string>((resolve, reject) => {
      child.stderr.setEncoding('utf8').on('data', (text: string) => (output += text));
      createInterface({ input: child.stdout }).on('line', (line) => {
        output += `${line}\n`;
        const found = ready.exec(line)?.[1];
        if (found !== undefined) resolve(found);
      });
      child.once('exit', (code) => reject(new Error(`${script} ended with ${code}:\n${output}`)));
    }),
  );
  return {
    match,
    program: {
      process: child,
      output: () => output,
      async stop() {
        if (child.exitCode === null && child.signalCode === null) child.kill('SIGINT');
        const [code] = await within(EXIT_TIMEOUT_MS, `${script} to end`, exited);
        return code;
      },
      async kill() {
        child.kill('SIGKILL');
        await exited;
      },
    },
  };
}

/** Nothing of the machine's own settings reaches a program under test. */
function environment(): NodeJS.ProcessEnv {
  const { PATH, HOME, TMPDIR } = process.env;
  return { PATH, HOME, ...(TMPDIR === undefined ? {} : { TMPDIR }) };
}

/** A page's line to the terminal, without the page: the same socket, the same contract. */
export interface Line {
  readonly client: Client;
  /** The state as the events so far make it. */
  state(): TerminalState;
  readonly events: readonly TerminalEvent[];
  /** Resolves with the state as soon as it is as described. */
  until(describe: string, isSo: (state: TerminalState) => boolean): Promise<TerminalState>;
  /** Resolves with the first event, of those that have come or will, that is as described. */
  untilEvent(describe: string, isIt: (event: TerminalEvent) => boolean): Promise<TerminalEvent>;
  close(): void;
}

export async function openLine(url: string): Promise<Line> {
  const { host, origin, searchParams } = new URL(url);
  const socket = new WebSocket(`ws://${host}/terminal?key=${searchParams.get('key') ?? ''}`, { origin });
  // The two kinds of socket differ only in the types of their events.
  const websocket = socket as unknown as ConstructorParameters<typeof RPCLink>[0]['websocket'];
  const client = createORPCClient<Client>(new RPCLink({ websocket }));
  await within(WAIT_TIMEOUT_MS, 'the socket', once(socket, 'open'));

  const events: TerminalEvent[] = [];
  const waiting = new Set<() => void>();
  let current: TerminalState | undefined;
  let broken: unknown;

  async function listen(): Promise<void> {
    for await (const event of await client.events()) {
      events.push(event);
      if (event.type === 'snapshot') current = event.state;
      if (event.type === 'changed' && current !== undefined) {
        // A part that did not change is absent from the event.
        current = { ...current, ...event.parts } as TerminalState;
      }
      for (const look of waiting) look();
    }
  }
  listen().catch((error: unknown) => {
    broken = error;
    for (const look of waiting) look();
  });

  function wait<T>(what: string, look: () => T | undefined): Promise<T> {
    let check: (() => void) | undefined;
    const found = new Promise<T>((resolve, reject) => {
      check = () => {
        const seen = look();
        if (seen !== undefined) resolve(seen);
        else if (broken !== undefined) reject(new Error(`the line broke before ${what}`, { cause: broken }));
      };
      waiting.add(check);
      check();
    });
    return within(WAIT_TIMEOUT_MS, what, found).finally(() => {
      if (check !== undefined) waiting.delete(check);
    });
  }

  const state = (): TerminalState => {
    if (current === undefined) throw new Error('the snapshot has come');
    return current;
  };
  await wait('the first snapshot', () => current);
  return {
    client,
    state,
    events,
    until: (what, isSo) => wait(what, () => (current !== undefined && isSo(current) ? current : undefined)),
    untilEvent: (what, isIt) => wait(what, () => events.find(isIt)),
    close: () => socket.terminate(),
  };
}

/** A failure that says what was waited for, in place of a hang. */
async function within<T>(limitMs: number, what: string, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`waited ${limitMs} ms for ${what}`)), limitMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
