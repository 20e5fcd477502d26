import { describe, expect, test } from 'vitest';
import { runSample, WITH_WINDOW } from './sample-app.ts';

/** Says every navigation and loading event of the window, in order, with the address of those that have one. */
const SAY_EVENTS = `
  const sayEvents = (contents) => {
    for (const name of ['did-start-navigation', 'will-frame-navigate', 'will-navigate', 'will-redirect',
      'did-redirect-navigation', 'did-navigate', 'did-navigate-in-page', 'dom-ready', 'did-finish-load', 'did-fail-load']) {
      contents.on(name, (event, ...args) => say('event', [name, 'url' in event ? event.url : args.find((arg) => String(arg).includes(':'))]));
    }
  };`;

describe('loading and navigation (docs/api/web-contents.md, Navigation Events)', () => {
  test('a programmatic load asks no will-navigate and emits its events in the documented order', async () => {
    const app = runSample({
      main: `${WITH_WINDOW}${SAY_EVENTS}
        app.whenReady().then(async () => {
          serve();
          const window = open({ show: false });
          sayEvents(window.webContents);
          window.once('ready-to-show', () => { say('event', ['ready-to-show', null]); say('shown'); });
          await window.loadURL('sample://here/index.html');
        });`,
    });
    await app.said('shown');
    expect(app.sayings().flatMap(([name, value]) => (name === 'event' ? [value] : []))).toEqual([
      ['did-start-navigation', 'sample://here/index.html'],
      ['did-navigate', 'sample://here/index.html'],
      ['dom-ready', null],
      ['did-finish-load', null],
      ['ready-to-show', null],
    ]);
    await app.close();
  });

  test('a link asks did-start-navigation, will-frame-navigate, will-navigate, and preventDefault keeps the page', async () => {
    const app = runSample({
      main: `${WITH_WINDOW}${SAY_EVENTS}
        app.whenReady().then(async () => {
          serve();
          const window = open();
          window.webContents.on('will-navigate', (event) => { if (event.url.endsWith('no.html')) event.preventDefault(); });
          await window.loadURL('sample://here/index.html');
          sayEvents(window.webContents);
          say('loaded');
        });`,
      files: {
        'index.html': '<a id="no" href="no.html">no</a><a id="yes" href="yes.html">yes</a>',
        'no.html': 'no',
        'yes.html': 'yes',
      },
    });
    await app.said('loaded');
    const page = await app.pageOf();
    await page.click('#no');
    await page.click('#yes');
    await app.line((line) => line.includes('"did-navigate"'));
    const events = app.sayings().flatMap(([name, value]) => (name === 'event' ? [value] : []));
    expect(events.slice(0, 7)).toEqual([
      ['did-start-navigation', 'sample://here/no.html'],
      ['will-frame-navigate', 'sample://here/no.html'],
      ['will-navigate', 'sample://here/no.html'],
      ['did-start-navigation', 'sample://here/yes.html'],
      ['will-frame-navigate', 'sample://here/yes.html'],
      ['will-navigate', 'sample://here/yes.html'],
      ['did-navigate', 'sample://here/yes.html'],
    ]);
    await app.close();
  });

  test('preventDefault in will-frame-navigate keeps will-navigate from being asked', async () => {
    const app = runSample({
      main: `${WITH_WINDOW}
        app.whenReady().then(async () => {
          serve();
          const window = open();
          window.webContents.on('will-frame-navigate', (event) => { say('frame', event.isMainFrame); event.preventDefault(); });
          window.webContents.on('will-navigate', () => say('main'));
          window.webContents.on('did-stop-loading', () => say('stopped'));
          await window.loadURL('sample://here/index.html');
          window.webContents.executeJavaScript("location.href = 'other.html'; 1");
        });`,
    });
    expect(await app.said('frame')).toBe(true);
    const page = await app.pageOf();
    expect(await page.evaluate('location.pathname')).toBe('/index.html');
    expect(app.sayings().some(([name]) => name === 'main')).toBe(false);
    await app.close();
  });

  test('an address outside is asked about too, and a reload by the driver is not', async () => {
    const app = runSample({
      main: `${WITH_WINDOW}
        app.whenReady().then(async () => {
          serve();
          const window = open();
          window.webContents.on('will-navigate', (event, url) => { say('asked', [event.url, url]); event.preventDefault(); });
          await window.loadURL('sample://here/index.html');
          say('loaded');
        });`,
      files: { 'index.html': '<a id="out" href="https://example.com/">out</a>' },
    });
    await app.said('loaded');
    const page = await app.pageOf();
    await page.reload();
    await page.click('#out');
    expect(await app.said('asked')).toEqual(['https://example.com/', 'https://example.com/']);
    expect(await page.evaluate('location.host')).toBe('here.sample.localhost');
    await app.close();
  });

  test('a redirect asks will-redirect, and preventDefault stops the whole navigation', async () => {
    const app = runSample({
      main: `${WITH_WINDOW}
        app.whenReady().then(async () => {
          protocol.handle('sample', ({ url }) => url.endsWith('/old')
            ? new Response(null, { status: 302, headers: { location: 'sample://here/new' } })
            : new Response('here'));
          const window = open();
          window.webContents.on('will-redirect', (event) => { say('redirect', event.url); event.preventDefault(); });
          window.webContents.on('did-fail-load', (event, code, description) => say('failed', [code, description]));
          await window.loadURL('sample://here/old').catch((error) => say('rejected', error.message));
        });`,
    });
    expect(await app.said('rejected')).toBe("ERR_ABORTED (-3) loading 'sample://here/old'");
    expect(await app.said('redirect')).toBe('sample://here/new');
    expect(await app.said('failed')).toEqual([-3, 'ERR_ABORTED']);
    await app.close();
  });

  test('moving inside the page is told by did-navigate-in-page and cannot be prevented', async () => {
    const app = runSample({
      main: `${WITH_WINDOW}
        app.whenReady().then(async () => {
          serve();
          const window = open();
          window.webContents.on('will-navigate', () => say('asked'));
          window.webContents.on('did-navigate-in-page', (event, url) => say('in page', [url, window.webContents.mainFrame.url]));
          await window.loadURL('sample://here/index.html');
          window.webContents.executeJavaScript("location.hash = 'pay'; 1");
        });`,
    });
    expect(await app.said('in page')).toEqual(['sample://here/index.html#pay', 'sample://here/index.html#pay']);
    expect(app.sayings().some(([name]) => name === 'asked')).toBe(false);
    await app.close();
  });

  test('window.open and a link to a new window ask the handler; denied, the page gets null and no window comes', async () => {
    const app = runSample({
      main: `${WITH_WINDOW}
        app.whenReady().then(async () => {
          serve();
          const window = open();
          window.webContents.setWindowOpenHandler((details) => { say(details.frameName, details.url); return { action: 'deny' }; });
          await window.loadURL('sample://here/index.html');
        });`,
      files: { 'index.html': '<a id="blank" target="second" href="other.html">new</a>' },
    });
    const page = await app.pageOf();
    expect(await page.evaluate("window.open('https://example.com/', 'first')")).toBe(null);
    await page.click('#blank');
    expect(await app.said('first')).toBe('https://example.com/');
    expect(await app.said('second')).toBe('sample://here/other.html');
    expect((await app.windows()).length).toBe(1);
    await app.close();
  });

  test('a window that a page opens without a handler is not modelled', async () => {
    const app = runSample({
      main: `${WITH_WINDOW}
        app.whenReady().then(() => { serve(); open().loadURL('sample://here/index.html'); });`,
    });
    await (await app.pageOf()).evaluate("window.open('other.html'); 1");
    await app.report('refused');
    await expect(app.close()).rejects.toThrow('a window that a page opens (sample://here/other.html)');
  });
});

describe('a window (docs/api/browser-window.md)', () => {
  test('shows, takes the focus from the other, minimizes and comes back, with an event for each', async () => {
    const app = runSample({
      main: `${WITH_WINDOW}
        app.whenReady().then(async () => {
          serve();
          const first = open({ show: false });
          for (const name of ['show', 'focus', 'blur', 'minimize', 'restore']) first.on(name, () => say(name));
          await first.loadURL('sample://here/index.html');
          first.show();
          const second = open();
          await second.loadURL('sample://here/index.html');
          second.focus();
          first.focus();
          say('both', [first.isFocused(), second.isFocused(), BrowserWindow.getFocusedWindow() === first]);
          first.on('minimize', () => {
            say('minimized', [first.isMinimized(), first.isFocused()]);
            first.restore();
            say('restored', [first.isMinimized(), first.isFocused()]);
          });
        });`,
    });
    expect(await app.said('both')).toEqual([true, false, true]);
    app.minimize(1);
    expect(await app.said('minimized')).toEqual([true, false]);
    expect(await app.said('restored')).toEqual([false, true]);
    expect(app.sayings().map(([name]) => name)).toEqual([
      'show',
      'focus',
      'blur',
      'focus',
      'both',
      'blur',
      'minimize',
      'minimized',
      'restore',
      'focus',
      'restored',
    ]);
    await app.close();
  });

  test('two windows have two pages', async () => {
    const app = runSample({
      main: `${WITH_WINDOW}
        app.whenReady().then(() => {
          serve();
          open().loadURL('sample://here/index.html?first');
          open().loadURL('sample://here/index.html?second');
        });`,
    });
    const pages = [await app.pageOf(1), await app.pageOf(2)];
    expect(await Promise.all(pages.map((page) => page.evaluate('location.search')))).toEqual(['?first', '?second']);
    await app.close();
  });

  test('asks before it closes, and is destroyed afterwards', async () => {
    const app = runSample({
      main: `${WITH_WINDOW}
        app.on('window-all-closed', () => say('none left'));
        app.whenReady().then(async () => {
          serve();
          const window = open();
          let asked = 0;
          window.on('close', (event) => { asked += 1; say('close ' + asked); if (asked === 1) event.preventDefault(); });
          window.on('closed', () => {
            let refusal;
            try { window.show(); } catch (error) { refusal = error.message; }
            say('closed', [window.isDestroyed(), window.webContents.isDestroyed(), refusal]);
          });
          await window.loadURL('sample://here/index.html');
          say('loaded');
        });`,
    });
    await app.said('loaded');
    app.closeWindow(1);
    await app.said('close 1');
    app.closeWindow(1);
    expect(await app.said('closed')).toEqual([true, true, 'Object has been destroyed']);
    await app.said('none left');
    await app.close();
  });

  test('tells that the process of its page is gone', async () => {
    const app = runSample({
      main: `${WITH_WINDOW}
        app.whenReady().then(async () => {
          serve();
          const window = open();
          window.webContents.on('render-process-gone', (event, details) => { say('gone', details.reason); window.reload(); });
          window.webContents.on('did-finish-load', () => say('finished'));
          await window.loadURL('sample://here/index.html');
          say('loaded');
        });`,
    });
    await app.said('loaded');
    const page = await app.pageOf();
    const session = await page.context().newCDPSession(page);
    void session.send('Page.crash').catch(() => {});
    expect(await app.said('gone')).toBe('crashed');
    await app.close();
  });

  test('cannot be made before the app is ready', async () => {
    const app = runSample({
      main: `${WITH_WINDOW}
        try { open(); } catch (error) { say('refused', error.message); }`,
    });
    expect(await app.said('refused')).toBe('Cannot create BrowserWindow before app is ready');
    await app.close();
  });
});
