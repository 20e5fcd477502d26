import type { Pool } from 'pg';
import { Overloaded } from '../group-commit.ts';
import type { SettlementRow } from './answers.ts';
import { texts } from './postgres-arrays.ts';

/** Inquiries that arrive together are one query: after an outage every terminal asks at once. */
export interface Inquiries {
  /** As committed when it was asked, or later. Rejects with {@link Overloaded} where too many are waiting. */
  find(settlementId: string): Promise<FoundSettlement | undefined>;
}

type FoundSettlement = SettlementRow & { readonly record: string | null };

interface Waiting {
  readonly settlementId: string;
  readonly resolve: (row: FoundSettlement | undefined) => void;
  readonly reject: (error: unknown) => void;
}

const MAX_TOGETHER = 256;
const MAX_WAITING = 2_048;

export function openInquiries(pool: Pool): Inquiries {
  const waiting: Waiting[] = [];
  let isRunning = false;

  async function run(): Promise<void> {
    // Lets every request that has already arrived join.
    await new Promise((resolve) => setImmediate(resolve));
    while (waiting.length > 0) await ask(waiting.splice(0, MAX_TOGETHER));
    isRunning = false;
  }

  async function ask(together: readonly Waiting[]): Promise<void> {
    try {
      const { rows } = await pool.query<FoundSettlement>({
        name: 'find_settlements',
        text: FIND,
        values: [texts(together.map(({ settlementId }) => settlementId))],
      });
      const found = new Map(rows.map((row) => [row.id, row]));
      for (const { settlementId, resolve } of together) resolve(found.get(settlementId));
    } catch (error) {
      for (const { reject } of together) reject(error);
    }
  }

  return {
    find: (settlementId) =>
      new Promise((resolve, reject) => {
        if (waiting.length >= MAX_WAITING) {
          reject(new Overloaded('The wallet server is asked more than it can answer.'));
          return;
        }
        waiting.push({ settlementId, resolve, reject });
        if (isRunning) return;
        isRunning = true;
        void run();
      }),
  };
}

const FIND = `
select settlement.*, group_payment.record
from settlement left join group_payment on group_payment.id = settlement.id
where settlement.id = any($1::uuid[])`;
