import { describe, expect, test } from 'vitest';
import { runSample, WITH_WINDOW } from './sample-app.ts';

const LOADED = `${WITH_WINDOW}
  ipcMain.on('say', (event, name, value) => say(name, value));
  app.whenReady().then(async () => {
    serve();
    const window = open();
    window.webContents.on('preload-error', (event, path, error) => say('preload-error', error.message));
    await window.loadURL('sample://here/index.html');
    say('loaded');
  });`;

describe('a preload script in its isolated world (docs/tutorial/context-isolation.md, sandbox.md)', () => {
  test('runs before the page, shares its DOM and none of its variables', async () => {
    const app = runSample({
      main: LOADED,
      preload: `
        const { ipcRenderer } = require('electron');
        window.secret = 'of the preload';
        const own = Object.keys(window).filter((key) => /electron/i.test(key));
        ipcRenderer.send('say', 'preload', [document.readyState, typeof window.fromPage, own]);
        window.addEventListener('DOMContentLoaded', () => {
          ipcRenderer.send('say', 'later', [document.body.dataset.page, typeof window.fromPage]);
        });`.replace(", typeof process.versions === 'x'", ''),
      files: {
        'index.html': '<!doctype html><body><script src="page.js"></script></body>',
        'page.js': `window.fromPage = 1;
          document.body.dataset.page = [typeof window.secret, typeof require, typeof process].join(' ');`,
      },
    });

    await app.said('loaded');
    expect(await app.said('preload')).toEqual(['loading', 'undefined', []]);
    expect(await app.said('later')).toEqual(['undefined undefined undefined', 'undefined']);
    expect(await (await app.pageOf()).evaluate('Object.keys(window).filter((key) => /electron/i.test(key))')).toEqual(
      [],
    );
    await app.close();
  });

  test('runs although the page forbids scripts that are not its own', async () => {
    const app = runSample({
      main: LOADED,
      preload: `require('electron').ipcRenderer.send('say', 'preload', 'ran');`,
      files: {
        'index.html': `<!doctype html><meta http-equiv="Content-Security-Policy" content="default-src 'none'"><p>strict`,
      },
    });
    expect(await app.said('preload')).toBe('ran');
    await app.said('loaded');
    await app.close();
  });

  test('invokes a handler of the main process and gets its answer or its error', async () => {
    const app = runSample({
      main: `${LOADED}
        ipcMain.handle('double', (event, number) => number * 2);
        ipcMain.handle('fail', () => { throw new Error('out of paper'); });`,
      preload: `
        const { ipcRenderer } = require('electron');
        ipcRenderer.invoke('double', 21).then((answer) => ipcRenderer.send('say', 'answer', answer));
        ipcRenderer.invoke('fail').catch((error) => ipcRenderer.send('say', 'error', error.message));`,
    });
    expect(await app.said('answer')).toBe(42);
    expect(await app.said('error')).toBe("Error invoking remote method 'fail': Error: out of paper");
    await app.close();
  });

  test('reports an error thrown by the script, and one in its syntax, as preload-error', async () => {
    const thrown = runSample({ main: LOADED, preload: `throw new Error('no bridge today');` });
    expect(await thrown.said('preload-error')).toBe('no bridge today');
    await thrown.said('loaded');
    await thrown.close();

    const broken = runSample({ main: LOADED, preload: `const = 1;` });
    expect(await broken.said('preload-error')).toContain('Unexpected token');
    await broken.said('loaded');
    await broken.close();
  });

  test('has no module but electron', async () => {
    const app = runSample({ main: LOADED, preload: `require('fs');` });
    expect(await app.said('preload-error')).toBe('module not found: fs');
    await app.said('loaded');
    await app.close();
  });

  test('knows its sender: the frame, its address and origin, and null once the page has moved on', async () => {
    const app = runSample({
      main: `${WITH_WINDOW}
        let kept;
        ipcMain.on('who', (event) => {
          const { senderFrame } = event;
          say('sender', [senderFrame.url, senderFrame.origin, senderFrame.parent, event.sender.id]);
          kept ??= { event, senderFrame };
        });
        app.whenReady().then(async () => {
          serve();
          const window = open();
          await window.loadURL('sample://here/index.html?one');
          await window.loadURL('sample://here/index.html?two');
          let refusal;
          try { refusal = kept.senderFrame.url; } catch (error) { refusal = error.message; }
          say('kept', [kept.event.senderFrame, kept.senderFrame.isDestroyed(), refusal]);
        });`,
      preload: `require('electron').ipcRenderer.send('who');`,
    });
    expect(await app.said('sender')).toEqual(['sample://here/index.html?one', 'sample://here', null, 1]);
    expect(await app.said('kept')).toEqual([
      null,
      true,
      'Render frame was disposed before WebFrameMain could be accessed',
    ]);
    await app.close();
  });
});
