import assert from 'node:assert';
import { z } from 'zod';
import { tenderIdSchema } from '#contract/ids.ts';
import { type Tender, tenderSchema } from '#contract/tender.ts';
import type { Projectors } from '../journal/journal.ts';
import type { Reader } from '../store/database.ts';
import { sql } from '../store/sql.ts';

/** What has been paid on checks so far. */
export interface TenderRows {
  readonly projectors: Projectors;
  /** In the order in which they were taken. The same list while nothing changed. */
  of(checkId: string): readonly Tender[];
  reload(): void;
}

export function openTenderRows(reader: Reader): TenderRows {
  const known = new Map<string, readonly Tender[]>();
  const of = (checkId: string): readonly Tender[] => {
    const tenders = known.get(checkId) ?? readTenders(reader, checkId);
    known.set(checkId, tenders);
    return tenders;
  };
  return {
    of,
    reload: () => {
      known.clear();
    },
    projectors: {
      'tender.taken': (writer, { seq, checkId, body }) => {
        assert(checkId !== null, 'a tender is taken for a check');
        const tender = tenderSchema.parse(body);
        writer.run(sql`
          INSERT INTO tender (tender_id, check_id, taken_seq, body)
          VALUES (${tender.tenderId}, ${checkId}, ${seq}, ${JSON.stringify(tender)})`);
        known.set(checkId, readTenders(writer, checkId));
      },
      'tender.takenBack': (writer, { checkId, body }) => {
        assert(checkId !== null, 'a tender is taken back from a check');
        const { tenderId } = z.object({ tenderId: tenderIdSchema }).parse(body);
        const rows = writer.run(sql`DELETE FROM tender WHERE tender_id = ${tenderId} AND check_id = ${checkId}`);
        assert(rows === 1, 'one tender is taken back');
        known.set(checkId, readTenders(writer, checkId));
      },
    },
  };
}

function readTenders(reader: Reader, checkId: string): Tender[] {
  return reader
    .all(sql`SELECT body FROM tender WHERE check_id = ${checkId} ORDER BY taken_seq`)
    .map((row) => JSON.parse((row as { body: string }).body) as Tender);
}
