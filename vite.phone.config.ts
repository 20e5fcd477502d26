import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

/**
 * The customer's page: wallet/phone/ into dist/phone, which the wallet server shows at /phone/. Its content security
 * policy allows nothing inline, so every asset is a file.
 */
export default defineConfig({
  root: fileURLToPath(new URL('./wallet/phone/', import.meta.url)),
  base: './',
  plugins: [react()],
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
  },
});
