import { type ChildProcess, fork } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { DeviceProcessHandle } from './device-process.ts';

/**
 * Starts the device process as a Node child process.
 *
 * @param entry path of `hardware/process.ts`, or of its bundle
 */
export function forkDeviceProcess(entry: string): DeviceProcessHandle {
  // Its output is not the terminal's: the line that says where the page is must stay alone. Crashes do show.
  return handleOf(fork(entry, [], { ...ownFlags, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] }));
}

/**
 * Starts a server as a Node child process. Its channel closes with this process, so it never outlives it.
 *
 * @param entry path of its `process.ts`
 * @param onLine takes what it says on stderr, line by line
 */
export function forkServer(
  entry: string,
  args: readonly string[],
  onLine: (line: string) => void,
): DeviceProcessHandle {
  const child = fork(entry, args, { ...ownFlags, stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
  if (child.stderr !== null) createInterface({ input: child.stderr }).on('line', onLine);
  return handleOf(child);
}

/** Flags of this process, such as a debugger's port, are not the child's. */
const ownFlags = { execPath: process.execPath, execArgv: [] };

function handleOf(child: ChildProcess): DeviceProcessHandle {
  return {
    post(message) {
      // The callback takes the error of a child that has just died: `exit` tells of it.
      if (child.connected) child.send(message as object, () => undefined);
    },
    onMessage: (listener) => void child.on('message', listener),
    onExit(listener) {
      child.once('exit', (code, signal) => listener(signal === null ? `exit code ${code}` : `signal ${signal}`));
      child.on('error', (error) => {
        // Without a process number it never ran, and there will be no `exit`.
        if (child.pid === undefined) listener(error.message);
      });
    },
    kill: () => void child.kill('SIGKILL'),
  };
}
