import { methodKindSchema } from '#contract/reload.ts';
import type { RouteResponse } from '#contract/wallet.ts';
import type { ServerKeys } from './keys.ts';
import { limitsOf } from './limits-data.ts';
import { personRefOf } from './member-ref.ts';
import { DEFAULT_METHOD, listSettlementMethods } from './settlement-methods.ts';
import type { Books } from './store/books.ts';

type WalletView = RouteResponse<'getWallet'>;

/** A wallet as its owner sees it. */
export async function readWallet(books: Books, keys: ServerKeys, walletId: string, nowMs: number): Promise<WalletView> {
  const { db } = books;
  // Before the rest: what happens meanwhile is told once more, and nothing is missed.
  const lastEventId = await readLastEventId(books, walletId);
  const wallet = await db
    .selectFrom('wallet')
    .innerJoin('account', 'account.id', 'wallet.id')
    .selectAll('wallet')
    .select(['account.currency', 'account.balance', 'account.held', 'account.owed'])
    .where('wallet.id', '=', walletId)
    .executeTakeFirstOrThrow();
  const methods = await listSettlementMethods(books, walletId);
  const autoReload = await readAutoReload(books, walletId);
  const currency = wallet.currency ?? '';
  const limits = limitsOf({ ...wallet, currency });
  const balance = wallet.balance ?? 0;
  const money = (amount: number) => ({ amount, currency });
  const current = methods.find(({ method }) => method === wallet.settlement_method)?.method ?? DEFAULT_METHOD;
  return {
    walletId,
    personRef: personRefOf(keys, walletId, walletId),
    name: wallet.name,
    balance: money(balance),
    available: money(balance - wallet.held),
    owed: money(wallet.owed),
    settlementMethod: current,
    settlementMethods: [...methods],
    reloadMethods: await listReloadMethods(books, walletId),
    ...(autoReload === undefined ? {} : { autoReload }),
    offlineAllowance: {
      chosen: money(wallet.offline_allowance),
      reserved: money(wallet.held),
      max: money(limits.maxOfflineAllowance),
    },
    pin: {
      isSet: wallet.pin_hash !== null,
      isLocked: wallet.is_locked === 1,
      ...(wallet.pin_retry_at_ms > nowMs ? { retryAt: timeOf(wallet.pin_retry_at_ms) } : {}),
    },
    limits: {
      perPayment: money(Math.min(wallet.per_payment_limit, limits.perPayment)),
      perDay: money(limits.perDay),
      perMonth: money(limits.perMonth),
      maxBalance: money(limits.maxBalance),
      reloadMin: money(limits.reloadMin),
      reloadMax: money(limits.reloadMax),
    },
    lastEventId,
    serverTime: timeOf(nowMs),
  };
}

async function readLastEventId({ db }: Books, walletId: string): Promise<string> {
  const newest = await db
    .selectFrom('outbox')
    .select('seq')
    .where('wallet_id', '=', walletId)
    .orderBy('seq', 'desc')
    .limit(1)
    .executeTakeFirst();
  return String(newest?.seq ?? 0);
}

async function listReloadMethods({ db }: Books, walletId: string): Promise<WalletView['reloadMethods']> {
  const rows = await db
    .selectFrom('reload_method')
    .innerJoin('operator', 'operator.id', 'reload_method.operator_id')
    .select([
      'reload_method.id',
      'reload_method.operator_id',
      'reload_method.kind',
      'reload_method.display_name',
      'reload_method.registered_at_ms',
      'operator.name',
    ])
    .where('reload_method.wallet_id', '=', walletId)
    .where('reload_method.removed_at_ms', 'is', null)
    .orderBy('reload_method.registered_at_ms')
    .orderBy('reload_method.id')
    .execute();
  return rows.map((row) => ({
    methodId: row.id,
    operatorId: row.operator_id,
    operatorName: row.name,
    kind: methodKindSchema.parse(row.kind),
    displayName: row.display_name,
    registeredAt: timeOf(row.registered_at_ms),
  }));
}

async function readAutoReload({ db }: Books, walletId: string): Promise<WalletView['autoReload']> {
  const row = await db.selectFrom('auto_reload').selectAll().where('wallet_id', '=', walletId).executeTakeFirst();
  if (row === undefined) return undefined;
  return {
    isOn: row.is_on === 1,
    methodId: row.method_id,
    threshold: row.threshold,
    amount: row.amount,
    dailyCap: row.daily_cap,
    monthlyCap: row.monthly_cap,
  };
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString();
}
