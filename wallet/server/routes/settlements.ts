import { attemptIdSchema, refundIdSchema } from '#contract/ids.ts';
import type { RouteResponse } from '#contract/wallet.ts';
import { encodeCursor, parsePage } from '../cursor.ts';
import { openDenyList } from '../deny-list.ts';
import { Overloaded } from '../group-commit.ts';
import type { Settle } from '../ledger/ledger.ts';
import { Refusal, toProblem } from '../problem.ts';
import { giveBack } from '../refunding.ts';
import { openSettling } from '../settling.ts';
import { readStoreLedger } from '../store-ledger.ts';
import { openStoreTerms } from '../store-terms.ts';
import { type HandlersOf, ownStore, type Parts, refusalOf, terminalOf, timeOf } from './parts.ts';

type BatchItem = RouteResponse<'putSettlements'>['items'][number];

export function settlementRoutes(
  parts: Parts,
): HandlersOf<
  | 'putSettlement'
  | 'putSettlements'
  | 'getSettlement'
  | 'cancelSettlement'
  | 'putRefund'
  | 'listStoreLedger'
  | 'getStore'
> {
  const { books, bookkeeper, ledger, tokens, people, keys, clock, newId, reloading } = parts;
  const stores = openStoreTerms(books);
  const settling = openSettling({
    tokens,
    people,
    stores,
    denyList: openDenyList(books),
    linked: reloading,
    keys,
    newId,
    refusalOf,
  });

  async function book(command: Settle): Promise<RouteResponse<'putSettlement'> | Refusal> {
    return settling.conclude(command, await bookkeeper.book(command));
  }

  return {
    putSettlement: async ({ params, body, signer }) => {
      const { storeId, terminalId } = terminalOf(signer);
      const settlementId = attemptIdSchema.parse(params.settlementId);
      const command = await settling.prepare({ storeId, terminalId }, settlementId, body, clock.nowMs());
      // By now: what a linked method reloaded for it came before it, and the history says so.
      return command instanceof Refusal ? command : book({ ...command, atMs: clock.nowMs() });
    },

    putSettlements: async ({ body, signer }) => {
      const { storeId, terminalId } = terminalOf(signer);
      const nowMs = clock.nowMs();
      const commands = await Promise.all(
        body.items.map(({ settlementId, ...item }) =>
          settling.prepare({ storeId, terminalId }, settlementId, item, nowMs).catch(refusalOfError),
        ),
      );
      // Handed to the bookkeeper in one go and in their order: each customer's items are booked oldest first.
      const answers = await Promise.all(
        commands.map(async (command) => (command instanceof Refusal ? command : book(command).catch(refusalOfError))),
      );
      const items = body.items.map(({ settlementId }, index): BatchItem => {
        const answer = answers[index] ?? new Refusal('internal');
        return answer instanceof Refusal
          ? { settlementId, problem: toProblem(answer, timeOf(nowMs)) }
          : { settlementId, settlement: answer };
      });
      return { items };
    },

    getSettlement: async ({ params, signer }) => {
      const { storeId } = terminalOf(signer);
      const settlement = await ledger.findSettlement(attemptIdSchema.parse(params.settlementId), storeId);
      return settlement ?? new Refusal('not_found');
    },

    cancelSettlement: async ({ params, signer }) => {
      const { storeId, terminalId } = terminalOf(signer);
      const settlementId = attemptIdSchema.parse(params.settlementId);
      const atMs = clock.nowMs();
      const outcome = await bookkeeper.book({
        type: 'cancel',
        settlementId,
        storeId,
        terminalId,
        transferId: newId(),
        atMs,
      });
      return outcome.type === 'settlement' ? outcome.settlement : refusalOf(outcome);
    },

    putRefund: async ({ params, body, signer }) => {
      const { storeId, terminalId } = terminalOf(signer);
      const settlementId = attemptIdSchema.parse(params.settlementId);
      const refundId = refundIdSchema.parse(params.refundId);
      const order = { storeId, terminalId, settlementId, refundId, body, atMs: clock.nowMs() };
      return giveBack({ books, bookkeeper }, order, refusalOf);
    },

    listStoreLedger: async ({ params, query, signer }) => {
      const terminal = ownStore(signer, params.storeId);
      if (terminal instanceof Refusal) return terminal;
      const page = parsePage(query);
      if (page instanceof Refusal) return page;
      const nowMs = clock.nowMs();
      const { entries, next } = await readStoreLedger(books, {
        storeId: terminal.storeId,
        fromMs: query.from === undefined ? undefined : Date.parse(query.from),
        toMs: query.to === undefined ? undefined : Date.parse(query.to),
        ...page,
        nowMs,
      });
      return {
        entries: [...entries],
        ...(next === undefined ? {} : { nextCursor: encodeCursor(next) }),
        serverTime: timeOf(nowMs),
      };
    },

    getStore: async ({ params }) => (await stores.find(params.storeId)) ?? new Refusal('not_found'),
  };
}

/** One item that cannot be booked now is no reason to hold back the others' answers. */
function refusalOfError(error: unknown): Refusal {
  return new Refusal(error instanceof Overloaded ? 'overloaded' : 'internal');
}
