/** A calendar month in UTC: [fromMs, untilMs), epoch ms. */
export interface IMonth {
  /** Such as `2026_12`. */
  readonly name: string;
  readonly fromMs: number;
  readonly untilMs: number;
}

/** So many months are made before they begin. */
export const MONTHS_AHEAD = 3;
/** So many months back a gap is filled that an outage left. */
const MOST_MISSED = 24;

/** The month that a time lies in. @param atMs - epoch ms, from 1970 on. */
export function monthAt(atMs: number): IMonth {
  const date = new Date(atMs);
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()];
  return {
    name: `${String(year).padStart(4, '0')}_${String(month + 1).padStart(2, '0')}`,
    fromMs: Date.UTC(year, month, 1),
    untilMs: Date.UTC(year, month + 1, 1)
  };
}

/**
 * The months that there must be: this one, those ahead, and the latest of before, so that no gap lies between.
 *
 * @param beganMs - before this, no months are kept apart: itself the begin of one, epoch ms.
 * @param nowMs - epoch ms.
 * @returns the oldest first.
 */
export function monthsToKeep(beganMs: number, nowMs: number): readonly IMonth[] {
  const now = new Date(nowMs);
  return Array.from({ length: MOST_MISSED + 1 + MONTHS_AHEAD }, (_, i) =>
    monthAt(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + i - MOST_MISSED, 1))
  ).filter(({ fromMs }) => fromMs >= beganMs);
}
