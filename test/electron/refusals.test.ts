import { expect, test } from 'vitest';
import { runSample, WITH_WINDOW } from './sample-app.ts';

/** What the stand-in does not model is refused by name, also when the product swallows the error. */
test.each([
  ['app.getGPUInfo', 'a method', 'app.getGPUInfo()'],
  ['app.badgeCount (assignment)', 'an assignment', 'app.badgeCount = 1'],
  ["app.on('gpu-info-update')", 'an event', "app.on('gpu-info-update', () => {})"],
  ["app.getPath('music')", 'a path', "app.getPath('music')"],
  ['new Tray()', 'a class', 'new electron.Tray()'],
  ['nativeTheme.shouldUseDarkColors', 'a module', 'electron.nativeTheme.shouldUseDarkColors'],
  ['electron.nothing', 'a module that does not exist', 'electron.default.nothing'],
  ['Menu.buildFromTemplate', 'a menu', 'electron.Menu.buildFromTemplate([])'],
  ['session.fromPartition', 'another session', "session.fromPartition('other')"],
  ['session.cookies', 'a part of a session', 'session.defaultSession.cookies'],
  ['BrowserWindow options.kiosk', 'a window option', 'open({ kiosk: true })'],
  ['BrowserWindow.setAlwaysOnTop', 'a window method', 'open().setAlwaysOnTop(true)'],
  ['WebContents.openDevTools', 'a page method', 'open().webContents.openDevTools()'],
  ["WebContents.on('console-message')", 'a page event', "open().webContents.on('console-message', () => {})"],
  ['webPreferences.sandbox = false', 'no sandbox', 'open({ webPreferences: { ...secure, sandbox: false } })'],
  [
    'webPreferences.contextIsolation = false',
    'one world',
    'open({ webPreferences: { ...secure, contextIsolation: false } })',
  ],
  [
    'webPreferences.nodeIntegration = true',
    'Node in the page',
    'open({ webPreferences: { ...secure, nodeIntegration: true } })',
  ],
  [
    'webPreferences.webSecurity = false',
    'no same origin',
    'open({ webPreferences: { ...secure, webSecurity: false } })',
  ],
  ['webPreferences.webviewTag = true', 'a webview', 'open({ webPreferences: { ...secure, webviewTag: true } })'],
])('%s is refused: %s', async (api, _kind, call) => {
  const app = runSample({
    main: `import * as electron from 'electron'; ${WITH_WINDOW}
      app.whenReady().then(() => { try { ${call}; say('accepted'); } catch (error) { say('caught', error.name); } });`,
  });
  expect(await app.said('caught')).toBe('NotModelled');
  await expect(app.close()).rejects.toThrow(`an API that the stand-in does not model: ${api}`);
});

test('what a preload script may not use is refused in its world too', async () => {
  const app = runSample({
    main: `${WITH_WINDOW}
      app.whenReady().then(async () => { serve(); await open().loadURL('sample://here/index.html'); say('loaded'); });`,
    preload: `try { require('electron').contextBridge.exposeInMainWorld('api', {}); } catch {}`,
  });
  await app.said('loaded');
  await expect(app.close()).rejects.toThrow('electron (preload).contextBridge');
});

test('what would leave the machine or stop at a dialog is recorded instead', async () => {
  const app = runSample({
    main: `import { app, dialog, shell } from 'electron';
      app.whenReady().then(async () => {
        await shell.openExternal('https://example.com/');
        dialog.showErrorBox('Cannot start', 'The folder is in use.');
        say('done');
      });`,
  });
  await app.said('done');
  expect([await app.report('openExternal'), await app.report('errorBox')]).toEqual([
    { type: 'openExternal', url: 'https://example.com/' },
    { type: 'errorBox', title: 'Cannot start', content: 'The folder is in use.' },
  ]);
  await app.close();
});
