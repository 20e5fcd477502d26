import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { RPCHandler } from '@orpc/server/ws';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Log } from '../terminal/log.ts';

/** What `openTerminal` hands out: handlers of contract/terminal.ts. */
export type TerminalRouter = ConstructorParameters<typeof RPCHandler<Record<never, never>>>[0];

/** An import of a catalogue is the largest message: 64 MiB of text, whose quotes and line ends JSON escapes. */
const MESSAGE_BYTES_MAX = 96 * 1024 * 1024;
/** A page that reads too slowly is let go at this point; it connects again and starts from a snapshot. */
const UNSENT_BYTES_MAX = 32 * 1024 * 1024;
const PAGES_MAX = 16;
const PING_INTERVAL_MS = 15_000;

const GOING_AWAY = 1001;
const TRY_AGAIN_LATER = 1013;

/** Carries the terminal's procedures over WebSockets. Who may open one is decided before `upgrade` is called. */
export function serveSocket({ router, log }: { readonly router: TerminalRouter; readonly log: Log }): {
  upgrade(request: IncomingMessage, stream: Duplex, head: Buffer): void;
  close(): void;
} {
  const handler = new RPCHandler(router);
  const sockets = new WebSocketServer({ noServer: true, maxPayload: MESSAGE_BYTES_MAX, perMessageDeflate: false });
  const alive = new WeakSet<WebSocket>();
  const pings = setInterval(() => {
    for (const socket of sockets.clients) {
      if (!alive.has(socket)) {
        socket.terminate();
        continue;
      }
      alive.delete(socket);
      socket.ping();
    }
  }, PING_INTERVAL_MS);
  pings.unref();

  sockets.on('connection', (socket) => {
    if (sockets.clients.size > PAGES_MAX) {
      socket.close(TRY_AGAIN_LATER, 'too many pages are open');
      return;
    }
    alive.add(socket);
    socket.on('pong', () => alive.add(socket));
    socket.on('error', (error) => log.warn({ err: error }, 'a page was disconnected'));
    void handler.upgrade({
      addEventListener: socket.addEventListener.bind(socket),
      send(message: Parameters<WebSocket['send']>[0]) {
        if (socket.readyState !== socket.OPEN) return;
        socket.send(message);
        if (socket.bufferedAmount <= UNSENT_BYTES_MAX) return;
        log.warn({ unsentBytes: socket.bufferedAmount }, 'a page reads too slowly and was let go');
        socket.terminate();
      },
    });
  });

  return {
    upgrade(request, stream, head) {
      sockets.handleUpgrade(request, stream, head, (socket) => sockets.emit('connection', socket, request));
    },
    close() {
      clearInterval(pings);
      for (const socket of sockets.clients) socket.close(GOING_AWAY, 'the terminal was closed');
      sockets.close();
    },
  };
}
