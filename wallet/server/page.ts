import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import type { FastifyInstance } from 'fastify';

/** Files of a built page, read once: a request chooses a name from a list and never a path. */
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
  '.wasm': 'application/wasm',
  '.json': 'application/json',
  '.webmanifest': 'application/manifest+json',
};

/** What a page may do beyond its own files: nothing. */
function policyOf(scripts: string, styles: string): string {
  return [
    "default-src 'none'",
    `script-src ${scripts}`,
    `style-src ${styles}`,
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "manifest-src 'self'",
    "worker-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}

interface BuiltPage {
  /** `/phone/`, for example. */
  readonly at: string;
  /** Without a build there is nothing to serve, and the answer says so. */
  readonly folder: string | undefined;
  /** What the person who sees nothing was looking for. */
  readonly name: string;
  readonly policy: string;
}

/** The customers' page below `/phone/`. React writes style attributes, and the reader of table codes is WebAssembly. */
export function servePhonePage(app: FastifyInstance, folder: string | undefined): void {
  servePage(app, {
    at: '/phone/',
    folder,
    name: 'phone',
    policy: policyOf("'self' 'wasm-unsafe-eval'", "'self' 'unsafe-inline'"),
  });
}

/** The administrators' page below `/admin/`. Whoever has no token sees nothing there. */
export function serveAdminPage(app: FastifyInstance, folder: string | undefined): void {
  servePage(app, { at: '/admin/', folder, name: 'administration', policy: policyOf("'self'", "'self'") });
}

function servePage(app: FastifyInstance, { at, folder, name, policy }: BuiltPage): void {
  const files = folder === undefined || !existsSync(folder) ? [] : listFiles(folder);
  const options = { exposeHeadRoute: true };
  app.get(at.slice(0, -1), options, (_request, reply) => reply.redirect(at));
  if (files.length === 0) {
    app.get(at, options, (_request, reply) =>
      reply.code(404).type('text/plain; charset=utf-8').send(`The ${name} page is not built: npm run build.\n`),
    );
    return;
  }
  for (const { name: file, bytes } of files) {
    const isHashed = file.startsWith('assets/');
    app.get(`${at}${file === 'index.html' ? '' : file}`, options, (_request, reply) =>
      reply
        .type(TYPES[extname(file)] ?? 'application/octet-stream')
        .header('content-security-policy', policy)
        .header('referrer-policy', 'no-referrer')
        .header('cache-control', isHashed ? 'public, max-age=31536000, immutable' : 'no-cache')
        .send(bytes),
    );
  }
}

/** The page at `/`, for a person who followed the address that the server printed. */
export function serveFrontPage(app: FastifyInstance, isDemo: boolean): void {
  const demo = `<h2>Demo customers</h2>
    <p>Each button opens that customer’s phone in a new tab, bound by a fresh code.</p>
    <ul id="customers"></ul>`;
  const page = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Warikan wallet</title>
<link rel="stylesheet" href="/front.css">
<main>
  <h1>Warikan wallet</h1>
  <p>This server settles payments from customers’ wallets. Its contract is <a href="/openapi.json">OpenAPI 3.1</a>;
    administrators <a href="/admin/">sign in here</a>.</p>
  ${isDemo ? demo : ''}
</main>
${isDemo ? '<script type="module" src="/front.js"></script>' : ''}
</html>
`;
  const send = (path: string, type: string, text: string): void => {
    app.get(path, (_request, reply) =>
      reply
        .type(type)
        .header('content-security-policy', policyOf("'self'", "'self'"))
        .header('cache-control', 'no-cache')
        .send(text),
    );
  };
  send('/', 'text/html; charset=utf-8', page);
  send('/front.css', 'text/css; charset=utf-8', FRONT_CSS);
  if (isDemo) send('/front.js', 'text/javascript; charset=utf-8', FRONT_JS);
}

const FRONT_CSS = `:root { color-scheme: light dark; font: 17px/1.5 system-ui, sans-serif; }
body { margin: 0; }
main { max-width: 34rem; margin: 0 auto; padding: 2rem 1.25rem; }
ul { list-style: none; padding: 0; display: grid; gap: 0.5rem; }
button { font: inherit; width: 100%; min-height: 3rem; padding: 0.5rem 1rem; display: flex; justify-content: space-between;
  border: 1px solid #8886; border-radius: 0.75rem; background: none; color: inherit; cursor: pointer; }
`;

const FRONT_JS = `const list = document.querySelector('#customers');
const customers = await (await fetch('/demo/customers')).json();
for (const { customerId, name, balance } of customers) {
  const button = document.createElement('button');
  const amount = new Intl.NumberFormat('ja-JP', { style: 'currency', currency: balance.currency }).format(balance.amount);
  button.append(Object.assign(document.createElement('span'), { textContent: name }), amount);
  button.onclick = async () => {
    const fresh = await (await fetch('/demo/customers')).json();
    window.open(fresh.find((customer) => customer.customerId === customerId).phoneUrl, '_blank', 'noopener');
  };
  list.append(document.createElement('li'));
  list.lastChild.append(button);
}
`;

function listFiles(folder: string): { readonly name: string; readonly bytes: Buffer }[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => {
      const path = join(entry.parentPath, entry.name);
      return { name: path.slice(folder.length).replaceAll('\\', '/').replace(/^\//, ''), bytes: readFileSync(path) };
    });
}
