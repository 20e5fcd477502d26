import { execFileSync } from 'node:child_process';
import { accessSync, constants, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { LaunchOptions } from 'playwright';

/** Names under which distributions install a Chromium, best first. */
const SYSTEM_NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const UNPACK_TIMEOUT_MS = 120_000;
const CACHE = fileURLToPath(new URL('../../node_modules/.cache/warikan', import.meta.url));
const UNPACK = fileURLToPath(new URL('./unpack-chromium.process.ts', import.meta.url));

/** Nothing but the test may move bytes or paint: no updates, no sync, no first-run page, no QUIC. */
const QUIET = [
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-quic',
  '--disable-domain-reliability',
  '--disable-print-preview',
  '--no-first-run',
  '--no-default-browser-check',
  '--no-pings',
  '--font-render-hinting=none',
];

interface Chromium {
  readonly executablePath: string;
  /** Where it came from, for the line that a test prints about its browser. */
  readonly origin: 'system' | 'package';
}

/** Options for Playwright's `chromium.launch`, which work as root, without a display and under two cores. */
export function chromiumLaunchOptions(): LaunchOptions {
  const { executablePath } = findChromium();
  const isRoot = process.getuid?.() === 0;
  return {
    executablePath,
    headless: true,
    // The kernel's sandbox refuses root; the pages under test are our own.
    chromiumSandbox: !isRoot,
    args: [...QUIET, ...(isRoot ? ['--no-sandbox', '--no-zygote'] : []), '--disable-dev-shm-usage'],
  };
}

/** The system's Chromium, else the one in `@sparticuz/chromium`, unpacked once into node_modules/.cache. */
function findChromium(): Chromium {
  const system = findOnPath(SYSTEM_NAMES);
  if (system !== undefined) return { executablePath: system, origin: 'system' };
  return { executablePath: unpackChromium(), origin: 'package' };
}

function findOnPath(names: readonly string[]): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  return names.flatMap((name) => folders.map((folder) => join(folder, name))).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * The package unpacks straight into the temporary folder and takes a half-written file for a whole one, so two test
 * files that start together would break each other. Here each unpacks into a folder of its own and one rename wins.
 */
function unpackChromium(): string {
  const target = join(CACHE, 'chromium');
  const executable = join(target, 'chromium');
  if (existsSync(executable)) return executable;
  mkdirSync(CACHE, { recursive: true });
  const draft = mkdtempSync(join(CACHE, 'unpacking-'));
  try {
    execFileSync(process.execPath, [UNPACK], {
      env: { ...process.env, TMPDIR: draft },
      stdio: ['ignore', 'ignore', 'inherit'],
      timeout: UNPACK_TIMEOUT_MS,
    });
    renameSync(draft, target);
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    // Losing the race is success: somebody else's whole copy is there.
    if (!existsSync(executable)) throw error;
  }
  return executable;
}
