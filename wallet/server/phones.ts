import type { RouteResponse } from '#contract/wallet.ts';
import type { Books } from './store/books.ts';

type PhoneView = RouteResponse<'listPhones'>['devices'][number];

/** A wallet's phones, the oldest first; those that were removed are not among them. */
export async function listPhones({ db }: Books, walletId: string, ownPhoneId: string): Promise<readonly PhoneView[]> {
  const rows = await db
    .selectFrom('phone')
    .select(['id', 'name', 'bound_at_ms'])
    .where('wallet_id', '=', walletId)
    .where('revoked_at_ms', 'is', null)
    .orderBy('bound_at_ms')
    .orderBy('id')
    .execute();
  return rows.map(({ id, name, bound_at_ms }) => ({
    deviceId: id,
    name,
    boundAt: new Date(bound_at_ms).toISOString(),
    isThisOne: id === ownPhoneId,
  }));
}

/** The key of a wallet's phone, removed or not. Undefined for another wallet's. */
export async function findPhoneKey({ db }: Books, walletId: string, phoneId: string): Promise<string | undefined> {
  const row = await db
    .selectFrom('phone')
    .select('key_id')
    .where('id', '=', phoneId)
    .where('wallet_id', '=', walletId)
    .executeTakeFirst();
  return row?.key_id;
}
