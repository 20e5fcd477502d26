import { checkIdSchema } from '#contract/ids.ts';
import { splitBill } from '#contract/split.ts';
import type { RouteResponse } from '#contract/wallet.ts';
import { type CheckMembers, type Consumption, parseConsumption, parseMembers } from './checks.ts';
import { consumedItems } from './group-record.ts';
import type { Notices, Visit } from './notices.ts';
import type { Books } from './store/books.ts';
import { CHECK_IN_LIFE_MS } from './tables.ts';

type WalletChecks = RouteResponse<'listWalletChecks'>;
type WalletCheck = WalletChecks['checks'][number];

/** A person sits at few tables in half a day; what was told of them is looked through this far. */
const MAX_EVENTS = 500;
const MAX_CHECKS = 20;

/**
 * The open checks that a customer is on, newest first, and the tables where they wait for one; and what the stores have
 * to say to the people there.
 *
 * A wallet is told of every change of a check that it is on, so the checks are found by its events.
 */
export async function listWalletChecks(
  books: Books,
  notices: Notices,
  walletId: string,
  nowMs: number,
): Promise<WalletChecks> {
  const { db } = books;
  const since = nowMs - CHECK_IN_LIFE_MS;
  const told = await db
    .selectFrom('outbox')
    .select('check_id')
    .where('wallet_id', '=', walletId)
    .where('type', '=', 'check')
    .where('check_id', 'is not', null)
    .where('at_ms', '>', since)
    .orderBy('seq', 'desc')
    .limit(MAX_EVENTS)
    .execute();
  const own = await db
    .selectFrom('check_in')
    .innerJoin('table_code', 'table_code.id', 'check_in.table_id')
    .innerJoin('store', 'store.id', 'check_in.store_id')
    .select(['check_in.id', 'check_in.check_id', 'check_in.table_id', 'check_in.store_id'])
    .select(['table_code.name as table', 'store.name as store'])
    .where('check_in.wallet_id', '=', walletId)
    .where('check_in.left_at_ms', 'is', null)
    .where('check_in.at_ms', '>', since)
    .orderBy('check_in.id', 'desc')
    .limit(MAX_CHECKS)
    .execute();
  const ids = [...new Set([...own, ...told].flatMap((row) => row.check_id ?? []))].slice(0, MAX_CHECKS);

  const rows =
    ids.length === 0
      ? []
      : await db
          .selectFrom('check_state')
          .innerJoin('store', 'store.id', 'check_state.store_id')
          .selectAll('check_state')
          .select('store.name as store')
          .where('check_state.id', 'in', ids)
          .where('check_state.state', '=', 'open')
          .orderBy('check_state.announced_at_ms', 'desc')
          .execute();
  const tableIds = own.map((checkIn) => checkIn.table_id);
  const others =
    ids.length + tableIds.length === 0
      ? []
      : await db
          .selectFrom('check_in')
          .select(['wallet_id', 'check_id', 'table_id'])
          .where((is) =>
            is.or([
              ...(ids.length === 0 ? [] : [is('check_id', 'in', ids)]),
              ...(tableIds.length === 0 ? [] : [is('table_id', 'in', tableIds)]),
            ]),
          )
          .where('left_at_ms', 'is', null)
          .where('at_ms', '>', since)
          .execute();

  const checks: WalletCheck[] = [];
  const visits: Visit[] = [];
  for (const row of rows) {
    const members = parseMembers(row.members);
    const checkIn = own.find((mine) => mine.check_id === row.id);
    const me = members.find((member) => member.walletId === walletId);
    if (me === undefined && checkIn === undefined) continue;
    const wallets = members.flatMap((member) => member.walletId ?? []);
    const present = new Set([
      ...wallets,
      ...others.filter((other) => other.check_id === row.id).map((other) => other.wallet_id),
    ]);
    checks.push({
      checkId: checkIdSchema.parse(row.id),
      ...(checkIn === undefined ? {} : { checkInId: checkIn.id }),
      store: row.store,
      label: row.label,
      people: present.size + members.length - wallets.length,
      ...ownPart(members, row.consumption === null ? undefined : parseConsumption(row.consumption), me?.guestId),
    });
    visits.push({ readerId: walletId, storeId: row.store_id, walletIds: present });
  }
  for (const checkIn of own.filter((mine) => mine.check_id === null)) {
    const present = new Set(
      others.filter((other) => other.table_id === checkIn.table_id).map((other) => other.wallet_id),
    );
    const { id, store, table } = checkIn;
    checks.push({ checkInId: id, store, label: table, people: present.size, items: [] });
    visits.push({ readerId: walletId, storeId: checkIn.store_id, walletIds: present });
  }
  const chosen = await Promise.all(visits.map((visit) => notices.choose(visit, nowMs)));
  const byId = new Map(chosen.flatMap((notice) => (notice === undefined ? [] : [[notice.noticeId, notice] as const])));
  return { checks, notices: [...byId.values()] };
}

/** As it would be if the bill were split now. */
function ownPart(
  members: CheckMembers,
  consumption: Consumption | undefined,
  guestId: string | undefined,
): Pick<WalletCheck, 'share' | 'items'> {
  if (consumption === undefined || guestId === undefined) return { items: [] };
  const guests = members.map((member) => member.guestId);
  // Whoever was taken off the check meanwhile consumed nothing.
  const lines = consumption.lines.map((line) => ({
    ...line,
    consumers: line.consumers.filter((consumer) => guests.includes(consumer.guestId)),
  }));
  const shares = splitBill({ guests, lines, adjustments: consumption.adjustments }, { type: 'fair' });
  return {
    share: { amount: Number(shares.get(guestId) ?? 0n), currency: consumption.currency },
    items: consumedItems(lines, guests, guestId, undefined),
  };
}
