// The stand-in's command: `node run.ts FOLDER [arguments]` does what `electron FOLDER [arguments]` does.
import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const [node = '', , folder = '.', ...args] = process.argv;
const home = resolve(folder);
process.argv = [node, folder, ...args];
process.env['ELECTRON_STAND_IN_APP'] = home;
Object.assign(process, { type: 'browser' });

const standIn = new URL('./electron.ts', import.meta.url).href;
registerHooks({
  resolve(specifier, context, next) {
    if (specifier === 'electron' || specifier === 'electron/main') return { url: standIn, shortCircuit: true };
    return next(specifier, context);
  },
});

const { app, becomeReady, obeyDriver } = await import('./app.ts');
const { report } = await import('./report.ts');

// As Electron's lib/browser/init.ts does: exiting is the app's, signals quit, an error that nobody caught shows a dialog
// and leaves the process running.
process.exit = ((code?: number) => app.exit(code)) as typeof process.exit;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => app.quit());
const showUncaught = (error: unknown): void => {
  if (process.listenerCount('uncaughtException') > 1) return;
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(`Uncaught in the main process: ${stack}\n`);
  report({ type: 'uncaught', stack });
};
process.on('uncaughtException', showUncaught);
obeyDriver();

const { main = 'index.js' } = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8')) as { main?: string };
// The app is ready when its entry has been evaluated, to the end of its top-level awaits (docs/tutorial/esm.md).
// oxlint-disable-next-line import/no-dynamic-require -- which module runs is what this process was started for
await import(pathToFileURL(join(home, main)).href);
becomeReady();
// Electron's loop runs until the app quits, whether or not anything is left to do.
setInterval(() => {}, 2 ** 30);
