/**
 * `LABKEEPER_TRIAL=1 node bench/NAME.mts`: a trial of the benchmark itself. It has few rounds, does not wait for a quiet
 * machine, and records nothing.
 */
export const isTrial = process.env['LABKEEPER_TRIAL'] === '1';

/** How much is measured: `full`, or in a trial `trial`. */
export function extent(full: number, trial: number): number {
  return isTrial ? trial : full;
}

/** How many observations are made: `LABKEEPER_TIMES`, else as `extent`. What is recorded says how many there were. */
export function times(full: number, trial: number): number {
  return Number(process.env['LABKEEPER_TIMES'] ?? extent(full, trial));
}
