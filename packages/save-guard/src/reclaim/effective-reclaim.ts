import type { Reclaim } from '@labkeeper/protocol';

/** The notice that counts: of those that hold, the one that ends first; one without a deadline may come any moment. */
export function effectiveReclaim(reclaims: readonly Reclaim[]): Reclaim | null {
  let first: Reclaim | null = null;
  for (const reclaim of reclaims) {
    if (!reclaim.withdrawn && (first === null || endOf(reclaim) < endOf(first))) {
      first = reclaim;
    }
  }
  return first;
}

function endOf({ deadlineMs }: Reclaim): number {
  return deadlineMs ?? 0;
}
