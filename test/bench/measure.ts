/** One row of the table, and one line of `--json`. `ratio` is value ÷ baseline; the goal says what it should be. */
export interface Row {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly baseline: number;
  readonly ratio: number;
  readonly goal: string;
}

/** What was measured beside the row, for the table only: from the luckiest to the unluckiest. */
export interface Measured {
  readonly row: Row;
  readonly spread: string;
}

export function percentile(samples: readonly number[], share: number): number {
  const sorted = samples.toSorted((left, right) => left - right);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}

export function median(samples: readonly number[]): number {
  return percentile(samples, 0.5);
}

export function measured(
  name: string,
  value: number,
  unit: string,
  baseline: number,
  goal: string,
  samples: readonly number[],
): Measured {
  const row = { name, value: round(value), unit, baseline: round(baseline), ratio: round(value / baseline), goal };
  const [least, p50, p95, most] = [0, 0.5, 0.95, 1].map((share) => round(percentile(samples, share)));
  return { row, spread: `min / p50 / p95 / max ${least} / ${p50} / ${p95} / ${most} ms of ${samples.length}` };
}

/** Whether the ratio is what the goal asks for, of the form `ratio >= 0.75`. */
export function meets({ ratio, goal }: Row): boolean {
  const match = /^ratio (<=|>=) ([\d.]+)/.exec(goal);
  if (match === null) return true;
  return match[1] === '<=' ? ratio <= Number(match[2]) : ratio >= Number(match[2]);
}

function round(value: number): number {
  return Number(value.toPrecision(4));
}
