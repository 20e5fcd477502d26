import { openChecks } from '../checks.ts';
import { previewGroup } from '../group.ts';
import { openNotices } from '../notices.ts';
import { Refusal } from '../problem.ts';
import { openTables } from '../tables.ts';
import { listWalletChecks } from '../wallet-checks.ts';
import { type HandlersOf, ownStore, type Parts, phoneOf, terminalOf } from './parts.ts';

export function checkRoutes(
  parts: Parts,
): HandlersOf<
  | 'putMembers'
  | 'putConsumption'
  | 'getCheck'
  | 'previewSplit'
  | 'checkEvents'
  | 'storeEvents'
  | 'putTable'
  | 'putNotice'
  | 'checkIn'
  | 'leaveCheckIn'
  | 'listWalletChecks'
> {
  const { books, keys, people, clock, newId, random, events } = parts;
  const checks = openChecks({ books, keys, people });
  const tables = openTables({ books, keys, newId, random });
  const notices = openNotices(books);

  /** What was written has events: whoever listens hears of them now. */
  async function announced<Answer>(work: Promise<Answer>): Promise<Answer> {
    const answer = await work;
    events.wake();
    return answer;
  }

  return {
    putMembers: ({ params: { checkId }, body, signer }) => {
      const { storeId, terminalId } = terminalOf(signer);
      return announced(checks.announce({ storeId, terminalId, checkId, atMs: clock.nowMs(), body }));
    },

    putConsumption: async ({ params: { checkId }, body, signer }) => {
      const { storeId } = terminalOf(signer);
      const refusal = await announced(checks.consume({ storeId, checkId, atMs: clock.nowMs(), body }));
      return refusal ?? { checkId, lines: body.lines.length };
    },

    getCheck: ({ params: { checkId }, signer }) => checks.find(terminalOf(signer).storeId, checkId, clock.nowMs()),

    previewSplit: async ({ body: { amount, group }, signer }) => {
      const { storeId } = terminalOf(signer);
      if (amount.amount <= 0) return new Refusal('bad_request', 'amount: a settlement is above zero');
      const guests = await people.identify(storeId, group.guests, clock.nowMs());
      if (guests instanceof Refusal) return guests;
      return previewGroup(keys, { storeId, amount, group, guests, payer: undefined });
    },

    checkEvents: async ({ params: { checkId }, signer }) => {
      const { storeId } = terminalOf(signer);
      const check = await checks.find(storeId, checkId, clock.nowMs());
      return check instanceof Refusal ? check : events.ofCheck(storeId, checkId);
    },

    storeEvents: async ({ params, signer }) => {
      const terminal = ownStore(signer, params.storeId);
      return terminal instanceof Refusal ? terminal : events.ofStore(terminal.storeId);
    },

    putTable: ({ params: { tableId }, body: { name }, signer }) =>
      tables.name({ storeId: terminalOf(signer).storeId, tableId, name, atMs: clock.nowMs() }),

    putNotice: async ({ params: { noticeId }, body, signer }) => {
      const { storeId } = terminalOf(signer);
      return (await notices.publish({ noticeId, storeId, body, nowMs: clock.nowMs() })) ?? { noticeId };
    },

    checkIn: ({ body, signer }) => {
      const { walletId, walletName } = phoneOf(signer);
      return announced(tables.checkIn({ walletId, walletName, nowMs: clock.nowMs() }, body.tableCode));
    },

    leaveCheckIn: async ({ params: { checkInId }, signer }) => {
      const { walletId, walletName } = phoneOf(signer);
      const visitor = { walletId, walletName, nowMs: clock.nowMs() };
      return (await announced(tables.leave(visitor, checkInId))) ?? { checkInId };
    },

    listWalletChecks: ({ signer }) => listWalletChecks(books, notices, phoneOf(signer).walletId, clock.nowMs()),
  };
}
