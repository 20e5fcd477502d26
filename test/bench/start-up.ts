import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Browser } from 'playwright';
import { testIds } from '#renderer/test-ids.ts';
import { startTill } from '#test/support/programs.ts';
import { openPage } from '#test/support/screen.ts';
import { type Measured, measured, median } from './measure.ts';

/**
 * From the command to the first screen that a person can use, beside what nothing at all costs: `node -e 0` and an
 * empty page in the same browser. One of each in turn.
 */
export async function benchStartUp(browser: Browser, folder: string, rounds: number): Promise<Measured[]> {
  const data = join(folder, 'start-up');
  const totals: number[] = [];
  const readies: number[] = [];
  const nothings: number[] = [];
  for (let round = 0; round <= rounds; round++) {
    const started = performance.now();
    const till = await startTill(data);
    const ready = performance.now();
    const page = await openPage(browser, till.url);
    await page.getByTestId(testIds.staffTile('ren')).waitFor();
    const shown = performance.now();
    await page.context().close();
    await till.stop();

    const before = performance.now();
    await once(spawn(process.execPath, ['-e', '0']), 'exit');
    const empty = await openPage(browser, 'data:text/html,<title>nothing</title>');
    const after = performance.now();
    await empty.context().close();
    // The first round makes the data folder.
    if (round === 0) continue;
    readies.push(ready - started);
    totals.push(shown - started);
    nothings.push(after - before);
  }
  return [
    measured('start-up to the first screen', median(totals), 'ms', median(nothings), 'none: 10 s at most', totals),
    measured('start-up to ready', median(readies), 'ms', 10_000, 'ratio <= 1', readies),
  ];
}
