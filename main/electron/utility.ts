import { createInterface } from 'node:readline';
import { utilityProcess } from 'electron';
import type { DeviceProcessHandle } from '../device-process.ts';

/**
 * Starts one of the terminal's own programs as an Electron utility process. It ends with this process.
 *
 * @param entry path of its bundle
 * @param onLine takes what it says on stderr, line by line; without it, that stands among what this process says
 */
export function forkUtility(
  entry: string,
  args: readonly string[],
  serviceName: string,
  onLine?: (line: string) => void,
): DeviceProcessHandle {
  const stderr = onLine === undefined ? 'inherit' : 'pipe';
  const child = utilityProcess.fork(entry, [...args], { serviceName, stdio: ['ignore', 'ignore', stderr] });
  if (child.stderr !== null && onLine !== undefined) createInterface({ input: child.stderr }).on('line', onLine);
  return {
    post: (message) => child.postMessage(message),
    onMessage: (listener) => void child.on('message', listener),
    onExit: (listener) => void child.once('exit', (code) => listener(`exit code ${code}`)),
    kill() {
      // Electron's kill asks (SIGTERM); a driver that spins hears nothing but this.
      if (child.pid !== undefined) killNow(child.pid);
    },
  };
}

function killNow(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has just ended by itself, which its exit tells.
  }
}
