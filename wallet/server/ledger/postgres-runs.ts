import { type Command, hashSettle } from './ledger.ts';
import type { OtherCommand } from './postgres-commands.ts';
import type { Asked } from './postgres-settle.ts';

/** Part of a list that is booked by one call. `places` are where its commands stood in the list. */
export type Run =
  | {
      readonly type: 'settle';
      readonly asked: readonly Asked[];
      readonly places: readonly number[];
      /** The same request once more: its place, and the place in the run of the one that it repeats. */
      readonly echoes: readonly (readonly [place: number, of: number])[];
    }
  | { readonly type: 'others'; readonly commands: readonly OtherCommand[]; readonly places: readonly number[] };

/**
 * Cuts a list where a settlement follows another command, or the other way round, and where a settlement's id comes back
 * as another request. The same request twice in one run has the same answer twice, and is asked once.
 */
export function cutRuns(commands: readonly Command[]): readonly Run[] {
  const runs: Run[] = [];
  let settling: Settling | undefined;
  let others: { commands: OtherCommand[]; places: number[] } | undefined;

  commands.forEach((command, place) => {
    if (command.type !== 'settle') {
      settling = undefined;
      if (others === undefined) {
        others = { commands: [], places: [] };
        runs.push({ type: 'others', ...others });
      }
      others.commands.push(command);
      others.places.push(place);
      return;
    }
    others = undefined;
    const hash = hashSettle(command);
    const key = `${command.storeId} ${command.mode} ${hash}`;
    const earlier = settling?.seen.get(command.settlementId);
    if (settling !== undefined && earlier?.key === key) {
      settling.echoes.push([place, earlier.index]);
      return;
    }
    if (settling === undefined || earlier !== undefined) {
      settling = { asked: [], places: [], echoes: [], seen: new Map() };
      runs.push({ type: 'settle', ...settling });
    }
    settling.seen.set(command.settlementId, { key, index: settling.asked.length });
    settling.asked.push({ command, hash });
    settling.places.push(place);
  });
  return runs;
}

interface Settling {
  readonly asked: Asked[];
  readonly places: number[];
  readonly echoes: [place: number, of: number][];
  readonly seen: Map<string, { readonly key: string; readonly index: number }>;
}
