import type { DeviceConfig, DeviceEvent, DeviceState } from '#contract/devices.ts';
import type { Profile } from '../profile/profile.ts';
import type { Connection } from '../transport/transport.ts';

/**
 * The conversation with one device, over a codec and whatever connection it has now. It outlives connections, and knows
 * nothing of ports, retries or other devices.
 */
export interface DeviceSession {
  /** A new connection stands, and nothing of the last one counts any more. */
  begin(connection: Connection): void;
  /**
   * Asks whether it is the right device, where a protocol can ask. Without it a device counts as ready once open. Its
   * answer is awaited in state `probing`.
   */
  probe?(): Promise<ProbeResult>;
  receive(bytes: Uint8Array, nowMs: number): readonly DeviceReport[];
  tick(nowMs: number): readonly DeviceReport[];
  /** What it does on an open connection, which is another matter than whether it has one. `receiving` wants `tick`. */
  readonly activity: 'idle' | 'receiving';
}

export type ProbeResult = { readonly isRight: true } | { readonly isRight: false; readonly detail: string };

/** What a session tells: events still without a name and a number, and how it finds the device. */
export type DeviceReport =
  | Unnamed<Extract<DeviceEvent, { type: 'scan' }>, 'source'>
  | Unnamed<Extract<DeviceEvent, { type: 'fault' }>>
  | { readonly type: 'state'; readonly state: WorkingState };

/** The states that only a conversation can tell apart. All of them have an open connection. */
export type WorkingState = Extract<DeviceState, { state: 'ready' | 'busy' | 'suspect' }>;

/** Undefined where this version has no conversation for such a device. */
export type OpenSession = (config: DeviceConfig, profile: Profile) => DeviceSession | undefined;

type Unnamed<Event, More extends keyof Event = never> = Omit<Event, 'deviceId' | 'seq' | More>;
