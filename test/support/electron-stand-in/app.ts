import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { BrowserWindow } from './browser-window.ts';
import { guard, makeEvent, Modelled, refuse } from './refuse.ts';
import { onCommand, report } from './report.ts';
import { runtime } from './runtime.ts';
import { lockInstance } from './single-instance.ts';

const EVENTS = [
  'will-finish-launching',
  'ready',
  'second-instance',
  'activate',
  'window-all-closed',
  'before-quit',
  'will-quit',
  'quit',
  'browser-window-created',
  'web-contents-created',
];

/** Node's own: the product's `process.exit` becomes `app.exit` (run.ts). */
const endProcess = process.exit.bind(process);

/** docs/api/app.md */
class App extends Modelled {
  readonly isPackaged = false;
  readonly commandLine = guard('app.commandLine', {
    appendSwitch(name: string, value?: string): void {
      runtime.switches.push(value === undefined ? `--${name}` : `--${name}=${value}`);
    },
    hasSwitch: (name: string): boolean =>
      [...runtime.switches, ...process.argv].some((given) => given === `--${name}` || given.startsWith(`--${name}=`)),
  });
  readonly #manifest: { readonly name: string; readonly version: string; readonly folder: string };
  readonly #paths = new Map<string, string>();
  readonly #whenReady: Promise<void>;
  #setReady = (): void => {};
  #name: string;
  #release: (() => void) | undefined;
  #isQuitting = false;
  #isGone = false;

  constructor() {
    super('app', EVENTS);
    this.#manifest = readManifest(process.env['ELECTRON_STAND_IN_APP'] ?? process.cwd());
    this.#name = this.#manifest.name;
    const appData = process.env['XDG_CONFIG_HOME'] ?? join(homedir(), '.config');
    const userData = join(appData, this.#name);
    for (const [name, path] of Object.entries({ home: homedir(), appData, userData, temp: tmpdir() })) {
      this.#paths.set(name, path);
    }
    this.#whenReady = new Promise((resolve) => {
      this.#setReady = resolve;
    });
    runtime.windows.on('created', (window, contents) => {
      this.emit('web-contents-created', makeEvent('web-contents-created', {}), contents);
      this.emit('browser-window-created', makeEvent('browser-window-created', {}), window);
    });
    runtime.windows.on('closed', () => this.#onWindowClosed());
  }

  get name(): string {
    return this.#name;
  }

  getName(): string {
    return this.#name;
  }

  /** Before `userData` is first used, as documented: the folder follows the name. */
  setName(name: string): void {
    this.#name = name;
  }

  getVersion(): string {
    return this.#manifest.version;
  }

  getAppPath(): string {
    return this.#manifest.folder;
  }

  getLocale(): string {
    return 'en-US';
  }

  getPath(name: string): string {
    const path = this.#paths.get(name);
    if (path !== undefined) return path;
    if (name === 'sessionData') return this.getPath('userData');
    if (name === 'exe') return process.execPath;
    return refuse(`app.getPath('${name}')`);
  }

  setPath(name: string, path: string): void {
    if (!['userData', 'sessionData', 'temp'].includes(name)) refuse(`app.setPath('${name}')`);
    if (!isAbsolute(path)) throw new Error('Path must be absolute');
    if (!existsSync(path)) throw new Error(`Failed to set path '${name}': ${path} does not exist`);
    this.#paths.set(name, path);
  }

  enableSandbox(): void {
    if (runtime.isReady) throw new Error('app.enableSandbox() can only be called before app is ready');
  }

  setAppUserModelId(): void {}

  isReady(): boolean {
    return runtime.isReady;
  }

  whenReady(): Promise<void> {
    return this.#whenReady;
  }

  requestSingleInstanceLock(additionalData: unknown = {}): boolean {
    if (this.#release !== undefined) return true;
    const userData = this.getPath('userData');
    mkdirSync(userData, { recursive: true });
    const self = { argv: process.argv, workingDirectory: process.cwd(), additionalData };
    this.#release = lockInstance(userData, self, ({ argv, workingDirectory, additionalData: data }) => {
      this.emit('second-instance', makeEvent('second-instance', {}), argv, workingDirectory, data);
    });
    return this.#release !== undefined;
  }

  hasSingleInstanceLock(): boolean {
    return this.#release !== undefined;
  }

  releaseSingleInstanceLock(): void {
    this.#release?.();
    this.#release = undefined;
  }

  /** before-quit, then every window is asked to close, then will-quit and quit. Each but the last may prevent it. */
  quit(): void {
    if (this.#isQuitting || this.#isGone) return;
    this.#isQuitting = true;
    if (this.#isPrevented('before-quit')) return;
    for (const window of BrowserWindow.getAllWindows()) {
      window.once('close', (event: { readonly defaultPrevented: boolean }) => {
        // Decided after the product's own listeners, which stand before this one.
        queueMicrotask(() => {
          if (event.defaultPrevented) this.#isQuitting = false;
        });
      });
      window.close();
    }
    if (BrowserWindow.getAllWindows().length === 0) this.#willQuit();
  }

  /** Leaves without asking: windows close at once, before-quit and will-quit are not emitted, quit is. */
  exit(exitCode = 0): void {
    if (this.#isGone) return;
    this.#isGone = true;
    this.emit('quit', makeEvent('quit', {}), exitCode);
    for (const window of BrowserWindow.getAllWindows()) window.destroy();
    this.releaseSingleInstanceLock();
    void runtime.closeChromium().finally(() => endProcess(exitCode));
  }

  /** For the stand-in's entry: the application's code has been loaded. */
  static becomeReady(self: App): void {
    self.emit('will-finish-launching');
    runtime.isReady = true;
    self.emit('ready', makeEvent('ready', {}), {});
    self.#setReady();
    report({ type: 'ready' });
  }

  #onWindowClosed(): void {
    if (this.#isGone || BrowserWindow.getAllWindows().length > 0) return;
    if (this.#isQuitting) {
      this.#willQuit();
      return;
    }
    // Without a listener, Electron quits when the last window has closed.
    if (!this.emit('window-all-closed')) this.quit();
  }

  #willQuit(): void {
    if (!this.#isPrevented('will-quit')) this.exit(Number(process.exitCode ?? 0));
  }

  #isPrevented(name: string): boolean {
    const event = makeEvent(name, {});
    this.emit(name, event);
    if (event.defaultPrevented) this.#isQuitting = false;
    return event.defaultPrevented;
  }
}

function readManifest(folder: string): { readonly name: string; readonly version: string; readonly folder: string } {
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Record<string, string>;
  return {
    name: manifest['productName'] ?? manifest['name'] ?? 'Electron',
    version: manifest['version'] ?? '',
    folder,
  };
}

export const app = new App();

export function becomeReady(): void {
  App.becomeReady(app);
}

/** What a person does to a window's frame reaches it through the driver. */
export function obeyDriver(): void {
  onCommand((command) => {
    if (command.type === 'windows') {
      report({ type: 'windows', request: command.request, windows: BrowserWindow.states() });
      return;
    }
    const window = BrowserWindow.getAllWindows().find(({ id }) => id === command.window);
    if (command.type === 'minimize') window?.minimize();
    else window?.close();
  });
}
