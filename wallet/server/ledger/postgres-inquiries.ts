import type { Pool } from 'pg';
import { openTogether, type Together } from '../store/together.ts';
import type { SettlementRow } from './answers.ts';
import { texts } from './postgres-arrays.ts';

export type FoundSettlement = SettlementRow & { readonly record: string | null };

/** Settlements by their ids, as committed when they were asked for: after an outage every terminal asks at once. */
export function openInquiries(pool: Pool): Together<FoundSettlement> {
  return openTogether(async (ids) => {
    const { rows } = await pool.query<FoundSettlement>({ name: 'find_settlements', text: FIND, values: [texts(ids)] });
    return new Map(rows.map((row) => [row.id, row]));
  });
}

const FIND = `
select settlement.*, group_payment.record
from settlement left join group_payment on group_payment.id = settlement.id
where settlement.id = any($1::uuid[])`;
