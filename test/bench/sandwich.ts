import type { PostgresServer } from '#test/support/postgres.ts';
import { type Measured, median } from './measure.ts';

/**
 * What a machine can do is asked of PostgreSQL itself, directly before and after each measurement: pgbench's TPC-B, eight
 * clients, prepared, scale 10, every commit synced. A round in which the two differ by more than a quarter was
 * disturbed, and does not count.
 */
export interface TpcB {
  /** Transactions a second. */
  measure(seconds: number): Promise<number>;
}

const DATABASE = 'tpcb';
const SCALE = '10';
const MOST_APART = 0.25;

export async function openTpcB(server: PostgresServer): Promise<TpcB> {
  await server.createDatabase(DATABASE);
  await server.run('pgbench', ['--initialize', '--quiet', '--scale', SCALE, DATABASE]);
  return {
    measure: async (seconds) => {
      const load = ['--client=8', '--jobs=2', '--protocol=prepared', `--time=${Math.max(1, Math.round(seconds))}`];
      const output = await server.run('pgbench', [...load, '--no-vacuum', DATABASE]);
      const rate = /^tps = ([\d.]+)/m.exec(output)?.[1];
      if (rate === undefined) throw new Error(`pgbench told no rate:\n${output}`);
      return Number(rate);
    },
  };
}

/** One measurement with what was measured before and after it, all per second. */
export interface Slice {
  readonly before: number;
  readonly rate: number;
  readonly after: number;
}

/** The median of the ratios, each to the mean of its own two neighbours. */
export function compared(name: string, unit: string, slices: readonly Slice[], goal: string): Measured {
  const kept = slices.filter(({ before, after }) => Math.abs(before - after) <= MOST_APART * ((before + after) / 2));
  const counted = kept.length === 0 ? slices : kept;
  const ratios = counted.map(({ before, rate, after }) => rate / ((before + after) / 2)).toSorted((a, b) => a - b);
  const ratio = median(ratios);
  const value = median(counted.map(({ rate }) => rate));
  const row = { name, value: round(value), unit, baseline: round(value / ratio), ratio: round(ratio), goal };
  const dropped = kept.length === 0 ? `all ${slices.length} disturbed` : `${slices.length - kept.length} dropped`;
  const [least = 0, most = 0] = [ratios[0], ratios.at(-1)];
  return { row, spread: `ratio ${round(least)} to ${round(most)} of ${counted.length} rounds, ${dropped}` };
}

function round(value: number): number {
  return Number(value.toPrecision(4));
}
