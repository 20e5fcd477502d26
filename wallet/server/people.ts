import type { GroupGuest } from '#contract/group.ts';
import { parseCode, STEP_SECONDS } from '#contract/token.ts';
import type { ServerKeys } from './keys.ts';
import { walletOfMemberRef } from './member-ref.ts';
import { Refusal } from './problem.ts';
import type { Books } from './store/books.ts';
import type { Tokens } from './token.ts';

/** A person on a check, once it is known who they are. */
export interface Guest {
  readonly guestId: string;
  /** Undefined for a walk-in. */
  readonly walletId: string | undefined;
  /** Whole: it is masked before it leaves the server. */
  readonly name: string | undefined;
}

export interface People {
  /**
   * Who the guests of a shop's check are. To be on a bill a code need not be fresh: it was read when the guest sat down.
   *
   * Refused are `token_invalid` for a code that is none, and `group_invalid` for an unknown reference or alias and for
   * one member under two guests. The detail says which guest.
   */
  identify(storeId: string, guests: readonly GroupGuest[], nowMs: number): Promise<readonly Guest[] | Refusal>;
  /** The wallet that a code's alias stands for. */
  walletOfAlias(alias: string): Promise<string | undefined>;
  /** Whole names by wallet; what is not there is left out. */
  namesOf(walletIds: Iterable<string>): Promise<ReadonlyMap<string, string>>;
}

export function openPeople(books: Books, keys: ServerKeys, tokens: Tokens): People {
  const { db } = books;

  async function namesOf(walletIds: Iterable<string>): Promise<ReadonlyMap<string, string>> {
    const ids = [...new Set(walletIds)];
    if (ids.length === 0) return new Map();
    const rows = await db.selectFrom('wallet').select(['id', 'name']).where('id', 'in', ids).execute();
    return new Map(rows.map(({ id, name }) => [id, name]));
  }

  async function walletsOfAliases(guests: readonly GroupGuest[]): Promise<ReadonlyMap<string, string>> {
    const aliases = guests.flatMap(({ alias }) => alias ?? []);
    if (aliases.length === 0) return new Map();
    const rows = await db.selectFrom('phone').select(['alias', 'wallet_id']).where('alias', 'in', aliases).execute();
    return new Map(rows.map((row) => [row.alias, row.wallet_id]));
  }

  async function walletOfCode(storeId: string, token: string, nowMs: number): Promise<string | undefined> {
    const parsed = parseCode(token);
    if (!parsed.ok) return undefined;
    const shownAtMs = Math.min(parsed.code.step * STEP_SECONDS * 1_000, nowMs);
    const judged = await tokens.judge(token, storeId, shownAtMs);
    return judged.isGood ? judged.walletId : undefined;
  }

  return {
    async identify(storeId, guests, nowMs) {
      const byAlias = await walletsOfAliases(guests);
      const named = await Promise.all(
        guests.map(async ({ guestId, memberRef, alias, token }) => {
          let walletId: string | undefined;
          if (memberRef !== undefined) walletId = walletOfMemberRef(keys, storeId, memberRef);
          else if (alias !== undefined) walletId = byAlias.get(alias);
          else if (token !== undefined) walletId = await walletOfCode(storeId, token, nowMs);
          return { guestId, walletId, how: howNamed({ memberRef, alias, token }) };
        }),
      );
      const names = await namesOf(named.flatMap(({ walletId }) => walletId ?? []));
      for (const { guestId, walletId, how } of named) {
        if (how === undefined || (walletId !== undefined && names.has(walletId))) continue;
        if (how === 'token') return new Refusal('token_invalid', `guest ${guestId}: the code is not valid`);
        return new Refusal('group_invalid', `guest ${guestId}: no such member (${how})`);
      }
      const isSame = sameMember(named);
      if (isSame !== undefined) return new Refusal('group_invalid', isSame);
      return named.map(({ guestId, walletId }) => ({
        guestId,
        walletId,
        name: walletId === undefined ? undefined : names.get(walletId),
      }));
    },

    walletOfAlias: async (alias) => {
      const row = await db.selectFrom('phone').select('wallet_id').where('alias', '=', alias).executeTakeFirst();
      return row?.wallet_id;
    },

    namesOf,
  };
}

/** Which two guests are one member, as a sentence. Undefined where everybody is somebody else. */
export function sameMember(guests: readonly Pick<Guest, 'guestId' | 'walletId'>[]): string | undefined {
  const seen = new Map<string, string>();
  for (const { guestId, walletId } of guests) {
    if (walletId === undefined) continue;
    const other = seen.get(walletId);
    if (other !== undefined) return `guests ${other} and ${guestId} are the same member`;
    seen.set(walletId, guestId);
  }
  return undefined;
}

function howNamed(guest: Omit<GroupGuest, 'guestId'>): 'memberRef' | 'alias' | 'token' | undefined {
  if (guest.memberRef !== undefined) return 'memberRef';
  if (guest.alias !== undefined) return 'alias';
  return guest.token === undefined ? undefined : 'token';
}
