import type { SpendingLimits } from './ledger/ledger.ts';

/**
 * What a wallet may hold, spend and reload, by jurisdiction and by how well its owner is known. Whole minor units of
 * `currency`; changing a figure is changing this table and nothing else.
 */
export interface Limits {
  readonly currency: string;
  readonly perPayment: number;
  readonly perDay: number;
  readonly perMonth: number;
  readonly maxBalance: number;
  /** One reload. */
  readonly reloadMin: number;
  readonly reloadMax: number;
  readonly reloadPerDay: number;
  readonly reloadPerMonth: number;
  /** The most that a customer may reserve on one phone for shops without a network. */
  readonly maxOfflineAllowance: number;
  /** Where a day begins, in minutes east of UTC. Without summer time: a day is 24 hours, always. */
  readonly utcOffsetMinutes: number;
}

/** A wallet that anybody opened with a phone, and one whose owner has shown who they are. */
type Level = 'basic' | 'verified';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/**
 * Japan: the Payment Services Act puts no ceiling on what one holder of a shop's own prepaid means may have (it asks the
 * issuer for a deposit). These figures are the shop's own choice; the balance is what transport cards go up to.
 */
const japan: Readonly<Record<Level, Limits>> = {
  basic: {
    currency: 'JPY',
    perPayment: 50_000,
    perDay: 200_000,
    perMonth: 1_000_000,
    maxBalance: 300_000,
    reloadMin: 100,
    reloadMax: 100_000,
    reloadPerDay: 300_000,
    reloadPerMonth: 1_000_000,
    maxOfflineAllowance: 10_000,
    utcOffsetMinutes: 9 * 60,
  },
  verified: {
    currency: 'JPY',
    perPayment: 300_000,
    perDay: 1_000_000,
    perMonth: 3_000_000,
    maxBalance: 1_000_000,
    reloadMin: 100,
    reloadMax: 300_000,
    reloadPerDay: 1_000_000,
    reloadPerMonth: 3_000_000,
    maxOfflineAllowance: 10_000,
    utcOffsetMinutes: 9 * 60,
  },
};

/**
 * European Union: without full customer due diligence no more than 150 EUR are stored, and no more than 150 EUR paid in a
 * month: Directive (EU) 2015/849 article 12, as amended by (EU) 2018/843. Above that, the shop's own choice.
 */
const europeanUnion: Readonly<Record<Level, Limits>> = {
  basic: {
    currency: 'EUR',
    perPayment: 150_00,
    perDay: 150_00,
    perMonth: 150_00,
    maxBalance: 150_00,
    reloadMin: 1_00,
    reloadMax: 150_00,
    reloadPerDay: 150_00,
    reloadPerMonth: 150_00,
    maxOfflineAllowance: 50_00,
    utcOffsetMinutes: 60,
  },
  verified: {
    currency: 'EUR',
    perPayment: 1_000_00,
    perDay: 2_000_00,
    perMonth: 5_000_00,
    maxBalance: 5_000_00,
    reloadMin: 1_00,
    reloadMax: 1_000_00,
    reloadPerDay: 2_000_00,
    reloadPerMonth: 5_000_00,
    maxOfflineAllowance: 100_00,
    utcOffsetMinutes: 60,
  },
};

/**
 * United States: a prepaid program that identifies nobody holds, loads and pays at most 1,000 USD a day, 31 CFR
 * 1010.100(ff)(4)(iii). Above that, the shop's own choice.
 */
const unitedStates: Readonly<Record<Level, Limits>> = {
  basic: {
    currency: 'USD',
    perPayment: 500_00,
    perDay: 1_000_00,
    perMonth: 3_000_00,
    maxBalance: 1_000_00,
    reloadMin: 1_00,
    reloadMax: 500_00,
    reloadPerDay: 1_000_00,
    reloadPerMonth: 3_000_00,
    maxOfflineAllowance: 100_00,
    utcOffsetMinutes: -5 * 60,
  },
  verified: {
    currency: 'USD',
    perPayment: 2_000_00,
    perDay: 4_000_00,
    perMonth: 10_000_00,
    maxBalance: 5_000_00,
    reloadMin: 1_00,
    reloadMax: 2_000_00,
    reloadPerDay: 4_000_00,
    reloadPerMonth: 10_000_00,
    maxOfflineAllowance: 100_00,
    utcOffsetMinutes: -5 * 60,
  },
};

const jurisdictions: ReadonlyMap<string, Readonly<Record<Level, Limits>>> = new Map([
  ['JP', japan],
  ['EU', europeanUnion],
  ['US', unitedStates],
]);

/** The server's own jurisdiction: of wallets that name none. */
export const HOME_JURISDICTION = 'JP';
/** Of wallets in a currency that no table knows: the strictest figures, in minor units of whatever they hold. */
const strictest = { ...europeanUnion.basic, utcOffsetMinutes: 0 };

/** The codes that a wallet can be opened under. */
export function listJurisdictions(): readonly string[] {
  return [...jurisdictions.keys()];
}

/** What a new wallet holds. Undefined for a jurisdiction that no table knows. */
export function currencyOfJurisdiction(jurisdiction: string): string | undefined {
  return jurisdictions.get(jurisdiction)?.basic.currency;
}

/** The limits of a wallet as it stands in the books. A level that no table knows counts as the lower one. */
export function limitsOf(wallet: {
  readonly jurisdiction: string;
  readonly level: string;
  readonly currency: string;
}): Limits {
  const levels = jurisdictions.get(wallet.jurisdiction);
  const limits = wallet.level === 'verified' ? levels?.verified : levels?.basic;
  return limits?.currency === wallet.currency ? limits : { ...strictest, currency: wallet.currency };
}

/** What the ledger holds a settlement against, which is booked at `atMs`. */
export function spendingLimitsOf(limits: Limits, atMs: number): SpendingLimits {
  const { perPayment, perDay, perMonth } = limits;
  const local = new Date(atMs + limits.utcOffsetMinutes * MINUTE_MS);
  return {
    perPayment,
    perDay,
    perMonth,
    day: Math.floor(local.getTime() / DAY_MS),
    month: (local.getUTCFullYear() - 1970) * 12 + local.getUTCMonth(),
  };
}

/** When the day and the month of `atMs` began there: since when reloads count against their caps. */
export function periodsOf(limits: Limits, atMs: number): { readonly dayFromMs: number; readonly monthFromMs: number } {
  const offsetMs = limits.utcOffsetMinutes * MINUTE_MS;
  const local = new Date(atMs + offsetMs);
  return {
    dayFromMs: Math.floor(local.getTime() / DAY_MS) * DAY_MS - offsetMs,
    monthFromMs: Date.UTC(local.getUTCFullYear(), local.getUTCMonth(), 1) - offsetMs,
  };
}
