import { createHash } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import type { Money } from '#contract/money.ts';
import type { SettlementMethodId } from '#contract/wallet.ts';
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

export interface LinkedPayment {
  readonly settlementId: string;
  readonly walletId: string;
  /** As the PIN was given for: `linked:<method id>` is the owner's consent to reload and pay. */
  readonly method: SettlementMethodId;
  readonly amount: Money;
}

const LINKED = 'linked:';
/** A terminal waits 5 s; the settlement has to be booked within that too. */
const PATIENCE_MS = 3_000;
const LOOK_MS = 200;

export function openLinkedPayments(books: Books, reloads: Reloads, onError: (error: unknown) => void): LinkedPayments {
  /** What has to be reloaded for the payment; 0 where nothing has. */
  async function findLacking({ settlementId, walletId, amount }: LinkedPayment): Promise<number> {
    const { db } = books;
    // Its outcome stands, whatever the balance is now.
    const seen = await db.selectFrom('settlement').select('id').where('id', '=', settlementId).executeTakeFirst();
    if (seen !== undefined) return 0;
    const account = await db
      .selectFrom('account')
      .select(['balance', 'held', 'owed', 'currency'])
      .where('id', '=', walletId)
      .executeTakeFirst();
    if (account?.currency !== amount.currency) return 0;
    const lacking = amount.amount - ((account.balance ?? 0) - account.held);
    // A reload pays first what is owed.
    return lacking > 0 ? lacking + account.owed : 0;
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
