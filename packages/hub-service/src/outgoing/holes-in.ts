import { setImmediate } from 'node:timers/promises';
import type { IForwardedHole } from '@labkeeper/protocol';
import type { LogRange } from '../store/log-range.js';

export type Hole = Omit<IForwardedHole, 'atMs'>;

/** Records that lie one behind the other, and were deleted. */
export interface IDeletedRange {
  readonly firstIndex: number;
  readonly count: number;
}

/** Indexes of one look at how far a hole goes on: at first, and at most. */
const LOOK = 500;
const LONGEST_LOOK = 100_000;

/**
 * What retention deleted of some indexes, in order, all of it: for the few of a batch. Asked for after the records were looked
 * for, it has what was deleted until then.
 */
export async function deletedIn(
  range: Pick<LogRange, 'gone'>,
  first: number,
  end: number
): Promise<readonly IDeletedRange[]> {
  const deleted: IDeletedRange[] = [];
  for (let at = first; at < end;) {
    const page = await range.gone(at, end);
    deleted.push(...page.map(({ firstIndex, count }) => ({ firstIndex, count })));
    const last = page.at(-1);
    at = last ? last.firstIndex + last.count : end;
  }
  return deleted;
}

/** Why there are no records from one index to another: parts that retention deleted, and others, in order. */
export function holesIn(deleted: readonly IDeletedRange[], first: number, end: number): readonly Hole[] {
  const holes: Hole[] = [];
  let at = first;
  const reach = (hole: Hole['hole'], until: number): void => {
    const last = holes.at(-1);
    if (until > at && last?.hole === hole) {
      holes.splice(-1, 1, { ...last, count: until - last.firstIndex });
    } else if (until > at) {
      holes.push({ hole, firstIndex: at, count: until - at });
    }
    at = Math.max(at, until);
  };
  for (const { firstIndex, count } of deleted) {
    if (firstIndex < end && firstIndex + count > first) {
      reach('missing', firstIndex);
      reach('deleted', Math.min(firstIndex + count, end));
    }
  }
  reach('missing', end);
  return holes;
}

/**
 * How far a hole goes on for the same reason. Millions may be gone, in as many ranges of one each: it looks further and
 * further, so that what it counts through is about what it passes.
 *
 * @param from - where the hole was followed to. @param stop - no record is before it.
 * @returns an index from which on it is another hole, a record, or not looked at.
 */
export async function goesOn(
  range: Pick<LogRange, 'goneCount'>,
  { hole }: Pick<Hole, 'hole'>,
  from: number,
  stop: number
): Promise<number> {
  let at = from;
  for (let look = LOOK; at < stop; look = Math.min(look * 2, LONGEST_LOOK)) {
    const end = Math.min(at + look, stop);
    if ((await range.goneCount(at, end)) !== (hole === 'deleted' ? end - at : 0)) {
      return at;
    }
    at = end;
    // SQLite answers at once: others would wait until all is counted.
    await setImmediate();
  }
  return at;
}
