import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

export const PROJECT = fileURLToPath(new URL('..', import.meta.url));

/** One thing that `npm run build` makes: what from, and which file is there when it was made. */
export interface Product {
  readonly name: string;
  readonly viteConfig: string;
  /** Which of the things that the configuration can make, where it can make several. */
  readonly mode?: string;
  readonly sources: readonly string[];
  readonly result: string;
}

export const products = {
  page: {
    name: 'page',
    viteConfig: 'vite.page.config.ts',
    sources: ['renderer', 'contract'],
    result: 'page/index.html',
  },
  phone: {
    name: 'phone',
    viteConfig: 'vite.phone.config.ts',
    sources: ['wallet/phone', 'contract'],
    result: 'phone/index.html',
  },
  admin: {
    name: 'admin',
    viteConfig: 'vite.admin.config.ts',
    sources: ['wallet/server/admin', 'contract'],
    result: 'admin/index.html',
  },
  electron: {
    name: 'electron',
    viteConfig: 'vite.electron.config.ts',
    mode: 'electron',
    sources: ['main', 'contract'],
    result: 'electron/app.js',
  },
  preload: {
    name: 'preload',
    viteConfig: 'vite.electron.config.ts',
    mode: 'preload',
    sources: ['preload', 'contract'],
    result: 'electron/preload.cjs',
  },
  hardware: {
    name: 'hardware',
    viteConfig: 'vite.electron.config.ts',
    mode: 'hardware',
    sources: ['hardware', 'contract'],
    result: 'hardware/process.js',
  },
  wallet: {
    name: 'wallet',
    viteConfig: 'vite.electron.config.ts',
    mode: 'wallet',
    sources: ['wallet/server', 'contract'],
    result: 'wallet/process.js',
  },
  operator: {
    name: 'operator',
    viteConfig: 'vite.electron.config.ts',
    mode: 'operator',
    sources: ['wallet/operator', 'contract'],
    result: 'operator/process.js',
  },
} as const satisfies Record<string, Product>;

/** Where the digest of its sources stands: written last, so a build that was cut short is made again. */
function stampOf(product: Product): string {
  return join(PROJECT, 'dist', `.${product.name}.sha256`);
}

/** Whether it was made from the sources as they are now. By content: a fresh clone and a touched file mean nothing. */
export function isBuilt(product: Product): boolean {
  const stamp = stampOf(product);
  return (
    existsSync(join(PROJECT, 'dist', product.result)) &&
    existsSync(stamp) &&
    readFileSync(stamp, 'utf8') === digestSources(product)
  );
}

export function markBuilt(product: Product, digest: string): void {
  mkdirSync(dirname(stampOf(product)), { recursive: true });
  writeFileSync(stampOf(product), digest);
}

/** A product whose sources are not here, as in a package of Warikan, is never built. */
export function hasSources(product: Product): boolean {
  return existsSync(join(PROJECT, product.viteConfig));
}

export function digestSources({ viteConfig, sources }: Product): string {
  const hash = createHash('sha256');
  const files = [viteConfig, 'package-lock.json', ...sources.flatMap((folder) => listFiles(join(PROJECT, folder)))];
  for (const file of files) {
    const bytes = readFileSync(join(PROJECT, file));
    hash.update(`${file}\0${bytes.length}\0`).update(bytes);
  }
  return hash.digest('hex');
}

function listFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(PROJECT, join(entry.parentPath, entry.name)))
    .toSorted();
}
