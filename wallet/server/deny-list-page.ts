import type { RouteResponse } from '#contract/wallet.ts';
import type { ServerKeys } from './keys.ts';
import type { Books } from './store/books.ts';

/** Changes of the deny list in one answer: some 40 KiB. */
const PAGE = 1_000;

/** The version of the newest change; 0 before the first. */
export async function readDenyListVersion({ db }: Books): Promise<number> {
  const row = await db.selectFrom('deny_list').select('version').orderBy('version', 'desc').limit(1).executeTakeFirst();
  return row?.version ?? 0;
}

/**
 * What changed after a version, signed: for each alias its newest word only, so that whoever asks from the start reads no
 * history. A page says up to where it reaches.
 */
export async function readDenyList(
  { db }: Books,
  since: number,
  key: ServerKeys['signing'],
  issuedAt: string,
): Promise<RouteResponse<'getDenyList'>> {
  const rows = await db
    .selectFrom('deny_list')
    .select(['version', 'alias', 'is_denied'])
    .where('version', '>', since)
    .where((is) =>
      is.not(
        is.exists(
          is
            .selectFrom('deny_list as later')
            .select('later.version')
            .whereRef('later.alias', '=', 'deny_list.alias')
            .whereRef('later.version', '>', 'deny_list.version'),
        ),
      ),
    )
    .orderBy('version')
    .limit(PAGE + 1)
    .execute();
  const page = rows.slice(0, PAGE);
  const version = page.at(-1)?.version ?? since;
  const entries = page.map(({ alias, is_denied }) => ({ alias, isDenied: is_denied === 1 }));
  const signed = ['WRK1 deny-list', since, version, entries.map(({ alias, isDenied }) => [alias, isDenied]), issuedAt];
  return {
    since,
    version,
    entries,
    hasMore: rows.length > PAGE,
    issuedAt,
    keyId: key.keyId,
    signature: Buffer.from(key.sign(new TextEncoder().encode(JSON.stringify(signed)))).toString('base64url'),
  };
}
