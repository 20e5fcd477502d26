import { z } from 'zod';
import { attemptIdSchema, checkIdSchema } from '#contract/ids.ts';
import type { Sale } from '#contract/sale.ts';
import type { DeviceConfig, DeviceEvent, DeviceLink } from '#contract/devices.ts';
import type { Clock } from './clock.ts';
import { timestamp } from './clock.ts';
import type { DemoPort } from './demo.ts';
import { type Journal, type Projectors, openJournal } from './journal/journal.ts';
import type { JournalEntry } from './journal/entry.ts';
import { type Live, openLive } from './live.ts';
import type { Log } from './log.ts';
import { openAttemptRows } from './paying/attempt.ts';
import { openBillOffice } from './paying/bill.ts';
import { openPaying } from './paying/pay.ts';
import { openSales, saleBodies, saleProjectors, summaryOf } from './paying/sale.ts';
import { openSettlements } from './paying/settlement.ts';
import { openTenderRows } from './paying/tender.ts';
import type { WalletPort } from './paying/wallet-port.ts';
import { openPeople, staffProjectors } from './people/staff.ts';
import { type TerminalRouter, openRouter } from './router.ts';
import { takeFault, takeScan } from './scan.ts';
import { catalogueProjectors, openCatalogue } from './selling/catalogue.ts';
import { openCheckRows } from './selling/check-rows.ts';
import { openChecks } from './selling/check.ts';
import { type Settings, type StoreSetup, readSettings, settingsProjectors } from './settings.ts';
import type { Reader, TerminalDatabase } from './store/database.ts';

/** The till: rules, storage and journal, with everything that touches the world handed in. */
export interface Terminal {
  /** Implements `contract/terminal.ts`; a host carries it to its screens. */
  readonly router: TerminalRouter;
  readonly settings: Settings;
  /** Stops asking and listening. What is unresolved is taken up at the next start. */
  close(): void;
}

/** The database is empty and no set-up was given. */
export class NotSetUp extends Error {
  constructor() {
    super('This data folder holds no store yet. Start once with the demo store, or set the store up first.');
    this.name = 'NotSetUp';
  }
}

export async function openTerminal(options: {
  database: TerminalDatabase;
  devices: DeviceLink;
  deviceConfigs: readonly DeviceConfig[];
  wallet: WalletPort;
  clock: Clock;
  /** A fresh UUIDv7 for each call, rising. */
  newId: () => string;
  log: Log;
  /** Kept apart from the database: PIN hashes are worth nothing without it. */
  pepper: Uint8Array;
  /** What an empty database begins with. */
  setup?: StoreSetup;
  demo?: Pick<DemoPort, 'customers' | 'codeOf'>;
  version: string;
}): Promise<Terminal> {
  const { database, devices, deviceConfigs, wallet, clock, newId, log, pepper, version } = options;
  const rows = openRows(database);
  const journal = openJournal(database, rows.projectors, clock);
  journal.onRollback(rows.reload);
  const people = openPeople({ journal, reader: database, clock, pepper });
  const settings = readSettings(database) ?? (await setUp(options.setup, database, journal, people));
  const { store, terminalNumber, taxSetting, isDemo } = settings;
  const { currency, cashRounding } = store;

  const catalogue = openCatalogue({ journal, reader: database, currency });
  const checks = openChecks({ journal, rows: rows.checks, catalogue, people, newId, currency });
  const bills = openBillOffice(taxSetting, currency);
  const sales = openSales({ journal, reader: database, bills, clock, newId, store, terminalNumber });
  const { attempts, tenders } = rows;
  const money = { journal, attempts, tenders, bills, sales, people, wallet, newId };
  const settlements = openSettlements({ ...money, checks: rows.checks, clock, log });
  const paying = openPaying({
    ...money,
    checks,
    settlements,
    cashRounding,
    currency,
    onPrompt: () => {
      live.refresh();
    },
  });
  const live = openLive({
    fixed: { store, terminal: { number: terminalNumber, version, isDemo, startedAt: timestamp(clock) } },
    lastSale: sales.last(),
    deviceConfigs,
    people,
    checks,
    rows: rows.checks,
    tenders,
    bills,
    settlements,
    paying,
  });

  journal.onCommit((entries) => {
    const closed = entries.filter(({ type }) => type === 'sale.closed').map(soldBy);
    for (const sale of closed) live.saleClosed(summaryOf(sale));
    live.refresh();
    for (const entry of entries) announceOutcome(entry, live);
    for (const sale of closed) live.announce({ type: 'saleClosed', sale: summaryOf(sale), checkId: sale.checkId });
  });
  settlements.onProgress(live.refresh);
  catalogue.onChange(() => {
    live.announce({ type: 'catalogueChanged' });
  });
  wallet.onLink(live.walletLink);
  const stopHealth = devices.onHealth(live.deviceHealth);
  const stopEvents = devices.onEvent((event) => {
    receive(event);
  });
  devices.post({ type: 'configure', devices: [...deviceConfigs] });
  settlements.resume();

  const receive = (event: DeviceEvent): void => {
    if (event.type === 'state') live.deviceState(event);
    else if (event.type === 'fault') live.scanned(event.deviceId, takeFault(event, log));
    else if (event.type === 'scan') {
      live.scanned(event.deviceId, takeScan(event, { people, checks, catalogue, paying }));
    }
  };

  return {
    settings,
    router: openRouter({
      live,
      people,
      catalogue,
      checks,
      tenders,
      paying,
      sales,
      demo: isDemo && options.demo ? { ...options.demo, scan: simulatedScan(devices, deviceConfigs) } : undefined,
    }),
    close() {
      stopEvents();
      stopHealth();
      settlements.close();
      catalogue.close();
      wallet.close();
    },
  };
}

/** Every projector of every wing, on tables that nobody works with: for a replay. */
export function projectorsFor(database: Reader): Projectors {
  return openRows(database).projectors;
}

function openRows(database: Reader) {
  const checks = openCheckRows(database);
  const attempts = openAttemptRows(database);
  const tenders = openTenderRows(database);
  return {
    checks,
    attempts,
    tenders,
    projectors: {
      ...settingsProjectors,
      ...staffProjectors,
      ...catalogueProjectors,
      ...checks.projectors,
      ...attempts.projectors,
      ...tenders.projectors,
      ...saleProjectors,
    },
    reload: () => {
      checks.reload();
      attempts.reload();
      tenders.reload();
    },
  };
}

/** The settings come last: a stop in the middle of the set-up leaves a database that is set up anew. */
async function setUp(
  setup: StoreSetup | undefined,
  reader: Reader,
  journal: Journal,
  people: ReturnType<typeof openPeople>,
): Promise<Settings> {
  if (!setup) throw new NotSetUp();
  for (const { pin, ...staff } of setup.roster) await people.enrol(staff, pin);
  const { currency } = setup.settings.store;
  const content = JSON.stringify(setup.catalogue);
  const catalogue = openCatalogue({ journal, reader, currency });
  await catalogue.import({ format: 'json', content, isTrial: false }, null);
  catalogue.close();
  journal.commit([{ type: 'store.configured', body: setup.settings }], null);
  return setup.settings;
}

function soldBy({ body }: JournalEntry): Sale {
  return saleBodies['sale.closed'].parse(body).sale;
}

function announceOutcome(entry: JournalEntry, live: Live): void {
  const resolved = /^attempt\.(approved|declined|cancelled)$/.exec(entry.type)?.[1];
  if (resolved === undefined) return;
  const { attemptId } = z.object({ attemptId: attemptIdSchema }).parse(entry.body);
  const checkId = checkIdSchema.parse(entry.checkId);
  live.announce({ type: 'attemptResolved', checkId, attemptId, state: resolved });
}

/** The demo's scanner: the same wire, codec and events as a real one. */
function simulatedScan(devices: DeviceLink, configs: readonly DeviceConfig[]): DemoPort['scan'] {
  const scanner = configs.find(({ kind, transport }) => kind === 'scanner' && transport.type === 'simulated');
  return (text) => {
    if (!scanner) return;
    const bytes = Buffer.from(`${text}\r`, 'utf8').toString('base64');
    devices.post({ type: 'simulate', deviceId: scanner.deviceId, bytes });
  };
}
