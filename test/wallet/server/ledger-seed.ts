import { attemptIdSchema, checkIdSchema, refundIdSchema, storeIdSchema, terminalIdSchema } from '#contract/ids.ts';
import type { OracleWallet } from '#test/wallet/server/oracle-tables.ts';
import { ISSUER_ACCOUNT, operatorAccount } from '#wallet/server/ledger/ledger.ts';
import type { Books } from '#wallet/server/store/books.ts';

/** A small world for ledgers under test: few ids, so that commands meet one another. */
export const id = (kind: number, index: number): string =>
  `019000${String(kind).padStart(2, '0')}-0000-7000-8000-${String(index).padStart(12, '0')}`;

export const stores = [id(1, 1), id(1, 2)].map((value) => storeIdSchema.parse(value));
export const terminals = [id(2, 1), id(2, 2)].map((value) => terminalIdSchema.parse(value));
export const checks = [id(3, 1), id(3, 2)].map((value) => checkIdSchema.parse(value));
export const wallets: readonly (OracleWallet & { readonly name: string })[] = [
  { walletId: id(4, 1), name: 'Haru Tanaka', currency: 'JPY', perPaymentLimit: 5_000, isLocked: false },
  { walletId: id(4, 2), name: 'Mei Sato', currency: 'JPY', perPaymentLimit: 50_000, isLocked: false },
  { walletId: id(4, 3), name: 'Sora Ito', currency: 'JPY', perPaymentLimit: 50_000, isLocked: false },
  { walletId: id(4, 4), name: 'Ren Suzuki', currency: 'USD', perPaymentLimit: 50_000, isLocked: false },
  { walletId: id(4, 5), name: 'Aoi Watanabe', currency: 'JPY', perPaymentLimit: 50_000, isLocked: true },
];
export const origins = [ISSUER_ACCOUNT, operatorAccount('kumo'), operatorAccount('yama')];

/** Ids of each kind of money row. Commands use one of another kind now and then. */
const ids = (kind: number, count: number): string[] => Array.from({ length: count }, (_, index) => id(kind, index));
export const settlementIds = ids(5, 30).map((value) => attemptIdSchema.parse(value));
export const refundIds = ids(6, 16).map((value) => refundIdSchema.parse(value));
export const reloadIds = ids(7, 30);
export const repaymentIds = ids(8, 20);
export const holdIds = ids(9, 6);

/** Stores, wallets and the operators' accounts, as registration would make them. */
export async function seed(books: Books): Promise<void> {
  await books.write(async (trx) => {
    const others = { currency: null, balance: null };
    for (const [index, storeId] of stores.entries()) {
      await trx
        .insertInto('account')
        .values({ id: storeId, kind: 'store', ...others })
        .execute();
      await trx
        .insertInto('store')
        .values({ id: storeId, name: `Store ${index}` })
        .execute();
    }
    for (const { walletId, name, currency, perPaymentLimit, isLocked } of wallets) {
      await trx.insertInto('account').values({ id: walletId, kind: 'wallet', currency, balance: 0 }).execute();
      await trx
        .insertInto('wallet')
        .values({ id: walletId, name, per_payment_limit: perPaymentLimit, is_locked: isLocked ? 1 : 0, pin_hash: null })
        .execute();
    }
    for (const origin of origins.slice(1)) {
      await trx
        .insertInto('account')
        .values({ id: origin, kind: 'operator', ...others })
        .execute();
    }
  });
}
