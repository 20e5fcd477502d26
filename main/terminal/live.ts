import type { Attempt } from '#contract/attempt.ts';
import type { Check } from '#contract/check.ts';
import type { DeviceConfig, DeviceEvent, DeviceHealth } from '#contract/devices.ts';
import type { SaleSummary } from '#contract/sale.ts';
import type { Tender } from '#contract/tender.ts';
import type { DeviceStatus, ScanResult, TerminalEvent, TerminalState, WalletLink } from '#contract/terminal.ts';
import type { BillOffice } from './paying/bill.ts';
import type { Paying } from './paying/pay.ts';
import type { Settlements } from './paying/settlement.ts';
import type { TenderRows } from './paying/tender.ts';
import type { People } from './people/staff.ts';
import type { CheckRecord } from './selling/check-fold.ts';
import type { CheckRows } from './selling/check-rows.ts';
import type { Checks } from './selling/check.ts';

/**
 * The live state that screens show, and the stream that tells of its changes with their data. Every part is worked
 * out anew after a change and sent only where it differs, so no verb has to remember whom to tell.
 */
export interface Live {
  /** The whole state first, then each change, until the signal aborts. */
  events(signal: AbortSignal | undefined): AsyncGenerator<TerminalEvent, void, void>;
  /** Sends the parts that changed since the last time. */
  readonly refresh: () => void;
  announce(event: Exclude<TerminalEvent, { type: 'snapshot' | 'changed' | 'scanned' }>): void;
  scanned(deviceId: DeviceStatus['deviceId'], result: ScanResult): void;
  saleClosed(sale: SaleSummary): void;
  deviceState(event: Extract<DeviceEvent, { type: 'state' }>): void;
  readonly deviceHealth: (health: DeviceHealth) => void;
  readonly walletLink: (link: WalletLink) => void;
}

/** A screen that does not read for so many events is given the whole state instead. */
const eventsWaitingMax = 256;

export function openLive(options: {
  fixed: Pick<TerminalState, 'store' | 'terminal'>;
  lastSale: SaleSummary | null;
  deviceConfigs: readonly DeviceConfig[];
  people: People;
  checks: Checks;
  rows: CheckRows;
  tenders: TenderRows;
  bills: BillOffice;
  settlements: Settlements;
  paying: Paying;
}): Live {
  const { fixed, people, checks, rows, tenders, bills, settlements, paying } = options;
  const subscribers = new Set<(event: TerminalEvent) => void>();
  const view = openCheckView(bills);
  let lastSale = options.lastSale;
  let scanNumber = 0;
  let deviceProcess: DeviceHealth = { state: 'starting', restarts: 0 };
  let link: WalletLink = { state: 'unknown', since: fixed.terminal.startedAt };
  let devices = options.deviceConfigs.map(({ deviceId, kind, transport }): DeviceStatus => ({
    deviceId,
    kind,
    state: { state: 'absent' },
    isSimulated: transport.type === 'simulated',
  }));

  const summaries = (which: (record: CheckRecord) => boolean): TerminalState['parked'] =>
    rows
      .active()
      .filter(which)
      .map((record) => bills.summary(record, tenders.of(record.checkId), settlements.latestOf(record.checkId)));

  const read = (): TerminalState => {
    const front = checks.front();
    return {
      ...fixed,
      roster: people.roster(),
      signedIn: people.signedIn(),
      check: front ? view(front, tenders.of(front.checkId), settlements.latestOf(front.checkId)) : null,
      parked: summaries(({ state }) => state === 'parked'),
      unresolved: summaries(({ isSetAside }) => isSetAside),
      prompt: paying.prompt(),
      lastSale,
      devices,
      deviceProcess,
      walletLink: link,
    };
  };

  let known = read();

  const publish = (event: TerminalEvent): void => {
    for (const subscriber of subscribers) subscriber(event);
  };

  const refresh = (): void => {
    const next = read();
    const parts = changedParts(known, next);
    known = next;
    if (parts) publish({ type: 'changed', parts });
  };

  return {
    refresh,
    announce: publish,
    async *events(signal) {
      const waiting: TerminalEvent[] = [{ type: 'snapshot', state: known }];
      let wake = (): void => undefined;
      const subscriber = (event: TerminalEvent): void => {
        if (waiting.length < eventsWaitingMax) waiting.push(event);
        else waiting.splice(0, waiting.length, { type: 'snapshot', state: known });
        wake();
      };
      const stop = (): void => {
        wake();
      };
      subscribers.add(subscriber);
      signal?.addEventListener('abort', stop);
      try {
        while (!signal?.aborted) {
          const event = waiting.shift();
          if (event) yield event;
          else {
            await new Promise<void>((resolve) => {
              wake = resolve;
            });
          }
        }
      } finally {
        subscribers.delete(subscriber);
        signal?.removeEventListener('abort', stop);
      }
    },
    scanned(deviceId, result) {
      scanNumber += 1;
      publish({ type: 'scanned', outcome: { scanNumber, deviceId, result } });
    },
    saleClosed(sale) {
      lastSale = sale;
    },
    deviceState({ deviceId, state }) {
      devices = devices.map((device) => (device.deviceId === deviceId ? { ...device, state } : device));
      refresh();
    },
    deviceHealth(health) {
      deviceProcess = health;
      refresh();
    },
    walletLink(next) {
      link = next;
      refresh();
    },
  };
}

/** The same object for as long as nothing in it changed: a bill of 300 lines is not compared at every tap. */
function openCheckView(
  bills: BillOffice,
): (record: CheckRecord, tenders: readonly Tender[], attempt: Attempt | undefined) => Check {
  let last: { record: CheckRecord; tenders: readonly Tender[]; attempt: string; check: Check } | undefined;
  return (record, tenders, attempt) => {
    const attemptText = JSON.stringify(attempt) ?? '';
    if (last?.record === record && last.tenders === tenders && last.attempt === attemptText) return last.check;
    last = { record, tenders, attempt: attemptText, check: bills.check(record, tenders, attempt) };
    return last.check;
  };
}

/** The parts that differ; undefined where none does. A bill is another object exactly where it differs. */
function changedParts(before: TerminalState, after: TerminalState): Partial<TerminalState> | undefined {
  const keys = Object.keys(after) as (keyof TerminalState)[];
  const changed = keys.filter(
    (key) =>
      before[key] !== after[key] && (key === 'check' || JSON.stringify(before[key]) !== JSON.stringify(after[key])),
  );
  if (changed.length === 0) return undefined;
  return Object.fromEntries(changed.map((key) => [key, after[key]]));
}
