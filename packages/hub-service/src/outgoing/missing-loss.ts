import { recordsFrom } from '@labkeeper/core';
import type { Forwarded } from '@labkeeper/protocol';

/** How many records of a batch are missing, and where the last of them are. */
export interface IMissing {
  readonly count: number;
  /** Such as `records 7 to 9`; null = none is. */
  readonly says: string | null;
}

/** What is missing of a batch without an act of retention. */
export function missingOf(items: readonly Forwarded[]): IMissing {
  let missing: IMissing = { count: 0, says: null };
  for (const item of items) {
    if ('hole' in item && item.hole === 'missing') {
      const { firstIndex, count } = item;
      missing = { count: missing.count + count, says: recordsFrom(firstIndex, firstIndex + count) };
    }
  }
  return missing;
}
