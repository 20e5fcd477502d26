import type { SettlementFileRow } from '#contract/operator.ts';
import type { RouteResponse } from '#contract/wallet.ts';
import { operatorAccount } from '../ledger/ledger.ts';
import type { Books } from '../store/books.ts';
import type { PortResult } from './operator-port.ts';
import type { Operators } from './operators.ts';

/**
 * Our reloads of one UTC day against the operator's settlement file, movement by movement: what was taken, and what went
 * back. A movement that one side booked just before midnight and the other just after is found on the neighbouring day.
 */
export type Reconciliation = RouteResponse<'adminReconcileOperator'>;

/** One movement of money of one reload. */
interface Movement {
  readonly reloadId: string;
  readonly isReturn: boolean;
  /** Positive for what was taken, negative for what went back. */
  readonly amount: number;
  readonly currency: string;
}

const DAY_MS = 24 * 3_600_000;

/** Undefined for an operator that is not there; `unknown` where it cannot be asked. */
export async function reconcile(
  books: Books,
  operators: Operators,
  operatorId: string,
  date: string,
): Promise<Reconciliation | 'unknown' | undefined> {
  const operator = await operators.find(operatorId);
  if (operator === undefined) return undefined;
  const fromMs = Date.parse(`${date}T00:00:00Z`);
  const theirs = movementsOf(await operator.port.settlementFile(date));
  if (theirs === undefined) return 'unknown';
  const ours = await listOurs(books, operatorId, fromMs, fromMs + DAY_MS);
  const ourNeighbours = await listOurs(books, operatorId, fromMs - DAY_MS, fromMs + 2 * DAY_MS);

  const lines = { count: 0, amount: 0 };
  const theirsOnly: Movement[] = [];
  const amountDiffers: Reconciliation['amountDiffers'] = [];
  for (const their of theirs.values()) {
    const our = ourNeighbours.get(nameOf(their));
    if (our === undefined) theirsOnly.push(their);
    else if (our.amount !== their.amount || our.currency !== their.currency) {
      const { reloadId, currency } = our;
      amountDiffers.push({ reloadId, ours: our.amount, theirs: their.amount, currency });
    } else {
      lines.count += 1;
      lines.amount += our.amount;
    }
  }

  let oursOnly = Array.from(ours.values()).filter((our) => !theirs.has(nameOf(our)));
  for (const neighbourMs of [fromMs - DAY_MS, fromMs + DAY_MS]) {
    if (oursOnly.length === 0) break;
    const neighbour = movementsOf(await operator.port.settlementFile(dateOf(neighbourMs)));
    if (neighbour === undefined) return 'unknown';
    oursOnly = oursOnly.filter((our) => !neighbour.has(nameOf(our)));
  }
  return {
    date,
    matched: lines,
    oursOnly: oursOnly.map(toLine),
    theirsOnly: theirsOnly.filter((their) => !isUndone(their, theirs)).map(toLine),
    amountDiffers,
  };
}

/** What one side took and gave back on the same day, and the other never heard of, moved nothing. */
function isUndone(their: Movement, theirs: ReadonlyMap<string, Movement>): boolean {
  const other = theirs.get(nameOf({ ...their, isReturn: !their.isReturn }));
  return other !== undefined && other.amount === -their.amount;
}

async function listOurs(
  books: Books,
  operatorId: string,
  fromMs: number,
  toMs: number,
): Promise<ReadonlyMap<string, Movement>> {
  const credited = await books.db
    .selectFrom('transfer')
    .select(['id', 'amount', 'currency'])
    .where('debit_account', '=', operatorAccount(operatorId))
    .where('kind', '=', 'reload')
    .where('booked_at_ms', '>=', fromMs)
    .where('booked_at_ms', '<', toMs)
    .execute();
  const returned = await books.db
    .selectFrom('reload')
    .select(['id', 'amount', 'currency'])
    .where('operator_id', '=', operatorId)
    .where('state', 'in', ['reversed', 'charged_back'])
    .where('settled_at_ms', '>=', fromMs)
    .where('settled_at_ms', '<', toMs)
    .execute();
  const movements: Movement[] = [
    ...credited.map(({ id, amount, currency }) => ({ reloadId: id, isReturn: false, amount, currency })),
    ...returned.map(({ id, amount, currency }) => ({ reloadId: id, isReturn: true, amount: -amount, currency })),
  ];
  return new Map(movements.map((movement) => [nameOf(movement), movement]));
}

function movementsOf(file: PortResult<readonly SettlementFileRow[]>): ReadonlyMap<string, Movement> | undefined {
  if (file.type !== 'success') return undefined;
  return new Map(
    file.value.map(({ authorisationId, type, amount: { amount, currency } }) => {
      const isReturn = type !== 'captured';
      const movement = { reloadId: authorisationId, isReturn, amount: isReturn ? -amount : amount, currency };
      return [nameOf(movement), movement];
    }),
  );
}

function nameOf({ reloadId, isReturn }: Movement): string {
  return `${reloadId} ${isReturn}`;
}

function toLine({ reloadId, amount, currency }: Movement): Reconciliation['oursOnly'][number] {
  return { reloadId, amount, currency };
}

function dateOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}
