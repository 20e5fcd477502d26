import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

/**
 * The terminal's page: renderer/ into dist/page. Both hosts serve the same files, so every address in them is relative
 * and every asset is a file: the hosts' content security policy allows nothing inline.
 */
export default defineConfig({
  root: fileURLToPath(new URL('./renderer/', import.meta.url)),
  base: './',
  plugins: [react()],
  resolve: {
    // contract/ asserts with Node's own module, which a page does not have.
    alias: { 'node:assert': fileURLToPath(new URL('./renderer/assert.ts', import.meta.url)) },
  },
  build: {
    outDir: fileURLToPath(new URL('./dist/page/', import.meta.url)),
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: 'es2024',
    chunkSizeWarningLimit: 1_500,
  },
});
