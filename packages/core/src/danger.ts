import { timeToLimitMs } from './schedule.js';

/** From this share of the limit on, every reading goes to the flight recorder. */
export const DANGER_SHARE = 0.9;
/** So does it while the limit is nearer in time than this. */
export const DANGER_REACH_MS = 5000;

/** Whether the container may be gone soon: the flight recorder then writes every reading and syncs it to the disk. */
export function inDanger(state: {
  readonly share: number | null;
  readonly growthBytesPerSecond: number;
  readonly headroomBytes: number | null;
}): boolean {
  const { share, headroomBytes, growthBytesPerSecond } = state;
  return (
    (share !== null && share >= DANGER_SHARE) ||
    (headroomBytes !== null && timeToLimitMs(headroomBytes, growthBytesPerSecond) <= DANGER_REACH_MS)
  );
}
