import { describe, expect, test } from 'vitest';
import { runSample, WITH_WINDOW } from './sample-app.ts';

describe('a custom protocol (docs/api/protocol.md)', () => {
  test('serves the page and what it loads, with the status and headers that the handler gives', async () => {
    const app = runSample({
      main: `${WITH_WINDOW}
        app.whenReady().then(async () => {
          protocol.handle('sample', async (request) => {
            say('request', [request.method, request.url, await request.text()]);
            const { pathname } = new URL(request.url);
            if (pathname === '/post') return Response.json({ made: true }, { status: 201, headers: { 'x-till': 'one' } });
            return new Response('<!doctype html><body><script>window.inline = true</script></body>', {
              headers: { 'content-type': 'text/html', 'content-security-policy': "default-src 'self'; script-src 'none'" },
            });
          });
          await open().loadURL('sample://here/index.html?x=1#top');
          say('loaded');
        });`,
    });
    await app.said('loaded');
    const page = await app.pageOf();
    const answer = await page.evaluate(async () => {
      const response = await fetch('/post', { method: 'POST', body: 'a body' });
      return [
        response.status,
        response.headers.get('x-till'),
        await response.text(),
        'inline' in window,
        isSecureContext,
      ];
    });
    expect(answer).toEqual([201, 'one', '{"made":true}', false, true]);
    expect(app.sayings().flatMap(([name, value]) => (name === 'request' ? [value] : []))).toEqual([
      ['GET', 'sample://here/index.html?x=1', ''],
      ['POST', 'sample://here/post', 'a body'],
    ]);
    await app.close();
  });

  test('registers privileged schemes before ready only, and handles them after it only', async () => {
    const app = runSample({
      main: `${WITH_WINDOW}
        try { serve(); } catch (error) { say('early', error.message); }
        app.whenReady().then(() => {
          try { protocol.registerSchemesAsPrivileged([]); } catch (error) { say('late', error.message); }
          serve();
          try { serve(); } catch (error) { say('twice', error.message); }
          say('handled', [protocol.isProtocolHandled('sample'), protocol.isProtocolHandled('other')]);
        });`,
    });
    expect(await app.said('early')).toBe('Session can only be received when app is ready');
    expect(await app.said('late')).toBe('protocol.registerSchemesAsPrivileged should be called before app is ready');
    expect(await app.said('twice')).toBe('Failed to register protocol: sample');
    expect(await app.said('handled')).toEqual([true, false]);
    await app.close();
  });

  test('fails the load when the handler throws, and when there is none', async () => {
    const app = runSample({
      main: `${WITH_WINDOW}
        app.whenReady().then(async () => {
          const window = open();
          await window.loadURL('sample://here/').catch((error) => say('none', error.code));
          protocol.handle('sample', () => { throw new Error('no page'); });
          await window.loadURL('sample://here/').catch((error) => say('thrown', error.code));
        });`,
    });
    expect([await app.said('none'), await app.said('thrown')]).toEqual(['ERR_FAILED', 'ERR_FAILED']);
    await app.close();
  });

  test('is not reachable by its own name inside a page: that is refused, not silently lost', async () => {
    const app = runSample({
      main: `${WITH_WINDOW}
        app.whenReady().then(() => { serve(); open().loadURL('sample://here/index.html'); });`,
      files: { 'index.html': '<a id="own" href="sample://here/index.html">own name</a>' },
    });
    await (await app.pageOf()).click('#own');
    await app.report('refused');
    await expect(app.close()).rejects.toThrow('an absolute sample://here/index.html inside a page');
  });
});

describe('permission handlers (docs/api/session.md)', () => {
  const ask = async (handlers: string): Promise<unknown> => {
    const app = runSample({
      main: `${WITH_WINDOW}
        app.whenReady().then(async () => {
          serve();
          const asked = new Set();
          ${handlers}
          await open().loadURL('sample://here/index.html');
          say('asked', [...asked].sort().slice(0, 3));
        });`,
    });
    await app.said('asked');
    const page = await app.pageOf();
    const state = (name: string): Promise<unknown> =>
      page.evaluate(`navigator.permissions.query({ name: '${name}' }).then(({ state }) => state)`);
    const answer = [await app.said('asked'), await state('geolocation'), await state('notifications')];
    await app.close();
    return answer;
  };

  test('without handlers everything is granted, which is why an app must set them', async () => {
    expect(await ask('')).toEqual([[], 'granted', 'granted']);
  });

  test('a request handler decides for each permission and is told who asks', async () => {
    expect(
      await ask(`session.defaultSession.setPermissionRequestHandler((contents, permission, callback, details) => {
        asked.add(permission + ' ' + details.requestingUrl + ' ' + contents.id);
        callback(permission === 'geolocation');
      });`),
    ).toEqual([
      ['clipboard-read sample://here/ 1', 'clipboard-sanitized-write sample://here/ 1', 'geolocation sample://here/ 1'],
      'granted',
      'denied',
    ]);
  });

  test('a check handler alone denies too', async () => {
    expect(
      await ask(
        `session.defaultSession.setPermissionCheckHandler((contents, permission, origin) => permission === 'notifications');`,
      ),
    ).toEqual([[], 'denied', 'granted']);
  });

  test('the session exists once the app is ready', async () => {
    const app = runSample({
      main: `import { session } from 'electron';
        try { session.defaultSession; } catch (error) { say('early', error.message); }`,
    });
    expect(await app.said('early')).toBe('Session can only be received when app is ready');
    await app.close();
  });
});
