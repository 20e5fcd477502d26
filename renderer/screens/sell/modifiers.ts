import type { ModifierGroup } from '#contract/catalogue.ts';

/**
 * The choice after a touch on one modifier: in a group of one it moves, in a larger group it joins or leaves, and what
 * does not fit any more gives way to what was touched last. A group's minimum is never left.
 */
export function toggleModifier(
  { modifiers, min, max }: Pick<ModifierGroup, 'modifiers' | 'min' | 'max'>,
  chosen: readonly string[],
  touched: string,
): string[] {
  const ofGroup = new Set(modifiers.map(({ modifierId }) => modifierId));
  const others = chosen.filter((id) => !ofGroup.has(id));
  const own = chosen.filter((id) => ofGroup.has(id));
  if (!own.includes(touched)) return [...others, ...[...own, touched].slice(-max)];
  return own.length > min ? [...others, ...own.filter((id) => id !== touched)] : [...chosen];
}
