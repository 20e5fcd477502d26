import { BrowserWindow, type Session, type WebContents } from 'electron';
import type { Log } from '../terminal/log.ts';
import { PAGE_ADDRESS } from './page-protocol.ts';

const WIDTH = 1366;
const HEIGHT = 768;
/** The smallest screen that the page is drawn for. */
const WIDTH_MIN = 768;
const HEIGHT_MIN = 600;
/** A page that dies more often than this in one run will not be mended by loading it again. */
const RELOADS_MAX = 10;

export interface WindowParts {
  /** Path of the preload script's bundle. */
  readonly preload: string;
  readonly log: Log;
  /** The page's process died RELOADS_MAX times; `reason` is Electron's word for the last one. */
  readonly onHopeless: (reason: string) => void;
}

/** The till's window, shown once its page is painted. The page can do what a page can, and reach the port. */
export function openWindow({ preload, log, onHopeless }: WindowParts): BrowserWindow {
  const window = new BrowserWindow({
    width: WIDTH,
    height: HEIGHT,
    minWidth: WIDTH_MIN,
    minHeight: HEIGHT_MIN,
    show: false,
    title: 'Warikan',
    autoHideMenuBar: true,
    webPreferences: {
      preload,
      contextIsolation: true,
      sandbox: true,
      nodeIntegration: false,
      webSecurity: true,
      // A till in the background still has to show what a scan did.
      backgroundThrottling: false,
      spellcheck: false,
    },
  });
  window.once('ready-to-show', () => window.show());

  let reloads = 0;
  window.webContents.on('render-process-gone', (_event, { reason }) => {
    log.error({ reason }, 'the page ended');
    reloads += 1;
    if (reloads > RELOADS_MAX) onHopeless(reason);
    // The screens hold view state only: a new page starts from a snapshot and loses nothing.
    else window.reload();
  });
  window.webContents.on('preload-error', (_event, _path, error) =>
    log.error({ err: error }, 'the preload script failed'),
  );
  return window;
}

/** What a second start of the program does to the first one's window. */
export function bringToFront(window: BrowserWindow): void {
  // It has just been closed, and the program is about to end.
  if (window.isDestroyed()) return;
  if (window.isMinimized()) window.restore();
  window.show();
  window.focus();
}

/** For every page that this process ever shows: it stays where it is, and opens nothing. */
export function lockPage(contents: WebContents): void {
  contents.setWindowOpenHandler(() => ({ action: 'deny' }));
  // The page loads itself anew when its port breaks; that is the one way it may go.
  contents.on('will-frame-navigate', (event) => {
    if (!event.isMainFrame || event.url !== PAGE_ADDRESS) event.preventDefault();
  });
  contents.on('will-redirect', (event) => event.preventDefault());
  contents.on('will-attach-webview', (event) => event.preventDefault());
}

/** No camera, no place, no devices: scanners and printers belong to the device process. */
export function denyPermissions(session: Session): void {
  session.setPermissionRequestHandler((_contents, _permission, answer) => answer(false));
  session.setPermissionCheckHandler(() => false);
  session.setDevicePermissionHandler(() => false);
}
