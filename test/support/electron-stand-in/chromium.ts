import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { chromiumLaunchOptions } from '#test/support/chromium.ts';
import { readLines } from './report.ts';

/** Answer or event of the DevTools protocol. */
export type Answer = Record<string, unknown>;
type Listener = (method: string, params: Answer, sessionId: string | undefined) => void;

export interface Chromium {
  /** WebSocket of the browser, for Playwright. */
  readonly endpoint: string;
  /** Its folder, deleted when it is closed. Whoever kills this process deletes it in its place. */
  readonly profile: string;
  call(method: string, params?: Answer, sessionId?: string): Promise<Answer>;
  onEvent(listener: Listener): void;
  /** Closes the browser and deletes its profile; resolves when its process is gone. */
  close(): Promise<void>;
}

const START_TIMEOUT_MS = 30_000;

/**
 * What makes this Chromium behave as Electron's does: a page's window.open makes no window of its own accord (the
 * stand-in allows only handlers that deny), and MessagePorts have Electron's `close` event (docs/tutorial/message-ports.md).
 */
const AS_ELECTRON = ['--block-new-web-contents', '--enable-blink-features=MessagePortCloseEvent'];

/**
 * Starts Chromium with two doors: a pipe for the stand-in, so that Chromium ends when this process dies in any way,
 * and a port for Playwright.
 */
export async function startChromium(switches: readonly string[]): Promise<Chromium> {
  const { executablePath, args = [] } = chromiumLaunchOptions();
  const profile = mkdtempSync(join(tmpdir(), 'electron-stand-in-'));
  const own = ['--headless', '--remote-debugging-pipe', '--remote-debugging-port=0', `--user-data-dir=${profile}`];
  const child = spawn(executablePath ?? '', [...args, ...own, ...AS_ELECTRON, ...switches], {
    stdio: ['ignore', 'ignore', 'pipe', 'pipe', 'pipe'],
  });
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const removeProfile = (): void => rmSync(profile, { recursive: true, force: true, maxRetries: 3 });
  process.once('exit', () => {
    child.kill('SIGKILL');
    removeProfile();
  });
  const endpoint = await readEndpoint(child);
  const { call, onEvent } = openPipe(child.stdio[3] as Writable, child.stdio[4] as Readable);
  return {
    endpoint,
    profile,
    call,
    onEvent,
    async close() {
      call('Browser.close').catch(() => {});
      await gone;
      removeProfile();
    },
  };
}

function readEndpoint(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    const said: string[] = [];
    const timer = setTimeout(() => fail(`did not start within ${START_TIMEOUT_MS} ms`), START_TIMEOUT_MS);
    const fail = (why: string): void => {
      clearTimeout(timer);
      reject(new Error(`Chromium ${why}. It said:\n${said.join('\n')}`));
    };
    child.once('error', (error) => fail(`could not be started: ${error.message}`));
    child.once('exit', (code, signal) => fail(`ended at its start (${signal ?? code})`));
    readLines(child.stderr as Readable, (line) => {
      said.push(line);
      const endpoint = /DevTools listening on (ws:\S+)/.exec(line)?.[1];
      if (endpoint === undefined) return;
      clearTimeout(timer);
      resolve(endpoint);
    });
  });
}

/** The protocol over a pipe: JSON messages, each ended by a zero byte. */
function openPipe(writer: Writable, reader: Readable): Pick<Chromium, 'call' | 'onEvent'> {
  const pending = new Map<number, { resolve: (answer: Answer) => void; reject: (error: Error) => void }>();
  const listeners: Listener[] = [];
  let lastId = 0;
  let isOpen = true;
  let parts: Buffer[] = [];

  const end = (): void => {
    isOpen = false;
    for (const { reject } of pending.values()) reject(new Error('Chromium has gone.'));
    pending.clear();
  };
  writer.on('error', end);
  reader.on('close', end);
  reader.on('data', (chunk: Buffer) => {
    let from = 0;
    for (let to = chunk.indexOf(0); to !== -1; to = chunk.indexOf(0, from)) {
      const text = Buffer.concat([...parts, chunk.subarray(from, to)]).toString('utf8');
      parts = [];
      from = to + 1;
      receive(JSON.parse(text) as Answer);
    }
    parts.push(chunk.subarray(from));
  });

  function receive(message: Answer): void {
    if (typeof message['id'] !== 'number') {
      const { method, params, sessionId } = message as { method: string; params: Answer; sessionId?: string };
      for (const listener of listeners) listener(method, params, sessionId);
      return;
    }
    const waiting = pending.get(message['id']);
    pending.delete(message['id']);
    const error = message['error'] as { message: string } | undefined;
    if (error === undefined) waiting?.resolve(message['result'] as Answer);
    else waiting?.reject(new Error(error.message));
  }

  return {
    onEvent: (listener) => void listeners.push(listener),
    call: (method, params = {}, sessionId) =>
      new Promise((resolve, reject) => {
        if (!isOpen) return reject(new Error(`Chromium has gone: ${method} cannot be asked.`));
        lastId += 1;
        const id = lastId;
        pending.set(id, {
          resolve,
          reject: (error) => reject(new Error(`${method}: ${error.message}`)),
        });
        writer.write(`${JSON.stringify({ id, method, params, ...(sessionId === undefined ? {} : { sessionId }) })}\0`);
      }),
  };
}
