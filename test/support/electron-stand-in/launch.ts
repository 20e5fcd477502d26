import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import type { Duplex, Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { chromium, type Browser, type Page } from 'playwright';
import { readLines, REPORT_FD, type Command, type Report, type WindowState } from './report.ts';

export interface StartOptions {
  /** Folder of the application, which holds its package.json; Warikan's by default. */
  readonly folder?: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

export interface LaunchOptions extends StartOptions {
  /** The terminal's data folder, given as `--data`. */
  readonly dataDir: string;
}

type ReportOf<T extends Report['type']> = Extract<Report, { readonly type: T }>;

/** A running application on the stand-in of Electron. */
export interface StandIn {
  readonly electronProcess: ChildProcess;
  /** Lines that the application wrote to its standard output and error, so far. */
  readonly output: readonly string[];
  /** Everything that the stand-in told, so far. */
  readonly reports: readonly Report[];
  /** Resolves with the first report of the type, told already or yet to come. */
  report<T extends Report['type']>(type: T): Promise<ReportOf<T>>;
  /** Resolves with the first line of output for which `matches` holds. */
  line(matches: (line: string) => boolean): Promise<string>;
  /** The page of a window, the first one by default, once it has gone to an address. */
  pageOf(window?: number): Promise<Page>;
  windows(): Promise<readonly WindowState[]>;
  /** What a person does to a window's frame. */
  minimize(window: number): void;
  closeWindow(window: number): void;
  /** Resolves with the exit code, or the name of the signal that ended the process. */
  readonly exited: Promise<number | string>;
  /**
   * Quits as a person's desktop does, and throws when the application used an API that is not modelled, left an error
   * uncaught, or did not quit. To be called in any case: it leaves no process behind.
   */
  close(): Promise<void>;
}

/** One window of an application, on the stand-in or on real Electron: what an end-to-end spec works with. */
export interface LaunchedWindow {
  readonly page: Page;
  readonly electronProcess: ChildProcess;
  close(): Promise<void>;
}

const RUN = fileURLToPath(new URL('./run.ts', import.meta.url));
const WARIKAN = fileURLToPath(new URL('../../..', import.meta.url));
const WAIT_TIMEOUT_MS = 30_000;
const QUIT_TIMEOUT_MS = 15_000;
const FD = 3;
/** What main/build.ts makes for Electron. */
const BUNDLES = ['electron', 'preload', 'hardware', 'wallet', 'page'].flatMap((name) => ['--only', name]);

/** Starts Warikan's real bundle on the stand-in and waits for its window. */
export async function launchStandIn({ dataDir, args = [], ...rest }: LaunchOptions): Promise<StandIn & LaunchedWindow> {
  await buildWarikan();
  const standIn = startStandIn({ ...rest, args: ['--data', dataDir, ...args] });
  try {
    const page = await standIn.pageOf();
    return { ...standIn, page };
  } catch (error) {
    await standIn.close().catch(() => {});
    throw new Error(`No window came. The application said:\n${standIn.output.join('\n')}`, { cause: error });
  }
}

/** Makes the bundles anew where their sources have changed. */
export async function buildWarikan(): Promise<void> {
  const child = spawn(process.execPath, ['main/build.ts', '--if-changed', ...BUNDLES], {
    cwd: WARIKAN,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) throw new Error('The bundles could not be built: the lines above say why.');
}

/** Starts an application on the stand-in. It may open no window at all. */
export function startStandIn({ folder = WARIKAN, args = [], env = {} }: StartOptions): StandIn {
  const child = spawn(process.execPath, [RUN, folder, ...args], {
    cwd: folder,
    env: { ...process.env, ...env, [REPORT_FD]: String(FD) },
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  });
  const told = makeRecord<Report>();
  const output = makeRecord<string>();
  const channel = child.stdio[FD] as Duplex;
  channel.on('error', () => {});
  readLines(channel, (line) => told.add(JSON.parse(line) as Report));
  readLines(child.stdout as Readable, output.add);
  readLines(child.stderr as Readable, output.add);
  let lastRequest = 0;
  let browser: Promise<Browser> | undefined;

  const exited = new Promise<number | string>((resolve) => {
    child.once('close', (code, signal) => {
      const how = signal ?? code ?? 1;
      told.end(`The application has ended (${how}). It said:\n${output.items.join('\n')}`);
      output.end(`The application has ended (${how}).`);
      for (const report of told.items) {
        if (report.type === 'chromium') rmSync(report.profile, { recursive: true, force: true, maxRetries: 5 });
      }
      resolve(how);
    });
  });
  const command = (message: Command): void => void channel.write(`${JSON.stringify(message)}\n`);

  const reportOf = <T extends Report['type']>(type: T): Promise<ReportOf<T>> =>
    told.find((report) => (report.type === type ? (report as ReportOf<T>) : undefined));

  async function connect(): Promise<Browser> {
    const { endpoint } = await reportOf('chromium');
    return chromium.connectOverCDP(endpoint);
  }

  return {
    electronProcess: child,
    output: output.items,
    reports: told.items,
    report: reportOf,
    line: (matches) => output.find((line) => (matches(line) ? line : undefined)),
    exited,
    minimize: (window) => command({ type: 'minimize', window }),
    closeWindow: (window) => command({ type: 'close', window }),
    async windows() {
      lastRequest += 1;
      const request = lastRequest;
      command({ type: 'windows', request });
      return told.find((report) =>
        report.type === 'windows' && report.request === request ? report.windows : undefined,
      );
    },
    async pageOf(window) {
      const targetId = await told.find((report) =>
        report.type === 'window' && (window === undefined || report.id === window) ? report.targetId : undefined,
      );
      browser ??= connect();
      const page = await findPage(await browser, targetId);
      await page.waitForURL((url) => url.protocol !== 'about:', { timeout: WAIT_TIMEOUT_MS });
      return page;
    },
    async close() {
      child.kill('SIGTERM');
      const late = setTimeout(() => child.kill('SIGKILL'), QUIT_TIMEOUT_MS);
      const how = await exited;
      clearTimeout(late);
      await browser?.then((connected) => connected.close()).catch(() => {});
      const faults = told.items.flatMap((report) => {
        if (report.type === 'refused') return [`It used an API that the stand-in does not model: ${report.api}.`];
        return report.type === 'uncaught' ? [`It left an error uncaught: ${report.stack}`] : [];
      });
      if (how === 'SIGKILL' && !child.killed) faults.push('It was killed.');
      if (faults.length > 0) throw new Error(faults.join('\n'));
    },
  };
}

/** Playwright does not tell a page's target, so each page is asked. */
async function findPage(browser: Browser, targetId: string): Promise<Page> {
  const [context] = browser.contexts();
  if (context === undefined) throw new Error('Chromium has no default context.');
  for (const page of context.pages()) {
    const session = await context.newCDPSession(page);
    const { targetInfo } = await session.send('Target.getTargetInfo');
    await session.detach();
    if (targetInfo.targetId === targetId) return page;
  }
  await context.waitForEvent('page', { timeout: WAIT_TIMEOUT_MS });
  return findPage(browser, targetId);
}

interface Recording<T> {
  readonly items: readonly T[];
  add(this: void, item: T): void;
  /** The first thing that `pick` makes of an item, told already or yet to come. */
  find<S>(this: void, pick: (item: T) => S | undefined): Promise<S>;
  /** Nothing more will come: who still waits is refused with the reason. */
  end(this: void, reason: string): void;
}

function makeRecord<T>(): Recording<T> {
  const items: T[] = [];
  const waiting = new Set<{ readonly look: (item: T) => void; readonly refuse: (reason: string) => void }>();
  let ended: string | undefined;
  return {
    items,
    add(item) {
      items.push(item);
      for (const { look } of waiting) look(item);
    },
    end(reason) {
      ended = reason;
      for (const { refuse } of waiting) refuse(reason);
    },
    find: (pick) =>
      new Promise((resolve, reject) => {
        for (const item of items) {
          const found = pick(item);
          if (found !== undefined) return resolve(found);
        }
        if (ended !== undefined) return reject(new Error(ended));
        const timer = setTimeout(() => entry.refuse(`Nothing came for ${WAIT_TIMEOUT_MS} ms.`), WAIT_TIMEOUT_MS);
        const leave = (): void => {
          clearTimeout(timer);
          waiting.delete(entry);
        };
        const entry = {
          look: (item: T) => {
            const found = pick(item);
            if (found === undefined) return;
            leave();
            resolve(found);
          },
          refuse: (reason: string) => {
            leave();
            reject(new Error(reason));
          },
        };
        waiting.add(entry);
      }),
  };
}
