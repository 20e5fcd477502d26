import { RPCHandler } from '@orpc/server/message-port';
import { type IpcMainEvent, MessageChannelMain, type MessagePortMain, type WebContents } from 'electron';
import { PORT_CHANNEL } from '#contract/page-port.ts';
import type { Log } from '../terminal/log.ts';
import type { TerminalRouter } from '../terminal/router.ts';
import { PAGE_ORIGIN } from './page-protocol.ts';

/**
 * Carries the terminal's procedures over MessagePorts: one for each document of our own page that asks for it, handed
 * to the frame that asked and to no other. The port ends with its document, and with it every open call and stream.
 */
export function servePorts({ router, log }: { readonly router: TerminalRouter; readonly log: Log }): {
  /** Answers the requests of one window's page. */
  answer(contents: WebContents): void;
  close(): void;
} {
  const handler = new RPCHandler(router);
  const ports = new Map<WebContents, MessagePortMain>();

  function hand(contents: WebContents, { senderFrame }: IpcMainEvent): void {
    // Only the top document of our own page: whoever else runs in the window has no business with the till.
    if (senderFrame === null || senderFrame.parent !== null || senderFrame.origin !== PAGE_ORIGIN) {
      log.warn({ origin: senderFrame?.origin }, 'a port was asked for by another page and refused');
      return;
    }
    ports.get(contents)?.close();
    const { port1, port2 } = new MessageChannelMain();
    ports.set(contents, port1);
    port1.on('close', () => {
      if (ports.get(contents) === port1) ports.delete(contents);
    });
    handler.upgrade({
      on: (event, listener) => void port1.on(event as 'message', listener),
      postMessage: (message: unknown) => port1.postMessage(message),
    });
    // Listening first: until now the port has kept what arrived.
    port1.start();
    senderFrame.postMessage(PORT_CHANNEL, null, [port2]);
  }

  return {
    answer: (contents) => void contents.ipc.on(PORT_CHANNEL, (event) => hand(contents, event)),
    close() {
      for (const port of ports.values()) port.close();
      ports.clear();
    },
  };
}
