import { checkIdSchema, type StoreId, storeIdSchema } from '#contract/ids.ts';
import type { RouteResponse } from '#contract/wallet.ts';
import type { ServerKeys } from './keys.ts';
import { memberRefOf } from './member-ref.ts';
import { type CheckEvent, writeEvents } from './outbox.ts';
import { Refusal } from './problem.ts';
import type { Books } from './store/books.ts';
import { maskName } from './token.ts';

/** Tables whose code guests read with their phones, and who is there. */
export interface Tables {
  /** Names a table; its code is drawn once and stays. */
  name(table: {
    readonly storeId: StoreId;
    readonly tableId: string;
    readonly name: string;
    readonly atMs: number;
  }): Promise<RouteResponse<'putTable'> | Refusal>;
  /**
   * Joins the check that is open at the table, or waits for the next one. The same table again is the same check-in; a
   * person is at one table, so another table is left.
   */
  checkIn(phone: Visitor, tableCode: string): Promise<RouteResponse<'checkIn'> | Refusal>;
  leave(phone: Visitor, checkInId: string): Promise<Refusal | undefined>;
}

interface Visitor {
  readonly walletId: string;
  readonly walletName: string;
  readonly nowMs: number;
}

export interface TablesOptions {
  readonly books: Books;
  readonly keys: ServerKeys;
  readonly newId: () => string;
  readonly random: (bytes: number) => Uint8Array;
}

/** A guest who forgot to leave is gone by then. */
export const CHECK_IN_LIFE_MS = 12 * 3_600_000;

/** In capital letters and digits, so that a QR code stays small: 120 bits, which nobody guesses. */
const CODE_PREFIX = 'WRT1:';
const CODE_LETTERS = 24;
const LETTERS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

export function openTables({ books, keys, newId, random }: TablesOptions): Tables {
  function eventOf(
    type: 'checked_in' | 'left',
    visitor: Visitor,
    at: { readonly id: string; readonly storeId: string; readonly tableId: string; readonly checkId: string | null },
  ): CheckEvent[] {
    const memberRef = memberRefOf(keys, at.storeId, visitor.walletId);
    const detail = { tableId: at.tableId, memberRef, maskedName: maskName(visitor.walletName) };
    const where = { checkId: at.checkId ?? undefined, refId: at.id };
    return [
      { type, storeId: at.storeId, ...where, detail },
      { type: 'check', walletId: visitor.walletId, ...where },
    ];
  }

  return {
    name: ({ storeId, tableId, name, atMs }) =>
      books.write(async (trx) => {
        const known = await trx.selectFrom('table_code').selectAll().where('id', '=', tableId).executeTakeFirst();
        if (known !== undefined && known.store_id !== storeId) return new Refusal('not_found');
        const code = known?.code ?? drawCode(random(CODE_LETTERS));
        await trx
          .insertInto('table_code')
          .values({ id: tableId, store_id: storeId, name, code, made_at_ms: atMs })
          .onConflict((conflict) => conflict.column('id').doUpdateSet({ name }))
          .execute();
        return { tableId, name, tableCode: code };
      }),

    checkIn: (visitor, tableCode) =>
      books.write(async (trx) => {
        const { walletId, nowMs } = visitor;
        const table = await trx
          .selectFrom('table_code')
          .innerJoin('store', 'store.id', 'table_code.store_id')
          .select(['table_code.id', 'table_code.store_id', 'table_code.name'])
          .select(['store.name as store_name', 'store.settlement_methods'])
          .where('table_code.code', '=', tableCode)
          .executeTakeFirst();
        if (table === undefined) return new Refusal('not_found');
        const check = await trx
          .selectFrom('check_state')
          .select('id')
          .where('table_id', '=', table.id)
          .where('store_id', '=', table.store_id)
          .where('state', '=', 'open')
          .where('announced_at_ms', '>', nowMs - CHECK_IN_LIFE_MS)
          .orderBy('announced_at_ms', 'desc')
          .orderBy('id', 'desc')
          .executeTakeFirst();
        const present = await trx
          .selectFrom('check_in')
          .selectAll()
          .where('wallet_id', '=', walletId)
          .where('left_at_ms', 'is', null)
          .where('at_ms', '>', nowMs - CHECK_IN_LIFE_MS)
          .orderBy('id')
          .execute();
        for (const other of present.filter((checkIn) => checkIn.table_id !== table.id)) {
          await trx.updateTable('check_in').set({ left_at_ms: nowMs }).where('id', '=', other.id).execute();
          const left = { id: other.id, storeId: other.store_id, tableId: other.table_id, checkId: other.check_id };
          await writeEvents(books, trx, other.store_id, eventOf('left', visitor, left), nowMs);
        }
        const known = present.find((checkIn) => checkIn.table_id === table.id);
        const checkInId = known?.id ?? newId();
        const checkId = known?.check_id ?? check?.id ?? null;
        if (known === undefined) {
          const row = { table_id: table.id, store_id: table.store_id, wallet_id: walletId };
          await trx
            .insertInto('check_in')
            .values({ id: checkInId, ...row, check_id: checkId, at_ms: nowMs, left_at_ms: null })
            .execute();
          const joined = { id: checkInId, storeId: table.store_id, tableId: table.id, checkId };
          await writeEvents(books, trx, table.store_id, eventOf('checked_in', visitor, joined), nowMs);
        }
        return {
          checkInId,
          storeId: storeIdSchema.parse(table.store_id),
          store: table.store_name,
          table: table.name,
          ...(checkId === null ? {} : { checkId: checkIdSchema.parse(checkId) }),
          settlementMethods: parseMethods(table.settlement_methods),
        };
      }),

    leave: (visitor, checkInId) =>
      books.write(async (trx) => {
        const row = await trx
          .selectFrom('check_in')
          .selectAll()
          .where('id', '=', checkInId)
          .where('wallet_id', '=', visitor.walletId)
          .executeTakeFirst();
        if (row === undefined) return new Refusal('not_found');
        if (row.left_at_ms !== null) return undefined;
        await trx.updateTable('check_in').set({ left_at_ms: visitor.nowMs }).where('id', '=', checkInId).execute();
        const left = { id: row.id, storeId: row.store_id, tableId: row.table_id, checkId: row.check_id };
        await writeEvents(books, trx, row.store_id, eventOf('left', visitor, left), visitor.nowMs);
        return undefined;
      }),
  };
}

/** `store.settlement_methods`. */
export function parseMethods(text: string): string[] {
  const methods: unknown = JSON.parse(text);
  return Array.isArray(methods) ? methods.map(String) : [];
}

function drawCode(bytes: Uint8Array): string {
  return CODE_PREFIX + Array.from(bytes, (byte) => LETTERS.charAt(byte % LETTERS.length)).join('');
}
