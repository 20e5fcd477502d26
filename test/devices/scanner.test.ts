import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';

/** Why no device can be mocked here; undefined where one can. */
const umockdev = 'umockdev-run';
const missing = [umockdev, 'udevadm'].find((tool) => spawnSync(tool, ['--version']).error !== undefined);
if (missing !== undefined) process.stderr.write(`The mocked USB scanner is skipped: ${missing} is not installed.\n`);

const fixture = (name: string): string => fileURLToPath(new URL(`./fixtures/${name}`, import.meta.url));

describe.skipIf(missing !== undefined)('a mocked USB scanner at /dev/ttyACM0, through the real native driver', () => {
  test('is listed with its numbers, opens, takes its trigger and scans', { timeout: 30_000 }, async () => {
    const child = spawn(
      umockdev,
      [
        `--device=${fixture('scanner.umockdev')}`,
        `--script=/dev/ttyACM0=${fixture('scanner.script')}`,
        '--',
        process.execPath,
        fixture('scanner.process.ts'),
        '/dev/ttyACM0',
      ],
      { stdio: ['pipe', 'pipe', 'inherit'] },
    );
    const told: Record<string, unknown>[] = [];
    let scans = 0;
    for await (const line of createInterface({ input: child.stdout })) {
      const event = z.record(z.string(), z.unknown()).parse(JSON.parse(line));
      told.push(event);
      if (event['type'] === 'scan') scans += 1;
      if (scans === 3) child.stdin.end();
    }
    if (child.exitCode === null) await once(child, 'exit');

    expect(told.find((event) => event['type'] === 'list')).toEqual({
      type: 'list',
      ports: [
        expect.objectContaining({
          path: '/dev/ttyACM0',
          vendorId: '0c2e',
          productId: '0b6a',
          serialNumber: '21130B9999',
        }),
      ],
    });
    expect(told.filter((event) => event['type'] === 'state').map((event) => event['state'])).toEqual([
      { state: 'opening' },
      { state: 'ready' },
      { state: 'closing' },
      expect.objectContaining({ state: 'absent' }),
    ]);
    expect(told.find((event) => event['type'] === 'triggered')).toEqual({ type: 'triggered', outcome: 'written' });
    const guessed = (aim: string) => ({ aim, trust: 'guessed' });
    expect(told.filter((event) => event['type'] === 'scan')).toMatchObject([
      { seq: 1, source: 'serial', text: '4901234567894', symbology: guessed(']E0') },
      { seq: 2, source: 'serial', text: '4901234567894', symbology: guessed(']E0') },
      { seq: 3, source: 'serial', text: 'https://example.com/m/abc', symbology: guessed(']Q1') },
    ]);
    expect(child.exitCode).toBe(0);
  });
});
