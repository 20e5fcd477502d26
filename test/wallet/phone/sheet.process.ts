import { chromium } from 'playwright';
import { readFileSync } from 'node:fs';
import { chromiumLaunchOptions } from '#test/support/chromium.ts';
const [out = '', ...names] = process.argv.slice(2);
const browser = await chromium.launch(chromiumLaunchOptions());
const page = await browser.newPage({ viewport: { width: 380 * Math.min(names.length, 5), height: 500 } });
await page.setContent(
  `<body style="margin:0;background:#777;display:flex;flex-wrap:wrap;align-items:start;gap:12px">${names.map((n) => `<img width=366 src="data:image/png;base64,${readFileSync('/tmp/shots/' + n + '.png').toString('base64')}">`).join('')}`,
);
await page.screenshot({ path: out, fullPage: true });
await browser.close();
