import { isAbsolute } from 'node:path';
import { makeEvent, Modelled, refuse, refuseUnknownKeys } from './refuse.ts';
import type { WindowState } from './report.ts';
import { runtime } from './runtime.ts';
import { WebContents } from './web-contents.ts';

interface WebPreferences {
  readonly preload?: string;
  readonly [name: string]: unknown;
}

interface WindowOptions {
  readonly width?: number;
  readonly height?: number;
  readonly show?: boolean;
  readonly webPreferences?: WebPreferences;
  readonly [name: string]: unknown;
}

const OPTIONS = [
  'width',
  'height',
  'minWidth',
  'minHeight',
  'show',
  'title',
  'backgroundColor',
  'autoHideMenuBar',
  'webPreferences',
];
/** Preferences with the only values that are modelled. What Electron 45 takes for a default may be left out. */
const SECURE: Readonly<Record<string, boolean>> = {
  contextIsolation: true,
  sandbox: true,
  webSecurity: true,
  nodeIntegration: false,
  nodeIntegrationInSubFrames: false,
  nodeIntegrationInWorker: false,
  allowRunningInsecureContent: false,
  experimentalFeatures: false,
  webviewTag: false,
  navigateOnDragDrop: false,
};
const OTHER_PREFERENCES = ['preload', 'devTools', 'spellcheck', 'backgroundThrottling'];
const EVENTS = ['ready-to-show', 'show', 'hide', 'focus', 'blur', 'minimize', 'restore', 'close', 'closed'];
const DEFAULT_WIDTH = 800;
const DEFAULT_HEIGHT = 600;

const windows: BrowserWindow[] = [];
let lastId = 0;

/**
 * docs/api/browser-window.md. A window is a target of one headless Chromium, so its frame is a matter of bookkeeping:
 * visible, focused and minimized are what the product or the driver made them. A page's `beforeunload` is not asked.
 */
export class BrowserWindow extends Modelled {
  readonly id: number;
  readonly webContents: WebContents;
  #isVisible: boolean;
  #isFocused = false;
  #isMinimized = false;
  #isDestroyed = false;

  constructor(options: WindowOptions = {}) {
    super('BrowserWindow', EVENTS);
    if (!runtime.isReady) throw new Error('Cannot create BrowserWindow before app is ready');
    refuseUnknownKeys('BrowserWindow options', options, OPTIONS);
    const preferences = checkPreferences(options.webPreferences ?? {});
    lastId += 1;
    this.id = lastId;
    this.#isVisible = options.show !== false;
    this.#isFocused = this.#isVisible;
    this.webContents = new WebContents({
      id: this.id,
      width: options.width ?? DEFAULT_WIDTH,
      height: options.height ?? DEFAULT_HEIGHT,
      preload: preferences.preload,
      onGone: () => this.#finish(),
    });
    // Usually after did-finish-load, as documented; so here always.
    this.webContents.once('did-finish-load', () => {
      setImmediate(() => {
        if (!this.#isDestroyed) this.emit('ready-to-show', makeEvent('ready-to-show', {}));
      });
    });
    if (this.#isVisible) for (const window of windows) window.#blur();
    windows.push(this);
    runtime.windows.emit('created', this, this.webContents);
  }

  static getAllWindows(): readonly BrowserWindow[] {
    return [...windows];
  }

  static getFocusedWindow(): BrowserWindow | null {
    return windows.find((window) => window.#isFocused) ?? null;
  }

  static fromWebContents(contents: WebContents): BrowserWindow | null {
    return windows.find((window) => window.webContents === contents) ?? null;
  }

  /** For the driver. */
  static states(): readonly WindowState[] {
    return windows.map((window) => ({
      id: window.id,
      targetId: WebContents.targetIdOf(window.webContents),
      url: window.webContents.getURL(),
      isVisible: window.#isVisible,
      isFocused: window.#isFocused,
      isMinimized: window.#isMinimized,
    }));
  }

  loadURL(url: string): Promise<void> {
    this.#needAlive();
    return this.webContents.loadURL(url);
  }

  reload(): void {
    this.#needAlive();
    this.webContents.reload();
  }

  show(): void {
    this.#needAlive();
    if (!this.#isVisible) {
      this.#isVisible = true;
      this.emit('show', makeEvent('show', {}));
    }
    this.focus();
  }

  hide(): void {
    this.#needAlive();
    if (!this.#isVisible) return;
    this.#isVisible = false;
    this.#blur();
    this.emit('hide', makeEvent('hide', {}));
  }

  focus(): void {
    this.#needAlive();
    // A minimized or hidden window has no focus to take.
    if (!this.#isVisible || this.#isMinimized || this.#isFocused) return;
    for (const window of windows) if (window !== this) window.#blur();
    this.#isFocused = true;
    WebContents.focus(this.webContents).catch(() => {});
    this.emit('focus', makeEvent('focus', {}));
  }

  minimize(): void {
    this.#needAlive();
    if (this.#isMinimized) return;
    this.#isMinimized = true;
    this.#blur();
    this.emit('minimize', makeEvent('minimize', {}));
  }

  restore(): void {
    this.#needAlive();
    if (!this.#isMinimized) return;
    this.#isMinimized = false;
    this.emit('restore', makeEvent('restore', {}));
    this.focus();
  }

  isVisible(): boolean {
    return this.#isVisible && !this.#isMinimized;
  }

  isFocused(): boolean {
    return this.#isFocused;
  }

  isMinimized(): boolean {
    return this.#isMinimized;
  }

  isDestroyed(): boolean {
    return this.#isDestroyed;
  }

  setMenuBarVisibility(isVisible: boolean): void {
    if (isVisible) refuse('BrowserWindow.setMenuBarVisibility(true)');
  }

  /** Asks the `close` listeners first; a window that may close is gone a task later. */
  close(): void {
    if (this.#isDestroyed) return;
    const event = makeEvent('close', {});
    this.emit('close', event);
    if (!event.defaultPrevented) setImmediate(() => this.destroy());
  }

  /** Closes without asking: `close` is not emitted, `closed` is. */
  destroy(): void {
    if (this.#isDestroyed) return;
    WebContents.destroy(this.webContents).catch(() => {});
    this.#finish();
  }

  #blur(): void {
    if (!this.#isFocused) return;
    this.#isFocused = false;
    this.emit('blur', makeEvent('blur', {}));
  }

  #finish(): void {
    if (this.#isDestroyed) return;
    this.#isDestroyed = true;
    this.#isFocused = false;
    windows.splice(windows.indexOf(this), 1);
    this.emit('closed', makeEvent('closed', {}));
    runtime.windows.emit('closed');
  }

  #needAlive(): void {
    if (this.#isDestroyed) throw new TypeError('Object has been destroyed');
  }
}

function checkPreferences(preferences: WebPreferences): WebPreferences {
  refuseUnknownKeys('webPreferences', preferences, [...Object.keys(SECURE), ...OTHER_PREFERENCES]);
  for (const [name, value] of Object.entries(SECURE)) {
    if (name in preferences && preferences[name] !== value) {
      refuse(`webPreferences.${name} = ${String(preferences[name])}`);
    }
  }
  const { preload } = preferences;
  if (preload !== undefined && !isAbsolute(preload)) throw new Error('preload script must have absolute path');
  return preferences;
}
