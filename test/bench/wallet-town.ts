import { randomBytes } from 'node:crypto';
import type { Kysely } from 'kysely';
import { sql } from 'kysely';
import { attemptIdSchema, checkIdSchema, storeIdSchema, terminalIdSchema, uuidV7 } from '#contract/ids.ts';
import { openRandom } from '#test/support/random.ts';
import { type GroupBooking, ISSUER_ACCOUNT, type Settle } from '#wallet/server/ledger/ledger.ts';
import type { Schema } from '#wallet/server/store/schema.ts';

/** Many customers with money, and many stores: what the ledger is measured with. */
export interface Town {
  /** A new settlement of somebody, at some store: at any of them, or always at the same one. */
  settlement(options?: { readonly isHot?: boolean; readonly guests?: number }): Settle;
}

const WALLETS = 100_000;
const STORES = 1_000;
const TERMINALS = 2_000;
const BALANCE = 1_000_000_000;
const MAX_AMOUNT = 5_000;
/** 1.6 %, as stores pay. */
const FEE_PER_MILLE = 16;
const RANDOM_POOL = 10_000;

const id = (kind: number, index: number): string =>
  `0190000${kind}-0000-7000-8000-${index.toString(16).padStart(12, '0')}`;
export const walletId = (index: number): string => id(2, index);
export const storeId = (index: number): string => id(1, index);

/** The same rows in either database; ids are made where they are needed, so that nothing of it crosses the wire. */
export async function seedTown(db: Kysely<Schema>, dialect: 'sqlite' | 'postgres'): Promise<void> {
  const numbered = (kind: number) =>
    dialect === 'postgres'
      ? sql.raw(`('0190000${kind}-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid`)
      : sql.raw(`printf('0190000${kind}-0000-7000-8000-%012x', n)`);
  const count = (most: number) =>
    sql.raw(`with recursive counted (n) as (select 0 union all select n + 1 from counted where n < ${most - 1})`);
  const statements = [
    sql`${count(STORES)} insert into account (id, kind) select ${numbered(1)}, 'store' from counted`,
    sql`${count(STORES)} insert into store (id, name, fee_numerator, fee_denominator)
      select ${numbered(1)}, 'Store ' || n, ${sql.lit(FEE_PER_MILLE)}, 1000 from counted`,
    sql`${count(WALLETS)} insert into account (id, kind, currency, balance)
      select ${numbered(2)}, 'wallet', 'JPY', ${sql.lit(BALANCE)} from counted`,
    sql`${count(WALLETS)} insert into wallet (id, name, per_payment_limit)
      select ${numbered(2)}, 'Haru ' || n, 1000000 from counted`,
    sql`${count(WALLETS)} insert into transfer
        (id, kind, debit_account, credit_account, amount, currency, booked_at_ms)
      select ${numbered(3)}, 'reload', ${sql.lit(ISSUER_ACCOUNT)}, ${numbered(2)}, ${sql.lit(BALANCE)}, 'JPY', 0
      from counted`,
  ];
  for (const statement of statements) await statement.execute(db);
}

export function openTown(seed: number): Town {
  const random = openRandom(seed);
  const wallets = Array.from({ length: WALLETS }, (_, index) => walletId(index));
  const stores = Array.from({ length: STORES }, (_, index) => storeIdSchema.parse(storeId(index)));
  const terminals = Array.from({ length: TERMINALS }, (_, index) => terminalIdSchema.parse(id(4, index)));
  const newId = openIds();
  let counter = 0;
  const pick = <T>(list: readonly T[]): T => {
    const one = random.pick(list);
    if (one === undefined) throw new Error('the list is not empty');
    return one;
  };

  /** The payer and as many others, each with an item of their own. */
  function group(settlementId: string, payerWallet: string, amount: number, guests: number): GroupBooking {
    const share = Math.floor(amount / (guests + 1));
    const ownShare = amount - share * guests;
    const people = new Set([payerWallet]);
    while (people.size <= guests) people.add(pick(wallets));
    const allotments = [...people].slice(1).map((walletId, index) => ({
      allotmentId: newId(),
      guestId: `guest-${index + 1}`,
      walletId,
      amount: share,
    }));
    const shares = allotments.map(({ guestId, allotmentId }) => ({
      guestId,
      allotmentId,
      role: 'member' as const,
      memberRef: `m${guestId}`,
      maskedName: 'Mei •••',
      share,
    }));
    const payer = {
      guestId: 'guest-0',
      role: 'payer' as const,
      memberRef: 'm0',
      maskedName: 'Haru •••',
      share: ownShare,
    };
    const result = {
      groupReference: settlementId.slice(-9),
      payer: 'guest-0',
      currency: 'JPY',
      ownShare,
      walkInShare: 0,
      shares: [payer, ...shares],
    };
    const lines = result.shares.map((one, index) => ({
      lineId: `line-${index}`,
      name: 'Coffee of the day',
      quantity: 1_000,
      amount: one.share,
      consumers: [{ guestId: one.guestId, weight: 1 }],
    }));
    return {
      hash: settlementId,
      ownShare,
      walkInShare: 0,
      allotments,
      result,
      record: JSON.stringify({ lines, result }),
    };
  }

  return {
    settlement: ({ isHot = false, guests = 0 } = {}) => {
      const wallet = pick(wallets);
      const amount = random.between(guests + 1, MAX_AMOUNT);
      const settlementId = attemptIdSchema.parse(newId());
      const atMs = Date.now();
      return {
        type: 'settle',
        settlementId,
        storeId: isHot ? (stores[0] ?? pick(stores)) : pick(stores),
        terminalId: pick(terminals),
        checkId: checkIdSchema.parse(newId()),
        amount: { amount, currency: 'JPY' },
        payer: {
          isGood: true,
          // As long as a real one is.
          alias: `${wallet.slice(-6)}AbCdEfGhIjKlMnOp`,
          counter: ++counter,
          walletId: wallet,
          perPaymentLimit: 100_000,
          offlineAllowance: { amount: 0, currency: 'JPY' },
          member: {
            memberRef: `${wallet.slice(-6)}QrStUvWxYzAbCdEf`,
            maskedName: 'Haru •••',
            settlementMethod: 'shown_code',
          },
        },
        mode: 'online',
        fee: Math.floor((amount * FEE_PER_MILLE) / 1_000),
        limits: { perPayment: 100_000, perDay: 1_000_000_000, perMonth: 10_000_000_000, day: 20_000, month: 660 },
        ...(guests === 0 ? {} : { group: group(settlementId, wallet, amount, guests) }),
        capturedAtMs: atMs,
        atMs,
      };
    },
  };
}

/** As whoever asks would make them elsewhere: here they shall cost as little as they can. */
function openIds(): () => string {
  let pool = randomBytes(RANDOM_POOL);
  let at = 0;
  return () => {
    if (at + 10 > pool.length) {
      pool = randomBytes(RANDOM_POOL);
      at = 0;
    }
    at += 10;
    return uuidV7(Date.now(), pool.subarray(at - 10, at));
  };
}
