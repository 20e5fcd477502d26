import { createHash, randomFillSync } from 'node:crypto';
import { join } from 'node:path';
import type { DeviceConfig } from '#contract/devices.ts';
import { uuidV7 } from '#contract/ids.ts';
import { demoSetup } from './demo/setup.ts';
import { type DeviceProcessHandle, openDeviceProcess } from './device-process.ts';
import { type Seal, openKeys, openPepper } from './keys.ts';
import { openLog } from './log.ts';
import type { Clock } from './terminal/clock.ts';
import type { Log } from './terminal/log.ts';
import { type KeyStore, openWalletClient } from './terminal/paying/wallet-client.ts';
import { openDatabase } from './terminal/store/database.ts';
import type { TerminalRouter } from './terminal/router.ts';
import { openTerminal } from './terminal/terminal.ts';
import { enrolOnce } from './enrolment.ts';
import { openDemoWallet } from './demo-wallet.ts';
import { openEmbeddedWallet, type SpawnServer } from './embedded-wallet.ts';

/** The terminal with everything around it that is the same under both hosts. */
export interface Till {
  readonly router: TerminalRouter;
  readonly keys: KeyStore;
  readonly log: Log;
  /** In order: no more requests, the books closed, the children ended, the data folder free again. */
  close(): Promise<void>;
}

export interface TillOptions {
  readonly dataFolder: string;
  /** The data folder, taken before anything was started. Released by `close`. */
  readonly lock: { release(): void };
  readonly devices: readonly DeviceConfig[];
  /** Another wallet server. Absent: the embedded one is started. */
  readonly walletUrl?: string;
  readonly enrolmentCode?: string;
  /** Where the embedded wallet server should listen: 0 for any free port. */
  readonly walletPort: number;
  readonly spawnDevices: () => DeviceProcessHandle;
  readonly spawnServer: SpawnServer;
  /** Closes the terminal's keys, where the operating system has a key store. */
  readonly seal?: Seal;
  readonly version: string;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  },
};

const ID_RANDOM_BYTES = 10;

/** Ids that take their randomness from the system for many at once: asking each time is the larger part of their cost. */
export function openIds(): () => string {
  const bytes = new Uint8Array(ID_RANDOM_BYTES * 400);
  let used = bytes.length;
  return () => {
    if (used === bytes.length) {
      randomFillSync(bytes);
      used = 0;
    }
    used += ID_RANDOM_BYTES;
    return uuidV7(Date.now(), bytes.subarray(used - ID_RANDOM_BYTES, used));
  };
}

const newId = openIds();

/**
 * Opens the terminal on its data folder. The till does not wait for the wallet server or for a device: both are states
 * on the screen.
 *
 * @throws FutureFile, UnreadableFile
 */
export async function openTill(options: TillOptions): Promise<Till> {
  const { dataFolder, lock } = options;
  /** What must be undone, the latest first. */
  const closers: (() => Promise<void> | void)[] = [() => lock.release()];
  const close = async (): Promise<void> => {
    for (const undo of closers.splice(0).toReversed()) await undo();
  };

  try {
    const { log, ...logFile } = openLog(dataFolder);
    closers.push(() => logFile.close());
    const keys = openKeys(join(dataFolder, 'keys'), options.seal);
    const database = openDatabase(join(dataFolder, 'terminal.sqlite'));
    closers.push(() => database.close());

    const devices = openDeviceProcess({
      spawn: options.spawnDevices,
      clock: { nowMs: () => systemClock.monotonic(), after: (delayMs, run) => systemClock.after(delayMs, run) },
      random: () => Math.random(),
      log: (sentence) => log.warn(sentence),
    });
    closers.push(() => devices.close());

    const embedded =
      options.walletUrl === undefined
        ? openEmbeddedWallet({
            data: join(dataFolder, 'wallet'),
            port: options.walletPort,
            spawn: options.spawnServer,
            clock: systemClock,
            log,
          })
        : undefined;
    if (embedded !== undefined) closers.push(() => embedded.close());
    const walletUrl = (): string | undefined => options.walletUrl ?? embedded?.url();
    const wallet = openWalletClient({
      baseUrl: walletUrl,
      keys,
      identityName: identityName(options.walletUrl),
      terminalName: 'Terminal 01',
      fetch,
      newId,
      clock: systemClock,
      log,
    });
    closers.push(
      enrolOnce({ wallet, walletUrl, embedded, code: options.enrolmentCode, clock: systemClock, newId, log }),
    );

    const terminal = await openTerminal({
      database,
      devices,
      deviceConfigs: options.devices,
      wallet,
      pepper: openPepper(keys),
      clock: systemClock,
      newId,
      log,
      setup: demoSetup,
      demo: openDemoWallet(walletUrl),
      version: options.version,
    });
    closers.push(() => terminal.close());
    return { router: terminal.router, keys, log, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The name under which the terminal keeps its identity at one wallet server. */
function identityName(walletUrl: string | undefined): string {
  if (walletUrl === undefined) return 'wallet-embedded.json';
  return `wallet-${createHash('sha256').update(walletUrl).digest('hex').slice(0, 16)}.json`;
}
