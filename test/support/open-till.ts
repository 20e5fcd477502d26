import assert from 'node:assert';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { ORPCError, type RouterClient, createRouterClient } from '@orpc/server';
import { onTestFinished } from 'vitest';
import type { Check } from '#contract/check.ts';
import {
  type DeviceCommand,
  type DeviceConfig,
  type DeviceEvent,
  type DeviceLink,
  deviceConfigSchema,
} from '#contract/devices.ts';
import { uuidV7 } from '#contract/ids.ts';
import type { Money } from '#contract/money.ts';
import type { Refusal, ScanResult, TerminalEvent, TerminalState } from '#contract/terminal.ts';
import type { Clock } from '#main/terminal/clock.ts';
import type { Log } from '#main/terminal/log.ts';
import type { WalletPort } from '#main/terminal/paying/wallet-port.ts';
import type { TerminalRouter } from '#main/terminal/router.ts';
import { type StoreSetup, storeSetupSchema } from '#main/terminal/settings.ts';
import { type TerminalDatabase, openDatabase } from '#main/terminal/store/database.ts';
import { type Terminal, openTerminal } from '#main/terminal/terminal.ts';
import { type ScriptedWallet, openScriptedWallet } from './scripted-wallet.ts';
import { type TillClock, openTillClock, settled, tillOpensMs } from './till-clock.ts';
import { makeIssuer, makeKey, showCode } from './wallet-keys.ts';

/** A whole terminal on a real SQLite file, with a clock that tests own and a wallet server that they speak for. */
export interface Till {
  readonly terminal: Terminal;
  readonly client: RouterClient<TerminalRouter>;
  readonly database: TerminalDatabase;
  readonly path: string;
  readonly clock: TillClock;
  readonly wallet: ScriptedWallet;
  readonly devices: FakeDevices;
  /** Every line that was logged, as JSON. */
  readonly logged: string[];
  state(): Promise<TerminalState>;
  /** The bill in front, which must be there. */
  front(): Promise<Check>;
  /** Holds a code before the scanner, and says what became of it. */
  scan(text: string, event?: Partial<Extract<DeviceEvent, { type: 'scan' }>>): Promise<ScanResult>;
  /** Signs in where nobody is, scans the products and waits for a customer's code. */
  askForCode(barcodes: readonly string[], amount?: number): Promise<Check>;
  /** As `askForCode`, then the customer shows one. */
  payByCode(barcodes: readonly string[], amount?: number): Promise<Check>;
  /** The process is killed: its timers and answers are gone, nothing is closed. Another opens on the same file. */
  restart(): Promise<Till>;
  /** Closes the file; at the end of a test it happens by itself. */
  end(): void;
}

interface FakeDevices extends DeviceLink {
  readonly posted: DeviceCommand[];
  tell(event: DeviceEvent): void;
}

export interface TillOptions {
  readonly setup?: StoreSetup;
  readonly path?: string;
  readonly clock?: TillClock;
  readonly wallet?: (clock: Clock) => WalletPort;
  readonly wrap?: (database: TerminalDatabase) => TerminalDatabase;
  readonly logged?: string[];
  readonly newId?: () => string;
}

export const owner = { staffId: 'aya', pin: '1234', name: 'Aya Kobayashi' };
export const cashier = { staffId: 'ben', pin: '56789012', name: 'Ben Okafor' };
/** Barcodes of the products on sale: 500, 300 and 120 yen, tax included. */
export const latte = '4569951000014';
export const cake = '4569951000021';
export const bread = '036000291452';

export const yen = (amount: number): Money => ({ amount, currency: 'JPY' });

export function storeSetup(change: Partial<StoreSetup['settings']['store']> = {}): StoreSetup {
  const product = { categoryId: 'food', keywords: '', modifierGroupIds: [] };
  return storeSetupSchema.parse({
    settings: {
      store: {
        name: 'Kissa Warikan',
        address: ['1-2-3 Kanda'],
        currency: 'JPY',
        timeZone: 'Asia/Tokyo',
        language: 'en',
        cashRounding: { increment: 1, rounding: 'halfUp' },
        denominations: [10_000, 5_000, 1_000, 500, 100, 50, 10, 5, 1],
        receiptFooter: [],
        ...change,
      },
      taxSetting: { rounding: 'down', roundedPer: 'check' },
      terminalNumber: '01',
      isDemo: true,
    },
    roster: [
      { ...owner, role: 'owner', colour: '#aa0000' },
      { ...cashier, role: 'cashier', colour: '#00aa00' },
    ],
    catalogue: {
      taxClasses: [
        { taxClassId: 'standard', name: 'Standard', rate: { numerator: 10, denominator: 100 }, isIncluded: true },
        { taxClassId: 'reduced', name: 'Reduced', rate: { numerator: 8, denominator: 100 }, isIncluded: true },
        { taxClassId: 'added', name: 'Added', rate: { numerator: 10, denominator: 100 }, isIncluded: false },
      ],
      categories: [{ categoryId: 'food', name: 'Food' }],
      modifierGroups: [
        {
          modifierGroupId: 'milk',
          name: 'Milk',
          min: 1,
          max: 1,
          modifiers: [
            { modifierId: 'cow', name: 'Cow', price: 0 },
            { modifierId: 'oat', name: 'Oat', price: 60 },
          ],
        },
      ],
      products: [
        {
          ...product,
          productId: 'latte',
          name: 'Latte',
          barcodes: [latte],
          price: 500,
          taxClassId: 'standard',
          modifierGroupIds: ['milk'],
          quickKey: 1,
        },
        { ...product, productId: 'cake', name: 'Cake', barcodes: [cake], price: 300, taxClassId: 'reduced' },
        { ...product, productId: 'bread', name: 'Bread', barcodes: [bread], price: 120, taxClassId: 'reduced' },
      ],
    },
  });
}

export const scanner: DeviceConfig = deviceConfigSchema.parse({
  deviceId: 'scanner',
  kind: 'scanner',
  profile: 'generic',
  transport: { type: 'simulated' },
});

const pepper = new Uint8Array(32).fill(7);

export async function openTill(options: TillOptions = {}): Promise<Till> {
  const setup = options.setup ?? storeSetup();
  const path = options.path ?? (await copyOfStore(setup));
  const clock = options.clock ?? openTillClock();
  const logged = options.logged ?? [];
  const newId = options.newId ?? risingIds(clock);
  const life = clock.life();
  const wallet = openScriptedWallet(clock);
  const devices = openFakeDevices();
  const file = openDatabase(path);
  const database = options.wrap?.(file) ?? file;
  const terminal = await openTerminal({
    database,
    devices,
    newId,
    clock: life,
    deviceConfigs: [scanner],
    pepper,
    wallet: options.wallet?.(life) ?? wallet,
    log: collectLog(logged),
    version: '0.1.0',
  });
  const client = createRouterClient(terminal.router);
  let hasEnded = false;
  const end = (): void => {
    if (hasEnded) return;
    hasEnded = true;
    life.end();
    terminal.close();
    file.close();
  };
  onTestFinished(end);

  const state: Till['state'] = async () => {
    const first = await firstEvent(client);
    assert(first.type === 'snapshot', 'the first event is a snapshot');
    return first.state;
  };
  const front: Till['front'] = async () => {
    const { check } = await state();
    assert(check, 'a bill is in front');
    return check;
  };
  let seq = 0;
  const scan: Till['scan'] = async (text, change) => {
    const outcome = nextScan(client);
    await settled();
    seq += 1;
    const bytes = Buffer.from(text, 'utf8').toString('base64');
    const common = { type: 'scan', deviceId: scanner.deviceId, seq, source: 'simulated' } as const;
    devices.tell({ ...common, bytes, text, charset: 'utf-8', isLossy: false, ...change });
    return outcome;
  };
  const askForCode: Till['askForCode'] = async (barcodes, amount) => {
    if (!(await state()).signedIn) await client.staff.signIn(owner);
    for (const barcode of barcodes) await scan(barcode);
    const { checkId } = await front();
    await client.pay.awaitWallet(amount === undefined ? { checkId } : { checkId, amount: yen(amount) });
    return front();
  };

  return {
    terminal,
    client,
    database,
    path,
    clock,
    wallet,
    devices,
    logged,
    state,
    front,
    scan,
    askForCode,
    end,
    async payByCode(barcodes, amount) {
      await askForCode(barcodes, amount);
      await scan(customersCode(clock));
      return front();
    },
    restart() {
      life.end();
      return openTill({
        ...options,
        path,
        clock,
        logged,
        newId,
      });
    },
  };
}

const stores = new Map<string, string>();

/** PINs are slow to hash, so each store is set up once, and its file copied. */
export async function copyOfStore(
  setup: StoreSetup,
  path = join(temporaryFolder(), 'terminal.sqlite'),
): Promise<string> {
  const name = JSON.stringify(setup);
  const made = stores.get(name) ?? (await makeStore(setup));
  stores.set(name, made);
  copyFileSync(made, path);
  return path;
}

async function makeStore(setup: StoreSetup): Promise<string> {
  const path = join(mkdtempSync(join(tmpdir(), 'warikan-store-')), 'terminal.sqlite');
  process.once('exit', () => {
    rmSync(dirname(path), { recursive: true, force: true });
  });
  const clock = openTillClock();
  const database = openDatabase(path);
  const terminal = await openTerminal({
    database,
    setup,
    clock,
    pepper,
    deviceConfigs: [],
    newId: risingIds(clock),
    version: '0.1.0',
    devices: openFakeDevices(),
    wallet: openScriptedWallet(clock),
    log: collectLog([]),
  });
  terminal.close();
  database.close();
  return path;
}

/** The refusal that a command met. A command that was carried out, or that failed in any other way, fails the test. */
export async function refusalOf(command: Promise<unknown>): Promise<Refusal> {
  const error: unknown = await command.then(
    (value) => assert.fail(`not refused: ${JSON.stringify(value)}`),
    (reason: unknown) => reason,
  );
  if (error instanceof ORPCError && error.code === 'REFUSED') return error.data as Refusal;
  throw error;
}

async function firstEvent(client: RouterClient<TerminalRouter>): Promise<TerminalEvent> {
  const events = await client.events();
  const first = await events.next();
  await events.return();
  assert(!first.done, 'a stream of events begins');
  return first.value;
}

const issuer = makeIssuer();
const phone = makeKey();
let counter = 0;

/** A code as a customer's phone shows it, another one each time. */
export function customersCode(clock: Clock): string {
  const issuedAt = Math.floor(tillOpensMs / 1_000);
  const credential = issuer.issue({
    version: 1,
    alias: 'haru',
    phoneKey: phone.publicKey,
    currency: 'JPY',
    perPaymentLimit: 1_000_000,
    offlineAllowance: 10_000,
    issuedAt,
    expiresAt: issuedAt + 24 * 3_600,
  });
  counter += 1;
  return showCode(phone, credential, counter, clock.now());
}

/** Ids in the order of their making, the same in each run. No two are alike. */
export function risingIds(clock: Clock): () => string {
  let made = 0;
  return () => {
    made += 1;
    const random = new Uint8Array(10);
    const view = new DataView(random.buffer);
    view.setUint16(0, made & 0xfff);
    view.setUint32(6, made);
    return uuidV7(clock.now(), random);
  };
}

/** Keeps what is logged, whole: stricter than a log that leaves errors' fields out. */
export function collectLog(lines: string[]): Log {
  const line =
    (level: string) =>
    (...parts: readonly unknown[]): void => {
      lines.push(`${level} ${parts.map((part) => JSON.stringify(part, withErrors)).join(' ')}`);
    };
  return { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') };
}

/** A folder that goes when the test has ended. */
export function temporaryFolder(below = tmpdir()): string {
  const folder = mkdtempSync(join(below, 'warikan-till-'));
  onTestFinished(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}

function withErrors(_: string, value: unknown): unknown {
  return value instanceof Error ? Object.assign({}, value, { message: value.message, stack: value.stack }) : value;
}

async function nextScan(client: RouterClient<TerminalRouter>): Promise<ScanResult> {
  for await (const event of await client.events()) {
    if (event.type === 'scanned') return event.outcome.result;
  }
  return assert.fail('the stream ended before the scan came');
}

function openFakeDevices(): FakeDevices {
  const posted: DeviceCommand[] = [];
  const listeners = new Set<(event: DeviceEvent) => void>();
  return {
    posted,
    tell(event) {
      for (const listener of listeners) listener(event);
    },
    post(command) {
      posted.push(command);
    },
    onEvent(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    onHealth(listener) {
      listener({ state: 'running', restarts: 0 });
      return () => undefined;
    },
    close: () => Promise.resolve(),
  };
}
