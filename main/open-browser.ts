import { spawn } from 'node:child_process';

/** Shows an address in the user's browser, where there is one. Nothing depends on it: the address is printed too. */
export function openBrowser(url: string): void {
  const command = commandFor(process.platform);
  if (command === undefined) return;
  const [program, ...args] = command;
  const child = spawn(program, [...args, url], { stdio: 'ignore', detached: true });
  child.on('error', () => {});
  child.unref();
}

function commandFor(platform: NodeJS.Platform): readonly [string, ...string[]] | undefined {
  if (platform === 'darwin') return ['open'];
  if (platform === 'win32') return ['rundll32', 'url.dll,FileProtocolHandler'];
  // Without a screen xdg-open would put a text browser over the terminal's own lines.
  return process.env['DISPLAY'] || process.env['WAYLAND_DISPLAY'] ? ['xdg-open'] : undefined;
}
