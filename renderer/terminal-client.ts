import { createORPCClient } from '@orpc/client';
import { RPCLink as PortLink } from '@orpc/client/message-port';
import { RPCLink as SocketLink } from '@orpc/client/websocket';
import type { ContractRouterClient } from '@orpc/contract';
import { PAGE_PORT_QUERY, PORT_OFFER, PORT_REQUEST } from '#contract/page-port.ts';
import type { TerminalContract } from '#contract/terminal.ts';

/** The terminal's procedures, typed by the contract. */
export type TerminalClient = ContractRouterClient<TerminalContract>;

/** One open line to the terminal. When it breaks, every open call and the event stream reject: dial a new one. */
export interface TerminalLine {
  readonly client: TerminalClient;
  /** A second call does nothing. */
  close(): void;
}

/** Opens a line, or rejects. */
export type Dial = () => Promise<TerminalLine>;

const OFFER_TIMEOUT_MS = 10_000;

/** The one place that knows two carriers: a port from the preload script under Electron, a socket everywhere else. */
export function chooseDial(page: Window): Dial {
  return new URLSearchParams(page.location.search).has(PAGE_PORT_QUERY)
    ? () => dialPort(page)
    : () => dialSocket(page.location);
}

/** A document is given one port in its life, so a second call loads the page anew. */
async function dialPort(page: Window): Promise<TerminalLine> {
  const asked = page.document.documentElement;
  if (asked.dataset['portAsked'] !== undefined) {
    page.location.reload();
    return new Promise(() => {});
  }
  asked.dataset['portAsked'] = '';
  const port = await askForPort(page);
  const link = new PortLink({ port });
  port.start();
  return { client: createORPCClient(link), close: () => port.close() };
}

function askForPort(page: Window): Promise<MessagePort> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      page.removeEventListener('message', onMessage);
      reject(new Error('The window was offered no port.'));
    }, OFFER_TIMEOUT_MS);
    function onMessage(event: MessageEvent<unknown>): void {
      const [port] = event.ports;
      if (event.source !== page || event.data !== PORT_OFFER || port === undefined) return;
      clearTimeout(timer);
      page.removeEventListener('message', onMessage);
      resolve(port);
    }
    page.addEventListener('message', onMessage);
    page.postMessage(PORT_REQUEST, page.location.origin);
  });
}

function dialSocket(location: Location): Promise<TerminalLine> {
  const address = new URL('/terminal', location.href);
  address.protocol = location.protocol === 'https:' ? 'wss:' : 'ws:';
  address.search = new URLSearchParams({ key: new URLSearchParams(location.search).get('key') ?? '' }).toString();
  const websocket = new WebSocket(address);
  const link = new SocketLink({ websocket });
  return new Promise((resolve, reject) => {
    const line = { client: createORPCClient<TerminalClient>(link), close: () => websocket.close() };
    websocket.addEventListener('open', () => resolve(line), { once: true });
    websocket.addEventListener('close', () => reject(new Error('The terminal did not take the call.')), { once: true });
  });
}
