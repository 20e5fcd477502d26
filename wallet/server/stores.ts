import { type StoreId, storeIdSchema } from '#contract/ids.ts';
import type { RouteInput, RouteResponse } from '#contract/wallet.ts';
import { Refusal } from './problem.ts';
import type { Books } from './store/books.ts';

const MAX_STORES = 1_000;

export async function listStores({ db }: Books): Promise<RouteResponse<'adminOverview'>['stores']> {
  const rows = await db
    .selectFrom('store')
    .select(['id', 'name', 'settlement_methods'])
    .orderBy('name')
    .orderBy('id')
    .limit(MAX_STORES)
    .execute();
  return rows.map((row) => ({
    storeId: storeIdSchema.parse(row.id),
    name: row.name,
    settlementMethods: JSON.parse(row.settlement_methods) as string[],
  }));
}

/** Opens a store, or changes of an open one what is said; what is not said stays. */
export async function putStore(
  books: Books,
  store: RouteInput<'adminOpenStore'> & { readonly storeId: StoreId },
  nowMs: number,
): Promise<RouteResponse<'adminOpenStore'> | Refusal> {
  const { storeId, name, settlementMethods, fee, offlinePolicy } = store;
  if (fee !== undefined && fee.numerator >= fee.denominator) {
    return new Refusal('bad_request', 'body.fee: it would take the whole settlement');
  }
  const said = {
    name,
    ...(settlementMethods === undefined ? {} : { settlement_methods: JSON.stringify(settlementMethods) }),
    ...(fee === undefined ? {} : { fee_numerator: fee.numerator, fee_denominator: fee.denominator }),
    ...(offlinePolicy === undefined ? {} : { offline_policy: JSON.stringify(offlinePolicy) }),
  };
  return books.write(async (trx) => {
    await trx
      .insertInto('account')
      .values({ id: storeId, kind: 'store', currency: null, balance: null })
      .onConflict((conflict) => conflict.column('id').doNothing())
      .execute();
    const { kind } = await trx.selectFrom('account').select('kind').where('id', '=', storeId).executeTakeFirstOrThrow();
    if (kind !== 'store') return new Refusal('bad_request', 'path.storeId: the id of something else');
    await trx
      .insertInto('store')
      .values({ id: storeId, created_at_ms: nowMs, ...said })
      .onConflict((conflict) => conflict.column('id').doUpdateSet(said))
      .execute();
    return { storeId, name };
  });
}
