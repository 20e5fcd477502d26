import type { SettlementMethodId, RouteResponse } from '#contract/wallet.ts';
import type { Books } from './store/books.ts';

/** How a customer may pay: the ways that every wallet has, and one for each payment means that it is linked to. */
export type SettlementMethod = RouteResponse<'putSettlementMethod'>;

const ownMethods = ['shown_code', 'contactless', 'store_code'] as const satisfies readonly SettlementMethodId[];
const LINKED = 'linked';
/** Of a wallet whose owner chose none, or whose chosen one is gone. */
export const DEFAULT_METHOD = 'shown_code' satisfies SettlementMethodId;

export async function listSettlementMethods({ db }: Books, walletId: string): Promise<readonly SettlementMethod[]> {
  const means = await db
    .selectFrom('reload_method')
    .select(['id', 'display_name'])
    .where('wallet_id', '=', walletId)
    .where('removed_at_ms', 'is', null)
    .orderBy('registered_at_ms')
    .orderBy('id')
    .execute();
  return [
    ...ownMethods.map((method) => ({ method })),
    ...means.map(({ id, display_name }) => ({
      method: `${LINKED}:${id}` as const,
      linkedTo: { methodId: id, displayName: display_name },
    })),
  ];
}

/** Undefined for one that the wallet does not have. */
export async function findSettlementMethod(
  books: Books,
  walletId: string,
  method: SettlementMethodId,
): Promise<SettlementMethod | undefined> {
  return (await listSettlementMethods(books, walletId)).find((one) => one.method === method);
}

/** What a shop is told: `linked`, whatever to. The id of the means would tell two shops that they have the same customer. */
export function methodForShops(method: string): string {
  return method.startsWith(`${LINKED}:`) ? LINKED : method;
}
