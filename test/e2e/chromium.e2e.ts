import { chromium } from 'playwright';
import { expect, test } from 'vitest';
import { chromiumLaunchOptions } from '#test/support/chromium.ts';

test('a real Chromium renders a page under the pinned Node', async () => {
  const browser = await chromium.launch(chromiumLaunchOptions());
  try {
    const page = await browser.newPage();
    await page.setContent(
      '<main style="width: 120px"><h1>Warikan</h1><script>document.title = "painted"</script></main>',
    );

    expect({
      title: await page.title(),
      heading: await page.getByRole('heading').textContent(),
      width: (await page.locator('main').boundingBox())?.width,
    }).toEqual({ title: 'painted', heading: 'Warikan', width: 120 });
  } finally {
    await browser.close();
  }
});
