import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export type ElectronFound =
  | { readonly isUsable: true; readonly binary: string }
  /** Why not, as a sentence without its full stop. */
  | { readonly isUsable: false; readonly reason: string };

/** Where electron's own index.js would look, without its habit of downloading what is missing. */
export function findElectron(
  environment: Readonly<Record<string, string | undefined>> = process.env,
  platform: NodeJS.Platform = process.platform,
): ElectronFound {
  const binary = findBinary(environment);
  if (binary === undefined) return { isUsable: false, reason: "Electron's binary is not installed here" };
  if (platform === 'linux' && !environment['DISPLAY'] && !environment['WAYLAND_DISPLAY']) {
    return { isUsable: false, reason: 'There is no display for a window here' };
  }
  return { isUsable: true, binary };
}

function findBinary(environment: Readonly<Record<string, string | undefined>>): string | undefined {
  let home: string;
  try {
    home = dirname(fileURLToPath(import.meta.resolve('electron/package.json')));
  } catch {
    return undefined;
  }
  const pathFile = join(home, 'path.txt');
  const name = existsSync(pathFile) ? readFileSync(pathFile, 'utf8') : 'electron';
  const binary = join(environment['ELECTRON_OVERRIDE_DIST_PATH'] ?? join(home, 'dist'), name);
  return existsSync(binary) ? binary : undefined;
}
