import type { ScanEvent } from '#contract/devices.ts';

export type Charset = ScanEvent['charset'];

export interface ScanText {
  readonly text: string;
  readonly charset: Charset;
  /** Some bytes did not fit the charset: what is shown is a guess. */
  readonly isLossy: boolean;
}

const groupSeparator = 0x1d;
const space = 0x20;
const del = 0x7f;
const strictUtf8 = new TextDecoder('utf-8', { fatal: true });
const strictShiftJis = new TextDecoder('shift_jis', { fatal: true });

/**
 * The text of a frame: strict UTF-8, else the charset that the profile names, else Latin-1 and marked as lossy. QR
 * byte mode says nothing reliable about its charset, so the bytes remain the truth.
 *
 * Controls in front of the first character are left out: plugging a cable in puts NULs on the line, some scanners send
 * STX, and no barcode begins with them. GS stays, because GS1 codes may begin with it. Where nothing but noise that is
 * no UTF-8 precedes a good rest, the rest is read, and marked as lossy.
 */
export function readText(bytes: Uint8Array, fallback: Charset): ScanText {
  const quiet = bytes.subarray(firstIndex(bytes, (byte) => (byte >= space && byte !== del) || byte === groupSeparator));
  const utf8 = decode(strictUtf8, quiet);
  if (utf8 !== undefined) return { text: utf8, charset: 'utf-8', isLossy: false };
  const shiftJis = fallback === 'shift_jis' ? decode(strictShiftJis, quiet) : undefined;
  if (shiftJis !== undefined) return { text: shiftJis, charset: 'shift_jis', isLossy: false };
  if (fallback === 'latin1') return { text: Buffer.from(quiet).toString('latin1'), charset: 'latin1', isLossy: false };
  const ascii = quiet.subarray(firstIndex(quiet, (byte) => byte >= space && byte < del));
  const rest = ascii.length === 0 ? undefined : decode(strictUtf8, ascii);
  if (rest !== undefined) return { text: rest, charset: 'utf-8', isLossy: true };
  return { text: Buffer.from(quiet).toString('latin1'), charset: 'latin1', isLossy: true };
}

function firstIndex(bytes: Uint8Array, isWanted: (byte: number) => boolean): number {
  const index = bytes.findIndex(isWanted);
  return index === -1 ? bytes.length : index;
}

function decode(decoder: InstanceType<typeof TextDecoder>, bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
}
