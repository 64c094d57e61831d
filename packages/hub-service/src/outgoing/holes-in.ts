import type { IForwardedHole } from '@labkeeper/protocol';
import type { LogRange } from '../store/log-range.js';

type Hole = Omit<IForwardedHole, 'atMs'>;

/**
 * Why there are no records from one index to another: parts that retention deleted, and others, in order.
 *
 * Asked for after the records were looked for, it knows what was deleted until then.
 */
export async function holesIn(
  range: Pick<LogRange, 'gone' | 'goneCount'>,
  first: number,
  end: number
): Promise<readonly Hole[]> {
  if ((await range.goneCount(first, end)) === end - first) {
    return [{ hole: 'deleted', firstIndex: first, count: end - first }];
  }
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
  while (at < end) {
    const page = await range.gone(at, end);
    for (const { firstIndex, count } of page) {
      reach('missing', firstIndex);
      reach('deleted', firstIndex + count);
    }
    if (page.length === 0) {
      reach('missing', end);
    }
  }
  return holes;
}
