/** A device that comes back soon is noticed soon; one that stays away costs one look in five seconds. */
const backOffStepsMs = [250, 500, 1_000, 2_000, 5_000] as const;

/** A connection that lived this long has earned a quick first try after its loss. */
export const stableMs = 30_000;

/**
 * How long to wait before the next try.
 *
 * @param attempt 0 for the first try after a loss
 * @param random from 0 up to 1: spreads devices that were lost together over the last fifth of the step
 */
export function backOffMs(attempt: number, random: number): number {
  const step = backOffStepsMs[Math.min(attempt, backOffStepsMs.length - 1)] ?? backOffStepsMs[0];
  return Math.round(step * (1 - random / 5));
}
