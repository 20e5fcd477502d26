import { z } from 'zod';
import { deviceIdSchema } from './ids.ts';

/**
 * What the terminal asks of the device process, and what that process tells. Both ends check every message.
 *
 * Bytes travel as base64, so the same shapes cross a Node child process, an Electron utility process and a log.
 * The device process holds no money rules and no secrets: it says what was read, never what it means.
 */

/** Bytes of one frame after framing: any QR code (4,296 alphanumeric characters) fits. */
export const scanBytesMax = 4_296;

export const deviceKindSchema = z.enum(['scanner', 'nfcReader', 'posPrinter', 'cashDrawer', 'lineDisplay', 'scale']);

/** Where a device hangs. A simulated one is driven by `simulate` commands and by nothing else. */
export const transportConfigSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('serial'), path: z.string().min(1), baudRate: z.int().positive().default(9_600) }),
  z.object({ type: z.literal('simulated') }),
]);

export const deviceConfigSchema = z.object({
  deviceId: deviceIdSchema,
  kind: deviceKindSchema,
  /** The name of an entry of the device process's profile table: framing, charset, symbology ids. */
  profile: z.string().min(1),
  transport: transportConfigSchema,
});

/** Why a device cannot work until a person does something. */
export const blockedReasonSchema = z.enum(['permission', 'inUse', 'driverMissing', 'unsupportedMode']);

export const deviceStateSchema = z.discriminatedUnion('state', [
  z.object({ state: z.literal('absent'), detail: z.string().optional() }),
  z.object({ state: z.literal('opening') }),
  z.object({ state: z.literal('probing') }),
  z.object({ state: z.literal('ready') }),
  z.object({ state: z.literal('busy') }),
  z.object({ state: z.literal('suspect'), detail: z.string() }),
  z.object({ state: z.literal('closing') }),
  z.object({ state: z.literal('blocked'), reason: blockedReasonSchema, detail: z.string() }),
]);

/** AIM identifier (ISO/IEC 15424) as the scanner sent it, for example `]E0`. */
export const symbologySchema = z.object({
  aim: z.string().regex(/^\][A-Za-z][0-9A-Za-z]$/),
  trust: z.enum(['reported', 'guessed']),
});

export const deviceFaultCodeSchema = z.enum([
  /** No terminator within the frame limit: the frame was dropped, reading goes on at the next terminator. */
  'frameTooLong',
  /** A frame that stopped half-way and never ended: dropped, never delivered. */
  'partialFrame',
  'malformedReport',
  'writeRefused',
  'openFailed',
  'connectionLost',
]);

/** terminal → devices */
export const deviceCommandSchema = z.discriminatedUnion('type', [
  /** The whole list of devices to run: opens what is new, closes what is gone, leaves the rest alone. */
  z.object({
    type: z.literal('configure'),
    devices: z
      .array(deviceConfigSchema)
      .max(64)
      .refine((devices) => new Set(devices.map((device) => device.deviceId)).size === devices.length, {
        error: 'two devices share one deviceId',
      }),
  }),
  /** Feeds bytes to a simulated device as if its wire had carried them. */
  z.object({ type: z.literal('simulate'), deviceId: deviceIdSchema, bytes: z.base64() }),
  /** Answered by `pong` with the same number: finds a process that hangs or spins. */
  z.object({ type: z.literal('ping'), number: z.int() }),
  z.object({ type: z.literal('close') }),
]);

/** devices → terminal */
export const deviceEventSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('started') }),
  z.object({ type: z.literal('pong'), number: z.int() }),
  z.object({ type: z.literal('state'), deviceId: deviceIdSchema, kind: deviceKindSchema, state: deviceStateSchema }),
  z.object({
    type: z.literal('scan'),
    deviceId: deviceIdSchema,
    /** Rises by one for each event of this device since the device process started. */
    seq: z.int().nonnegative(),
    source: z.enum(['serial', 'simulated', 'hid', 'nfc', 'wedge', 'camera']),
    /** The frame's payload without terminator and AIM identifier, byte for byte: GS (0x1D) and all other controls kept. */
    bytes: z.base64(),
    /** What the bytes say, without the line noise that may precede a code (controls other than GS). Never empty. */
    text: z.string().min(1).max(scanBytesMax),
    charset: z.enum(['utf-8', 'shift_jis', 'latin1']),
    /** The text is a guess: some bytes did not fit the charset. A customer's code is refused when lossy. */
    isLossy: z.boolean(),
    symbology: symbologySchema.optional(),
  }),
  z.object({
    type: z.literal('fault'),
    deviceId: deviceIdSchema,
    seq: z.int().nonnegative(),
    code: deviceFaultCodeSchema,
    /** A sentence that says what happened and what to do. Never contains what was read. */
    message: z.string(),
  }),
]);

/**
 * How the device process itself fares: apart from the states of its devices.
 *
 * `failed` means that it could not stay up for several starts in a row; it is still started again now and then.
 */
export interface DeviceHealth {
  readonly state: 'starting' | 'running' | 'restarting' | 'failed';
  /** How often it was started again since the terminal opened. */
  readonly restarts: number;
  /** What happened last, in a sentence. */
  readonly detail?: string;
}

/** The device process as the terminal sees it: a link that outlives the process behind it. */
export interface DeviceLink {
  /**
   * `configure` is remembered and repeated after each restart. Every other command is dropped while no device process
   * runs: a command that waited would reach a device when nobody expects it any more.
   */
  post(command: DeviceCommand): void;
  /** Events in the order in which they happened. Returns how to stop listening. */
  onEvent(listener: (event: DeviceEvent) => void): () => void;
  /** Tells the present health at once, then each change. Returns how to stop listening. */
  onHealth(listener: (health: DeviceHealth) => void): () => void;
  /** Lets the ports go and ends the process, by force after a while. A second call waits for the first. */
  close(): Promise<void>;
}

export type DeviceKind = z.infer<typeof deviceKindSchema>;
export type TransportConfig = z.infer<typeof transportConfigSchema>;
export type DeviceConfig = z.infer<typeof deviceConfigSchema>;
export type DeviceState = z.infer<typeof deviceStateSchema>;
export type DeviceFaultCode = z.infer<typeof deviceFaultCodeSchema>;
export type DeviceCommand = z.infer<typeof deviceCommandSchema>;
export type DeviceEvent = z.infer<typeof deviceEventSchema>;
export type ScanEvent = Extract<DeviceEvent, { type: 'scan' }>;
export type BlockedReason = z.infer<typeof blockedReasonSchema>;
export type Symbology = z.infer<typeof symbologySchema>;
