import type { Transaction } from 'kysely';
import type { SettlementMethodId } from '#contract/wallet.ts';
import type { Bookkeeper } from './group-commit.ts';
import type { PlaceHold } from './ledger/ledger.ts';
import { limitsOf } from './limits-data.ts';
import { Refusal } from './problem.ts';
import type { Books } from './store/books.ts';
import type { Schema } from './store/schema.ts';

/**
 * Money that is reserved so that a shop without the network is paid: a two-phase hold on the wallet.
 *
 * A credential says how much of it its phone may spend like that, so the hold is placed first and is never less than all
 * that the wallet's phones are promised. What is chosen holds for each phone.
 */
export interface Allowances {
  /**
   * Reserves for a credential that is about to be issued. Resolves to what it may promise, in minor units: what was
   * chosen, or what the balance has.
   */
  reserve(credential: NewCredential): Promise<number | Refusal>;
  /** Resolves to what is reserved now: more at once, less when the credentials that promise more have run out. */
  choose(walletId: string, amount: number, nowMs: number): Promise<number | Refusal>;
}

interface NewCredential {
  readonly phoneId: string;
  readonly walletId: string;
  readonly method: SettlementMethodId;
  readonly issuedAtMs: number;
  readonly notAfterMs: number;
}

/** So long a shop's late items still find their money after the credential has run out. */
const GRACE_MS = 72 * 3_600_000;
/** What is reserved before any credential promises it waits so long for one. */
const UNPROMISED_MS = 48 * 3_600_000;

/** What stands in the books when something is to change. */
interface Standing {
  readonly chosen: number;
  /** By credentials of the wallet's phones that have not run out; `others` without the phone that asks. */
  readonly promised: number;
  readonly others: number;
  /** What is left of the hold, and whether the ledger keeps it though less is asked for. */
  readonly remaining: number;
  readonly isKept: boolean;
}

export function openAllowances(options: {
  readonly books: Books;
  readonly bookkeeper: Pick<Bookkeeper, 'book'>;
  readonly newId: () => string;
}): Allowances {
  const { books, bookkeeper, newId } = options;

  /** Makes the hold so large. What is kept anyway is left alone: asking would promise it for longer. */
  async function hold(
    { remaining, isKept }: Standing,
    command: Omit<PlaceHold, 'type' | 'holdId'>,
  ): Promise<number | Refusal> {
    const { target } = command;
    if (target < remaining && isKept) return remaining;
    if (target === 0 && remaining === 0) return 0;
    const outcome = await bookkeeper.book({ type: 'place_hold', holdId: newId(), ...command });
    if (outcome.type === 'held') return outcome.remaining;
    return new Refusal(outcome.type === 'refused' && outcome.code === 'wallet_locked' ? 'wallet_locked' : 'internal');
  }

  return {
    async reserve({ phoneId, walletId, method, issuedAtMs, notAfterMs }) {
      const standing = await books.write(async (trx) => {
        const before = await read(books, trx, { walletId, phoneId, nowMs: issuedAtMs });
        if (before instanceof Refusal) return before;
        const row = { method, allowance: before.chosen, issued_at_ms: issuedAtMs, not_after_ms: notAfterMs };
        // Promised before it is reserved: of two phones that ask at once, each leaves room for the other.
        await trx
          .insertInto('credential')
          .values({ phone_id: phoneId, ...row })
          .onConflict((conflict) => conflict.column('phone_id').doUpdateSet(row))
          .execute();
        return before;
      });
      if (standing instanceof Refusal) return standing;
      const { chosen, others } = standing;
      const remaining = await hold(standing, {
        walletId,
        target: others + chosen,
        promisedUntilMs: notAfterMs,
        expiresAtMs: notAfterMs + GRACE_MS,
        atMs: issuedAtMs,
      });
      if (remaining instanceof Refusal) return remaining;
      const allowance = Math.max(0, Math.min(chosen, remaining - others));
      if (allowance < chosen) {
        await books.db
          .updateTable('credential')
          .set({ allowance })
          .where('phone_id', '=', phoneId)
          .where('issued_at_ms', '=', issuedAtMs)
          .execute();
      }
      return allowance;
    },

    async choose(walletId, amount, nowMs) {
      const standing = await books.write(async (trx) => {
        const before = await read(books, trx, { walletId, nowMs });
        if (before instanceof Refusal) return before;
        await trx.updateTable('wallet').set({ offline_allowance: amount }).where('id', '=', walletId).execute();
        return before;
      });
      if (standing instanceof Refusal) return standing;
      const { promised, remaining } = standing;
      return hold(standing, {
        walletId,
        // What a shop took of a promise is not reserved anew.
        target: Math.max(amount, Math.min(promised, remaining)),
        promisedUntilMs: nowMs,
        expiresAtMs: nowMs + UNPROMISED_MS + GRACE_MS,
        atMs: nowMs,
      });
    },
  };
}

/** Reads what stands, and lets no other phone of the wallet change it before the transaction is over. */
async function read(
  { dialect }: Books,
  trx: Transaction<Schema>,
  asked: { readonly walletId: string; readonly phoneId?: string; readonly nowMs: number },
): Promise<Standing | Refusal> {
  const { walletId, phoneId, nowMs } = asked;
  const wallet = await trx
    .selectFrom('wallet')
    .innerJoin('account', 'account.id', 'wallet.id')
    .select(['wallet.is_locked', 'wallet.offline_allowance', 'wallet.jurisdiction', 'wallet.level', 'account.currency'])
    .where('wallet.id', '=', walletId)
    .$if(dialect === 'postgres', (query) => query.forUpdate('wallet'))
    .executeTakeFirstOrThrow();
  if (wallet.is_locked === 1) return new Refusal('wallet_locked');
  const promises = await trx
    .selectFrom('credential')
    .innerJoin('phone', 'phone.id', 'credential.phone_id')
    .select(['credential.phone_id', 'credential.allowance'])
    .where('phone.wallet_id', '=', walletId)
    .where('credential.not_after_ms', '>', nowMs)
    .execute();
  const hold = await trx
    .selectFrom('hold')
    .select(['amount', 'posted', 'promised_until_ms'])
    .where('wallet_id', '=', walletId)
    .where('state', '=', 'pending')
    .where('expires_at_ms', '>', nowMs)
    .executeTakeFirst();
  const { maxOfflineAllowance } = limitsOf({ ...wallet, currency: wallet.currency ?? '' });
  const others = promises.filter((promise) => promise.phone_id !== phoneId);
  return {
    chosen: Math.min(wallet.offline_allowance, maxOfflineAllowance),
    promised: sumOf(promises),
    others: sumOf(others),
    remaining: hold === undefined ? 0 : hold.amount - hold.posted,
    isKept: hold !== undefined && nowMs < hold.promised_until_ms,
  };
}

function sumOf(promises: readonly { readonly allowance: number }[]): number {
  return promises.reduce((sum, { allowance }) => sum + allowance, 0);
}
