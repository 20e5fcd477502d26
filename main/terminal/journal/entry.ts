import { createHash } from 'node:crypto';
import { z } from 'zod';

/**
 * One line of the journal. `hash` covers all other fields and the hash before it, so a line that was edited, dropped
 * or moved breaks the chain at that place.
 */
export const journalEntrySchema = z.object({
  seq: z.int().positive(),
  /** Wall time, for people. Order is `seq`. */
  at: z.iso.datetime(),
  /** `noun.event`, for example `line.added`. */
  type: z.string().regex(/^[a-z][A-Za-z]*\.[a-z][A-Za-z]*$/),
  checkId: z.string().nullable(),
  staffId: z.string().nullable(),
  body: z.json(),
  previousHash: z.string(),
  hash: z.string(),
});
export type JournalEntry = z.infer<typeof journalEntrySchema>;

/** What a verb asks to have written. */
export interface EntryDraft {
  readonly type: string;
  readonly checkId?: string;
  readonly body: unknown;
}

/** The hash before the first entry. */
export const genesisHash = '0'.repeat(64);

/** SHA-256 over the previous hash and the canonical JSON of the entry's own fields, in hexadecimal. */
export function hashOf(entry: Omit<JournalEntry, 'hash'>): string {
  const { seq, at, type, checkId, staffId, body, previousHash } = entry;
  const canonical = canonicalJson([seq, at, type, checkId, staffId, body]);
  return createHash('sha256').update(previousHash).update('\n').update(canonical).digest('hex');
}

/**
 * JSON with sorted keys and no spaces (the manner of RFC 8785; all our numbers are integers, so its number rules are
 * JavaScript's own). Undefined fields are left out.
 */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item ?? null)).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const fields = Object.entries(value)
      .filter(([, field]) => field !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, field]) => `${JSON.stringify(key)}:${canonicalJson(field)}`);
    return `{${fields.join(',')}}`;
  }
  return JSON.stringify(value ?? null);
}
