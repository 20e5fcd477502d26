import { encodeCursor, parsePage } from '../cursor.ts';
import { openGroupPayments } from '../group-payments.ts';
import { readHistory } from '../history.ts';
import { Refusal } from '../problem.ts';
import { type HandlersOf, type Parts, phoneOf } from './parts.ts';

export function historyRoutes(parts: Parts): HandlersOf<'listHistory' | 'walletEvents'> {
  const { books, keys, people, events } = parts;
  const groups = openGroupPayments(books, keys, people);
  return {
    listHistory: async ({ query, signer }) => {
      const page = parsePage(query);
      if (page instanceof Refusal) return page;
      const { walletId } = phoneOf(signer);
      const { entries, next } = await readHistory({ books, people, groups }, walletId, page.after, page.limit);
      return { entries: [...entries], ...(next === undefined ? {} : { nextCursor: encodeCursor(next) }) };
    },

    walletEvents: ({ signer }) => events.ofWallet(phoneOf(signer).walletId),
  };
}
