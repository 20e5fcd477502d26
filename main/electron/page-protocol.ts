import { protocol } from 'electron';
import { PAGE_PORT_QUERY } from '#contract/page-port.ts';
import { readPageFile } from '../page-files.ts';
import { pageHeaders } from '../page-headers.ts';

/** A scheme of our own, so that the page is no file and no web site: it has an origin, and nobody else can claim it. */
const SCHEME = 'warikan';
const HOST = 'till';

/** As Chromium writes the origin of a standard scheme. */
export const PAGE_ORIGIN = `${SCHEME}://${HOST}`;

/** The one address that the window may show. */
export const PAGE_ADDRESS = `${PAGE_ORIGIN}/?${PAGE_PORT_QUERY}`;

/** The page talks with the terminal over its port, so it connects to nothing. */
const HEADERS = {
  ...pageHeaders("'none'"),
  // The files of a version are on this disk; a cache would only keep an older one alive.
  'cache-control': 'no-store',
};

/** Must be called before Electron's app is ready. */
export function registerPageScheme(): void {
  protocol.registerSchemesAsPrivileged([{ scheme: SCHEME, privileges: { standard: true, secure: true } }]);
}

/** Serves the files of the built page, and 404 for everything else under the scheme. */
export function servePage(folder: string): void {
  protocol.handle(SCHEME, async (request) => {
    const { host, pathname } = new URL(request.url);
    if (host !== HOST || request.method !== 'GET') return refuse();
    const file = await readPageFile(folder, pathname === '/' ? '/index.html' : pathname);
    if (file === undefined) return refuse();
    return new Response(new Uint8Array(file.bytes), { headers: { ...HEADERS, 'content-type': file.contentType } });
  });
}

function refuse(): Response {
  return new Response('There is no such page.', { status: 404, headers: { ...HEADERS, 'content-type': 'text/plain' } });
}
