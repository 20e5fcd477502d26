import { describe, expect, test } from 'vitest';
import { runSample } from './sample-app.ts';

const FORK = `
  import { app, utilityProcess } from 'electron';
  const fork = (options = {}) => {
    const child = utilityProcess.fork(join(root, 'child.mjs'), ['--speed', '9600'], options);
    child.on('message', (message) => say('message', message));
    child.on('exit', (code) => say('exit', [code, child.pid === undefined]));
    return child;
  };`;

describe('a utility process (docs/api/utility-process.md, parent-port.md)', () => {
  test('is a process of its own that talks in { data, ports } over process.parentPort and has no process.send', async () => {
    const app = runSample({
      main: `${FORK}
        app.whenReady().then(() => {
          const child = fork();
          say('pid before spawn', child.pid === undefined);
          child.on('spawn', () => { say('spawned', child.pid !== process.pid); child.postMessage({ at: new Date(0) }); });
        });`,
      files: {
        'child.mjs': `process.parentPort.on('message', ({ data, ports }) => {
          const { send, argv, parentPort } = process;
          parentPort.postMessage({ isDate: data.at instanceof Date, ports, argv: argv.slice(2), send: typeof send });
          process.exit(5);
        });`,
      },
    });
    expect(await app.said('exit')).toEqual([5, true]);
    expect(app.sayings()).toEqual([
      ['pid before spawn', true],
      ['spawned', true],
      ['message', { isDate: true, ports: [], argv: ['--speed', '9600'], send: 'undefined' }],
      ['exit', [5, true]],
    ]);
    await app.close();
  });

  test('queues messages for the child until it listens', async () => {
    const app = runSample({
      main: `${FORK} app.whenReady().then(() => { const child = fork(); child.postMessage('early'); child.postMessage('next'); });`,
      files: {
        'child.mjs': `setTimeout(() => {
          const heard = [];
          process.parentPort.on('message', ({ data }) => {
            heard.push(data);
            if (heard.length === 2) process.parentPort.postMessage(heard);
          });
        }, 30);`,
      },
    });
    expect(await app.said('message')).toEqual(['early', 'next']);
    await app.close();
  });

  test('gives its output when asked, and ends when killed', async () => {
    const app = runSample({
      main: `${FORK}
        app.whenReady().then(() => {
          const child = fork({ stdio: 'pipe', serviceName: 'devices' });
          child.stdout.once('data', (bytes) => { say('stdout', String(bytes).trim()); say('killed', child.kill()); });
        });`,
      files: { 'child.mjs': `console.log('ready to scan'); setInterval(() => {}, 1000);` },
    });
    expect(await app.said('stdout')).toBe('ready to scan');
    expect(await app.said('killed')).toBe(true);
    expect(await app.said('exit')).toEqual([15, true]);
    await app.close();
  });

  test('goes with the main process, however that ends', async () => {
    const app = runSample({
      main: `${FORK} app.whenReady().then(() => { const child = fork(); child.on('spawn', () => say('spawned')); });`,
      files: { 'child.mjs': `process.parentPort.on('message', () => {}); setInterval(() => {}, 1000);` },
    });
    await app.said('spawned');
    app.electronProcess.kill('SIGKILL');
    // The child has inherited the output, so that closes only when both have ended.
    expect(await app.exited).toBe('SIGKILL');
  });

  test('cannot be forked before the app is ready, and has no electron module', async () => {
    const app = runSample({
      main: `${FORK}
        try { fork(); } catch (error) { say('early', error.message); }
        app.whenReady().then(() => fork({ stdio: 'pipe' }).stderr.on('data', (text) => say('stderr', String(text))));`,
      files: { 'child.mjs': `import 'electron';` },
    });
    expect(await app.said('early')).toBe('utilityProcess cannot be created before app is ready.');
    expect(await app.said('stderr')).toContain('models no API in a utility process');
    await app.close();
  });
});
