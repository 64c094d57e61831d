/** How much a program has to do: `overloaded` is worse than `busy`. */
export type Load = 'calm' | 'busy' | 'overloaded';

/**
 * What is asked of the service, by what is put off first: `arrival` = somebody who has nothing here yet, `return` = somebody
 * who is here and asks again, `record` = what must not wait.
 */
export type Demand = 'arrival' | 'return' | 'record';

/** How late the event loop is when it begins and when it ends, ms: an end below the begin, so that it does not swing. */
const LATE_MS = { busy: [250, 120], overloaded: [1000, 500] } as const;
/** Nobody who was put off is told to come back sooner, or much later, ms. */
const LATER_MS = { least: 2000, most: 20_000 };
/** So many are let in in a second, about, where many come at once: each that was put off lately waits for so long, ms. */
const EACH_MS = 10;

/** How much there is to do now, from how late the event loop was before and is now. @param lagMs - mean of a short time. */
export function loadAfter(before: Load, lagMs: number): Load {
  const isIn = (load: 'busy' | 'overloaded', isBefore: boolean): boolean =>
    lagMs >= LATE_MS[load][isBefore ? 1 : 0];
  if (isIn('overloaded', before === 'overloaded')) {
    return 'overloaded';
  }
  return isIn('busy', before !== 'calm') ? 'busy' : 'calm';
}

/** Whether it is put off, so that what is more urgent is done in time. */
export function isPutOff(load: Load, demand: Demand): boolean {
  switch (demand) {
    case 'arrival':
      return load !== 'calm';
    case 'return':
      return load === 'overloaded';
    case 'record':
      return false;
  }
}

/**
 * When somebody who is put off should come again: the later, the more were put off, and scattered, so that they do not come at
 * one moment.
 *
 * @param lately - how many were put off in the last ten seconds. @param random - from 0 up to 1.
 * @returns ms.
 */
export function comeAgainMs(lately: number, random: number): number {
  const about = Math.min(LATER_MS.most, Math.max(LATER_MS.least, lately * EACH_MS));
  return Math.round(about * (0.5 + random));
}
