import type { DeviceKind } from '#contract/devices.ts';
import type { AimMode } from '../codec/aim.ts';
import type { Charset } from '../codec/text.ts';

/** What is to be known of a model of device before it can be spoken with. Data only: a new model is a new entry. */
export interface Profile {
  readonly name: string;
  readonly kinds: readonly DeviceKind[];
  /** How the bytes are cut into events. */
  readonly framing: LineFraming;
  /** The charset of text that is not UTF-8. */
  readonly charset: Charset;
  /** Line settings besides the baud rate, which belongs to the single device. */
  readonly serial: SerialSettings;
  /** How far these data can be trusted. */
  readonly provenance: 'verifiedOnHardware' | 'vendorManual' | 'tradeUsage' | 'ours';
}

interface LineFraming {
  readonly type: 'line';
  readonly aim: AimMode;
  /** Milliseconds of silence that end an unfinished line. */
  readonly partialMs: number;
}

export interface SerialSettings {
  readonly dataBits: 7 | 8;
  readonly parity: 'none' | 'even' | 'odd';
  readonly stopBits: 1 | 2;
  /** Modem lines to raise after opening: some scanners take their power or their permission to send from them. */
  readonly dtr: boolean;
  readonly rts: boolean;
}
