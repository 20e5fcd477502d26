/**
 * Keeps the page itself, so that it opens and reloads without the network. What the wallet server answers is never kept
 * here: money is asked for or shown with its age, by the page.
 *
 * The build writes the list of files and its fingerprint in place of the two names below (vite.phone.config.ts).
 */
declare const __FILES__: readonly string[];
declare const __BUILD__: string;

/** What this file uses of a service worker, whose types the page's own exclude. */
interface Worker {
  readonly registration: { readonly scope: string };
  readonly clients: { claim(): Promise<void> };
  skipWaiting(): Promise<void>;
  addEventListener(type: 'install' | 'activate', listen: (event: Lasting) => void): void;
  addEventListener(type: 'fetch', listen: (event: Fetching) => void): void;
}
interface Lasting {
  waitUntil(work: Promise<unknown>): void;
}
interface Fetching extends Lasting {
  readonly request: Request;
  respondWith(response: Promise<Response>): void;
}

const worker = self as unknown as Worker;
const PREFIX = 'phone-';
const CACHE = PREFIX + __BUILD__;
/** Fonts are in many small parts, of which a customer needs few, and so is what many never need: kept when first used. */
const LATER = 'phone-later';

worker.addEventListener('install', (event) => {
  const keep = async (): Promise<void> => {
    const cache = await caches.open(CACHE);
    await cache.addAll(__FILES__.map((file) => new Request(file, { cache: 'reload' })));
    await worker.skipWaiting();
  };
  event.waitUntil(keep());
});

worker.addEventListener('activate', (event) => {
  const tidy = async (): Promise<void> => {
    const names = await caches.keys();
    const old = names.filter((name) => name.startsWith(PREFIX) && name !== CACHE && name !== LATER);
    await Promise.all(old.map((name) => caches.delete(name)));
    await worker.clients.claim();
  };
  event.waitUntil(tidy());
});

worker.addEventListener('fetch', (event) => {
  const { request } = event;
  if (request.method !== 'GET' || !request.url.startsWith(worker.registration.scope)) return;
  if (request.mode === 'navigate') return event.respondWith(page(request));
  event.respondWith(asset(request, /\.(woff2|wasm)$/.test(request.url) ? LATER : CACHE));
});

/** The page of this build. A newer one brings its own worker, which takes its place for the next start. */
async function page(request: Request): Promise<Response> {
  const kept = await caches.match(worker.registration.scope, { ignoreVary: true });
  return kept ?? fetch(request);
}

async function asset(request: Request, name: string): Promise<Response> {
  const kept = await caches.match(request, { ignoreVary: true });
  if (kept !== undefined) return kept;
  const response = await fetch(request);
  if (response.ok && name === LATER) await (await caches.open(name)).put(request, response.clone());
  return response;
}
