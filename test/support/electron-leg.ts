// `npm run test:electron`: the end-to-end specs on the real Electron, where its binary is installed and a screen can
// be had. Says plainly when it could not run; it never downloads anything.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { closingLine } from './closing-line.ts';

const RUN_TIMEOUT_MS = 15 * 60_000;
const VITEST = ['vitest', 'run', '--project', 'e2e'];

const obstacle = findObstacle();
if (obstacle === undefined) {
  process.exitCode = runSpecs();
} else {
  process.stdout.write(`Real Electron was not run: ${obstacle}\n`);
  process.stdout.write(`${closingLine({ passed: 0, failed: 0, skipped: 0 })}\n`);
}

function findObstacle(): string | undefined {
  const binary = findElectronBinary();
  if (binary === undefined) return 'its binary is not installed here (npx install-electron fetches it).';
  if (needsScreen() && !isCommand('xvfb-run')) return 'there is no display, and xvfb-run is not installed.';
  return undefined;
}

/** Where electron's own index.js would look, without its habit of downloading what is missing. */
function findElectronBinary(): string | undefined {
  const home = dirname(fileURLToPath(import.meta.resolve('electron/package.json')));
  const pathFile = join(home, 'path.txt');
  const name = existsSync(pathFile) ? readFileSync(pathFile, 'utf8') : 'electron';
  const binary = join(process.env['ELECTRON_OVERRIDE_DIST_PATH'] ?? join(home, 'dist'), name);
  return existsSync(binary) ? binary : undefined;
}

function needsScreen(): boolean {
  return process.platform === 'linux' && !process.env['DISPLAY'] && !process.env['WAYLAND_DISPLAY'];
}

function isCommand(name: string): boolean {
  return spawnSync(name, ['--help'], { stdio: 'ignore' }).error === undefined;
}

function runSpecs(): number {
  const [command, ...args] = needsScreen() ? ['xvfb-run', '--auto-servernum', ...VITEST] : VITEST;
  const { status, error } = spawnSync(command ?? 'vitest', args, {
    stdio: 'inherit',
    env: { ...process.env, WARIKAN_LEGS: 'electron' },
    timeout: RUN_TIMEOUT_MS,
  });
  if (error !== undefined) process.stdout.write(`${error.message}\n`);
  return status ?? 1;
}
