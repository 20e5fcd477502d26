import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import type { Log } from '../terminal/log.ts';
import { readPageFile } from '../page-files.ts';
import { pageHeaders } from '../page-headers.ts';
import { isSecret } from './secret.ts';
import { type TerminalRouter, serveSocket } from './serve-socket.ts';

export interface BrowserHost {
  readonly port: number;
  /** The page's whole address, with the secret. */
  readonly url: string;
  /** Closes every page's socket and stops listening. */
  close(): Promise<void>;
}

/** Only programs of this machine can reach the terminal; other people on the network cannot. */
const LOOPBACK = '127.0.0.1';
const CONNECTIONS_MAX = 64;
const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 30_000;

const HEADERS = pageHeaders("'self'");

/**
 * Shows the page on `http://127.0.0.1:PORT/?key=SECRET` and carries the terminal's procedures over one WebSocket.
 *
 * Both ask for the secret. The Host header must be the loopback's own name, so a foreign name that resolves to this
 * machine (DNS rebinding) is refused, and a socket must be opened by our own page (Origin). The page's scripts and
 * fonts are the same for everybody and hold no secret, so they ask for none.
 *
 * @param port 0 for any free one
 * @throws NodeJS.ErrnoException `EADDRINUSE` where the port is taken
 */
export async function openBrowserHost(options: {
  readonly router: TerminalRouter;
  readonly pageFolder: string;
  readonly port: number;
  readonly secret: string;
  readonly log: Log;
}): Promise<BrowserHost> {
  const { pageFolder, secret, log } = options;
  const server = createServer({ headersTimeout: HEADERS_TIMEOUT_MS, requestTimeout: REQUEST_TIMEOUT_MS });
  server.maxConnections = CONNECTIONS_MAX;
  const socket = serveSocket({ router: options.router, log });

  server.on('request', (request, response) => {
    answer(request, response).catch((error: unknown) => {
      log.error({ err: error }, 'a page file could not be sent');
      response.destroy();
    });
  });
  server.on('upgrade', (request, stream, head) => {
    const refusal = refusalOf(request);
    if (refusal !== undefined || pathOf(request) !== '/terminal') {
      stream.end(`HTTP/1.1 ${refusal?.status ?? 404} ${refusal?.title ?? 'Not found'}\r\nConnection: close\r\n\r\n`);
      return;
    }
    socket.upgrade(request, stream, head);
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      return refuse(response, { status: 405, title: 'Only reading is possible here', advice: '' });
    }
    const path = pathOf(request);
    const isPage = path === '/' || path === '/index.html';
    const refusal = isPage ? refusalOf(request) : refusalOfHost(request);
    if (refusal !== undefined) return refuse(response, refusal);

    const file = await readPageFile(pageFolder, isPage ? '/index.html' : path);
    if (file === undefined) return refuse(response, { status: 404, title: 'There is no such page', advice: '' });
    response.writeHead(200, {
      ...HEADERS,
      'content-type': file.contentType,
      'content-length': file.bytes.length,
      'cache-control': file.isImmutable ? 'public, max-age=31536000, immutable' : 'no-store',
    });
    response.end(request.method === 'HEAD' ? undefined : file.bytes);
  }

  /** Undefined where the request comes from this machine's own browser, knows the secret, and is from our page. */
  function refusalOf(request: IncomingMessage): Refusal | undefined {
    const byHost = refusalOfHost(request);
    if (byHost !== undefined) return byHost;
    const { origin, upgrade } = request.headers;
    const isForeign = origin !== `http://${request.headers.host}`;
    if ((upgrade !== undefined || origin !== undefined) && isForeign) {
      return { status: 403, title: 'This page may not use the terminal', advice: 'Open it from its own address.' };
    }
    if (isSecret(searchOf(request).get('key'), secret)) return undefined;
    return {
      status: 401,
      title: 'The key in the address is missing or wrong',
      advice: 'Open the whole address that the terminal printed when it started: it ends with ?key=…',
    };
  }

  function refusalOfHost(request: IncomingMessage): Refusal | undefined {
    const { port } = server.address() as AddressInfo;
    if ([`${LOOPBACK}:${port}`, `localhost:${port}`].includes(request.headers.host ?? '')) return undefined;
    return {
      status: 403,
      title: 'This name is not the terminal’s',
      advice: `Open http://${LOOPBACK}:${port}/ instead.`,
    };
  }

  const port = await listen(server, options.port);
  return {
    port,
    url: `http://${LOOPBACK}:${port}/?key=${secret}`,
    async close() {
      const closed = once(server, 'close');
      server.close();
      socket.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

interface Refusal {
  readonly status: number;
  readonly title: string;
  readonly advice: string;
}

function refuse(response: ServerResponse, { status, title, advice }: Refusal): void {
  response.writeHead(status, { ...HEADERS, 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' });
  response.end(
    `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">` +
      `<title>Warikan</title><h1>${title}</h1><p>${advice}</p></html>`,
  );
}

async function listen(server: Server, port: number): Promise<number> {
  server.listen(port, LOOPBACK);
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

function pathOf(request: IncomingMessage): string {
  return (request.url ?? '/').split('?', 1)[0] ?? '/';
}

function searchOf(request: IncomingMessage): URLSearchParams {
  const url = request.url ?? '';
  const start = url.indexOf('?');
  return new URLSearchParams(start === -1 ? '' : url.slice(start + 1));
}
