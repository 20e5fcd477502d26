import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

interface Program {
  readonly entry: string;
  readonly folder: string;
  readonly file: string;
  readonly format: 'es' | 'cjs';
  /** False: everything but Electron is built in, because a sandboxed preload script can load nothing else. */
  readonly hasPackages: boolean;
}

/** What Electron runs as it cannot run TypeScript: five programs, each one file. `vite build --mode NAME` makes one. */
const programs: Readonly<Record<string, Program>> = {
  electron: { entry: 'main/electron/app.ts', folder: 'electron', file: 'app.js', format: 'es', hasPackages: true },
  preload: { entry: 'preload/index.ts', folder: 'electron', file: 'preload.cjs', format: 'cjs', hasPackages: false },
  hardware: { entry: 'hardware/process.ts', folder: 'hardware', file: 'process.js', format: 'es', hasPackages: true },
  wallet: { entry: 'wallet/server/process.ts', folder: 'wallet', file: 'process.js', format: 'es', hasPackages: true },
  operator: {
    entry: 'wallet/operator/process.ts',
    folder: 'operator',
    file: 'process.js',
    format: 'es',
    hasPackages: true,
  },
};

/** Packages stay packages: some are native, and all are installed beside the bundle. Only our own rooms are built in. */
export default defineConfig(({ mode }) => {
  const program = programs[mode];
  if (program === undefined) throw new Error(`There is no program ${mode}: ${Object.keys(programs).join(', ')}.`);
  return {
    build: {
      ssr: fileURLToPath(new URL(program.entry, import.meta.url)),
      outDir: fileURLToPath(new URL(`./dist/${program.folder}/`, import.meta.url)),
      // Two programs share a folder.
      emptyOutDir: false,
      // Electron 45 is built on Node 24.
      target: 'node24',
      minify: false,
      rolldownOptions: {
        output: { format: program.format, entryFileNames: program.file, codeSplitting: false },
      },
    },
    ssr: program.hasPackages ? {} : { noExternal: true, external: ['electron'] },
  };
});
