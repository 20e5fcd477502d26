import assert from 'node:assert';

/**
 * Parts of a whole amount, as exact fractions of minor units over one common, positive unit.
 *
 * Each part has a name. No function looks at the order of the parts, so the same parts in another order come out the
 * same. The whole may be anything that BigInt holds.
 */
export interface ExactParts {
  readonly parts: ReadonlyMap<string, bigint>;
  readonly unit: bigint;
}

/** By name. A part without an entry has no bound. */
export interface Bounds {
  readonly least: ReadonlyMap<string, bigint>;
  readonly most: ReadonlyMap<string, bigint>;
}

/**
 * Adds `extra`, counted in the unit of the parts, in proportion to the parts; evenly where all are zero. A part whose
 * sign is not that of their sum takes nothing: whoever has money to get bears no service charge.
 */
export function prorate({ parts, unit }: ExactParts, extra: bigint): ExactParts {
  if (extra === 0n) return { parts, unit };
  const sign = sum(parts.values()) < 0n ? -1n : 1n;
  const isEven = parts.values().every((part) => part === 0n);
  const weight = (part: bigint): bigint => (isEven ? 1n : part * sign > 0n ? part * sign : 0n);
  const all = sum(parts.values().map(weight));
  return { parts: mapValues(parts, (part) => part * all + extra * weight(part)), unit: unit * all };
}

/** The parts made to sum to `total`: scaled where it is a part of their sum, else raised by what is missing. */
export function resize(exact: ExactParts, total: bigint): ExactParts {
  const all = sum(exact.parts.values());
  const wanted = total * exact.unit;
  const isPart = all > 0n ? wanted >= 0n && wanted <= all : all < 0n && wanted <= 0n && wanted >= all;
  if (!isPart) return prorate(exact, wanted - all);
  const sign = all < 0n ? -1n : 1n;
  return { parts: mapValues(exact.parts, (part) => part * total * sign), unit: all * sign };
}

/**
 * Whole parts that keep the sum of the exact ones, which is whole: each rounded down, and what is left over to `first`
 * if he has a part, else and then one unit each to the largest fractions, ties to the lesser name.
 *
 * @param bounds where given, whole parts between which the answer lies; they leave room for the sum
 */
export function roundParts(exact: ExactParts, first: string | undefined, bounds?: Bounds): Map<string, bigint> {
  const { parts, unit } = exact;
  const all = sum(parts.values());
  assert(all % unit === 0n, 'exact parts sum to a whole amount');
  if (all < 0n) {
    assert(bounds === undefined, 'bounds are for a whole that is not negative');
    const mirrored = roundParts({ parts: mapValues(parts, (part) => -part), unit }, first);
    return mapValues(mirrored, (part) => -part);
  }
  const rounded = mapValues(parts, (part, name) => within(bounds, name, floor(part, unit)));
  let rest = all / unit - sum(rounded.values());
  const move = (name: string, units: bigint): void => {
    const part = rounded.get(name);
    if (part === undefined) return;
    const moved = within(bounds, name, part + units);
    rounded.set(name, moved);
    rest -= moved - part;
  };
  if (first !== undefined) move(first, rest);
  if (rest === 0n) return rounded;
  const due = Array.from(parts, ([name, part]) => ({ name, due: part - (rounded.get(name) ?? 0n) * unit })).sort(
    (a, b) => Number(b.due > a.due) - Number(b.due < a.due) || (a.name < b.name ? -1 : 1),
  );
  if (rest < 0n) due.reverse();
  // Between bounds one round may not place every unit.
  while (rest !== 0n) for (const { name } of due) if (rest !== 0n) move(name, rest > 0n ? 1n : -1n);
  return rounded;
}

/**
 * Takes a whole `amount`, no more than the parts that are not negative, off them by weight and none below zero. What
 * does not fit, or where nothing has a weight, comes off in proportion to what is left.
 */
export function drain(exact: ExactParts, amount: bigint, weights: ReadonlyMap<string, bigint>): ExactParts {
  const parts = new Map(exact.parts);
  let unit = exact.unit;
  let open = amount * unit;
  let weigh = (name: string): bigint => weights.get(name) ?? 0n;
  while (open > 0n) {
    const takers = [...parts].flatMap(([name, part]) => {
      const weight = weigh(name);
      return part > 0n && weight > 0n ? [{ name, part, weight }] : [];
    });
    const all = sum(takers.map(({ weight }) => weight));
    const emptied = takers.filter(({ part, weight }) => open * weight >= part * all);
    if (takers.length === 0) {
      const rest = new Map(parts);
      weigh = (name) => rest.get(name) ?? 0n;
    } else if (emptied.length > 0) {
      for (const { name, part } of emptied) {
        parts.set(name, 0n);
        open -= part;
      }
    } else {
      for (const [name, part] of parts) parts.set(name, part * all);
      for (const { name, part, weight } of takers) parts.set(name, part * all - open * weight);
      unit *= all;
      open = 0n;
    }
  }
  const common = parts.values().reduce(greatestCommonDivisor, unit);
  return { parts: mapValues(parts, (part) => part / common), unit: unit / common };
}

/** `whole − exact`, by name. */
export function subtract(whole: ReadonlyMap<string, bigint>, { parts, unit }: ExactParts): ExactParts {
  return { parts: mapValues(parts, (part, name) => (whole.get(name) ?? 0n) * unit - part), unit };
}

export function sum(parts: Iterable<bigint>): bigint {
  let total = 0n;
  for (const part of parts) total += part;
  return total;
}

/** Not negative. */
export function greatestCommonDivisor(a: bigint, b: bigint): bigint {
  let [divisor, rest] = [a, b];
  while (rest !== 0n) [divisor, rest] = [rest, divisor % rest];
  return divisor < 0n ? -divisor : divisor;
}

function mapValues(
  parts: ReadonlyMap<string, bigint>,
  change: (part: bigint, name: string) => bigint,
): Map<string, bigint> {
  return new Map(Array.from(parts, ([name, part]) => [name, change(part, name)]));
}

function within(bounds: Bounds | undefined, name: string, part: bigint): bigint {
  const most = bounds?.most.get(name) ?? part;
  const least = bounds?.least.get(name) ?? part;
  const lowered = part > most ? most : part;
  return lowered < least ? least : lowered;
}

function floor(dividend: bigint, divisor: bigint): bigint {
  const rest = dividend % divisor;
  return (dividend - rest) / divisor - (rest < 0n ? 1n : 0n);
}
