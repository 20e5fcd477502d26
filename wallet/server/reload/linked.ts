import { createHash } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import type { Money } from '#contract/money.ts';
import type { SettlementMethodId } from '#contract/wallet.ts';
import type { SpendingLimits } from '../ledger/ledger.ts';
import type { Books } from '../store/books.ts';
import type { Reloads } from './reloads.ts';

/** A payment by a method that is linked to a payment means: what the wallet lacks is reloaded first. */
export interface LinkedPayments {
  /**
   * Reloads what the wallet lacks for a settlement that is about to be booked, if its owner chose a linked method for it.
   * Resolves once the money is there, or within three seconds with it not being there: the settlement is judged by the
   * balance either way, and what comes later stays in the wallet. The same settlement again reloads nothing more.
   */
  cover(payment: LinkedPayment): Promise<void>;
}

interface LinkedPayment {
  readonly settlementId: string;
  readonly walletId: string;
  /** The code: one that took money before takes no more, and reloads none. */
  readonly alias: string;
  readonly counter: number;
  /** As the PIN was given for: `linked:<method id>` is the owner's consent to reload and pay. */
  readonly method: SettlementMethodId;
  readonly amount: Money;
  readonly limits: SpendingLimits;
}

const LINKED = 'linked:';
/** A terminal waits 5 s; the settlement has to be booked within that too. */
const PATIENCE_MS = 3_000;
const LOOK_MS = 200;

export function openLinkedPayments(books: Books, reloads: Reloads, onError: (error: unknown) => void): LinkedPayments {
  /** What has to be reloaded for the payment; 0 where nothing has, or where it will be declined all the same. */
  async function findLacking({ settlementId, walletId, amount, limits, ...code }: LinkedPayment): Promise<number> {
    const { db } = books;
    const seen = await db
      .selectFrom('settlement')
      .select('id')
      .where((eb) =>
        eb.or([
          // Its outcome stands, whatever the balance is now.
          eb('id', '=', settlementId),
          eb.and([eb('alias', '=', code.alias), eb('counter', '=', code.counter), eb('was_booked', '=', 1)]),
        ]),
      )
      .executeTakeFirst();
    if (seen !== undefined) return 0;
    const wallet = await db
      .selectFrom('account')
      .innerJoin('wallet', 'wallet.id', 'account.id')
      .selectAll('account')
      .select('wallet.per_payment_limit')
      .where('account.id', '=', walletId)
      .executeTakeFirst();
    if (wallet?.currency !== amount.currency) return 0;
    const inDay = limits.day > wallet.spent_day ? 0 : wallet.spent_in_day;
    const inMonth = limits.month > wallet.spent_month ? 0 : wallet.spent_in_month;
    const isWithin =
      amount.amount <= Math.min(limits.perPayment, wallet.per_payment_limit) &&
      inDay + amount.amount <= limits.perDay &&
      inMonth + amount.amount <= limits.perMonth;
    const lacking = amount.amount - ((wallet.balance ?? 0) - wallet.held);
    // A reload pays first what is owed.
    return isWithin && lacking > 0 ? lacking + wallet.owed : 0;
  }

  return {
    async cover(payment) {
      const { settlementId, walletId, method, amount } = payment;
      if (!method.startsWith(LINKED)) return;
      const lacking = await findLacking(payment);
      if (lacking === 0) return;
      const reloadId = linkedReloadId(settlementId);
      let isOver = false;
      const asked = reloads
        .start({
          reloadId,
          walletId,
          methodId: method.slice(LINKED.length),
          amount: { amount: lacking, currency: amount.currency },
          cause: 'linked',
        })
        .catch(onError)
        .finally(() => (isOver = true));
      for (let waitedMs = 0; waitedMs < PATIENCE_MS; waitedMs += LOOK_MS) {
        await (isOver ? wait(LOOK_MS) : Promise.race([asked, wait(LOOK_MS)]));
        const row = await reloads.find(reloadId, walletId);
        // Refused, declined or credited: there is nothing more to wait for.
        if (isOver && (row === undefined || row.settled_at_ms !== null)) return;
      }
    },
  };
}

/** The same reload for the same settlement: a UUIDv7 of the same millisecond, its random part a hash. */
export function linkedReloadId(settlementId: string): string {
  const digest = createHash('sha256').update(`${settlementId}\nlinked`).digest('hex');
  return `${settlementId.slice(0, 14)}7${digest.slice(0, 3)}-8${digest.slice(3, 6)}-${digest.slice(6, 18)}`;
}
