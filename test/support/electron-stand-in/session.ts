import { protocol } from './protocol.ts';
import { guard, Modelled } from './refuse.ts';
import { runtime } from './runtime.ts';
import type { WebContents } from './web-contents.ts';

type Details = Readonly<Record<string, unknown>>;
type RequestHandler = (
  contents: WebContents,
  permission: string,
  callback: (isGranted: boolean) => void,
  details: Details,
) => void;
type CheckHandler = (contents: WebContents | null, permission: string, origin: string, details: Details) => boolean;
type DeviceHandler = (details: Details) => boolean;

/** Electron's permission names, and what the same permission is called in the DevTools protocol. */
const PERMISSIONS: Readonly<Record<string, readonly string[]>> = {
  'clipboard-read': ['clipboard-read'],
  'clipboard-sanitized-write': ['clipboard-write'],
  geolocation: ['geolocation'],
  'idle-detection': ['idle-detection'],
  media: ['camera', 'microphone'],
  midi: ['midi'],
  notifications: ['notifications'],
  'window-management': ['window-management'],
};

/**
 * docs/api/session.md, the default session only.
 *
 * Real Electron asks a permission handler when the page asks. DevTools can only set permissions beforehand, so the
 * stand-in asks the handlers about every permission in PERMISSIONS when a document is about to load, and Chromium then
 * answers the page as they decided. Without handlers everything is granted, which is Electron's default. The device
 * handler is never asked: this Chromium has no devices to offer.
 */
export class Session extends Modelled {
  readonly protocol = protocol;
  #request: RequestHandler | null = null;
  #check: CheckHandler | null = null;

  setPermissionRequestHandler(handler: RequestHandler | null): void {
    this.#request = handler;
  }

  setPermissionCheckHandler(handler: CheckHandler | null): void {
    this.#check = handler;
  }

  setDevicePermissionHandler(_handler: DeviceHandler | null): void {}

  /** For the stand-in: brings Chromium's permissions for a document's origin to what the handlers decide. */
  static async applyPermissions(session: Session, contents: WebContents, url: string): Promise<void> {
    const { address } = runtime;
    const { origin } = new URL(address.toChromium(url));
    const chromium = await runtime.chromium();
    await Promise.all(
      Object.entries(PERMISSIONS).flatMap(([permission, names]) => {
        const isGranted = session.#decide(contents, permission, address.toElectron(`${origin}/`));
        const setting = isGranted ? 'granted' : 'denied';
        return names.map((name) => chromium.call('Browser.setPermission', { permission: { name }, setting, origin }));
      }),
    );
  }

  #decide(contents: WebContents, permission: string, url: string): boolean {
    const requestingUrl = guard('permission details', { isMainFrame: true, requestingUrl: url, securityOrigin: url });
    if (this.#check !== null && !this.#check(contents, permission, url, requestingUrl)) return false;
    if (this.#request === null) return true;
    let answer: boolean | undefined;
    this.#request(
      contents,
      permission,
      (isGranted) => {
        answer = isGranted;
      },
      requestingUrl,
    );
    if (answer === undefined) throw new Error(`The Electron stand-in needs the answer to '${permission}' at once.`);
    return answer;
  }
}

const defaultSession = new Session('session', []);

export const session = guard('session', {
  get defaultSession(): Session {
    if (!runtime.isReady) throw new Error('Session can only be received when app is ready');
    return defaultSession;
  },
});
