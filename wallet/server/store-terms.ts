import { type StoreId, storeIdSchema } from '#contract/ids.ts';
import type { Money, Ratio } from '#contract/money.ts';
import type { RouteResponse } from '#contract/wallet.ts';
import type { Books } from './store/books.ts';
import { parseMethods } from './tables.ts';

/** What holds for a store. Its fee is remembered for a moment, because every settlement asks for it. */
export interface StoreTerms {
  /** What the store pays of an amount: its ratio, rounded down. */
  feeOf(storeId: StoreId, amount: Money, nowMs: number): Promise<number>;
  find(storeId: StoreId): Promise<RouteResponse<'getStore'> | undefined>;
}

const FRESH_MS = 2_000;
const MAX_REMEMBERED = 10_000;

export function openStoreTerms({ db }: Books): StoreTerms {
  const remembered = new Map<string, { readonly fee: Ratio; readonly untilMs: number }>();
  /** Compiled once. */
  const query = db.selectFrom('store').select(['fee_numerator', 'fee_denominator']).where('id', '=', '').compile();

  async function feeRatioOf(storeId: StoreId, nowMs: number): Promise<Ratio> {
    const known = remembered.get(storeId);
    if (known !== undefined && nowMs < known.untilMs) return known.fee;
    const asked: typeof query = { ...query, parameters: [storeId] };
    const [row] = (await db.executeQuery(asked)).rows;
    if (row === undefined) throw new Error('a terminal is of a store that is in the books');
    const fee = { numerator: row.fee_numerator, denominator: row.fee_denominator };
    if (remembered.size >= MAX_REMEMBERED) remembered.clear();
    remembered.set(storeId, { fee, untilMs: nowMs + FRESH_MS });
    return fee;
  }

  return {
    async feeOf(storeId, { amount }, nowMs) {
      const { numerator, denominator } = await feeRatioOf(storeId, nowMs);
      return Number((BigInt(amount) * BigInt(numerator)) / BigInt(denominator));
    },

    async find(storeId) {
      const row = await db
        .selectFrom('store')
        .select(['name', 'settlement_methods'])
        .where('id', '=', storeId)
        .executeTakeFirst();
      if (row === undefined) return undefined;
      return {
        storeId: storeIdSchema.parse(storeId),
        name: row.name,
        settlementMethods: parseMethods(row.settlement_methods),
      };
    },
  };
}
