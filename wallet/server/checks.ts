import type { Selectable } from 'kysely';
import { z } from 'zod';
import { adjustmentSchema, type CheckView, consumptionLineSchema, type MemberOnCheck } from '#contract/group.ts';
import { checkIdSchema, type StoreId, storeIdSchema } from '#contract/ids.ts';
import { currencySchema } from '#contract/money.ts';
import type { RouteInput } from '#contract/wallet.ts';
import type { ServerKeys } from './keys.ts';
import { memberRefOf } from './member-ref.ts';
import { writeEvents } from './outbox.ts';
import type { People } from './people.ts';
import { Refusal } from './problem.ts';
import type { Books } from './store/books.ts';
import type { Schema } from './store/schema.ts';
import { CHECK_IN_LIFE_MS } from './tables.ts';
import { maskName } from './token.ts';

/** Open checks as the terminals announce them. Nothing is owed for what stands here: that begins when somebody pays. */
export interface Checks {
  /** The whole check anew. Phones that wait at its table join it; whoever was taken off it has left the table. */
  announce(check: Announcement): Promise<CheckView | Refusal>;
  /** What was consumed so far, the whole list anew. */
  consume(consumption: Announced & { readonly body: RouteInput<'putConsumption'> }): Promise<Refusal | undefined>;
  find(storeId: StoreId, checkId: string, nowMs: number): Promise<CheckView | Refusal>;
}

interface Announced {
  readonly storeId: StoreId;
  readonly checkId: string;
  readonly atMs: number;
}

interface Announcement extends Announced {
  readonly terminalId: string;
  readonly body: RouteInput<'putMembers'>;
}

export interface ChecksOptions {
  readonly books: Books;
  readonly keys: ServerKeys;
  readonly people: People;
}

type CheckStateRow = Selectable<Schema['check_state']>;

/** `check_state.members`. */
const membersSchema = z.array(z.object({ guestId: z.string(), walletId: z.string().optional() }));
export type CheckMembers = z.infer<typeof membersSchema>;

/** `check_state.consumption`. */
const consumptionSchema = z.object({
  currency: currencySchema,
  lines: z.array(consumptionLineSchema),
  adjustments: z.array(adjustmentSchema),
});
export type Consumption = z.infer<typeof consumptionSchema>;

export function openChecks({ books, keys, people }: ChecksOptions): Checks {
  const { db } = books;

  async function viewOf(row: CheckStateRow, nowMs: number): Promise<CheckView> {
    const members = parseMembers(row.members);
    const present = await db
      .selectFrom('check_in')
      .select(['id', 'wallet_id'])
      .where('check_id', '=', row.id)
      .where('store_id', '=', row.store_id)
      .where('left_at_ms', 'is', null)
      .where('at_ms', '>', nowMs - CHECK_IN_LIFE_MS)
      .orderBy('at_ms')
      .orderBy('id')
      .execute();
    const names = await people.namesOf([
      ...members.flatMap(({ walletId }) => walletId ?? []),
      ...present.map((checkIn) => checkIn.wallet_id),
    ]);
    const person = (walletId: string) => ({
      memberRef: memberRefOf(keys, row.store_id, walletId),
      maskedName: maskName(names.get(walletId) ?? ''),
    });
    const announced = members.map(({ guestId, walletId }): MemberOnCheck => ({
      guestId,
      ...(walletId === undefined ? {} : person(walletId)),
      source: present.some((checkIn) => checkIn.wallet_id === walletId) ? 'phone' : 'terminal',
      isProposed: false,
    }));
    const proposed = present
      .filter((checkIn) => !members.some(({ walletId }) => walletId === checkIn.wallet_id))
      .map((checkIn): MemberOnCheck => ({
        guestId: checkIn.id,
        ...person(checkIn.wallet_id),
        source: 'phone',
        isProposed: true,
      }));
    return {
      checkId: checkIdSchema.parse(row.id),
      storeId: storeIdSchema.parse(row.store_id),
      label: row.label,
      ...(row.table_id === null ? {} : { tableId: row.table_id }),
      state: row.state,
      members: [...announced, ...proposed],
    };
  }

  return {
    async announce({ storeId, terminalId, checkId, atMs, body }) {
      const twice = twiceNamed(body.guests);
      if (twice !== undefined) return new Refusal('group_invalid', `guest ${twice}: is named twice`);
      const guests = await people.identify(storeId, body.guests, atMs);
      if (guests instanceof Refusal) return guests;
      const members = JSON.stringify(guests.map(({ guestId, walletId }) => ({ guestId, walletId })));
      const tableId = body.tableId ?? null;

      const row = await books.write(async (trx): Promise<CheckStateRow | Refusal> => {
        const before = await trx.selectFrom('check_state').selectAll().where('id', '=', checkId).executeTakeFirst();
        if (before !== undefined && before.store_id !== storeId) return new Refusal('not_found');
        if (tableId !== null) {
          const table = await trx
            .selectFrom('table_code')
            .select('store_id')
            .where('id', '=', tableId)
            .executeTakeFirst();
          if (table !== undefined && table.store_id !== storeId) return new Refusal('not_found');
        }
        const now = {
          terminal_id: terminalId,
          table_id: tableId,
          label: body.label,
          members,
          state: body.state,
          announced_at_ms: atMs,
        };
        const after = { id: checkId, store_id: storeId, consumption: before?.consumption ?? null, ...now };
        await trx
          .insertInto('check_state')
          .values(after)
          .onConflict((conflict) => conflict.column('id').doUpdateSet(now))
          .execute();

        const gone = walletsOf(before?.members).filter(
          (walletId) => !guests.some((guest) => guest.walletId === walletId),
        );
        if (body.state === 'closed' || gone.length > 0) {
          await trx
            .updateTable('check_in')
            .set({ left_at_ms: atMs })
            .where('check_id', '=', checkId)
            .where('left_at_ms', 'is', null)
            .$if(body.state === 'open', (query) => query.where('wallet_id', 'in', gone))
            .execute();
        }
        const waiting =
          tableId === null || body.state === 'closed'
            ? []
            : await trx
                .updateTable('check_in')
                .set({ check_id: checkId })
                .where('table_id', '=', tableId)
                .where('store_id', '=', storeId)
                .where('check_id', 'is', null)
                .where('left_at_ms', 'is', null)
                .where('at_ms', '>', atMs - CHECK_IN_LIFE_MS)
                .returning('wallet_id')
                .execute();

        if (before === undefined || isOther(before, after) || waiting.length > 0) {
          const present = await trx
            .selectFrom('check_in')
            .select('wallet_id')
            .where('check_id', '=', checkId)
            .where('left_at_ms', 'is', null)
            .execute();
          const concerned = new Set([
            ...walletsOf(before?.members),
            ...walletsOf(members),
            ...present.map((checkIn) => checkIn.wallet_id),
          ]);
          await writeEvents(books, trx, storeId, checkEvents(checkId, concerned), atMs);
        }
        return after;
      });
      return row instanceof Refusal ? row : viewOf(row, atMs);
    },

    consume({ storeId, checkId, atMs, body }) {
      return books.write(async (trx): Promise<Refusal | undefined> => {
        const row = await trx
          .selectFrom('check_state')
          .select(['members', 'consumption'])
          .where('id', '=', checkId)
          .where('store_id', '=', storeId)
          .executeTakeFirst();
        if (row === undefined) return new Refusal('not_found');
        const problem = consumptionProblem(body, parseMembers(row.members));
        if (problem !== undefined) return new Refusal('group_invalid', problem);
        const consumption = JSON.stringify(body satisfies Consumption);
        if (consumption === row.consumption) return undefined;
        await trx.updateTable('check_state').set({ consumption }).where('id', '=', checkId).execute();
        await writeEvents(books, trx, storeId, checkEvents(checkId, new Set(walletsOf(row.members))), atMs);
        return undefined;
      });
    },

    async find(storeId, checkId, nowMs) {
      const row = await db
        .selectFrom('check_state')
        .selectAll()
        .where('id', '=', checkId)
        .where('store_id', '=', storeId)
        .executeTakeFirst();
      return row === undefined ? new Refusal('not_found') : viewOf(row, nowMs);
    },
  };
}

export function parseMembers(text: string): CheckMembers {
  return membersSchema.parse(JSON.parse(text));
}

export function parseConsumption(text: string): Consumption {
  return consumptionSchema.parse(JSON.parse(text));
}

function walletsOf(members: string | undefined): string[] {
  return members === undefined ? [] : parseMembers(members).flatMap(({ walletId }) => walletId ?? []);
}

function checkEvents(checkId: string, walletIds: ReadonlySet<string>) {
  return [...walletIds].map((walletId) => ({ type: 'check' as const, walletId, checkId, refId: checkId }));
}

function isOther(before: CheckStateRow, after: CheckStateRow): boolean {
  return (['table_id', 'label', 'members', 'state'] as const).some((column) => before[column] !== after[column]);
}

function twiceNamed(guests: readonly { readonly guestId: string }[]): string | undefined {
  const ids = guests.map(({ guestId }) => guestId);
  return ids.find((guestId, index) => ids.indexOf(guestId) !== index);
}

function consumptionProblem({ lines }: Consumption, members: CheckMembers): string | undefined {
  const ids = new Set<string>();
  for (const { lineId, consumers } of lines) {
    if (ids.has(lineId)) return `line ${lineId}: is named twice`;
    ids.add(lineId);
    const unknown = consumers.find(({ guestId }) => !members.some((member) => member.guestId === guestId));
    if (unknown !== undefined) return `line ${lineId}: consumer ${unknown.guestId} is not on the check`;
    const twice = twiceNamed(consumers);
    if (twice !== undefined) return `line ${lineId}: consumer ${twice} is named twice`;
  }
  return undefined;
}
