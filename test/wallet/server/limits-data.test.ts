import { describe, expect, test } from 'vitest';
import {
  currencyOfJurisdiction,
  limitsOf,
  listJurisdictions,
  periodsOf,
  spendingLimitsOf,
} from '#wallet/server/limits-data.ts';

const japan = limitsOf({ jurisdiction: 'JP', level: 'basic', currency: 'JPY' });
const europe = limitsOf({ jurisdiction: 'EU', level: 'basic', currency: 'EUR' });

describe('limits', () => {
  test('of the European Union without due diligence are the directive’s 150 euros, stored and in a month', () => {
    const { maxBalance, perMonth, perDay, perPayment, reloadPerMonth } = europe;
    expect([maxBalance, perMonth, perDay, perPayment, reloadPerMonth]).toEqual([
      15_000, 15_000, 15_000, 15_000, 15_000,
    ]);
  });

  test('are wider for whoever has shown who they are', () => {
    const narrower = listJurisdictions().filter((jurisdiction) => {
      const currency = currencyOfJurisdiction(jurisdiction) ?? '';
      const [basic, verified] = ['basic', 'verified'].map((level) => limitsOf({ jurisdiction, level, currency }));
      return (basic?.maxBalance ?? 0) >= (verified?.maxBalance ?? 0);
    });
    expect(narrower).toEqual([]);
  });

  test('fit together, whatever the jurisdiction and the level', () => {
    const unfit = listJurisdictions().flatMap((jurisdiction) =>
      ['basic', 'verified'].filter((level) => {
        const limits = limitsOf({ jurisdiction, level, currency: currencyOfJurisdiction(jurisdiction) ?? '' });
        const { perPayment, perDay, perMonth, maxBalance, maxOfflineAllowance } = limits;
        const { reloadMin, reloadMax, reloadPerDay, reloadPerMonth } = limits;
        const rising = [1, reloadMin, reloadMax, reloadPerDay, reloadPerMonth].every(isRising);
        return !(rising && [perPayment, perDay, perMonth].every(isRising) && maxOfflineAllowance <= maxBalance);
      }),
    );
    expect(unfit).toEqual([]);
  });

  test('of an unknown level, place or currency are the strictest', () => {
    const strict = { ...europe, currency: 'KWD', utcOffsetMinutes: 0 };
    expect([
      limitsOf({ jurisdiction: 'JP', level: 'royal', currency: 'JPY' }),
      limitsOf({ jurisdiction: 'JP', level: 'verified', currency: 'KWD' }),
      limitsOf({ jurisdiction: 'XX', level: 'verified', currency: 'KWD' }),
      currencyOfJurisdiction('XX'),
    ]).toEqual([japan, strict, strict, undefined]);
  });
});

describe('a day', () => {
  const MIDNIGHT_IN_TOKYO_MS = Date.UTC(2026, 10, 30, 15, 0, 0);

  test('and a month begin at midnight there', () => {
    const [before, after] = [MIDNIGHT_IN_TOKYO_MS - 1, MIDNIGHT_IN_TOKYO_MS].map((atMs) =>
      spendingLimitsOf(japan, atMs),
    );
    expect([before?.day, before?.month, after?.day, after?.month]).toEqual([20_787, 682, 20_788, 683]);
  });

  test('is another one elsewhere at the same instant', () => {
    expect(spendingLimitsOf(europe, MIDNIGHT_IN_TOKYO_MS)).toMatchObject({ day: 20_787, month: 682 });
  });

  test('counts reloads from the instant at which it began there', () => {
    const noonMs = MIDNIGHT_IN_TOKYO_MS + 12 * 3_600_000;
    expect([periodsOf(japan, noonMs), periodsOf(japan, MIDNIGHT_IN_TOKYO_MS - 1)]).toEqual([
      { dayFromMs: MIDNIGHT_IN_TOKYO_MS, monthFromMs: MIDNIGHT_IN_TOKYO_MS },
      { dayFromMs: MIDNIGHT_IN_TOKYO_MS - 24 * 3_600_000, monthFromMs: Date.UTC(2026, 9, 31, 15, 0, 0) },
    ]);
  });
});

function isRising(value: number, index: number, values: readonly number[]): boolean {
  return index === 0 || value >= (values[index - 1] ?? 0);
}
