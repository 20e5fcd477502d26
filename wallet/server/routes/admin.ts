import type { StoreId, TerminalId } from '#contract/ids.ts';
import { PAIRING_LIFETIME_MS, issuePairingCode } from '../pairing.ts';
import { Refusal } from '../problem.ts';
import { readExposure } from '../offline-exposure.ts';
import { listStores, putStore } from '../stores.ts';
import { findTerminal, isSameFingerprint, listTerminals } from '../terminals.ts';
import { type HandlersOf, type Parts, timeOf } from './parts.ts';

export function adminRoutes(
  parts: Parts,
): HandlersOf<
  | 'adminOverview'
  | 'adminOpenStore'
  | 'adminMakeEnrolmentCode'
  | 'adminApproveTerminal'
  | 'adminRevokeTerminal'
  | 'adminMakeBindingCode'
  | 'adminUnlockWallet'
> {
  const { books, registry, clock, random } = parts;
  const viewOf = async (terminalId: TerminalId) => (await findTerminal(books, terminalId)) ?? new Refusal('not_found');
  return {
    adminOverview: async () => {
      const { db } = books;
      const operators = await db.selectFrom('operator').selectAll().where('removed_at_ms', 'is', null).execute();
      const { wallets } = await db
        .selectFrom('wallet')
        .select((select) => select.fn.countAll<number>().as('wallets'))
        .executeTakeFirstOrThrow();
      return {
        stores: [...(await listStores(books))],
        terminals: [...(await listTerminals(books))],
        operators: operators.map(({ id, name, kinds, url }) => ({
          operatorId: id,
          name,
          kinds: JSON.parse(kinds) as [],
          url,
        })),
        wallets: Number(wallets),
        offlineExposure: [...(await readExposure(books, clock.nowMs()))],
        serverTime: timeOf(clock.nowMs()),
      };
    },

    adminOpenStore: async ({ params, body }) => putStore(books, { ...body, ...params }, clock.nowMs()),

    adminMakeEnrolmentCode: async ({ params: { storeId }, body: { isApproved } }) => {
      if (!(await isStore(storeId))) return new Refusal('not_found');
      const nowMs = clock.nowMs();
      const enrolmentCode = await issuePairingCode(registry, { storeId, isApproved }, nowMs, random);
      return { enrolmentCode, expiresAt: timeOf(nowMs + PAIRING_LIFETIME_MS) };
    },

    adminApproveTerminal: async ({ params: { terminalId }, body: { fingerprint } }) => {
      const terminal = await viewOf(terminalId);
      if (terminal instanceof Refusal) return terminal;
      if (terminal.state === 'revoked') return new Refusal('conflict', 'The terminal was revoked.');
      if (!isSameFingerprint(terminal.fingerprint, fingerprint)) {
        return new Refusal('conflict', 'The fingerprint is another one: the terminal at hand is not this terminal.');
      }
      await registry.approveTerminal(terminalId, clock.nowMs());
      return viewOf(terminalId);
    },

    adminRevokeTerminal: async ({ params: { terminalId } }) => {
      await registry.revoke(terminalId, clock.nowMs());
      return viewOf(terminalId);
    },

    adminMakeBindingCode: async ({ params: { walletId } }) => {
      const wallet = await books.db.selectFrom('wallet').select('id').where('id', '=', walletId).executeTakeFirst();
      if (wallet === undefined) return new Refusal('not_found');
      const nowMs = clock.nowMs();
      const bindingCode = await issuePairingCode(registry, { walletId }, nowMs, random);
      return { bindingCode, expiresAt: timeOf(nowMs + PAIRING_LIFETIME_MS) };
    },

    adminUnlockWallet: async ({ params: { walletId }, body: { forgetPin } }) => {
      const { numUpdatedRows } = await books.db
        .updateTable('wallet')
        .set({ is_locked: 0, pin_failures: 0, pin_retry_at_ms: 0, ...(forgetPin ? { pin_hash: null } : {}) })
        .where('id', '=', walletId)
        .executeTakeFirstOrThrow();
      return numUpdatedRows === 1n ? { walletId } : new Refusal('not_found');
    },
  };

  async function isStore(storeId: StoreId): Promise<boolean> {
    const row = await books.db.selectFrom('store').select('id').where('id', '=', storeId).executeTakeFirst();
    return row !== undefined;
  }
}
