// `npm run bench`: a table of what matters and what it is measured against. `--json` prints one object per line,
// `--quick` takes few samples: enough to see that it runs, too few to believe. `--only till` and `--only wallet` measure
// one of the two.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright';
import { chromiumLaunchOptions } from '#test/support/chromium.ts';
import { PROJECT } from '#test/support/programs.ts';
import { type Measured, meets } from './measure.ts';
import { benchPainted } from './painted.ts';
import { benchStartUp } from './start-up.ts';
import { benchTap } from './tap.ts';
import { benchWallet } from './wallet.ts';

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    quick: { type: 'boolean', default: false },
    only: { type: 'string' },
  },
});
const size = values.quick
  ? { taps: 40, scans: 5, counts: [20, 200] as const, starts: 1, rounds: 1, seconds: 1 }
  : { taps: 1_000, scans: 200, counts: [100, 100_000] as const, starts: 7, rounds: 7, seconds: 3 };

// On the disk of the checkout: a temporary folder may be memory, where a sync costs nothing.
const parent = join(PROJECT, 'node_modules', '.cache', 'warikan');
mkdirSync(parent, { recursive: true });
const folder = mkdtempSync(join(parent, 'bench-'));
try {
  if (values.only !== 'wallet') await benchTill();
  if (values.only !== 'till') report(await benchWallet({ folder, rounds: size.rounds, seconds: size.seconds }));
} finally {
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}

async function benchTill(): Promise<void> {
  const browser = await chromium.launch(chromiumLaunchOptions());
  try {
    const tap = await benchTap(folder, size.taps);
    report([tap.row]);
    const { commitMs } = tap;
    report(await benchPainted({ browser, folder, commitMs, rounds: size.scans, counts: size.counts }));
    report(await benchStartUp(browser, folder, size.starts));
  } finally {
    await browser.close();
  }
}

function report(rows: readonly Measured[]): void {
  for (const { row, spread } of rows) {
    if (values.json) {
      console.log(JSON.stringify(row));
      continue;
    }
    const figures = `${row.value} ${row.unit} `.padEnd(24) + `baseline ${row.baseline} `.padEnd(18);
    const verdict = row.goal.startsWith('ratio') ? (meets(row) ? 'met' : 'NOT MET') : '';
    console.log(
      `${row.name.padEnd(48)}${figures}ratio ${String(row.ratio).padEnd(8)}${row.goal.padEnd(24)}${verdict.padEnd(9)}` +
        spread,
    );
  }
}
