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
 * if he has a part, else and then one unit each to the largest fractions, ties to the lesser id.
 *
 * @param most where given, no part becomes larger than this
 */
export function roundParts(
  exact: ExactParts,
  first: string | undefined,
  most?: ReadonlyMap<string, bigint>,
): Map<string, bigint> {
  const { parts, unit } = exact;
  const all = sum(parts.values());
  assert(all % unit === 0n, 'exact parts sum to a whole amount');
  if (all < 0n) {
    const mirrored = roundParts({ parts: mapValues(parts, (part) => -part), unit }, first);
    return mapValues(mirrored, (part) => -part);
  }
  const fraction = (part: bigint): bigint => ((part % unit) + unit) % unit;
  const rounded = mapValues(parts, (part) => (part - fraction(part)) / unit);
  let rest = all / unit - sum(rounded.values());
  const take = (guest: string, wanted: bigint): void => {
    const part = rounded.get(guest);
    if (part === undefined) return;
    const room = (most?.get(guest) ?? part + wanted) - part;
    const taken = [wanted, rest, room].reduce((least, units) => (units < least ? units : least));
    rounded.set(guest, part + taken);
    rest -= taken;
  };
  if (rest > 0n && first !== undefined) take(first, rest);
  if (rest === 0n) return rounded;
  // Where parts have a ceiling, one round may not place every unit; the ceilings together always leave room.
  const order = Array.from(parts, ([guest, part]) => ({ guest, fraction: fraction(part) })).sort(
    (a, b) => Number(b.fraction > a.fraction) - Number(b.fraction < a.fraction) || (a.guest < b.guest ? -1 : 1),
  );
  while (rest > 0n) for (const { guest } of order) take(guest, 1n);
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
  let weigh = (guest: string): bigint => weights.get(guest) ?? 0n;
  while (open > 0n) {
    const takers = [...parts].flatMap(([guest, part]) => {
      const weight = weigh(guest);
      return part > 0n && weight > 0n ? [{ guest, part, weight }] : [];
    });
    const all = sum(takers.map(({ weight }) => weight));
    const emptied = takers.filter(({ part, weight }) => open * weight >= part * all);
    if (takers.length === 0) {
      const rest = new Map(parts);
      weigh = (guest) => rest.get(guest) ?? 0n;
    } else if (emptied.length > 0) {
      for (const { guest, part } of emptied) {
        parts.set(guest, 0n);
        open -= part;
      }
    } else {
      for (const [guest, part] of parts) parts.set(guest, part * all);
      for (const { guest, part, weight } of takers) parts.set(guest, part * all - open * weight);
      unit *= all;
      open = 0n;
    }
  }
  const common = parts.values().reduce(greatestCommonDivisor, unit);
  return { parts: mapValues(parts, (part) => part / common), unit: unit / common };
}

function mapValues(parts: ReadonlyMap<string, bigint>, change: (part: bigint) => bigint): Map<string, bigint> {
  return new Map(Array.from(parts, ([guest, part]) => [guest, change(part)]));
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
