import type { Selectable, Transaction } from 'kysely';
import { looksLikeCardNumber } from '#contract/operator.ts';
import { methodKindSchema, type ReloadMethod } from '#contract/reload.ts';
import type { RouteInput, RouteResponse } from '#contract/wallet.ts';
import type { Clock } from '../call.ts';
import { Refusal } from '../problem.ts';
import type { Books } from '../store/books.ts';
import type { Schema } from '../store/schema.ts';
import type { Operators } from './operators.ts';
import type { Turns } from './turns.ts';

/** Payment means that customers registered to reload from. Only the operator knows what is behind a token. */
export interface Methods {
  /** The same means again is still one. */
  add(walletId: string, request: RouteInput<'addReloadMethod'>): Promise<RouteResponse<'addReloadMethod'> | Refusal>;
  /** What drew on it by itself stops; what it reloaded stays. False where the wallet has no such method. */
  remove(walletId: string, methodId: string): Promise<boolean>;
  has(walletId: string, methodId: string): Promise<boolean>;
}

export interface MethodsOptions {
  readonly books: Books;
  readonly operators: Operators;
  /** By wallet. */
  readonly turns: Turns;
  readonly clock: Clock;
  readonly newId: () => string;
}

const MAX_METHODS = 20;
const DEFAULT_SETTLEMENT_METHOD = 'shown_code';

export function openMethods({ books, operators, turns, clock, newId }: MethodsOptions): Methods {
  return {
    async add(walletId, { operatorId, kind, setupToken }) {
      if (looksLikeCardNumber(setupToken)) {
        return new Refusal('operator_refused', 'A card number is not taken here, and nothing of it was kept.');
      }
      const operator = await operators.find(operatorId);
      if (operator === undefined || !operator.view.kinds.includes(kind)) return new Refusal('method_unknown');
      const { view, port } = operator;
      const methodId = newId();
      const result = await port.tokenise({ methodId, kind, setupToken });
      if (result.type === 'unknown') return new Refusal('operator_unavailable');
      if (result.type === 'failure') {
        return result.code === 'kind_unknown'
          ? new Refusal('method_unknown')
          : new Refusal('operator_refused', `${view.name} does not take this.`);
      }

      const means = result.value;
      const register = async (trx: Transaction<Schema>) => {
        // Whoever registers for the same wallet waits here.
        await trx
          .selectFrom('wallet')
          .select('id')
          .where('id', '=', walletId)
          .$if(books.dialect === 'postgres', (query) => query.forUpdate())
          .executeTakeFirstOrThrow();
        const own = await trx
          .selectFrom('reload_method')
          .selectAll()
          .where('wallet_id', '=', walletId)
          .where('removed_at_ms', 'is', null)
          .execute();
        const same = own.find((row) => row.operator_id === operatorId && row.fingerprint === means.fingerprint);
        if (same !== undefined) return { row: same, wasRegistered: true };
        if (own.length >= MAX_METHODS) return undefined;
        const row: MethodRow = {
          id: methodId,
          wallet_id: walletId,
          operator_id: operatorId,
          kind,
          token: means.token,
          fingerprint: means.fingerprint,
          display_name: means.displayName,
          registered_at_ms: clock.nowMs(),
          removed_at_ms: null,
        };
        await trx.insertInto('reload_method').values(row).execute();
        return { row, wasRegistered: false };
      };
      const registered = await turns.take(walletId, () => books.write(register));
      // A token that nothing names any more.
      if (registered === undefined || registered.wasRegistered) await port.forget(means.token);
      if (registered === undefined) {
        return new Refusal('operator_refused', `A wallet has ${MAX_METHODS} payment means at most.`);
      }
      return { method: toMethod(registered.row, view.name), wasRegistered: registered.wasRegistered };
    },

    async remove(walletId, methodId) {
      const nowMs = clock.nowMs();
      const removed = await books.write(async (trx) => {
        const row = await trx
          .updateTable('reload_method')
          .set({ removed_at_ms: nowMs })
          .where('id', '=', methodId)
          .where('wallet_id', '=', walletId)
          .where('removed_at_ms', 'is', null)
          .returning(['operator_id', 'token'])
          .executeTakeFirst();
        if (row === undefined) return undefined;
        await trx
          .updateTable('auto_reload')
          .set({ is_on: 0, changed_at_ms: nowMs })
          .where('wallet_id', '=', walletId)
          .where('method_id', '=', methodId)
          .execute();
        await trx
          .updateTable('wallet')
          .set({ settlement_method: DEFAULT_SETTLEMENT_METHOD })
          .where('id', '=', walletId)
          .where('settlement_method', '=', `linked:${methodId}`)
          .execute();
        return row;
      });
      if (removed === undefined) return false;
      // It is gone for the customer, whether or not the operator can be told just now: nothing here names its token.
      await (await operators.find(removed.operator_id))?.port.forget(removed.token);
      return true;
    },

    has: async (walletId, methodId) => {
      const row = await books.db
        .selectFrom('reload_method')
        .select('id')
        .where('id', '=', methodId)
        .where('wallet_id', '=', walletId)
        .where('removed_at_ms', 'is', null)
        .executeTakeFirst();
      return row !== undefined;
    },
  };
}

type MethodRow = Selectable<Schema['reload_method']>;

function toMethod(row: MethodRow, operatorName: string): ReloadMethod {
  return {
    methodId: row.id,
    operatorId: row.operator_id,
    operatorName,
    kind: methodKindSchema.parse(row.kind),
    displayName: row.display_name,
    registeredAt: new Date(row.registered_at_ms).toISOString(),
  };
}
