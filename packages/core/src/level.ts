/** How near something is to its bound. */
export type Level = 'ok' | 'warning' | 'danger';

/** Where levels begin, as shares of the bound; `hysteresis` is how far a share must fall below one to leave it. */
export interface ILevelThresholds {
  readonly warning: number;
  readonly danger: number;
  readonly hysteresis: number;
}

/** The thresholds of the design: amber at 80 %, red at 90 %. */
export const DEFAULT_THRESHOLDS: ILevelThresholds = { warning: 0.8, danger: 0.9, hysteresis: 0.03 };

/**
 * The level of `share`. It rises at once; it falls only when the share is `hysteresis` below the threshold of the
 * level it is in, so that a value that trembles at a threshold does not flap.
 *
 * @param previous - the level before; `ok` at the start.
 * @param share - used ÷ bound; null (not known) gives `ok`.
 */
export function level(previous: Level, share: number | null, thresholds: ILevelThresholds): Level {
  if (share === null || Number.isNaN(share)) {
    return 'ok';
  }
  const stays = (threshold: number) => share >= threshold - thresholds.hysteresis;
  if (share >= thresholds.danger || (previous === 'danger' && stays(thresholds.danger))) {
    return 'danger';
  }
  return share >= thresholds.warning || (previous !== 'ok' && stays(thresholds.warning)) ? 'warning' : 'ok';
}
