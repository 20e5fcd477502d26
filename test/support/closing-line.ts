import { writeSync } from 'node:fs';
import type { Reporter, TestModule, Vitest } from 'vitest/node';

export interface Tally {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** `12 passed, 0 failed`, and `, 3 skipped` only when some were. */
export function closingLine({ passed, failed, skipped }: Tally): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}

/**
 * Counts tests, not files. A file that could not be collected, a hook that threw and an error outside every test each
 * count as one failure: they hide tests, so a sum without them would look better than the truth.
 */
export function tally(modules: readonly TestModule[], unhandledErrors: number): Tally {
  let passed = 0;
  let failed = unhandledErrors;
  let skipped = 0;
  for (const module of modules) {
    failed += module.errors().length;
    for (const suite of module.children.allSuites()) failed += suite.errors().length;
    for (const test of module.children.allTests()) {
      const { state } = test.result();
      if (state === 'passed') passed += 1;
      else if (state === 'failed') failed += 1;
      else skipped += 1;
    }
  }
  return { passed, failed, skipped };
}

/** What `npm test` leaves out, because not every machine has it, and how to include it. Undefined for any other run. */
export function leftOut(projects: readonly string[]): string | undefined {
  const isWhole = ['rooms', 'e2e'].every((name) => projects.includes(name));
  if (!isWhole || projects.includes('postgres')) return undefined;
  return (
    'The wallet’s books were tested on SQLite. PostgreSQL was left out: npm run test:postgres includes it ' +
    '(PostgreSQL 13 or newer; Debian: apt-get install postgresql).'
  );
}

/** Vitest reporter: the last line of a run is `N passed, N failed` in plain text, for people and for scripts. */
export default class ClosingLine implements Reporter {
  #tally: Tally = { passed: 0, failed: 0, skipped: 0 };

  onInit({ projects }: Vitest): void {
    const note = leftOut(projects.map(({ name }) => name));
    // Other reporters print their summary after us; only the end of the process is late enough to be last.
    process.once('exit', () => {
      writeSync(1, `${note === undefined ? '' : `${note}\n\n`}${closingLine(this.#tally)}\n`);
    });
  }

  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    this.#tally = tally(modules, unhandledErrors.length);
  }
}
