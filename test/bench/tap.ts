import { randomBytes } from 'node:crypto';
import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { createRouterClient } from '@orpc/server';
import { staffIdSchema } from '#contract/ids.ts';
import type { DeviceLink } from '#contract/devices.ts';
import { openIds, systemClock } from '#main/compose.ts';
import { demoSetup } from '#main/demo/setup.ts';
import { openDatabase } from '#main/terminal/store/database.ts';
import { openTerminal } from '#main/terminal/terminal.ts';
import type { WalletPort } from '#main/terminal/paying/wallet-port.ts';
import { type Measured, measured, median } from './measure.ts';

const RAW_BYTES = 4_096;
const LINES_PER_BILL = 8;
const WARM_UP = 20;

/**
 * One committed change of an order, from the command to the answer, beside a raw 4 KiB write and fdatasync in the same
 * folder: one of each in turn, so that whatever else the disk does hits both.
 */
export async function benchTap(folder: string, rounds: number): Promise<{ row: Measured; commitMs: number }> {
  const work = mkdtempSync(join(folder, 'tap-'));
  const database = openDatabase(join(work, 'terminal.sqlite'));
  const raw = openSync(join(work, 'raw'), 'w');
  const bytes = randomBytes(RAW_BYTES);
  const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
  const terminal = await openTerminal({
    database,
    devices: nothingPlugged,
    deviceConfigs: [],
    wallet: noWallet,
    clock: systemClock,
    newId: openIds(),
    log,
    pepper: new Uint8Array(32),
    setup: demoSetup,
    version: 'bench',
  });
  const client = createRouterClient(terminal.router);
  await client.staff.signIn({ staffId: staffIdSchema.parse('ren'), pin: '1470' });
  const products = demoSetup.catalogue.products.slice(0, LINES_PER_BILL);

  const taps: number[] = [];
  const raws: number[] = [];
  for (let round = 0; round < rounds + WARM_UP; round += products.length) {
    let checkId: Awaited<ReturnType<typeof client.check.addProduct>>['checkId'] | undefined;
    for (const { productId } of products) {
      const started = performance.now();
      ({ checkId } = await client.check.addProduct({ productId, ...(checkId === undefined ? {} : { checkId }) }));
      const tapped = performance.now();
      writeSync(raw, bytes);
      fdatasyncSync(raw);
      const written = performance.now();
      if (round < WARM_UP) continue;
      taps.push(tapped - started);
      raws.push(written - tapped);
    }
    if (checkId !== undefined) await client.check.void({ checkId, reason: 'the next round' });
  }

  terminal.close();
  database.close();
  closeSync(raw);
  rmSync(work, { recursive: true });
  const perSecond = (samples: readonly number[]): number => 1_000 / median(samples);
  return {
    row: measured('durable tap', perSecond(taps), 'per second', perSecond(raws), 'ratio >= 0.75', taps),
    commitMs: median(raws),
  };
}

const nothingPlugged: DeviceLink = {
  post: () => {},
  onEvent: () => () => {},
  onHealth: () => () => {},
  close: () => Promise.resolve(),
};

const noWallet: WalletPort = {
  settle: () => Promise.resolve({ type: 'notSent', detail: 'no wallet here' }),
  inquire: () => Promise.resolve({ type: 'notSent', detail: 'no wallet here' }),
  cancel: () => Promise.resolve({ type: 'notSent', detail: 'no wallet here' }),
  notReady: () => 'no wallet here',
  onLink: () => {},
  close: () => {},
};
