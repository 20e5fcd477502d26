import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig, type Plugin } from 'vite';

const ROOT = fileURLToPath(new URL('./wallet/phone/', import.meta.url));
const WORKER = 'service-worker.js';

/**
 * The customer's page: wallet/phone/ into dist/phone, which the wallet server shows at /phone/. Its content security
 * policy allows nothing inline, so every asset is a file.
 */
export default defineConfig({
  root: ROOT,
  base: './',
  plugins: [react(), listFilesInWorker()],
  resolve: {
    // contract/ asserts with Node's own module, which a page does not have.
    alias: { 'node:assert': fileURLToPath(new URL('./wallet/phone/assert.ts', import.meta.url)) },
  },
  build: {
    outDir: fileURLToPath(new URL('./dist/phone/', import.meta.url)),
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: 'es2024',
    rolldownOptions: {
      input: {
        index: `${ROOT}index.html`,
        'service-worker': fileURLToPath(new URL('./wallet/phone/service-worker.ts', import.meta.url)),
      },
      output: {
        // A worker is found again by its name; everything else is named by its content.
        entryFileNames: ({ name }) => (name === 'service-worker' ? WORKER : 'assets/[name]-[hash].js'),
      },
    },
  },
});

/** Writes into the service worker which files the page consists of, and a fingerprint that changes with any of them. */
function listFilesInWorker(): Plugin {
  return {
    name: 'list-files-in-worker',
    apply: 'build',
    generateBundle: {
      // After the page itself is in the bundle.
      order: 'post',
      handler: (_options, bundle) => {
        const worker = bundle[WORKER];
        if (worker?.type !== 'chunk') throw new Error(`${WORKER} is built`);
        const built = Object.keys(bundle).filter((file) => file !== WORKER && !isLeftForLater(file));
        const copied = readdirSync(`${ROOT}public`);
        const files = ['./', ...built.filter((file) => file !== 'index.html'), ...copied].toSorted();
        const page = bundle['index.html'];
        const hash = createHash('sha256').update(files.join('\n'));
        if (page?.type === 'asset') hash.update(page.source);
        worker.code = worker.code
          .replaceAll('__FILES__', JSON.stringify(files))
          .replaceAll('__BUILD__', JSON.stringify(hash.digest('hex').slice(0, 12)));
      },
    },
  };
}

/**
 * Fonts come in some hundred parts; the Latin one is needed at once, the others when a customer's words ask for them. So is
 * the reader of table codes, which many browsers bring themselves.
 */
function isLeftForLater(file: string): boolean {
  if (/\.wasm$|ponyfill/.test(file)) return true;
  return file.endsWith('.woff2') && !/inter-latin-wght/.test(file);
}
