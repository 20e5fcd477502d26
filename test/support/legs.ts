/** The hosts under which an end-to-end spec runs. `stand-in` is the Electron host on the test stand-in of Electron. */
export type Leg = 'browser' | 'stand-in' | 'electron';

const LEGS: readonly Leg[] = ['browser', 'stand-in', 'electron'];
const EVERYWHERE: readonly Leg[] = ['browser', 'stand-in'];

/**
 * The legs of this run: browser and stand-in, which every machine can run, unless `WARIKAN_LEGS` names others
 * (comma-separated). `npm run test:electron` names the third one where the binary exists.
 */
export function legsOfThisRun(value: string | undefined = process.env['WARIKAN_LEGS']): readonly Leg[] {
  if (value === undefined || value === '') return EVERYWHERE;
  return value.split(',').map((name) => {
    const leg = LEGS.find((known) => known === name.trim());
    if (leg === undefined) throw new Error(`WARIKAN_LEGS names "${name}"; it knows ${LEGS.join(', ')}.`);
    return leg;
  });
}
