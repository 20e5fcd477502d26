import type { ServerKeys } from './keys.ts';
import { limitsOf } from './limits-data.ts';
import type { Books } from './store/books.ts';

/** A wallet that somebody opens with the phone in their hand. */
export interface NewWallet {
  readonly walletId: string;
  readonly phoneId: string;
  readonly name: string;
  /** Ed25519, 32 bytes. */
  readonly publicKey: Uint8Array;
  /** One that a table of limits knows, and what wallets hold there. */
  readonly jurisdiction: string;
  readonly currency: string;
}

const ALIAS_CHARACTERS = 10;
const LEVEL = 'basic';

/**
 * Opens it and binds the phone. The same key again gets the same wallet: the answer was lost, and a person who taps once
 * more wants no second one.
 */
export async function openNewWallet(
  books: Books,
  keys: Pick<ServerKeys, 'blind'>,
  wallet: NewWallet,
  nowMs: number,
): Promise<{ readonly walletId: string; readonly phoneId: string }> {
  const { walletId, phoneId, name, jurisdiction, currency } = wallet;
  // Of the key, so that the books themselves refuse a second phone with it, whichever server is asked.
  const alias = keys.blind('alias', Buffer.from(wallet.publicKey).toString('base64url')).toString('base64url');
  const phone = {
    id: phoneId,
    wallet_id: walletId,
    alias: alias.slice(0, ALIAS_CHARACTERS),
    key_id: phoneId,
    public_key: Buffer.from(wallet.publicKey),
    bound_at_ms: nowMs,
    revoked_at_ms: null,
  };
  const find = async () =>
    books.db.selectFrom('phone').select(['id', 'wallet_id']).where('alias', '=', phone.alias).executeTakeFirst();

  const known = await find();
  if (known !== undefined) return { walletId: known.wallet_id, phoneId: known.id };
  const { perPayment } = limitsOf({ jurisdiction, level: LEVEL, currency });
  try {
    await books.write(async (trx) => {
      await trx.insertInto('account').values({ id: walletId, kind: 'wallet', currency, balance: 0 }).execute();
      await trx
        .insertInto('wallet')
        .values({
          id: walletId,
          name,
          per_payment_limit: perPayment,
          jurisdiction,
          level: LEVEL,
          pin_hash: null,
          created_at_ms: nowMs,
        })
        .execute();
      await trx.insertInto('phone').values(phone).execute();
    });
    return { walletId, phoneId };
  } catch (error) {
    const first = await find();
    if (first === undefined) throw error;
    return { walletId: first.wallet_id, phoneId: first.id };
  }
}
