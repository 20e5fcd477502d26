import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { startStandIn, type StandIn } from '#test/support/electron-stand-in/launch.ts';

/** A small Electron application, as its author would write it: file names and their text. */
export interface Sample {
  /** ES module of the main process. It has `say(value)`, which prints a line of JSON, and `root`, its folder. */
  readonly main: string;
  readonly preload?: string;
  readonly files?: Readonly<Record<string, string>>;
}

export interface RunningSample extends StandIn {
  readonly folder: string;
  /** Resolves with the first value that the main process says under a name. */
  said(name: string): Promise<unknown>;
  /** Everything said so far, in order. */
  sayings(): readonly (readonly [string, unknown])[];
}

interface RunOptions {
  readonly folder?: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

const PRELUDE = `
import { join } from 'node:path';
const root = import.meta.dirname;
const say = (name, value = null) => console.log('say ' + JSON.stringify([name, value]));
`;

/** What most samples need: a scheme that serves the folder's files, and a window with secure preferences. */
export const WITH_WINDOW = `
import { app, BrowserWindow, ipcMain, MessageChannelMain, protocol, session } from 'electron';
import { readFile } from 'node:fs/promises';
const served = [];
protocol.registerSchemesAsPrivileged([{ scheme: 'sample', privileges: { standard: true, secure: true } }]);
const serve = () => protocol.handle('sample', async (request) => {
  served.push(request.url);
  const { pathname } = new URL(request.url);
  const text = await readFile(join(root, pathname)).catch(() => undefined);
  const type = pathname.endsWith('.js') ? 'text/javascript' : 'text/html';
  return new Response(text ?? 'not found', { status: text ? 200 : 404, headers: { 'content-type': type } });
});
const secure = { preload: join(root, 'preload.cjs'), sandbox: true, contextIsolation: true, nodeIntegration: false };
const open = (options = {}) => new BrowserWindow({ width: 800, height: 600, webPreferences: secure, ...options });
`;

/** Writes the sample into a folder of its own, which goes with the test. */
export function writeSample({ main, preload = '', files = {} }: Sample): string {
  const folder = mkdtempSync(join(tmpdir(), 'electron-sample-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const all = {
    'package.json': JSON.stringify({ name: 'sample', version: '1.2.3', main: 'main.mjs' }),
    'main.mjs': PRELUDE + main,
    'preload.cjs': preload,
    'index.html': '<!doctype html><title>Sample</title><body>sample</body>',
    ...files,
  };
  for (const [name, text] of Object.entries(all)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

/** Runs a written sample, or writes and runs one. It is killed with the test if it was not closed. */
export function runSample(sample: Sample | string, { args = [], env = {} }: RunOptions = {}): RunningSample {
  const folder = typeof sample === 'string' ? sample : writeSample(sample);
  const standIn = startStandIn({ folder, args, env: { XDG_CONFIG_HOME: join(folder, 'config'), ...env } });
  onTestFinished(async () => {
    standIn.electronProcess.kill('SIGKILL');
    await standIn.exited;
  });
  const parse = (line: string): readonly [string, unknown] => JSON.parse(line.slice(4)) as [string, unknown];
  return {
    ...standIn,
    folder,
    said: async (name) =>
      parse(await standIn.line((line) => line.startsWith(`say ${JSON.stringify([name]).slice(0, -1)}`)))[1],
    sayings: () => standIn.output.filter((line) => line.startsWith('say ')).map(parse),
  };
}
