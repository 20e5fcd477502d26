import { z } from 'zod';
import type { Client } from './programs.ts';
import { runProgram } from './programs.ts';

/** What moved by wallet, by the id of its attempt: the same on both sides, or somebody's money is wrong. */
export type Moved = Readonly<Record<string, number>>;

const booksSchema = z.object({
  settlements: z.array(
    z.object({ settlementId: z.string(), state: z.string(), amount: z.number(), refunded: z.number() }),
  ),
  sum: z.number(),
  faults: z.array(z.string()),
});

/** What the wallet server has booked and not given back. Its books must agree with themselves first. */
export async function movedByWallet(dataFolder: string): Promise<Moved> {
  const { code, stdout, stderr } = await runProgram('wallet/server/process.ts', ['--data', dataFolder, '--books']);
  const { settlements, sum, faults } = booksSchema.parse(JSON.parse(stdout || '{}'));
  if (code !== 0 || sum !== 0 || faults.length > 0) throw new Error(`the wallet's books are wrong: ${stdout}${stderr}`);
  return Object.fromEntries(
    settlements
      .filter(({ state }) => state === 'approved')
      .map(({ settlementId, amount, refunded }) => [settlementId, amount - refunded]),
  );
}

/** What the till's sales say was paid by wallet. */
export async function movedByTill(client: Client): Promise<Moved> {
  const moved: Record<string, number> = {};
  for (const sale of await allSales(client)) {
    for (const tender of sale.tenders) {
      if (tender.type === 'wallet') moved[tender.attemptId] = tender.amount.amount;
    }
  }
  return moved;
}

/** Every sale, the oldest first. */
export async function allSales(client: Client) {
  const limit = 100;
  const sales = [];
  for (let offset = 0; ; offset += limit) {
    const page = await client.sales.find({ text: '', offset, limit });
    for (const { saleId } of page.sales) sales.push(await client.sales.get({ saleId }));
    if (offset + limit >= page.total) return sales.toReversed();
  }
}
