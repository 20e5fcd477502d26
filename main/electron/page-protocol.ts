import { protocol } from 'electron';
import { PAGE_PORT_QUERY } from '#contract/page-port.ts';
import { readPageFile } from '../page-files.ts';

/** A scheme of our own, so that the page is no file and no web site: it has an origin, and nobody else can claim it. */
const SCHEME = 'warikan';
const HOST = 'till';

/** As Chromium writes the origin of a standard scheme. */
export const PAGE_ORIGIN = `${SCHEME}://${HOST}`;

/** The one address that the window may show. */
export const PAGE_ADDRESS = `${PAGE_ORIGIN}/?${PAGE_PORT_QUERY}`;

/** Our own files and nothing else. The page talks with the terminal over its port, so it connects to nothing. */
const HEADERS = {
  'content-security-policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data: blob:",
    "font-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=(), serial=(), hid=()',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  // The files of a version are on this disk; a cache would only keep an older one alive.
  'cache-control': 'no-store',
} as const;

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
