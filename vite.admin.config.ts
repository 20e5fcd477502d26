import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

/**
 * The administrator's page: wallet/server/admin/ into dist/admin, which the wallet server shows at /admin/. Its content
 * security policy allows nothing inline, so every asset is a file.
 */
export default defineConfig({
  root: fileURLToPath(new URL('./wallet/server/admin/', import.meta.url)),
  base: './',
  resolve: {
    // contract/ asserts with Node's own module, which a page does not have.
    alias: { 'node:assert': fileURLToPath(new URL('./wallet/phone/assert.ts', import.meta.url)) },
  },
  build: {
    outDir: fileURLToPath(new URL('./dist/admin/', import.meta.url)),
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: 'es2024',
  },
});
