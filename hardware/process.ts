import { deviceCommandSchema, type DeviceConfig } from '#contract/devices.ts';
import { systemClock } from './clock.ts';
import { scanner } from './device/scanner.ts';
import { openManager } from './manager.ts';
import { openParentLink } from './parent-link.ts';
import type { Profile } from './profile/profile.ts';
import { serialTransport } from './transport/serial.ts';
import { simulatedTransport } from './transport/simulated.ts';
import type { Transport } from './transport/transport.ts';

/**
 * The device process: native drivers may hang or crash here without taking the till down. It begins with `started`, is
 * told by `configure` what to run, and ends by `close`, by SIGTERM, or when its parent is gone.
 */
const parent = openParentLink();
const manager = openManager({
  clock: systemClock,
  random: () => Math.random(),
  emit: (event) => parent.post(event),
  openTransport,
  openSession: (config, profile) => (config.kind === 'scanner' ? scanner(profile) : undefined),
});

/** A port that can not be closed in this time is left to the kernel, which closes it with the process. */
const closeDeadlineMs = 1_500;

function openTransport({ transport }: DeviceConfig, { serial }: Profile): Transport {
  switch (transport.type) {
    case 'serial':
      return serialTransport({
        path: transport.path,
        baudRate: transport.baudRate,
        settings: serial,
        clock: systemClock,
      });
    case 'simulated':
      return simulatedTransport();
  }
}

function end(): void {
  setTimeout(() => process.exit(0), closeDeadlineMs);
  void manager.close().then(() => process.exit(0));
}

parent.onMessage((message) => {
  // Both ends are ours and of one version: what does not fit is a bug, and a crash is a state on the screen.
  const command = deviceCommandSchema.parse(message);
  if (command.type === 'close') end();
  else manager.handle(command);
});
parent.onGone(end);
process.on('SIGTERM', end);
// Ctrl-C reaches the whole process group; the terminal decides when its devices end.
process.on('SIGINT', () => undefined);
parent.post({ type: 'started' });
