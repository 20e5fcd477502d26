import { scanBytesMax, type Symbology } from '#contract/devices.ts';
import { aimBytes, splitAim, type AimMode } from './aim.ts';
import type { Codec } from './codec.ts';

/**
 * Lines of a serial scanner:
 *
 *   [ ]cm ] payload  CR | LF | CR LF
 *
 * Empty lines mean nothing, and so CR LF is one terminator, also when it is cut in two. Everything else belongs to the
 * payload: GS (0x1D) separates the fields of a GS1 code, and NUL and other controls are the business of who reads it.
 */
export type LineEvent =
  | { readonly type: 'frame'; readonly payload: Uint8Array; readonly symbology?: Symbology }
  | { readonly type: 'fault'; readonly code: 'frameTooLong' | 'partialFrame'; readonly byteCount: number };

export interface LineSettings {
  readonly aim: AimMode;
  /**
   * Silence after which an unfinished line is given up, never delivered. USB latency timers, the thread pool and garbage
   * collection make gaps of 20 to 50 ms inside one scan normal.
   */
  readonly partialMs: number;
}

const carriageReturn = 0x0d;
const lineFeed = 0x0a;

export function lineCodec({ aim, partialMs }: LineSettings): Codec<LineEvent> {
  // An identifier does not count against the payload.
  const pendingBytesMax = scanBytesMax + (aim === 'none' ? 0 : aimBytes);
  const line = new Uint8Array(pendingBytesMax);
  let length = 0;
  /** Past its limit: nothing of it is kept, and what ends it ends an empty line. */
  let isTooLong = false;
  let lastByteMs = 0;

  function reset(): void {
    length = 0;
    isTooLong = false;
  }

  function endOfLine(): LineEvent | undefined {
    const frame = line.slice(0, length);
    reset();
    const { payload, symbology } = splitAim(frame, aim);
    if (payload.length > scanBytesMax) return { type: 'fault', code: 'frameTooLong', byteCount: payload.length };
    if (payload.length === 0) return undefined;
    return symbology === undefined ? { type: 'frame', payload } : { type: 'frame', payload, symbology };
  }

  return {
    limits: { payloadBytesMax: scanBytesMax, pendingBytesMax },
    reset,

    get isPending() {
      return length > 0 || isTooLong;
    },

    push(bytes, nowMs) {
      if (bytes.length > 0) lastByteMs = nowMs;
      const events: LineEvent[] = [];
      for (const byte of bytes) {
        if (byte === carriageReturn || byte === lineFeed) {
          const event = endOfLine();
          if (event !== undefined) events.push(event);
        } else if (isTooLong) {
          continue;
        } else if (length === pendingBytesMax) {
          isTooLong = true;
          length = 0;
          events.push({ type: 'fault', code: 'frameTooLong', byteCount: pendingBytesMax + 1 });
        } else {
          line[length] = byte;
          length += 1;
        }
      }
      return events;
    },

    tick(nowMs) {
      if (nowMs - lastByteMs < partialMs) return [];
      const byteCount = length;
      // An over-long line was told when it passed the limit; silence ends it as well as a terminator does.
      reset();
      return byteCount === 0 ? [] : [{ type: 'fault', code: 'partialFrame', byteCount }];
    },
  };
}
