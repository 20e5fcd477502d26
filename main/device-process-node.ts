import { fork } from 'node:child_process';
import type { DeviceProcessHandle } from './device-process.ts';

/**
 * Starts the device process as a Node child process.
 *
 * @param entry path of `hardware/process.ts`, or of its bundle
 */
export function forkDeviceProcess(entry: string): DeviceProcessHandle {
  const child = fork(entry, [], {
    execPath: process.execPath,
    // Flags of our own, such as a debugger's port, are not the child's.
    execArgv: [],
    // Its output is not the terminal's: the line that says where the page is must stay alone. Crashes do show.
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
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
