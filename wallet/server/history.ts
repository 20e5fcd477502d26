import type { HistoryEntry } from '#contract/wallet.ts';
import { comparePlaces, type Cursor, type Page } from './cursor.ts';
import type { GroupPayments } from './group-payments.ts';
import { referenceOf } from './ledger/ledger.ts';
import type { People } from './people.ts';
import type { Books } from './store/books.ts';
import { maskName } from './token.ts';

/**
 * The one history of a wallet, latest first: everything that moved its balance, however it was settled, and the shares
 * of what others paid, which moved nothing.
 */
export async function readHistory(
  { books, people, groups }: { readonly books: Books; readonly people: People; readonly groups: GroupPayments },
  walletId: string,
  after: Cursor | undefined,
  limit: number,
): Promise<Page<HistoryEntry>> {
  const { db } = books;
  const { atMs = 0, rank = 0, id = '' } = after ?? {};
  // Shares of an instant come after the moves of the same instant.
  const movements = await db
    .selectFrom('movement')
    .selectAll()
    .where('wallet_id', '=', walletId)
    .$if(after !== undefined, (query) =>
      query.where((is) =>
        is.or([
          is('at_ms', '<', atMs),
          ...(rank === MOVEMENT ? [is.and([is('at_ms', '=', atMs), is('id', '<', id)])] : []),
        ]),
      ),
    )
    .orderBy('at_ms', 'desc')
    .orderBy('id', 'desc')
    .limit(limit + 1)
    .execute();
  const shares = await db
    .selectFrom('allotment')
    .selectAll()
    .where('debtor_wallet_id', '=', walletId)
    .where('amount', '>', 0)
    .$if(after !== undefined, (query) =>
      query.where((is) =>
        is.or([
          is('booked_at_ms', '<', atMs),
          is.and([is('booked_at_ms', '=', atMs), ...(rank === SHARE ? [is('id', '<', id)] : [])]),
        ]),
      ),
    )
    .orderBy('booked_at_ms', 'desc')
    .orderBy('id', 'desc')
    .limit(limit + 1)
    .execute();
  const places = [
    ...movements.map((movement) => ({ place: { atMs: movement.at_ms, rank: MOVEMENT, id: movement.id }, movement })),
    ...shares.map((share) => ({ place: { atMs: share.booked_at_ms, rank: SHARE, id: share.id }, share })),
  ].toSorted((a, b) => comparePlaces(b.place, a.place));
  const page = places.slice(0, limit);

  const pageMovements = page.flatMap((entry) => ('movement' in entry ? [entry.movement] : []));
  const pageShares = page.flatMap((entry) => ('share' in entry ? [entry.share] : []));
  const groupIds = [
    ...pageMovements.flatMap(({ settlement_id: settlementId }) => settlementId ?? []),
    ...pageShares.map((share) => share.group_payment_id),
  ];
  const groupOf = await groups.standing([...new Set(groupIds)]);
  const names = await people.namesOf([
    ...pageMovements.map((movement) => movement.other_account),
    ...pageShares.map((share) => share.creditor_wallet_id),
  ]);
  const storeIds = new Set(pageMovements.flatMap((movement) => movement.store_id ?? []));
  for (const { storeId } of groupOf.values()) storeIds.add(storeId);
  const stores = await named('store', storeIds);
  const means = await meansOf(pageMovements.flatMap(({ kind, id: reloadId }) => (kind === 'reload' ? [reloadId] : [])));

  async function named(table: 'store', ids: ReadonlySet<string>): Promise<ReadonlyMap<string, string>> {
    if (ids.size === 0) return new Map();
    const rows = await db
      .selectFrom(table)
      .select(['id', 'name'])
      .where('id', 'in', [...ids])
      .execute();
    return new Map(rows.map((row) => [row.id, row.name]));
  }

  /** What the payment means are called that reloads drew on. */
  async function meansOf(reloadIds: readonly string[]): Promise<ReadonlyMap<string, string>> {
    if (reloadIds.length === 0) return new Map();
    const rows = await db
      .selectFrom('reload')
      .innerJoin('reload_method', 'reload_method.id', 'reload.method_id')
      .select(['reload.id', 'reload_method.display_name'])
      .where('reload.id', 'in', reloadIds)
      .execute();
    return new Map(rows.map((row) => [row.id, row.display_name]));
  }

  const entries = page.map((entry): HistoryEntry => {
    if ('share' in entry) {
      const { share } = entry;
      const group = groupOf.get(share.group_payment_id);
      return {
        entryId: share.id,
        at: new Date(share.booked_at_ms).toISOString(),
        kind: 'share',
        amount: 0,
        currency: share.currency,
        share: share.amount,
        ...given('store', stores.get(group?.storeId ?? '')),
        ...given('counterpart', mask(names.get(share.creditor_wallet_id))),
        reference: referenceOf(share.group_payment_id),
        groupPaymentId: share.group_payment_id,
      };
    }
    const { movement } = entry;
    const settlementId = movement.settlement_id ?? undefined;
    const group = settlementId === undefined ? undefined : groupOf.get(settlementId);
    const isBetweenPeople = movement.allotment_id !== null;
    return {
      entryId: movement.id,
      at: new Date(movement.at_ms).toISOString(),
      kind: movement.kind === 'fee_return' ? 'cancel' : movement.kind,
      amount: movement.amount,
      currency: movement.currency,
      ...given('share', movement.kind === 'settlement' ? group?.ownShare : undefined),
      ...given('store', isBetweenPeople ? undefined : stores.get(movement.store_id ?? '')),
      ...given('counterpart', mask(names.get(movement.other_account)) ?? means.get(movement.id)),
      ...given('settlementMethod', movement.settlement_method ?? undefined),
      ...given('reference', settlementId === undefined ? undefined : referenceOf(settlementId)),
      ...given('settlementId', isBetweenPeople ? undefined : settlementId),
      ...given('groupPaymentId', group?.id),
    };
  });
  return { entries, next: places.length > limit ? page.at(-1)?.place : undefined };
}

const SHARE = 0;
const MOVEMENT = 1;

function mask(name: string | undefined): string | undefined {
  return name === undefined ? undefined : maskName(name);
}

function given<Key extends string, Value>(key: Key, value: Value | undefined): { readonly [K in Key]?: Value } {
  return value === undefined ? {} : ({ [key]: value } as { readonly [K in Key]?: Value });
}
