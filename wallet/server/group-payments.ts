import type { Selectable } from 'kysely';
import { z } from 'zod';
import type { AllotmentView, GroupPaymentView } from '#contract/group.ts';
import { attemptIdSchema } from '#contract/ids.ts';
import { amountSchema } from '#contract/money.ts';
import { comparePlaces, type Cursor, type Page } from './cursor.ts';
import { type GroupRecord, itemsOf, parseRecord, parseRefund, type RecordedRefund } from './group-record.ts';
import type { ServerKeys } from './keys.ts';
import { referenceOf } from './ledger/ledger.ts';
import { personRefOf } from './member-ref.ts';
import type { People } from './people.ts';
import type { Books } from './store/books.ts';
import type { Schema } from './store/schema.ts';
import { maskName } from './token.ts';

/** Who paid how much for whom, as each of them may see it: what concerns the reader, and of the others nothing. */
export interface GroupPayments {
  /** The reader's, latest first. */
  list(readerId: string, after: Cursor | undefined, limit: number): Promise<Page<GroupPaymentView>>;
  /** Undefined for one that the reader neither paid nor was paid for in. */
  find(readerId: string, groupPaymentId: string): Promise<GroupPaymentView | undefined>;
  /** What the reader owes or was promised. */
  findAllotment(readerId: string, allotmentId: string): Promise<AllotmentView | undefined>;
  /** Group payments as they stand after their refunds, by id; what has no group is left out. */
  standing(ids: readonly string[]): Promise<ReadonlyMap<string, StandingGroup>>;
}

interface StandingGroup {
  readonly id: string;
  readonly isCancelled: boolean;
  readonly payerWalletId: string;
  readonly storeId: string;
  readonly record: GroupRecord;
  readonly refunds: readonly RecordedRefund[];
  /** Minor units of `currency`: what is left of the amount, and of the payer's own share. */
  readonly total: number;
  readonly ownShare: number;
  readonly currency: string;
  readonly bookedAtMs: number;
}

type AllotmentRow = Selectable<Schema['allotment']>;

const shrinksSchema = z.array(z.object({ guestId: z.string(), amount: amountSchema }));

export function openGroupPayments(books: Books, keys: ServerKeys, people: People): GroupPayments {
  const { db } = books;

  async function standing(ids: readonly string[]): Promise<ReadonlyMap<string, StandingGroup>> {
    if (ids.length === 0) return new Map();
    const rows = await db.selectFrom('group_payment').selectAll().where('id', 'in', ids).execute();
    const refunds = await db
      .selectFrom('refund')
      .select(['settlement_id', 'amount', 'lines', 'shrinks'])
      .where('settlement_id', 'in', ids)
      .orderBy('settlement_id')
      .orderBy('number')
      .execute();
    return new Map(
      rows.map((row) => {
        const record = parseRecord(row.record);
        const mine = refunds.filter((refund) => refund.settlement_id === row.id);
        const isCancelled = row.state === 'cancelled';
        const payerShrank = mine
          .flatMap(({ shrinks }) => (shrinks === null ? [] : shrinksSchema.parse(JSON.parse(shrinks))))
          .filter(({ guestId }) => guestId === record.result.payer)
          .reduce((sum, { amount }) => sum + amount, 0);
        const group: StandingGroup = {
          id: row.id,
          isCancelled,
          payerWalletId: row.payer_wallet_id,
          storeId: row.store_id,
          record,
          refunds: mine.map(parseRefund),
          total: isCancelled ? 0 : mine.reduce((rest, { amount }) => rest - amount, row.amount),
          ownShare: isCancelled ? 0 : row.own_share - payerShrank,
          currency: row.currency,
          bookedAtMs: row.booked_at_ms,
        };
        return [row.id, group];
      }),
    );
  }

  /** In the order of the ids; those that do not concern the reader are left out. */
  async function views(readerId: string, ids: readonly string[]): Promise<GroupPaymentView[]> {
    const groups = await standing(ids);
    if (groups.size === 0) return [];
    const allotments = await db
      .selectFrom('allotment')
      .selectAll()
      .where('group_payment_id', 'in', ids)
      .where((is) => is.or([is('creditor_wallet_id', '=', readerId), is('debtor_wallet_id', '=', readerId)]))
      .orderBy('group_payment_id')
      .orderBy('id')
      .execute();
    const stores = await db
      .selectFrom('store')
      .select(['id', 'name'])
      .where('id', 'in', [...new Set([...groups.values()].map(({ storeId }) => storeId))])
      .execute();
    const names = await people.namesOf([
      ...[...groups.values()].map(({ payerWalletId }) => payerWalletId),
      ...allotments.map((allotment) => otherOf(allotment, readerId)),
    ]);
    return ids.flatMap((id) => {
      const group = groups.get(id);
      const places = new Map(group?.record.guests.map(({ guestId }, place) => [guestId, place]));
      const mine = allotments
        .filter((allotment) => allotment.group_payment_id === id)
        .toSorted((a, b) => (places.get(a.guest_id) ?? 0) - (places.get(b.guest_id) ?? 0));
      if (group === undefined || (group.payerWalletId !== readerId && mine.length === 0)) return [];
      const isPayer = group.payerWalletId === readerId;
      const guestId = isPayer ? group.record.result.payer : (mine[0]?.guest_id ?? '');
      const money = (amount: number) => ({ amount, currency: group.currency });
      return [
        {
          groupPaymentId: attemptIdSchema.parse(id),
          groupReference: referenceOf(id),
          role: isPayer ? 'payer' : 'member',
          state: group.isCancelled ? 'cancelled' : 'valid',
          store: stores.find((store) => store.id === group.storeId)?.name ?? '',
          at: new Date(group.bookedAtMs).toISOString(),
          payer: maskName(names.get(group.payerWalletId) ?? ''),
          payerRef: personRefOf(keys, readerId, group.payerWalletId),
          total: money(group.total),
          ownShare: money(isPayer ? group.ownShare : (mine[0]?.amount ?? 0)),
          items: itemsOf(group.record, group.refunds, guestId),
          allotments: mine.map((allotment) => allotmentView(allotment, readerId, names, group.isCancelled)),
        } satisfies GroupPaymentView,
      ];
    });
  }

  function allotmentView(
    row: AllotmentRow,
    readerId: string,
    names: ReadonlyMap<string, string>,
    isCancelled: boolean,
  ): AllotmentView {
    const other = otherOf(row, readerId);
    const open = row.amount - row.repaid - row.treated;
    const money = (amount: number) => ({ amount, currency: row.currency });
    return {
      allotmentId: row.id,
      counterpart: maskName(names.get(other) ?? ''),
      counterpartRef: personRefOf(keys, readerId, other),
      amount: money(row.amount),
      repaid: money(row.repaid),
      treated: money(row.treated),
      open: money(open),
      status: isCancelled ? 'cancelled' : open > 0 ? 'advance' : row.treated > 0 ? 'treated' : 'settled',
    };
  }

  return {
    async list(readerId, after, limit) {
      const { atMs = 0, id = '' } = after ?? {};
      const paid = await db
        .selectFrom('group_payment')
        .select(['id', 'booked_at_ms as atMs'])
        .where('payer_wallet_id', '=', readerId)
        .$if(after !== undefined, (query) =>
          query.where((is) =>
            is.or([is('booked_at_ms', '<', atMs), is.and([is('booked_at_ms', '=', atMs), is('id', '<', id)])]),
          ),
        )
        .orderBy('booked_at_ms', 'desc')
        .orderBy('id', 'desc')
        .limit(limit + 1)
        .execute();
      const borne = await db
        .selectFrom('allotment')
        .select(['group_payment_id as id', 'booked_at_ms as atMs'])
        .where('debtor_wallet_id', '=', readerId)
        .$if(after !== undefined, (query) =>
          query.where((is) =>
            is.or([
              is('booked_at_ms', '<', atMs),
              is.and([is('booked_at_ms', '=', atMs), is('group_payment_id', '<', id)]),
            ]),
          ),
        )
        .orderBy('booked_at_ms', 'desc')
        .orderBy('group_payment_id', 'desc')
        .limit(limit + 1)
        .execute();
      const places = [...paid, ...borne]
        .map((place): Cursor => ({ ...place, rank: 0 }))
        .toSorted((a, b) => comparePlaces(b, a));
      const entries = await views(
        readerId,
        places.slice(0, limit).map((place) => place.id),
      );
      return { entries, next: places.length > limit ? places[limit - 1] : undefined };
    },

    find: async (readerId, groupPaymentId) => (await views(readerId, [groupPaymentId]))[0],

    async findAllotment(readerId, allotmentId) {
      const row = await db
        .selectFrom('allotment')
        .innerJoin('group_payment', 'group_payment.id', 'allotment.group_payment_id')
        .selectAll('allotment')
        .select('group_payment.state')
        .where('allotment.id', '=', allotmentId)
        .executeTakeFirst();
      if (row === undefined || ![row.creditor_wallet_id, row.debtor_wallet_id].includes(readerId)) return undefined;
      const names = await people.namesOf([otherOf(row, readerId)]);
      return allotmentView(row, readerId, names, row.state === 'cancelled');
    },

    standing,
  };
}

function otherOf(row: Pick<AllotmentRow, 'creditor_wallet_id' | 'debtor_wallet_id'>, readerId: string): string {
  return row.creditor_wallet_id === readerId ? row.debtor_wallet_id : row.creditor_wallet_id;
}
