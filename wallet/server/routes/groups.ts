import { readBalances } from '../balances.ts';
import { encodeCursor, parsePage } from '../cursor.ts';
import { openGroupPayments } from '../group-payments.ts';
import { Refusal } from '../problem.ts';
import { type HandlersOf, type Parts, phoneOf, refusalOf } from './parts.ts';

export function groupRoutes(
  parts: Parts,
): HandlersOf<'listGroupPayments' | 'getGroupPayment' | 'listBalances' | 'treat' | 'putRepayment'> {
  const { books, bookkeeper, keys, people, pins, clock } = parts;
  const groups = openGroupPayments(books, keys, people);
  return {
    listGroupPayments: async ({ query, signer }) => {
      const page = parsePage(query);
      if (page instanceof Refusal) return page;
      const { entries, next } = await groups.list(phoneOf(signer).walletId, page.after, page.limit);
      return {
        groupPayments: [...entries],
        ...(next === undefined ? {} : { nextCursor: encodeCursor(next) }),
      };
    },

    getGroupPayment: async ({ params, signer }) =>
      (await groups.find(phoneOf(signer).walletId, params.groupPaymentId)) ?? new Refusal('not_found'),

    listBalances: async ({ signer }) => ({
      people: await readBalances(books, keys, people, phoneOf(signer).walletId),
    }),

    treat: async ({ params: { groupPaymentId }, body: { allotmentIds }, signer }) => {
      const { walletId } = phoneOf(signer);
      const outcome = await bookkeeper.book({
        type: 'treat',
        groupPaymentId,
        walletId,
        allotmentIds,
        atMs: clock.nowMs(),
      });
      if (outcome.type !== 'treated') return refusalOf(outcome);
      return (await groups.find(walletId, groupPaymentId)) ?? new Refusal('not_found');
    },

    putRepayment: async ({ params: { allotmentId, repaymentId }, body: { amount, pin }, signer }) => {
      const { walletId } = phoneOf(signer);
      if (amount.amount <= 0) return new Refusal('bad_request', 'amount: a repayment is above zero');
      const wrongPin = await pins.check(walletId, pin);
      if (wrongPin !== undefined) return wrongPin;
      const outcome = await bookkeeper.book({
        type: 'repay',
        repaymentId,
        allotmentId,
        walletId,
        amount,
        atMs: clock.nowMs(),
      });
      if (outcome.type !== 'repaid') return refusalOf(outcome);
      const allotment = await groups.findAllotment(walletId, allotmentId);
      if (allotment === undefined) throw new Error('what was paid back is an allotment');
      return { allotment, balance: { amount: outcome.balance, currency: amount.currency } };
    },
  };
}
