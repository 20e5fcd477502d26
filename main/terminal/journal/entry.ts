import { hash } from 'node:crypto';
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
  return hashWithBody(entry, canonicalJson(entry.body));
}

/** As `hashOf`, where the body's canonical JSON is at hand: it is stored as well, and worked out once. */
export function hashWithBody(entry: Omit<JournalEntry, 'hash' | 'body'>, canonicalBody: string): string {
  const { seq, at, type, checkId, staffId, previousHash } = entry;
  const fields = [seq, at, type, checkId, staffId].map((field) => JSON.stringify(field)).join(',');
  return hash('sha256', `${previousHash}\n[${fields},${canonicalBody}]`, 'hex');
}

/**
 * JSON with sorted keys and no spaces (the manner of RFC 8785; all our numbers are integers, so its number rules are
 * JavaScript's own). Undefined fields are left out.
 */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item ?? null)).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const record = value as Readonly<Record<string, unknown>>;
    const fields: string[] = [];
    for (const key of Object.keys(record).sort()) {
      if (record[key] !== undefined) fields.push(`${JSON.stringify(key)}:${canonicalJson(record[key])}`);
    }
    return `{${fields.join(',')}}`;
  }
  return JSON.stringify(value ?? null);
}
