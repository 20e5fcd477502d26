import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type BrowserWindow, app, dialog, Menu, session } from 'electron';
import { type Till, openTill } from '../compose.ts';
import { type StartConfig, defaultWalletPort, parseConfig, usage } from '../config.ts';
import { lockDataFolder } from '../terminal/store/lock.ts';
import { ownArguments } from './arguments.ts';
import { PAGE_ADDRESS, registerPageScheme, servePage } from './page-protocol.ts';
import { openSeal } from './safe-storage.ts';
import { servePorts } from './serve-port.ts';
import { forkUtility } from './utility.ts';
import { bringToFront, denyPermissions, lockPage, openWindow } from './window.ts';

/** Beside this bundle: what `npm run build` made of the other rooms. */
const BUNDLES = join(import.meta.dirname, '..');
/** A till that does not close in this time is left to its next start, which finds every book as it was committed. */
const CLOSE_DEADLINE_MS = 8_000;
const EXIT_WRONG = 2;

// Before Electron is ready, or too late: sandbox, scheme and the folder that the single instance is judged by.
app.enableSandbox();
registerPageScheme();
const parsed = parseConfig(ownArguments(process.argv, app.isPackaged));
if (!parsed.ok) {
  stop(`${parsed.problem}.\nUsage: ${usage}`, EXIT_WRONG);
} else if (isFirstInstance(parsed.config)) {
  process.on('uncaughtException', (error) => stop(error.stack ?? error.message));
  // Electron would only warn of it; Node ends, and so do both hosts.
  process.on('unhandledRejection', (reason) => {
    throw reason;
  });
  app.on('web-contents-created', (_event, contents) => lockPage(contents));
  app.on('window-all-closed', () => app.quit());
  app
    .whenReady()
    .then(() => run(parsed.config))
    .catch((error: unknown) => stop(error instanceof Error ? error.message : String(error)));
} else {
  // The first one has been told, and shows its window.
  app.quit();
}

/** One program for each data folder; another folder is another till. */
function isFirstInstance({ dataFolder }: StartConfig): boolean {
  const own = join(dataFolder, 'electron');
  mkdirSync(own, { recursive: true, mode: 0o700 });
  app.setPath('userData', own);
  return app.requestSingleInstanceLock();
}

async function run(config: StartConfig): Promise<void> {
  Menu.setApplicationMenu(null);
  denyPermissions(session.defaultSession);
  servePage(join(BUNDLES, 'page'));

  // A browser host may have the folder: it is no Electron, so it was not found by the single instance lock.
  const lock = lockDataFolder(config.dataFolder);
  const till = await openTill({
    ...config,
    lock,
    walletPort: defaultWalletPort,
    spawnDevices: () => forkUtility(join(BUNDLES, 'hardware', 'process.js'), [], 'Warikan devices'),
    spawnServer: (program, args, onLine) =>
      forkUtility(join(BUNDLES, program, 'process.js'), args, `Warikan ${program} server`, onLine),
    ...(await sealOf(config)),
    version: app.getVersion(),
  });
  const { log } = till;
  const ports = servePorts({ router: till.router, log });
  closeWithApp(till, ports);

  const window: BrowserWindow = openWindow({
    preload: join(BUNDLES, 'electron', 'preload.cjs'),
    log,
    onHopeless: (reason) => stop(`The page ended too often (${reason}).`),
  });
  ports.answer(window.webContents);
  app.on('second-instance', () => bringToFront(window));
  try {
    await window.loadURL(PAGE_ADDRESS);
  } catch (error) {
    // A person may close the window before its page has come.
    if (window.isDestroyed()) return;
    throw error;
  }
  process.stdout.write('Warikan is ready in its window.\n');
}

async function sealOf({ dataFolder }: StartConfig): Promise<Pick<Parameters<typeof openTill>[0], 'seal'>> {
  const seal = await openSeal(join(dataFolder, 'keys'));
  return seal === undefined ? {} : { seal };
}

/** However the program is left, the till is closed in order first. */
function closeWithApp(till: Till, ports: { close(): void }): void {
  let isClosing = false;
  app.on('will-quit', (event) => {
    event.preventDefault();
    if (isClosing) return;
    isClosing = true;
    setTimeout(() => app.exit(1), CLOSE_DEADLINE_MS).unref();
    ports.close();
    till.close().then(
      () => app.exit(0),
      (error: unknown) => stop(error instanceof Error ? error.message : String(error)),
    );
  });
}

/** Nothing more can be done here. A person sees why; what was committed is kept. */
function stop(why: string, exitCode = 1): void {
  process.stderr.write(`${why}\n`);
  // A box before Electron is ready would wait for a display that a machine without one never has.
  if (app.isReady()) dialog.showErrorBox('Warikan has to stop', why);
  app.exit(exitCode);
}
