import type { ExpressionBuilder } from 'kysely';
import type { PersonBalance } from '#contract/group.ts';
import type { ServerKeys } from './keys.ts';
import { personRefOf } from './member-ref.ts';
import type { People } from './people.ts';
import type { Books } from './store/books.ts';
import type { Schema } from './store/schema.ts';
import { maskName } from './token.ts';

/** More people than anybody eats with: those with whom most is open come first. */
const MAX_PEOPLE = 1_000;

/**
 * What one customer and each other person have between them, over all their meals together. Each currency is counted
 * for itself. What was cancelled is zero in the books, and so is left out.
 */
export async function readBalances(
  books: Books,
  keys: ServerKeys,
  people: People,
  readerId: string,
): Promise<PersonBalance[]> {
  const { db } = books;
  const forThem = await db
    .selectFrom('allotment')
    .select(['debtor_wallet_id as otherId', 'currency'])
    .select(sums)
    .where('creditor_wallet_id', '=', readerId)
    .where('amount', '>', 0)
    .groupBy(['debtor_wallet_id', 'currency'])
    .execute();
  const byThem = await db
    .selectFrom('allotment')
    .select(['creditor_wallet_id as otherId', 'currency'])
    .select(sums)
    .where('debtor_wallet_id', '=', readerId)
    .where('amount', '>', 0)
    .groupBy(['creditor_wallet_id', 'currency'])
    .execute();
  const names = await people.namesOf([...forThem, ...byThem].map(({ otherId }) => otherId));

  const balances = new Map<string, PersonBalance>();
  const balanceWith = (otherId: string, currency: string): PersonBalance => {
    const key = `${otherId} ${currency}`;
    const known = balances.get(key) ?? {
      personRef: personRefOf(keys, readerId, otherId),
      name: maskName(names.get(otherId) ?? ''),
      currency,
      paidForThem: 0,
      paidByThem: 0,
      treatedThem: 0,
      treatedByThem: 0,
      theyOwe: 0,
      iOwe: 0,
      net: 0,
    };
    balances.set(key, known);
    return known;
  };
  for (const { otherId, currency, ...row } of forThem) {
    const balance = balanceWith(otherId, currency);
    const [amount, treated, open] = figuresOf(row);
    balance.paidForThem += amount;
    balance.treatedThem += treated;
    balance.theyOwe += open;
    balance.net += open;
  }
  for (const { otherId, currency, ...row } of byThem) {
    const balance = balanceWith(otherId, currency);
    const [amount, treated, open] = figuresOf(row);
    balance.paidByThem += amount;
    balance.treatedByThem += treated;
    balance.iOwe += open;
    balance.net -= open;
  }
  const openOf = ({ theyOwe, iOwe }: PersonBalance): number => theyOwe + iOwe;
  return [...balances.values()]
    .toSorted((a, b) => openOf(b) - openOf(a) || (a.personRef < b.personRef ? -1 : 1))
    .slice(0, MAX_PEOPLE);
}

function sums({ fn }: ExpressionBuilder<Schema, 'allotment'>) {
  return [
    fn.sum<number | string>('amount').as('amount'),
    fn.sum<number | string>('repaid').as('repaid'),
    fn.sum<number | string>('treated').as('treated'),
  ] as const;
}

/** A sum is text in PostgreSQL, whose sums are wider than its numbers. */
function figuresOf(row: {
  readonly amount: number | string;
  readonly repaid: number | string;
  readonly treated: number | string;
}): readonly [amount: number, treated: number, open: number] {
  const [amount, repaid, treated] = [Number(row.amount), Number(row.repaid), Number(row.treated)];
  return [amount, treated, amount - repaid - treated];
}
