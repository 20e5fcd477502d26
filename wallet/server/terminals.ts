import type { z } from 'zod';
import { fingerprintOf } from '#contract/fingerprint.ts';
import { storeIdSchema, type TerminalId, terminalIdSchema } from '#contract/ids.ts';
import type { terminalViewSchema } from '#contract/wallet.ts';
import type { Books } from './store/books.ts';

type TerminalView = z.infer<typeof terminalViewSchema>;

const MAX_TERMINALS = 1_000;

export async function findTerminal(books: Books, terminalId: TerminalId): Promise<TerminalView | undefined> {
  const row = await select(books).where('terminal.id', '=', terminalId).executeTakeFirst();
  return row === undefined ? undefined : toView(row);
}

/** The newest first, of one store or of all. */
export async function listTerminals(books: Books): Promise<readonly TerminalView[]> {
  const rows = await select(books).orderBy('terminal.enrolled_at_ms', 'desc').limit(MAX_TERMINALS).execute();
  return rows.map(toView);
}

function select({ db }: Books) {
  return db
    .selectFrom('terminal')
    .innerJoin('store', 'store.id', 'terminal.store_id')
    .select([
      'terminal.id',
      'terminal.store_id',
      'terminal.name',
      'terminal.public_key',
      'terminal.enrolled_at_ms',
      'terminal.approved_at_ms',
      'terminal.revoked_at_ms',
      'store.name as store_name',
    ]);
}

function toView(row: Awaited<ReturnType<ReturnType<typeof select>['execute']>>[number]): TerminalView {
  return {
    terminalId: terminalIdSchema.parse(row.id),
    storeId: storeIdSchema.parse(row.store_id),
    storeName: row.store_name,
    name: row.name,
    fingerprint: fingerprintOf(row.public_key),
    state: row.revoked_at_ms !== null ? 'revoked' : row.approved_at_ms === null ? 'awaiting_approval' : 'active',
    enrolledAt: new Date(row.enrolled_at_ms).toISOString(),
  };
}

/** As people read it out: any case, with or without the hyphens. */
export function isSameFingerprint(one: string, other: string): boolean {
  const letters = (text: string): string => text.toUpperCase().replaceAll(/[\s-]/g, '');
  return letters(one) === letters(other);
}
