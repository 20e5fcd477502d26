import type { Codec } from './clone.ts';

/** From the isolated world to the main process. Values are structured clones as text (clone.ts). */
export type FromWorld =
  | { readonly kind: 'ipc'; readonly channel: string; readonly args: string; readonly ports: readonly number[] }
  | { readonly kind: 'invoke'; readonly call: number; readonly channel: string; readonly args: string }
  | { readonly kind: 'port'; readonly port: number; readonly text: string; readonly ports: readonly number[] }
  | { readonly kind: 'port-closed'; readonly port: number }
  | { readonly kind: 'preload-error'; readonly path: string; readonly message: string; readonly stack: string }
  | { readonly kind: 'refused'; readonly api: string };

/** From the main process to the isolated world. */
export type ToWorld =
  | { readonly kind: 'ipc'; readonly channel: string; readonly args: string; readonly ports: readonly number[] }
  | { readonly kind: 'answer'; readonly call: number; readonly isError: boolean; readonly value: string }
  | { readonly kind: 'port'; readonly port: number; readonly text: string; readonly ports: readonly number[] }
  | { readonly kind: 'close-port'; readonly port: number };

/** A preload script as a function, its parameters as Electron's loader passes them to a sandboxed preload script. */
export type PreloadScript = (require: unknown, process: unknown, exports: object, module: { exports: object }) => void;

/** Names on the isolated world's global object; the page's own world never sees them. */
export const SEND = '__electronStandInSend';
export const RECEIVE = '__electronStandInReceive';

/**
 * Runs in the page's isolated world before any script of the page: builds what a sandboxed preload script may use
 * (docs/tutorial/sandbox.md: `require('electron')` with ipcRenderer, and little else), then runs the preload script.
 * Its source is sent to Chromium, so it must stand alone.
 *
 * Ports made here have odd numbers, ports that came from the main process even ones.
 */
export function enterIsolatedWorld(
  makeCodec: () => Codec,
  names: { readonly send: string; readonly receive: string; readonly preloadPath: string },
  preload: PreloadScript,
): void {
  const world = globalThis as unknown as Record<string, unknown>;
  const sendText = world[names.send] as (text: string) => void;
  delete world[names.send];
  // Preload scripts run in the main frame only (nodeIntegrationInSubFrames is off).
  if (window.top !== window) return;

  type Handler = (event: unknown, ...args: unknown[]) => void;
  const codec = makeCodec();
  const send = (message: FromWorld): void => sendText(JSON.stringify(message));
  const relays = new Map<number, MessagePort>();
  const calls = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
  const listeners = new Map<string, { handler: Handler; isOnce: boolean }[]>();
  let lastPort = -1;
  let lastCall = 0;

  function refuse(api: string): never {
    send({ kind: 'refused', api });
    throw new Error(`The Electron stand-in does not model ${api}.`);
  }

  function guard<T extends object>(name: string, target: T): T {
    return new Proxy(target, {
      get(object, key, receiver): unknown {
        if (typeof key === 'symbol' || key in object || key === 'then' || key === '__esModule') {
          return Reflect.get(object, key, receiver);
        }
        return refuse(`${name}.${key}`);
      },
      set: (_object, key) => refuse(`${name}.${String(key)} (assignment)`),
    });
  }

  function relay(port: number, end: MessagePort): void {
    relays.set(port, end);
    end.addEventListener('message', (event) => {
      send({ kind: 'port', port, text: codec.encode(event.data), ports: event.ports.map(adopt) });
    });
    end.addEventListener('close', () => {
      relays.delete(port);
      send({ kind: 'port-closed', port });
    });
    end.start();
  }

  /** A port that leaves this world: its entangled end here becomes a relay. Neuters the port, as a transfer does. */
  function adopt(port: MessagePort): number {
    lastPort += 2;
    relay(lastPort, structuredClone(port, { transfer: [port] }));
    return lastPort;
  }

  /** A port that arrives: the page gets one end of a real channel, the relay is the other. */
  function arrive(port: number): MessagePort {
    const { port1, port2 } = new MessageChannel();
    relay(port, port2);
    return port1;
  }

  function listen(channel: string, handler: Handler, isOnce: boolean): unknown {
    listeners.set(channel, [...(listeners.get(channel) ?? []), { handler, isOnce }]);
    return ipcRenderer;
  }

  function forget(channel: string, handler: Handler): unknown {
    const kept = (listeners.get(channel) ?? []).filter((entry) => entry.handler !== handler);
    listeners.set(channel, kept);
    return ipcRenderer;
  }

  const ipcRenderer: object = guard('ipcRenderer', {
    on: (channel: string, handler: Handler) => listen(channel, handler, false),
    once: (channel: string, handler: Handler) => listen(channel, handler, true),
    off: forget,
    removeListener: forget,
    send: (channel: string, ...args: unknown[]) => send({ kind: 'ipc', channel, args: codec.encode(args), ports: [] }),
    postMessage: (channel: string, message: unknown, transfer: readonly MessagePort[] = []) => {
      send({ kind: 'ipc', channel, args: codec.encode([message]), ports: transfer.map(adopt) });
    },
    invoke: (channel: string, ...args: unknown[]) =>
      new Promise((resolve, reject) => {
        lastCall += 1;
        calls.set(lastCall, { resolve, reject });
        send({ kind: 'invoke', call: lastCall, channel, args: codec.encode(args) });
      }),
  });

  function receive(text: string): void {
    const message = JSON.parse(text) as ToWorld;
    switch (message.kind) {
      case 'ipc': {
        const entries = listeners.get(message.channel) ?? [];
        listeners.set(
          message.channel,
          entries.filter(({ isOnce }) => !isOnce),
        );
        const event = guard('IpcRendererEvent', { sender: ipcRenderer, ports: message.ports.map(arrive) });
        const args = codec.decode(message.args) as unknown[];
        for (const { handler } of entries) handler(event, ...args);
        return;
      }
      case 'answer': {
        const call = calls.get(message.call);
        calls.delete(message.call);
        const value = codec.decode(message.value);
        if (message.isError) call?.reject(new Error(String(value)));
        else call?.resolve(value);
        return;
      }
      case 'port':
        relays.get(message.port)?.postMessage(codec.decode(message.text), message.ports.map(arrive));
        return;
      case 'close-port':
        relays.get(message.port)?.close();
        relays.delete(message.port);
    }
  }

  Object.defineProperty(world, names.receive, { value: receive });

  const preloadRequire = (name: string): unknown => {
    if (name === 'electron' || name === 'electron/renderer') return guard('electron (preload)', { ipcRenderer });
    if (['events', 'timers', 'url', 'node:events', 'node:timers', 'node:url'].includes(name)) {
      return refuse(`require('${name}') in a preload script`);
    }
    throw new Error(`module not found: ${name}`);
  };
  const preloadProcess = guard('process (preload)', { type: 'renderer', sandboxed: true, contextIsolated: true });
  const exports = {};
  try {
    preload(preloadRequire, preloadProcess, exports, { exports });
  } catch (error) {
    const { message, stack = '' } = error as Error;
    send({ kind: 'preload-error', path: names.preloadPath, message, stack });
  }
}
