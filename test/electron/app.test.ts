import { describe, expect, test } from 'vitest';
import { runSample, WITH_WINDOW, writeSample } from './sample-app.ts';

const SAY_LIFE = `
  for (const name of ['will-finish-launching', 'ready', 'window-all-closed', 'before-quit', 'will-quit', 'quit']) {
    app.on(name, () => say(name));
  }`;

describe('the app (docs/api/app.md)', () => {
  test('is ready when its entry has been evaluated, to the end of its top-level awaits', async () => {
    const app = runSample({
      main: `import { app } from 'electron';
        ${SAY_LIFE}
        await new Promise((resolve) => setTimeout(resolve, 20));
        say('evaluated', [app.isReady(), app.name, app.getVersion(), app.getAppPath() === root, app.isPackaged]);
        app.whenReady().then(() => say('whenReady', app.isReady()));`,
    });
    await app.said('whenReady');
    expect(app.sayings()).toEqual([
      ['evaluated', [false, 'sample', '1.2.3', true, false]],
      ['will-finish-launching', null],
      ['ready', null],
      ['whenReady', true],
    ]);
    await app.close();
  });

  test('quits by asking: before-quit, each window, will-quit, quit', async () => {
    const app = runSample({
      main: `${WITH_WINDOW}${SAY_LIFE}
        app.whenReady().then(async () => {
          serve();
          const window = open();
          window.on('close', () => say('close'));
          window.on('closed', () => say('closed'));
          await window.loadURL('sample://here/index.html');
          app.quit();
        });`,
    });
    expect(await app.exited).toBe(0);
    expect(app.sayings().map(([name]) => name)).toEqual([
      'will-finish-launching',
      'ready',
      'before-quit',
      'close',
      'closed',
      'will-quit',
      'quit',
    ]);
    await app.close();
  });

  test.each(['before-quit', 'will-quit'])(
    'does not quit while %s is prevented, and quits when asked again',
    async (name) => {
      const app = runSample({
        main: `import { app } from 'electron';
        let asked = 0;
        app.on('${name}', (event) => {
          asked += 1;
          if (asked > 1) return;
          event.preventDefault();
          say('prevented');
          setTimeout(() => app.quit(), 10);
        });
        app.on('quit', (event, code) => say('quit', [asked, code]));
        app.whenReady().then(() => app.quit());`,
      });
      expect(await app.exited).toBe(0);
      expect(app.sayings()).toEqual([
        ['prevented', null],
        ['quit', [2, 0]],
      ]);
      await app.close();
    },
  );

  test('a window that refuses to close keeps the app', async () => {
    const app = runSample({
      main: `${WITH_WINDOW}${SAY_LIFE}
        app.whenReady().then(async () => {
          serve();
          const window = open();
          window.once('close', (event) => { event.preventDefault(); setTimeout(() => { say('still here'); app.quit(); }, 20); });
          await window.loadURL('sample://here/index.html');
          app.quit();
        });`,
    });
    expect(await app.exited).toBe(0);
    expect(
      app
        .sayings()
        .map(([name]) => name)
        .slice(2),
    ).toEqual(['before-quit', 'still here', 'before-quit', 'will-quit', 'quit']);
    await app.close();
  });

  test('quits by default when the last window closes, and not when somebody listens', async () => {
    const closing = `app.whenReady().then(async () => {
      serve();
      const window = open();
      await window.loadURL('sample://here/index.html');
      window.close();
    });`;
    const silent = runSample({ main: `${WITH_WINDOW}${closing}` });
    expect(await silent.exited).toBe(0);
    await silent.close();

    const listening = runSample({
      main: `${WITH_WINDOW}${closing}
        app.on('will-quit', () => say('will-quit'));
        app.on('window-all-closed', () => { say('none left'); setTimeout(() => say('still running'), 20); });`,
    });
    await listening.said('still running');
    expect(listening.sayings().map(([name]) => name)).toEqual(['none left', 'still running']);
    await listening.close();
  });

  test('exits with a code without asking anybody but quit; process.exit does the same', async () => {
    for (const [call, code] of [['app.exit(3)', 3] as const, ['process.exit(4)', 4] as const]) {
      const app = runSample({
        main: `import { app } from 'electron'; ${SAY_LIFE} app.whenReady().then(() => ${call});`,
      });
      expect(await app.exited).toBe(code);
      expect(
        app
          .sayings()
          .map(([name]) => name)
          .slice(2),
      ).toEqual(['quit']);
      await app.close();
    }
  });

  test('survives an error that nobody caught, as Electron does behind its dialog; the driver reports it', async () => {
    const app = runSample({
      main: `import { app } from 'electron';
        app.whenReady().then(() => { setTimeout(() => say('alive'), 20); throw new Error('lost'); });`,
    });
    await app.said('alive');
    await expect(app.close()).rejects.toThrow('It left an error uncaught: Error: lost');
  });

  test('keeps its paths, and refuses to point one at a folder that does not exist', async () => {
    const app = runSample({
      main: `import { app } from 'electron';
        say('default', app.getPath('userData') === join(root, 'config', 'sample'));
        try { app.setPath('userData', join(root, 'absent')); } catch (error) { say('absent', error.message.split(':')[0]); }
        app.setPath('userData', root);
        say('set', [app.getPath('userData') === root, app.getPath('sessionData') === root]);`,
    });
    expect(await app.said('set')).toEqual([true, true]);
    expect([await app.said('default'), await app.said('absent')]).toEqual([true, "Failed to set path 'userData'"]);
    await app.close();
  });
});

const SINGLE = `
  import { app } from 'electron';
  app.on('second-instance', (event, argv, workingDirectory, data) => say('second', [argv.slice(2), data]));
  const isFirst = app.requestSingleInstanceLock({ from: process.argv.at(-1) });
  say('first', [isFirst, app.hasSingleInstanceLock()]);
  if (!isFirst) app.quit();`;

describe('one instance for each user data folder', () => {
  test('a second process is told so, the first hears its arguments, and a third may follow the first', async () => {
    const folder = writeSample({ main: SINGLE });
    const first = runSample(folder);
    expect(await first.said('first')).toEqual([true, true]);

    const second = runSample(folder, { args: ['--table', '7'] });
    expect(await second.said('first')).toEqual([false, false]);
    expect(await second.exited).toBe(0);
    expect(await first.said('second')).toEqual([['--table', '7'], { from: '7' }]);

    await second.close();
    await first.close();
    const third = runSample(folder);
    expect(await third.said('first')).toEqual([true, true]);
    await third.close();
  });

  test('the lock of a process that was killed is free', async () => {
    const folder = writeSample({ main: SINGLE });
    const first = runSample(folder);
    await first.said('first');
    first.electronProcess.kill('SIGKILL');
    await first.exited;

    const second = runSample(folder);
    expect(await second.said('first')).toEqual([true, true]);
    await second.close();
  });

  test('another user data folder has a lock of its own', async () => {
    const first = runSample({ main: SINGLE });
    const other = runSample({ main: SINGLE });
    expect([await first.said('first'), await other.said('first')]).toEqual([
      [true, true],
      [true, true],
    ]);
    await first.close();
    await other.close();
  });
});

describe('safeStorage (docs/api/safe-storage.md)', () => {
  const KEEP = `
    import { app, safeStorage } from 'electron';
    import { existsSync, readFileSync, writeFileSync } from 'node:fs';
    const file = join(root, 'kept');
    say('early', safeStorage.isEncryptionAvailable());
    app.whenReady().then(async () => {
      say('available', [safeStorage.isEncryptionAvailable(), await safeStorage.isAsyncEncryptionAvailable()]);
      if (existsSync(file)) say('read', await safeStorage.decryptStringAsync(readFileSync(file)));
      const bytes = await safeStorage.encryptStringAsync('a device key');
      writeFileSync(file, bytes);
      say('written', [bytes.includes('device'), safeStorage.decryptString(bytes)]);
      try { safeStorage.decryptString(Buffer.from('a device key')); } catch (error) { say('plain', error.message.split(' ')[0]); }
    });`;

  test('encrypts for this user data folder, and reads it again in another run', async () => {
    const folder = writeSample({ main: KEEP });
    const first = runSample(folder);
    expect(await first.said('early')).toBe(false);
    expect(await first.said('available')).toEqual([true, true]);
    expect(await first.said('written')).toEqual([false, 'a device key']);
    expect(await first.said('plain')).toBe('Error');
    await first.close();

    const second = runSample(folder);
    expect(await second.said('read')).toEqual({ shouldReEncrypt: false, result: 'a device key' });
    await second.close();
  });

  test('a machine without a key store can be played', async () => {
    const app = runSample({ main: KEEP }, { env: { ELECTRON_STAND_IN_WITHOUT_KEY_STORE: '1' } });
    expect(await app.said('available')).toEqual([false, false]);
    await expect(app.close()).rejects.toThrow('Encryption is not available.');
  });
});

test('leaves no Chromium behind when it is killed', async () => {
  const app = runSample({
    main: `${WITH_WINDOW}
      app.whenReady().then(async () => { serve(); await open().loadURL('sample://here/index.html'); say('loaded'); });`,
  });
  await app.said('loaded');
  const page = await app.pageOf();
  const gone = new Promise<void>((resolve) =>
    page
      .context()
      .browser()
      ?.once('disconnected', () => resolve()),
  );
  app.electronProcess.kill('SIGKILL');
  await gone;
  expect(page.context().browser()?.isConnected()).toBe(false);
});
