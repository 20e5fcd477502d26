import type { Profile, SerialSettings } from './profile.ts';

/** The common default of RS-232 scanners, together with 9600 baud. USB scanners with a serial face ignore it. */
const plainLine: SerialSettings = { dataBits: 8, parity: 'none', stopBits: 1, dtr: true, rts: true };

/** A gap inside one scan stays below 100 ms on a loaded machine; five times that is silence. */
const partialMs = 500;

const profiles: readonly Profile[] = [
  {
    name: 'generic-serial',
    kinds: ['scanner'],
    framing: { type: 'line', aim: 'guessed', partialMs },
    charset: 'shift_jis',
    serial: plainLine,
    provenance: 'tradeUsage',
  },
  {
    name: 'simulated-scanner',
    kinds: ['scanner'],
    framing: { type: 'line', aim: 'reported', partialMs },
    charset: 'utf-8',
    serial: plainLine,
    provenance: 'ours',
  },
];

export function findProfile(name: string): Profile | undefined {
  return profiles.find((profile) => profile.name === name);
}
