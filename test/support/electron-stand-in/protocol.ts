import { guard, refuseUnknownKeys } from './refuse.ts';
import { runtime } from './runtime.ts';

export type ProtocolHandler = (request: Request) => Response | Promise<Response>;

interface CustomScheme {
  readonly scheme: string;
  readonly privileges?: Readonly<Record<string, boolean>>;
}

/** Privileges that `https://…localhost` has in Chromium too, so that the translated address may stand for the scheme. */
const NEEDED = ['standard', 'secure'];
const ACCEPTED = [...NEEDED, 'supportFetchAPI', 'stream', 'codeCache'];

const handlers = new Map<string, ProtocolHandler>();
let isRegistered = false;

/** docs/api/protocol.md. Schemes are registered once, before ready, as standard and secure; handled after it. */
export const protocol = guard('protocol', {
  registerSchemesAsPrivileged(schemes: readonly CustomScheme[]): void {
    if (runtime.isReady) throw new Error('protocol.registerSchemesAsPrivileged should be called before app is ready');
    if (isRegistered)
      throw new Error('protocol.registerSchemesAsPrivileged was called twice: only the last call counts');
    isRegistered = true;
    for (const { scheme, privileges = {} } of schemes) {
      refuseUnknownKeys(`protocol.registerSchemesAsPrivileged('${scheme}').privileges`, privileges, ACCEPTED);
      for (const name of NEEDED) {
        if (privileges[name] !== true) {
          throw new Error(`The Electron stand-in models ${scheme}: as a standard and secure scheme only.`);
        }
      }
      runtime.address.register(scheme);
    }
  },

  handle(scheme: string, handler: ProtocolHandler): void {
    needReady();
    if (handlers.has(scheme)) throw new Error(`Failed to register protocol: ${scheme}`);
    handlers.set(scheme, handler);
  },

  unhandle(scheme: string): void {
    needReady();
    if (!handlers.delete(scheme)) throw new Error(`Failed to unhandle protocol: ${scheme}`);
  },

  isProtocolHandled(scheme: string): boolean {
    needReady();
    return handlers.has(scheme);
  },
});

export function handlerOf(scheme: string): ProtocolHandler | undefined {
  return handlers.get(scheme);
}

function needReady(): void {
  if (!runtime.isReady) throw new Error('Session can only be received when app is ready');
}
