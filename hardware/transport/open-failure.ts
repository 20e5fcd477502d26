import type { OpenResult } from './transport.ts';

/**
 * What a failed open means. The serial binding's errors carry a sentence of the C library and no code, so the sentence is
 * what there is to go by; it is English on every system, because Node never sets a locale for it.
 */
export function readOpenFailure(message: string, path: string, platform: NodeJS.Platform): OpenResult {
  if (/No such file or directory|No such device|File not found/.test(message)) {
    return { state: 'absent', detail: `Nothing is connected at ${path}.` };
  }
  if (/Permission denied|Operation not permitted/.test(message)) {
    return { state: 'blocked', reason: 'permission', detail: permissionHelp(path, platform) };
  }
  // Windows says "Access denied" for a port that another program has, and for a moment after a fast replug.
  if (/Cannot lock port|busy|Access denied/i.test(message)) {
    return {
      state: 'blocked',
      reason: 'inUse',
      detail: `Another program has ${path} open. Close it, and this starts.`,
    };
  }
  if (/Inappropriate ioctl|Is a directory|Not a (tty|typewriter)/i.test(message)) {
    return {
      state: 'blocked',
      reason: 'unsupportedMode',
      detail: `${path} is not a serial port. Choose another path.`,
    };
  }
  return { state: 'failed', detail: `${path} could not be opened: ${message}.` };
}

function permissionHelp(path: string, platform: NodeJS.Platform): string {
  if (platform !== 'linux') return `This user may not open ${path}. Give the user the right to use it.`;
  return (
    `This user may not open ${path}. Add the user to the group that owns it (sudo usermod -aG dialout "$USER", then sign ` +
    'in again), or add a udev rule for the device with TAG+="uaccess".'
  );
}
