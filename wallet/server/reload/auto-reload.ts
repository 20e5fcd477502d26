import type { Logger } from 'pino';
import type { AutoReload } from '#contract/reload.ts';
import type { Clock } from '../call.ts';
import { limitsOf } from '../limits-data.ts';
import { Refusal } from '../problem.ts';
import type { Books } from '../store/books.ts';
import type { Methods } from './methods.ts';
import { openStates, sumReloads } from './reload-rows.ts';
import type { Reloads } from './reloads.ts';

/** Reloads by itself when a wallet runs low, as its owner chose: never while a payment waits for it. */
export interface AutoReloads {
  choose(walletId: string, chosen: AutoReload): Promise<AutoReload | Refusal>;
  /** Looks through the wallets that are below their threshold and reloads each that may. */
  sweep(): Promise<undefined>;
}

export interface AutoReloadOptions {
  readonly books: Books;
  readonly reloads: Reloads;
  readonly methods: Methods;
  readonly clock: Clock;
  readonly newId: () => string;
  readonly log: Logger;
  /** How long one that was declined is left alone. */
  readonly retryMs: number;
}

export const AUTO_RETRY_MS = 10 * 60_000;
const PAGE = 16;
/** Not now: another is on its way, the cap is reached, or the owner has changed their mind. */
const NOT_NOW = new Refusal('limit_exceeded');

export function openAutoReloads(options: AutoReloadOptions): AutoReloads {
  const { books, reloads, methods, clock, newId, log, retryMs } = options;

  async function listLow(afterWalletId: string, nowMs: number) {
    return books.db
      .selectFrom('auto_reload')
      .innerJoin('account', 'account.id', 'auto_reload.wallet_id')
      .select([
        'auto_reload.wallet_id',
        'auto_reload.method_id',
        'auto_reload.amount',
        'auto_reload.daily_cap',
        'auto_reload.monthly_cap',
        'account.currency',
      ])
      .where('auto_reload.is_on', '=', 1)
      .where('auto_reload.wallet_id', '>', afterWalletId)
      .where((eb) => eb(eb('account.balance', '-', eb.ref('account.held')), '<', eb.ref('auto_reload.threshold')))
      .where((eb) =>
        eb.not(
          eb.exists(
            eb
              .selectFrom('reload')
              .select('reload.id')
              .whereRef('reload.wallet_id', '=', 'auto_reload.wallet_id')
              .where('reload.cause', '=', 'auto')
              .where((of) =>
                of.or([
                  of('reload.state', 'in', [...openStates]),
                  of.and([of('reload.state', '=', 'declined'), of('reload.settled_at_ms', '>', nowMs - retryMs)]),
                ]),
              ),
          ),
        ),
      )
      .orderBy('auto_reload.wallet_id')
      .limit(PAGE)
      .execute();
  }

  async function reloadOne(low: Awaited<ReturnType<typeof listLow>>[number]): Promise<void> {
    const { wallet_id: walletId, currency } = low;
    if (currency === null) return;
    const result = await reloads.start({
      reloadId: newId(),
      walletId,
      methodId: low.method_id,
      amount: { amount: low.amount, currency },
      cause: 'auto',
      guard: async (trx, { dayFromMs, monthFromMs }) => {
        // Reloads of one wallet are written one after the other: what is seen here is still so when this one is.
        const now = await trx
          .selectFrom('auto_reload')
          .select(['is_on', 'amount', 'method_id'])
          .where('wallet_id', '=', walletId)
          .executeTakeFirst();
        if (now?.is_on !== 1 || now.amount !== low.amount || now.method_id !== low.method_id) return NOT_NOW;
        const open = await trx
          .selectFrom('reload')
          .select('id')
          .where('wallet_id', '=', walletId)
          .where('cause', '=', 'auto')
          .where('state', 'in', [...openStates])
          .executeTakeFirst();
        if (open !== undefined) return NOT_NOW;
        const inDay = await sumReloads(trx, walletId, dayFromMs, 'auto');
        const inMonth = await sumReloads(trx, walletId, monthFromMs, 'auto');
        return inDay + low.amount > low.daily_cap || inMonth + low.amount > low.monthly_cap ? NOT_NOW : undefined;
      },
    });
    if (result instanceof Refusal && result.code === 'method_unknown') {
      log.warn({ walletId }, 'an automatic reload has lost its means');
      await books.db.updateTable('auto_reload').set({ is_on: 0 }).where('wallet_id', '=', walletId).execute();
    }
  }

  return {
    async choose(walletId, chosen) {
      const { isOn, methodId, threshold, amount, dailyCap, monthlyCap } = chosen;
      if (!(await methods.has(walletId, methodId))) return new Refusal('method_unknown');
      const wallet = await books.db
        .selectFrom('wallet')
        .innerJoin('account', 'account.id', 'wallet.id')
        .select(['wallet.jurisdiction', 'wallet.level', 'account.currency'])
        .where('wallet.id', '=', walletId)
        .executeTakeFirstOrThrow();
      const { reloadMin, reloadMax, maxBalance } = limitsOf({ ...wallet, currency: wallet.currency ?? '' });
      if (amount < reloadMin || amount > reloadMax) {
        return new Refusal('limit_exceeded', `A reload is between ${reloadMin} and ${reloadMax}.`);
      }
      if (threshold + amount > maxBalance) {
        return new Refusal('limit_exceeded', `A wallet holds ${maxBalance} at most.`);
      }
      if (amount > dailyCap || dailyCap > monthlyCap) {
        return new Refusal('limit_exceeded', 'The caps have no room for one reload.');
      }
      const row = {
        method_id: methodId,
        is_on: isOn ? 1 : 0,
        threshold,
        amount,
        daily_cap: dailyCap,
        monthly_cap: monthlyCap,
        declines: 0,
        changed_at_ms: clock.nowMs(),
      };
      await books.db
        .insertInto('auto_reload')
        .values({ wallet_id: walletId, ...row })
        .onConflict((conflict) => conflict.column('wallet_id').doUpdateSet(row))
        .execute();
      return chosen;
    },

    async sweep() {
      let after = '00000000-0000-0000-0000-000000000000';
      for (;;) {
        const page = await listLow(after, clock.nowMs());
        const done = await Promise.allSettled(page.map(reloadOne));
        for (const one of done)
          if (one.status === 'rejected') log.error({ err: one.reason as unknown }, 'not reloaded');
        const last = page.at(-1);
        if (last === undefined || page.length < PAGE) {
          log.debug('wallets that run low were looked for');
          return undefined;
        }
        after = last.wallet_id;
      }
    },
  };
}
