import type { z } from 'zod';
import { type Currency, exponentOf } from '#contract/money.ts';
import { offlinePolicySchema } from '#contract/wallet.ts';

/** What terminals may accept without the network, as the server tells them with each session. */
type OfflinePolicy = z.infer<typeof offlinePolicySchema>;

/** Of a store. It can only be stricter than the server's own. */
export const storePolicySchema = offlinePolicySchema.partial();

const DEFAULT_CURRENCY: Currency = 'JPY';
const DAY_SECONDS = 24 * 3_600;

/** The defaults in a currency, with each limit that the store has set lower. */
export function offlinePolicyOf(store: z.infer<typeof storePolicySchema>): OfflinePolicy {
  const defaults = defaultsIn(store.currency ?? DEFAULT_CURRENCY);
  const limits = Object.entries(defaults).map(([name, limit]) => {
    const own = store[name as keyof OfflinePolicy];
    return [name, typeof limit === 'number' && typeof own === 'number' ? Math.min(limit, own) : limit];
  });
  return offlinePolicySchema.parse(Object.fromEntries(limits));
}

/** 10,000 yen are 100.00 in a currency of two decimal places, and 100.000 in one of three. */
function defaultsIn(currency: Currency): OfflinePolicy {
  const unit = 10 ** Math.max(0, exponentOf(currency) - 2);
  return {
    currency,
    perSettlement: 10_000 * unit,
    perSettlementHard: 30_000 * unit,
    perCustomerPerDay: 10_000 * unit,
    twoWayAbove: 3_000 * unit,
    storedAmount: 300_000 * unit,
    storedCount: 200,
    oldestItemSeconds: DAY_SECONDS,
    keysMaxAgeSeconds: 7 * DAY_SECONDS,
    denyListMaxAgeSeconds: 3 * DAY_SECONDS,
  };
}
