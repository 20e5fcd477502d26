import type { StoreId } from '#contract/ids.ts';
import type { RouteInput, RouteResponse } from '#contract/wallet.ts';
import { parseRecord } from './group-record.ts';
import { Refusal } from './problem.ts';
import type { Books } from './store/books.ts';

/** What stores have to say to groups that came before: of their notices, the one that fits what the group had. */
export interface Notices {
  /** Undefined where it is published. An id of another store's notice is refused. */
  publish(notice: {
    readonly noticeId: string;
    readonly storeId: StoreId;
    readonly body: RouteInput<'putNotice'>;
    readonly nowMs: number;
  }): Promise<Refusal | undefined>;
  /** At most one for a visit; none where these people were not together in the store before, or nothing fits. */
  choose(visit: Visit, nowMs: number): Promise<NoticeView | undefined>;
}

export interface Visit {
  readonly readerId: string;
  readonly storeId: string;
  /** Who is there now, the reader too. */
  readonly walletIds: ReadonlySet<string>;
}
type NoticeView = RouteResponse<'listWalletChecks'>['notices'][number];

/** How far back it is looked, in group payments of the reader at the store. */
const MAX_PAST = 20;
const MAX_NOTICES = 100;

export function openNotices(books: Books): Notices {
  const { db } = books;

  /** The names and ids of what the reader and somebody who is here now had together, in small letters. */
  async function pastItems({ readerId, storeId, walletIds }: Visit): Promise<string[]> {
    const rows = await db
      .selectFrom('group_payment')
      .select('record')
      .where('store_id', '=', storeId)
      .where('state', '=', 'valid')
      .where((is) =>
        is.or([
          is('payer_wallet_id', '=', readerId),
          is(
            'id',
            'in',
            is.selectFrom('allotment').select('group_payment_id').where('debtor_wallet_id', '=', readerId),
          ),
        ]),
      )
      .orderBy('booked_at_ms', 'desc')
      .limit(MAX_PAST)
      .execute();
    return rows
      .map((row) => parseRecord(row.record))
      .filter(({ guests }) => guests.some(({ walletId = '' }) => walletId !== readerId && walletIds.has(walletId)))
      .flatMap(({ lines }) => lines.map(({ name, itemId = '' }) => `${name}\n${itemId}`.toLowerCase()));
  }

  return {
    publish: ({ noticeId, storeId, body, nowMs }) =>
      books.write(async (trx) => {
        const known = await trx.selectFrom('notice').select('store_id').where('id', '=', noticeId).executeTakeFirst();
        if (known !== undefined && known.store_id !== storeId) return new Refusal('duplicate_mismatch');
        const said = {
          title: body.title,
          body: body.body,
          keywords: JSON.stringify(body.keywords),
          until_ms: Date.parse(body.until),
        };
        await trx
          .insertInto('notice')
          .values({ id: noticeId, store_id: storeId, ...said, published_at_ms: nowMs })
          .onConflict((conflict) => conflict.column('id').doUpdateSet(said))
          .execute();
        return undefined;
      }),

    async choose(visit, nowMs) {
      if (visit.walletIds.size < 2) return undefined;
      const notices = await db
        .selectFrom('notice')
        .innerJoin('store', 'store.id', 'notice.store_id')
        .select(['notice.id', 'notice.title', 'notice.body', 'notice.keywords', 'store.name'])
        .where('notice.store_id', '=', visit.storeId)
        .where('notice.until_ms', '>', nowMs)
        .orderBy('notice.published_at_ms', 'desc')
        .orderBy('notice.id', 'desc')
        .limit(MAX_NOTICES)
        .execute();
      if (notices.length === 0) return undefined;
      const items = await pastItems(visit);
      const [best] = notices
        .map((notice) => ({ notice, score: scoreOf(parseKeywords(notice.keywords), items) }))
        .filter(({ score }) => score > 0)
        // The newest of those that fit as well: sorting keeps their order.
        .toSorted((a, b) => b.score - a.score);
      if (best === undefined) return undefined;
      const { id, name, title, body } = best.notice;
      return { noticeId: id, store: name, title, body };
    },
  };
}

/** How many of the things that were had are named by a keyword. */
function scoreOf(keywords: readonly string[], items: readonly string[]): number {
  return items.filter((item) => keywords.some((keyword) => item.includes(keyword))).length;
}

function parseKeywords(text: string): string[] {
  const keywords: unknown = JSON.parse(text);
  return Array.isArray(keywords) ? keywords.map((keyword) => String(keyword).toLowerCase()) : [];
}
