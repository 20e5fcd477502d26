import { guard, makeEvent, Modelled } from './refuse.ts';

type InvokeHandler = (event: unknown, ...args: unknown[]) => unknown;

/** docs/api/ipc-main.md. Channels are names that the product chooses, so here every event may be listened to. */
export class IpcMain extends Modelled {
  readonly #handlers = new Map<string, { readonly handler: InvokeHandler; readonly isOnce: boolean }>();

  constructor(name: string) {
    super(name, []);
    // Undoes the list of events of the base class: a channel is any string.
    this.removeAllListeners('newListener');
  }

  handle(channel: string, handler: InvokeHandler): void {
    this.#add(channel, { handler, isOnce: false });
  }

  handleOnce(channel: string, handler: InvokeHandler): void {
    this.#add(channel, { handler, isOnce: true });
  }

  removeHandler(channel: string): void {
    this.#handlers.delete(channel);
  }

  #add(channel: string, entry: { readonly handler: InvokeHandler; readonly isOnce: boolean }): void {
    if (this.#handlers.has(channel)) throw new Error(`Attempted to register a second handler for '${channel}'`);
    this.#handlers.set(channel, entry);
  }

  /** For the stand-in: the handler that answers an invoke now, if there is one. */
  static takeHandler(ipc: IpcMain, channel: string): InvokeHandler | undefined {
    const entry = ipc.#handlers.get(channel);
    if (entry?.isOnce === true) ipc.#handlers.delete(channel);
    return entry?.handler;
  }
}

export const ipcMain = new IpcMain('ipcMain');

/** `IpcMainEvent` of a message and `IpcMainInvokeEvent` of an invoke (docs/api/structures/ipc-main-event.md). */
export function makeIpcEvent<T extends object>(properties: T): T {
  return guard('IpcMainEvent', makeEvent('IpcMain', properties));
}
