import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { closingLine, leftOut } from './closing-line.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const RUN_TIMEOUT_MS = 25_000;

test('a run with nothing skipped closes with passed and failed alone', () => {
  expect(closingLine({ passed: 12, failed: 0, skipped: 0 })).toBe('12 passed, 0 failed');
});

test('npm test says that PostgreSQL was left out and how to include it, and no other run does', () => {
  expect(leftOut(['rooms', 'e2e'])).toContain('PostgreSQL was left out: npm run test:postgres includes it');
  expect([['rooms'], ['postgres'], ['rooms', 'e2e', 'postgres']].map(leftOut)).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
});

test('the last line counts a broken file, a broken hook and a stray rejection as failures', () => {
  const { lastLine, status } = runVitest({
    'good.test.ts': `test('a', () => {}); test('b', () => {});`,
    'bad.test.ts': `test('a', () => { throw new Error('no'); });`,
    'broken.test.ts': `throw new Error('cannot be collected');`,
    'hook.test.ts': `describe('x', () => { beforeAll(() => { throw new Error('no'); }); test('a', () => {}); });`,
    'stray.test.ts': `test('a', async () => { void Promise.reject(new Error('stray')); await new Promise(setImmediate); });`,
    'left.test.ts': `test('a', (context) => context.skip('there is a reason'));`,
  });

  expect({ lastLine, status }).toEqual({ lastLine: '3 passed, 4 failed, 2 skipped', status: 1 });
});

test('a run without a single test file says so in numbers', () => {
  expect(runVitest({})).toEqual({ lastLine: '0 passed, 0 failed', status: 0 });
});

function runVitest(files: Readonly<Record<string, string>>): {
  readonly lastLine: string;
  readonly status: number | null;
} {
  const folder = mkdtempSync(join(tmpdir(), 'warikan-closing-'));
  try {
    symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
    cpSync(join(ROOT, 'test/support/closing-line.ts'), join(folder, 'closing-line.ts'));
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
    for (const [name, source] of Object.entries(files)) writeFileSync(join(folder, name), source);
    const { stdout, status } = spawnSync(
      join(ROOT, 'node_modules/.bin/vitest'),
      ['run', '--globals', '--passWithNoTests', '--reporter=default', '--reporter=./closing-line.ts'],
      { cwd: folder, encoding: 'utf8', timeout: RUN_TIMEOUT_MS, env: { ...process.env, NO_COLOR: '1' } },
    );
    return { lastLine: stdout.trimEnd().split('\n').at(-1) ?? '', status };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
