import type { Symbology } from '#contract/devices.ts';

/**
 * AIM symbology identifiers, ISO/IEC 15424: three characters in front of the data.
 *
 *   ]  c  m      flag, code character (which symbology), modifier (which options)
 */
export const aimBytes = 3;

/**
 * What is known of the scanner: it sends the identifier, it may, or it does not. A QR code can contain text that looks
 * like one, so what was only guessed is marked as guessed.
 */
export type AimMode = 'reported' | 'guessed' | 'none';

/** Code characters of symbologies seen in shops. Only these are believed without a word from the profile. */
const retailCodes = new Set('ACEFGIJLQXdez');

export interface AimSplit {
  readonly payload: Uint8Array;
  readonly symbology?: Symbology;
}

/** Takes the identifier off a frame. A frame without one comes back whole. */
export function splitAim(frame: Uint8Array, mode: AimMode): AimSplit {
  if (mode === 'none') return { payload: frame };
  const aim = String.fromCharCode(...frame.subarray(0, aimBytes));
  if (!/^\][A-Za-z][0-9A-Za-z]$/.test(aim)) return { payload: frame };
  if (mode === 'guessed' && (frame.length === aimBytes || !retailCodes.has(aim.charAt(1)))) return { payload: frame };
  return { payload: frame.subarray(aimBytes), symbology: { aim, trust: mode } };
}
