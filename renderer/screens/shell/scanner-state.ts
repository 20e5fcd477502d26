import type { DeviceStatus, TerminalState } from '#contract/terminal.ts';

/** Whether a product can be scanned now: one working scanner is enough. */
export function scannerState(
  devices: readonly DeviceStatus[],
  health: TerminalState['deviceProcess'],
): 'ready' | 'working' | 'absent' | 'blocked' {
  if (health.state === 'failed') return 'blocked';
  if (health.state !== 'running') return 'working';
  const scanners = devices.filter(({ kind }) => kind === 'scanner').map(({ state }) => state.state);
  if (scanners.some((state) => state === 'ready' || state === 'busy')) return 'ready';
  if (scanners.some((state) => state === 'opening' || state === 'probing')) return 'working';
  if (scanners.some((state) => state === 'blocked')) return 'blocked';
  return 'absent';
}
