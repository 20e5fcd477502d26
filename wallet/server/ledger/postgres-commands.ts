import assert from 'node:assert';
import type { ClientBase } from 'pg';
import { type RefundRow, type SettlementRow, toRefund, toSettlement } from './answers.ts';
import { type Command, hashRefund, type Outcome, type Settle } from './ledger.ts';
import { texts } from './postgres-arrays.ts';

export type OtherCommand = Exclude<Command, Settle>;

/** Inside of whatever transaction the client is in. The outcomes are in the order of the commands. */
export async function bookCommands(client: ClientBase, commands: readonly OtherCommand[]): Promise<Outcome[]> {
  const { rows } = await client.query<{ outcomes: DatabaseOutcome[] }>({
    name: 'ledger_commands',
    text: 'select ledger_commands($1) as outcomes',
    values: [JSON.stringify(commands.map(toJson))],
  });
  const outcomes = rows[0]?.outcomes;
  assert(outcomes?.length === commands.length, 'every command has an outcome');
  return outcomes.map((outcome) => {
    if (outcome.type === 'settlement')
      return { type: 'settlement', settlement: toSettlement(outcome.row, outcome.record) };
    if (outcome.type === 'refund') return { type: 'refund', refund: toRefund(outcome.row) };
    return outcome;
  });
}

/** Locks every wallet that the commands can touch, so that no two servers wait for each other. */
export async function lockConcerned(client: ClientBase, commands: readonly Command[]): Promise<void> {
  const ids = commands.flatMap(concernedBy);
  const expired = commands.map((command) => (command.type === 'release_holds' ? command.atMs : null));
  await client.query({
    name: 'ledger_lock',
    text: 'select ledger_lock($1, $2)',
    values: [texts([...new Set(ids)]), Math.max(-1, ...expired.map((atMs) => atMs ?? -1))],
  });
}

type DatabaseOutcome =
  | Exclude<Outcome, { readonly type: 'settlement' | 'refund' }>
  | { readonly type: 'settlement'; readonly row: SettlementRow; readonly record: string | null }
  | { readonly type: 'refund'; readonly row: RefundRow };

function toJson(command: OtherCommand): object {
  if (command.type !== 'refund') return command;
  const { group } = command;
  const hashed = { ...command, hash: hashRefund(command) };
  // Kept as text, as SQLite keeps it: JSON of the database would put it in an order of its own.
  return group === undefined ? hashed : { ...hashed, group: { ...group, shrinksText: JSON.stringify(group.shrinks) } };
}

function concernedBy(command: Command): string[] {
  switch (command.type) {
    case 'settle': {
      const debtors = command.group?.allotments.map(({ walletId }) => walletId) ?? [];
      return command.payer.isGood ? [command.payer.walletId, ...debtors] : [];
    }
    case 'cancel':
    case 'refund':
      return [command.settlementId];
    case 'reload':
    case 'place_hold':
      return [command.walletId];
    case 'reverse_reload':
    case 'charge_back':
      return [command.reloadId];
    case 'repay':
      return [command.walletId, command.allotmentId];
    case 'treat':
      return [command.groupPaymentId];
    case 'release_holds':
      return [];
  }
}
