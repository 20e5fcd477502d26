import type { ServerKeys } from './keys.ts';
import type { Books } from './store/books.ts';
import { UnusableFile } from './store/database.ts';

/**
 * Makes sure that the keys are those of the books: what names a customer in a shop, signs sessions and peppers PINs follows
 * from the key file's secret. Another one would make everybody a stranger, and two servers would disagree about who is who.
 */
export async function checkKeyFile({ db }: Books, keys: ServerKeys): Promise<void> {
  const value = keys.blind('the books of this key file', '').toString('hex');
  await db
    .insertInto('setting')
    .values({ name: 'key_file', value })
    .onConflict((conflict) => conflict.column('name').doNothing())
    .execute();
  const row = await db.selectFrom('setting').select('value').where('name', '=', 'key_file').executeTakeFirstOrThrow();
  if (row.value === value) return;
  throw new UnusableFile(
    'The key file is not the one of these books: its secret is another. Give this server the file that the first one ' +
      'made; several servers over one database share it (--keys FILE).',
  );
}
