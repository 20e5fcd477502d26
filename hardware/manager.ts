import type { DeviceCommand, DeviceConfig, DeviceEvent, DeviceState } from '#contract/devices.ts';
import { attach, type Attachment } from './attachment.ts';
import type { Clock } from './clock.ts';
import type { OpenSession } from './device/session.ts';
import type { Profile } from './profile/profile.ts';
import { findProfile } from './profile/table.ts';
import type { Transport } from './transport/transport.ts';

/** Runs the devices that it is told to run. */
export interface DeviceManager {
  /** Takes commands in their order. Never throws: what becomes of them is told by events. */
  handle(command: DeviceCommand): void;
  /** Lets every port go. Nothing is heard afterwards. A second call waits for the first. */
  close(): Promise<void>;
}

export interface DeviceManagerParts {
  readonly clock: Clock;
  /** From 0 up to 1. */
  readonly random: () => number;
  readonly emit: (event: DeviceEvent) => void;
  readonly openTransport: (config: DeviceConfig, profile: Profile) => Transport;
  readonly openSession: OpenSession;
}

export function openManager({ clock, random, emit, openTransport, openSession }: DeviceManagerParts): DeviceManager {
  const running = new Map<string, { readonly wanted: string; readonly attachment: Attachment | undefined }>();
  /** Outlives attachments: a number is never used twice for one device. */
  const lastSeq = new Map<string, number>();
  let work: Promise<void> = Promise.resolve();
  let closed: Promise<void> | undefined;

  function handle(command: DeviceCommand): void {
    if (closed !== undefined) return;
    switch (command.type) {
      case 'ping':
        emit({ type: 'pong', number: command.number });
        return;
      case 'configure':
        work = work.then(() => configure(command.devices));
        return;
      case 'simulate':
        work = work.then(() => simulate(command));
        return;
      case 'close':
        void close();
        return;
    }
  }

  /** What is gone is closed first, because what is new may want the same port under another name. */
  async function configure(devices: readonly DeviceConfig[]): Promise<void> {
    const wanted = new Map(devices.map((config) => [String(config.deviceId), JSON.stringify(config)]));
    const outdated = [...running].filter(([deviceId, entry]) => wanted.get(deviceId) !== entry.wanted);
    for (const [deviceId] of outdated) running.delete(deviceId);
    await Promise.all(outdated.map(async ([, entry]) => entry.attachment?.close()));
    if (closed !== undefined) return;
    for (const config of devices) {
      if (running.has(config.deviceId)) continue;
      const attachment = open(config);
      running.set(config.deviceId, { wanted: JSON.stringify(config), attachment });
      attachment?.start();
    }
  }

  function open(config: DeviceConfig): Attachment | undefined {
    const { deviceId, kind } = config;
    const profile = findProfile(config.profile);
    const session = profile?.kinds.includes(kind) === true ? openSession(config, profile) : undefined;
    if (profile === undefined || session === undefined) {
      const detail = `This version does not know a ${kind} of profile ${config.profile}. Choose another profile.`;
      const state: DeviceState = { state: 'blocked', reason: 'unsupportedMode', detail };
      emit({ type: 'state', deviceId, kind, state });
      return undefined;
    }
    return attach({
      config,
      transport: openTransport(config, profile),
      session,
      clock,
      random,
      emit,
      nextSeq: () => nextSeq(deviceId),
    });
  }

  async function simulate({ deviceId, bytes }: Extract<DeviceCommand, { type: 'simulate' }>): Promise<void> {
    const attachment = running.get(deviceId)?.attachment;
    if (attachment !== undefined) {
      await attachment.feed(Buffer.from(bytes, 'base64'));
      return;
    }
    const message = `No device named ${deviceId} runs: what was simulated went nowhere.`;
    emit({ type: 'fault', deviceId, seq: nextSeq(deviceId), code: 'writeRefused', message });
  }

  function nextSeq(deviceId: string): number {
    const seq = (lastSeq.get(deviceId) ?? 0) + 1;
    lastSeq.set(deviceId, seq);
    return seq;
  }

  function close(): Promise<void> {
    closed ??= work.then(async () => {
      await Promise.all([...running.values()].map(async (entry) => entry.attachment?.close()));
      running.clear();
    });
    return closed;
  }

  return { handle, close };
}
