// `npm start`: chooses a host, builds what is not built yet, and opens the terminal.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type BrowserHost, openBrowserHost } from './browser/server.ts';
import { forkDeviceProcess, forkServer } from './child-process.ts';
import { openSecret } from './browser/secret.ts';
import { type Till, openTill } from './compose.ts';
import { type StartConfig, defaultPort, defaultWalletPort, parseConfig, usage } from './config.ts';
import { findElectron } from './find-electron.ts';
import { SealedKeys } from './keys.ts';
import { openBrowser } from './open-browser.ts';
import { PROJECT, type Product, hasSources, isBuilt, products } from './sources.ts';
import { FutureFile, UnreadableFile } from './terminal/store/database.ts';
import { DataFolderInUse, lockDataFolder } from './terminal/store/lock.ts';
import { NotSetUp } from './terminal/terminal.ts';

const CLOSE_DEADLINE_MS = 8_000;
const EXIT_WRONG = 2;
const serverEntries = { wallet: 'wallet/server/process.ts', operator: 'wallet/operator/process.ts' };

/** What a person can mend, in one line. */
class StartRefused extends Error {}

const args = process.argv.slice(2);
const parsed = parseConfig(args);
if (parsed.ok) {
  await start(parsed.config).catch(fail);
} else {
  process.stderr.write(`${parsed.problem}.\nUsage: ${usage}\n`);
  process.exitCode = EXIT_WRONG;
}

async function start(config: StartConfig): Promise<void> {
  // First of all: a second terminal on the same folder must not start anything.
  const lock = lockDataFolder(config.dataFolder);
  const electron = config.isBrowserHost ? undefined : findElectron();
  if (electron?.isUsable === true) {
    await build(Object.values(products));
    lock.release();
    process.exitCode = await runElectron(electron.binary);
    return;
  }
  if (electron !== undefined) process.stdout.write(`${electron.reason}: using the browser host.\n`);
  await build([products.page, products.phone]);
  await runBrowserHost(config, lock);
}

/** In a process of its own, so that the terminal does not carry a bundler. */
async function build(needed: readonly Product[]): Promise<void> {
  const stale = needed.filter((product) => hasSources(product) && !isBuilt(product));
  if (stale.length === 0) return;
  const names = stale.flatMap(({ name }) => ['--only', name]);
  const child = spawn(process.execPath, [join(PROJECT, 'main', 'build.ts'), ...names], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) throw new StartRefused('The page could not be built: the lines above say why.');
}

async function runElectron(binary: string): Promise<number> {
  const { ELECTRON_RUN_AS_NODE: _, ...env } = process.env;
  const child = spawn(binary, [PROJECT, ...args], { stdio: 'inherit', env });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void child.kill(signal));
  const [code] = (await once(child, 'exit')) as [number | null];
  return code ?? 1;
}

async function runBrowserHost(config: StartConfig, lock: { release(): void }): Promise<void> {
  const till = await openTill({
    ...config,
    lock,
    walletPort: config.port === undefined ? defaultWalletPort : 0,
    spawnDevices: () => forkDeviceProcess(join(PROJECT, 'hardware', 'process.ts')),
    spawnServer: (program, serverArgs, onLine) => forkServer(join(PROJECT, serverEntries[program]), serverArgs, onLine),
    version: readVersion(),
  });
  const host = await listen(till, config.port).catch(async (error: unknown) => {
    await till.close();
    throw error;
  });

  let isClosing = false;
  const close = (): void => {
    if (isClosing) return;
    isClosing = true;
    setTimeout(() => process.exit(1), CLOSE_DEADLINE_MS).unref();
    host
      .close()
      .then(() => till.close())
      .then(() => process.exit(0), fail);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, close);

  process.stdout.write(`Warikan is ready at ${host.url}\n`);
  if (config.opensBrowser) openBrowser(host.url);
}

async function listen(till: Till, port: number | undefined): Promise<BrowserHost> {
  const open = (chosen: number): Promise<BrowserHost> =>
    openBrowserHost({
      router: till.router,
      pageFolder: join(PROJECT, 'dist', 'page'),
      port: chosen,
      secret: openSecret(till.keys),
      log: till.log,
    });
  try {
    return await open(port ?? defaultPort);
  } catch (error) {
    if (!isErrno(error) || error.code !== 'EADDRINUSE') throw error;
    if (port === undefined) return open(0);
    throw new StartRefused(`Port ${port} is taken by another program: choose another one with --port.`);
  }
}

function readVersion(): string {
  return (JSON.parse(readFileSync(join(PROJECT, 'package.json'), 'utf8')) as { version: string }).version;
}

/** One line for what a person can mend; a stack for what only a bug can do. */
function fail(error: unknown): never {
  const isTheirs =
    error instanceof StartRefused ||
    error instanceof DataFolderInUse ||
    error instanceof FutureFile ||
    error instanceof UnreadableFile ||
    error instanceof NotSetUp ||
    error instanceof SealedKeys ||
    isErrno(error);
  process.stderr.write(`${isTheirs ? error.message : error instanceof Error ? error.stack : String(error)}\n`);
  process.exit(1);
}

function isErrno(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error && 'code' in error;
}
