import { type SettlementMethodId, settlementMethodIdSchema } from '#contract/wallet.ts';
import type { Clock } from './call.ts';
import { type Limits, limitsOf } from './limits-data.ts';
import { DEFAULT_METHOD } from './settlement-methods.ts';
import type { Books } from './store/books.ts';
import type { SignerChanges } from './store/signer-changes.ts';
import { openTogether } from './store/together.ts';

/** Whose code it is, by the alias in it. Remembered for a moment, because a busy hour asks for the same people again. */
export interface Payers {
  find(alias: string): Promise<PayingPhone | undefined>;
  /** By the key that the phone signs its requests with: the next one who asks reads the books. */
  forget(keyId: string): void;
}

interface PayingPhone {
  readonly keyId: string;
  readonly walletId: string;
  readonly walletName: string;
  /** Undefined while the phone is bound. */
  readonly revokedAtMs: number | undefined;
  /** Of its newest credential. */
  readonly method: SettlementMethodId;
  readonly limits: Limits;
}

const MAX_REMEMBERED = 20_000;
/** That another server removed a phone is seen at once; a method or a level that it changed, after this. */
const FRESH_MS = 1_000;

export function openPayers({ db }: Books, clock: Clock, changes: SignerChanges): Payers {
  const remembered = new Map<string, { readonly payer: PayingPhone; readonly untilMs: number }>();
  const reading = openTogether(read);
  /** Rises when something is forgotten: what was being read then may be the old. */
  let forgotten = 0;
  let epoch: number | undefined;

  async function read(aliases: readonly string[]): Promise<ReadonlyMap<string, PayingPhone>> {
    const rows = await db
      .selectFrom('phone')
      .innerJoin('wallet', 'wallet.id', 'phone.wallet_id')
      .innerJoin('account', 'account.id', 'phone.wallet_id')
      .leftJoin('credential', 'credential.phone_id', 'phone.id')
      .select([
        'phone.alias',
        'phone.key_id',
        'phone.wallet_id',
        'phone.revoked_at_ms',
        'wallet.name',
        'wallet.jurisdiction',
        'wallet.level',
        'account.currency',
        'credential.method',
      ])
      .where('phone.alias', 'in', aliases)
      .execute();
    return new Map(
      rows.map(({ jurisdiction, level, currency, ...row }) => [
        row.alias,
        {
          keyId: row.key_id,
          walletId: row.wallet_id,
          walletName: row.name,
          revokedAtMs: row.revoked_at_ms ?? undefined,
          method: settlementMethodIdSchema.safeParse(row.method).data ?? DEFAULT_METHOD,
          limits: limitsOf({ jurisdiction, level, currency: currency ?? '' }),
        },
      ]),
    );
  }

  return {
    async find(alias) {
      const now = changes.epoch();
      if (now === undefined || now !== epoch) remembered.clear();
      epoch = now;
      const known = remembered.get(alias);
      const nowMs = clock.nowMs();
      if (known !== undefined && nowMs < known.untilMs) return known.payer;
      const before = forgotten;
      const payer = await reading.find(alias);
      remembered.delete(alias);
      const isCurrent = forgotten === before && now !== undefined && now === changes.epoch() && now === epoch;
      if (payer === undefined || !isCurrent) return payer;
      const [oldest] = remembered.keys();
      if (remembered.size >= MAX_REMEMBERED && oldest !== undefined) remembered.delete(oldest);
      remembered.set(alias, { payer, untilMs: nowMs + FRESH_MS });
      return payer;
    },

    forget(keyId) {
      forgotten += 1;
      for (const [alias, { payer }] of remembered) if (payer.keyId === keyId) remembered.delete(alias);
    },
  };
}
