import type { RouteResponse } from '#contract/wallet.ts';
import { offlinePolicyOf, storePolicySchema } from './offline-policy.ts';
import type { Books } from './store/books.ts';

/**
 * The most that offline acceptance can lose right now, in each currency.
 *
 * A customer who shows the same credential to every terminal while none of them reaches this server gets, from each, what
 * one terminal gives one customer; what is reserved for the customers is not lost. So: aliases that can pay offline × Σ of
 * the active terminals' cap per alias - what is reserved.
 */
export async function readExposure(
  { db }: Books,
  nowMs: number,
): Promise<RouteResponse<'adminOverview'>['offlineExposure']> {
  const aliases = await db
    .selectFrom('credential')
    .innerJoin('phone', 'phone.id', 'credential.phone_id')
    .innerJoin('account', 'account.id', 'phone.wallet_id')
    .select((select) => ['account.currency', select.fn.countAll<number>().as('count')])
    .where('credential.not_after_ms', '>', nowMs)
    .where('phone.revoked_at_ms', 'is', null)
    .groupBy('account.currency')
    .execute();
  const holds = await db
    .selectFrom('hold')
    .select((select) => [
      'currency',
      select.fn.sum<number>('amount').as('amount'),
      select.fn.sum<number>('posted').as('posted'),
    ])
    .where('state', '=', 'pending')
    .groupBy('currency')
    .execute();
  const stores = await db
    .selectFrom('terminal')
    .innerJoin('store', 'store.id', 'terminal.store_id')
    .select((select) => ['store.offline_policy', select.fn.countAll<number>().as('terminals')])
    .where('terminal.approved_at_ms', 'is not', null)
    .where('terminal.revoked_at_ms', 'is', null)
    .groupBy('store.offline_policy')
    .execute();

  const caps = new Map<string, number>();
  for (const { offline_policy, terminals } of stores) {
    const { currency, perCustomerPerDay } = offlinePolicyOf(storePolicySchema.parse(JSON.parse(offline_policy)));
    caps.set(currency, (caps.get(currency) ?? 0) + Number(terminals) * perCustomerPerDay);
  }
  const reserved = new Map(holds.map((hold) => [hold.currency, Number(hold.amount) - Number(hold.posted)]));
  const currencies = new Set([...aliases.map(({ currency }) => currency ?? ''), ...reserved.keys()]);
  return Array.from(currencies, (currency) => {
    const count = Number(aliases.find((row) => row.currency === currency)?.count ?? 0);
    const kept = reserved.get(currency) ?? 0;
    const bound = Math.min(Number.MAX_SAFE_INTEGER, Math.max(0, count * (caps.get(currency) ?? 0) - kept));
    return { currency, bound, reserved: kept, aliases: count };
  }).toSorted((a, b) => (a.currency < b.currency ? -1 : 1));
}
