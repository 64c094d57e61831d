import { setImmediate } from 'node:timers/promises';
import type { IExportSource } from './export-source.js';

/** Records of which the log has nothing any more, and that no act of retention deleted. */
export interface IVanished {
  readonly count: number;
  readonly firstIndex: number;
}

/** Indexes that are counted through at a time: SQLite counts in the thread that serves everybody. */
const AT_A_TIME = 100_000;

/**
 * What has vanished of [firstIndex, endIndex). It costs a count of the index, not the records themselves: a record whose
 * line alone is gone is found by reading it.
 *
 * @returns null = nothing has.
 */
export async function vanishedOf(
  source: Pick<IExportSource, 'missingCount'>,
  firstIndex: number,
  endIndex: number
): Promise<IVanished | null> {
  const missing = async (from: number, end: number): Promise<number> => {
    const count = await source.missingCount?.(from, end);
    // SQLite answers at once: others would wait until all is counted.
    await setImmediate();
    return count ?? 0;
  };
  let count = 0;
  let first = firstIndex;
  for (let from = firstIndex; from < endIndex; from += AT_A_TIME) {
    const end = Math.min(from + AT_A_TIME, endIndex);
    const found = await missing(from, end);
    if (found > 0 && count === 0) {
      first = await firstOf(missing, from, end);
    }
    count += found;
  }
  return count > 0 ? { count, firstIndex: first } : null;
}

/** Halves a range in which one is missing until it is that one. */
async function firstOf(
  missing: (from: number, end: number) => Promise<number>,
  from: number,
  end: number
): Promise<number> {
  let [low, high] = [from, end];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if ((await missing(low, middle)) > 0) {
      high = middle;
    } else {
      low = middle;
    }
  }
  return low;
}

/**
 * Why a filtered export with proofs cannot be made: its last line signs how many records of the range the filter means.
 *
 * @returns null = it can.
 */
export async function unsignable(
  source: Pick<IExportSource, 'missingCount'>,
  firstIndex: number,
  endIndex: number
): Promise<string | null> {
  const vanished = await vanishedOf(source, firstIndex, endIndex);
  return (
    vanished &&
    `Record ${vanished.firstIndex} is missing from the log, and no act of retention deleted it: whether the filter means it nobody knows any more, and no number of records could be signed. A whole export as JSONL can still be made, and labkeeper verify says what else is missing; so can one of a range without it (labkeeper export --first, --end). Restore the log from a backup.`
  );
}
