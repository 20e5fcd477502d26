import { type Finding, notDerived, verifyChain, verifyTables } from './journal/verify.ts';
import { auditSales } from './paying/sale.ts';
import type { Reader } from './store/database.ts';
import { openDatabase } from './store/database.ts';
import { projectorsFor } from './terminal.ts';

export interface Verification {
  readonly entries: number;
  readonly tables: number;
  readonly rows: number;
  readonly sales: number;
  readonly findings: readonly Finding[];
  /** Tables that were not compared, and why. */
  readonly notDerived: typeof notDerived;
}

/**
 * Checks everything that the file says of itself: the journal's chain, every table against a replay of the journal,
 * and every sale's sums and tenders. Reads only.
 */
export function verifyTerminal(reader: Reader): Verification {
  const chain = verifyChain(reader);
  const replayed = openDatabase(':memory:');
  try {
    const tables = verifyTables(reader, replayed, projectorsFor(replayed));
    const sales = auditSales(reader);
    return {
      entries: chain.entries,
      tables: tables.tables,
      rows: tables.rows,
      sales: sales.sales,
      findings: [...chain.findings, ...tables.findings, ...sales.findings],
      notDerived,
    };
  } finally {
    replayed.close();
  }
}
