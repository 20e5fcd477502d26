/**
 * How a page gets its one MessagePort to the terminal under the Electron host. The page and the preload script share
 * a window but not a world, so they meet over `window.postMessage`, always to the page's own origin:
 *
 *     page ──PORT_REQUEST──▶ preload ──PORT_CHANNEL──▶ main process
 *     page ◀──PORT_OFFER + port── preload ◀──PORT_CHANNEL + port── main process
 *
 * The page listens for the offer before it asks. One document gets one port: a second request in the same document is
 * not answered. The port closes with the document, and a reloaded page asks again. Under the browser host nobody
 * answers: there the page's address carries no `PAGE_PORT_QUERY`, and it opens a WebSocket instead.
 */

/** Data of the page's request. */
export const PORT_REQUEST = 'warikan:port-request';

/** Data of the answer; `event.ports[0]` is the port, not yet started, that carries oRPC. */
export const PORT_OFFER = 'warikan:port-offer';

/** The only IPC channel between the preload script and the main process. */
export const PORT_CHANNEL = 'warikan:port';

/** The Electron host opens the page with this query: its presence tells the page to ask for a port. */
export const PAGE_PORT_QUERY = 'port';
