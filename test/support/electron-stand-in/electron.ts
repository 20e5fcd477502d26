// The stand-in's `electron` module, as the main process sees it. See README.md.
import { app } from './app.ts';
import { BrowserWindow } from './browser-window.ts';
import { ipcMain } from './ipc-main.ts';
import { MessageChannelMain } from './ports.ts';
import { protocol } from './protocol.ts';
import { guard, refuse } from './refuse.ts';
import { report } from './report.ts';
import { safeStorage } from './safe-storage.ts';
import { session } from './session.ts';
import { utilityProcess as utility } from './utility-process.ts';

/** docs/api/shell.md: the driver learns what would have been opened. */
const shell = guard('shell', {
  async openExternal(url: string): Promise<void> {
    report({ type: 'openExternal', url });
  },
});

/** docs/api/menu.md: only taking the menu away. */
const Menu = guard('Menu', {
  setApplicationMenu(menu: unknown): void {
    if (menu !== null) refuse('Menu.setApplicationMenu with a menu');
  },
});

/** docs/api/dialog.md: the driver learns what would have been shown; nobody has to press a button. */
const dialog = guard('dialog', {
  showErrorBox(title: string, content: string): void {
    report({ type: 'errorBox', title, content });
  },
});

const utilityProcess = guard('utilityProcess', utility);

/** A module that is not modelled: every property of it is refused, and so is calling it. */
function absent(name: string): unknown {
  return new Proxy(class {}, {
    get: (_target, key) => (typeof key === 'symbol' || key === 'then' ? undefined : refuse(`${name}.${key}`)),
    construct: () => refuse(`new ${name}()`),
    apply: () => refuse(`${name}()`),
  });
}

// The other names that Electron 45 exports to the main process: a static import of them must link, and be refused.
export const autoUpdater = absent('autoUpdater');
export const BaseWindow = absent('BaseWindow');
export const BrowserView = absent('BrowserView');
export const clipboard = absent('clipboard');
export const contentTracing = absent('contentTracing');
export const crashReporter = absent('crashReporter');
export const desktopCapturer = absent('desktopCapturer');
export const globalShortcut = absent('globalShortcut');
export const ImageView = absent('ImageView');
export const inAppPurchase = absent('inAppPurchase');
export const MenuItem = absent('MenuItem');
export const nativeImage = absent('nativeImage');
export const nativeTheme = absent('nativeTheme');
export const net = absent('net');
export const netLog = absent('netLog');
export const Notification = absent('Notification');
export const powerMonitor = absent('powerMonitor');
export const powerSaveBlocker = absent('powerSaveBlocker');
export const pushNotifications = absent('pushNotifications');
export const screen = absent('screen');
export const ShareMenu = absent('ShareMenu');
export const systemPreferences = absent('systemPreferences');
export const TouchBar = absent('TouchBar');
export const Tray = absent('Tray');
export const View = absent('View');
export const webContents = absent('webContents');
export const WebContentsView = absent('WebContentsView');
export const webFrameMain = absent('webFrameMain');

export {
  app,
  BrowserWindow,
  dialog,
  ipcMain,
  Menu,
  MessageChannelMain,
  protocol,
  safeStorage,
  session,
  shell,
  utilityProcess,
};

const modelled = {
  app,
  BrowserWindow,
  dialog,
  ipcMain,
  Menu,
  MessageChannelMain,
  protocol,
  safeStorage,
  session,
  shell,
  utilityProcess,
};

export default guard('electron', modelled);
