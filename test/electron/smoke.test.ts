import { expect, test } from 'vitest';
import { runSample, WITH_WINDOW } from './sample-app.ts';

test('a window opens', async () => {
  const app = runSample({
    main: `${WITH_WINDOW}
      app.whenReady().then(async () => { serve(); const w = open(); await w.loadURL('sample://here/index.html'); say('loaded', w.webContents.getURL()); });`,
  });
  expect(await app.said('loaded')).toBe('sample://here/index.html');
  const page = await app.pageOf();
  expect(await page.title()).toBe('Sample');
  await app.close();
});
