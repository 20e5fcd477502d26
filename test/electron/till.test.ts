import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CDPSession } from 'playwright';
import { describe, expect, onTestFinished, test } from 'vitest';
import { buildWarikan, launchStandIn, startStandIn } from '#test/support/electron-stand-in/launch.ts';

/** A data folder that goes with the test. */
function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'warikan-electron-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Warikan's own bundle, window and page on the stand-in; killed with the test if it was not closed. */
async function launch(dataDir = makeFolder(), env: Readonly<Record<string, string>> = {}) {
  const till = await launchStandIn({ dataDir, env });
  const problems: string[] = [];
  till.page.on('console', (message) => {
    if (message.type() === 'error') problems.push(message.text());
  });
  till.page.on('pageerror', ({ message }) => problems.push(message));
  onTestFinished(async () => {
    till.electronProcess.kill('SIGKILL');
    await till.exited;
  });
  return { ...till, dataDir, problems };
}

async function readText(session: CDPSession): Promise<unknown> {
  const { result } = await session.send('Runtime.evaluate', { expression: 'document.body?.innerText ?? ""' });
  return result.value;
}

const signIn = 'text=Who is at the till?';

describe('the till under the Electron host', { timeout: 90_000 }, () => {
  test('shows the first snapshot in its window, and again after every reload, without an error in the page', async () => {
    const till = await launch();
    await till.page.waitForSelector(signIn);
    expect(await till.windows()).toEqual([
      expect.objectContaining({ url: 'warikan://till/?port', isVisible: true, isFocused: true }),
    ]);

    await till.page.reload();
    await till.page.waitForSelector(signIn);
    // The page may load itself anew, which is what it does when its port breaks.
    const loaded = till.page.waitForEvent('load');
    await till.page.evaluate('location.reload(); 1');
    await loaded;
    await till.page.waitForSelector(signIn);
    expect(till.problems).toEqual([]);
    await till.close();
  });

  test('hands the page a port, and nothing of Electron or Node', async () => {
    const till = await launch();
    await till.page.waitForSelector(signIn);
    const globals = await till.page.evaluate(() => [typeof require, typeof process, typeof module, typeof Buffer]);
    expect(globals).toEqual(['undefined', 'undefined', 'undefined', 'undefined']);

    const second = await till.page.evaluate(
      () =>
        new Promise((resolve) => {
          const ports: number[] = [];
          addEventListener('message', (event) => {
            ports.push(event.ports.length);
            if (event.data === 'end of the queue') resolve(ports);
          });
          postMessage('warikan:port-request', location.origin);
          setTimeout(() => postMessage('end of the queue', location.origin), 300);
        }),
    );
    // The request itself and the marker, and no offer: one document gets one port.
    expect(second).toEqual([0, 0]);
    await till.close();
  });

  test('stays on its page: no other address, no window, no script from elsewhere, no permission', async () => {
    const till = await launch();
    const { page } = till;
    await page.waitForSelector(signIn);
    const answer = await page.evaluate(async () => {
      const opened = window.open('https://example.com/');
      const inline = document.createElement('script');
      inline.textContent = 'window.wasInjected = true';
      document.head.append(inline);
      const reached = await fetch('https://example.com/').then(
        () => 'reached',
        () => 'refused',
      );
      const state = async (name: PermissionName): Promise<string> =>
        (await navigator.permissions.query({ name })).state;
      return [opened, 'wasInjected' in window, reached, await state('geolocation'), await state('notifications')];
    });
    expect(answer).toEqual([null, false, 'refused', 'denied', 'denied']);

    for (const address of ['https://example.com/', '/index.html', '/?port&key=1']) {
      const stopped = page.waitForEvent('requestfailed', { timeout: 10_000 });
      await page.evaluate(`location.href = '${address}'; 1`);
      await stopped;
      expect([page.url(), await page.isVisible(signIn)]).toEqual(['https://till.warikan.localhost/?port', true]);
    }
    await till.close();
  });

  test('serves the files of the built page under its policy, and nothing else', async () => {
    const till = await launch();
    const { page } = till;
    const origin = new URL(page.url()).origin;
    const statuses: Record<string, number | undefined> = {};
    for (const path of ['/index.html', '/electron/app.js', '/..%2felectron%2fapp.js', '/assets', '/.page.sha256']) {
      const response = await page.goto(`${origin}${path}`);
      statuses[path] = response?.status();
      expect(response?.headers()['content-security-policy']).toMatch(
        /^default-src 'none'; script-src 'self'; style-src 'self'; /,
      );
    }
    expect(statuses).toEqual({
      '/index.html': 200,
      '/electron/app.js': 404,
      '/..%2felectron%2fapp.js': 404,
      '/assets': 404,
      '/.page.sha256': 404,
    });
    await till.close();
  });

  test('a second start on the same folder brings the first window to the front and ends', async () => {
    const till = await launch();
    await till.page.waitForSelector(signIn);
    till.minimize(1);
    const second = startStandIn({ args: ['--data', till.dataDir] });
    expect(await second.exited).toBe(0);
    await second.close();
    await expect
      .poll(till.windows)
      .toEqual([expect.objectContaining({ isMinimized: false, isVisible: true, isFocused: true })]);
    await till.close();
  });

  test('closes its books when it is quit, and the next start reads the keys that it sealed', async () => {
    const dataDir = makeFolder();
    const first = await launch(dataDir);
    await first.page.waitForSelector(signIn);
    first.closeWindow(1);
    expect(await first.exited).toBe(0);
    await first.close();

    const keys = join(dataDir, 'keys');
    const names = readdirSync(keys).filter((name) => name !== 'seal-key');
    const sealed = names.map((name) => readFileSync(join(keys, name)).subarray(0, 16).toString('latin1'));
    const modes = readdirSync(keys).map((name) => statSync(join(keys, name)).mode & 0o777);
    expect(names.length).toBeGreaterThan(0);
    expect(new Set(sealed)).toEqual(new Set(['warikan-sealed-1']));
    expect(new Set(modes)).toEqual(new Set([0o600]));

    const second = await launch(dataDir);
    await second.page.waitForSelector(signIn);
    await second.close();
  });

  test('keeps its keys in plain files of mode 0600 where the machine has no key store, and reads them where it has', async () => {
    const till = await launch(makeFolder(), { ELECTRON_STAND_IN_WITHOUT_KEY_STORE: '1' });
    await till.page.waitForSelector(signIn);
    await till.close();
    const pepper = join(till.dataDir, 'keys', 'pin-pepper');
    expect([readFileSync(pepper, 'utf8').length, statSync(pepper).mode & 0o777]).toEqual([43, 0o600]);

    const plain = readFileSync(pepper);
    const later = await launch(till.dataDir);
    await later.page.waitForSelector(signIn);
    await later.close();
    expect(readFileSync(pepper).equals(plain)).toBe(true);
  });

  test('says in a box why it cannot start, and ends', async () => {
    await buildWarikan();
    const dataDir = makeFolder();
    const wrong = startStandIn({ args: ['--data', dataDir, '--colour', 'red'] });
    expect(await wrong.exited).toBe(2);
    expect(wrong.output.join('\n')).toContain("Unknown option '--colour'");
    await wrong.close();
  });

  test('the page comes back after its process has died', async () => {
    const till = await launch();
    await till.page.waitForSelector(signIn);
    const session = await till.page.context().newCDPSession(till.page);
    const crashed = new Promise((resolve) => till.page.once('crash', resolve));
    void session.send('Page.crash').catch(() => {});
    await crashed;
    // Playwright gives a crashed page up, but its session follows the window to the new one.
    await expect.poll(() => readText(session), { timeout: 20_000 }).toContain('Who is at the till?');
    await till.close();
  });
});
