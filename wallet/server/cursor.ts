import { z } from 'zod';
import { Refusal } from './problem.ts';

/** Where a list goes on: after this row, in the order of the list. Opaque to callers. */
export interface Cursor {
  readonly atMs: number;
  /** Of rows of one instant: first by kind, then by id. */
  readonly rank: number;
  readonly id: string;
}

/** One page of a list, and where the next one begins. */
export interface Page<Entry> {
  readonly entries: readonly Entry[];
  readonly next: Cursor | undefined;
}

const DEFAULT_LIMIT = 100;
const cursorSchema = z.tuple([z.int(), z.int().min(0).max(9), z.uuid()]);

export function encodeCursor({ atMs, rank, id }: Cursor): string {
  return Buffer.from(JSON.stringify([atMs, rank, id])).toString('base64url');
}

/** Reads what a caller asks a list by. */
export function parsePage(query: {
  readonly cursor?: string | undefined;
  readonly limit?: string | undefined;
}): { readonly after: Cursor | undefined; readonly limit: number } | Refusal {
  const limit = query.limit === undefined ? DEFAULT_LIMIT : Number(query.limit);
  if (query.cursor === undefined) return { after: undefined, limit };
  const parsed = cursorSchema.safeParse(parseJson(Buffer.from(query.cursor, 'base64url').toString('utf8')));
  if (!parsed.success) return new Refusal('bad_request', 'cursor: not one that this server gave');
  const [atMs, rank, id] = parsed.data;
  return { after: { atMs, rank, id }, limit };
}

export function comparePlaces(a: Cursor, b: Cursor): number {
  return a.atMs - b.atMs || a.rank - b.rank || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
