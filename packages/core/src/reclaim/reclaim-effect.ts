import type { Reclaim } from '@labkeeper/protocol';

/** What a notice does to kernels. */
export interface IReclaimEffect {
  /** Kernels end with what they hold: it is said what that is. */
  readonly losesMemory: boolean;
  /** There is time to run the user's checkpoint cells, and it is right to. */
  readonly runsCheckpoints: boolean;
}

/**
 * What follows from a notice for kernels. Before culling nothing is asked of them and nothing is run in them: both would
 * count as activity, and the idle server would never be culled. A stop without a deadline is a signal, which leaves a
 * second; the server ends its kernels at the same time.
 *
 * @param withCheckpoints - the user asked for them in this trial.
 */
export function reclaimEffect(
  { kind, withdrawn, memoryKept, deadlineMs }: Reclaim,
  withCheckpoints: boolean
): IReclaimEffect {
  if (withdrawn || memoryKept === true) {
    return { losesMemory: false, runsCheckpoints: false };
  }
  switch (kind) {
    case 'cull':
      return { losesMemory: true, runsCheckpoints: false };
    case 'stop':
      return { losesMemory: true, runsCheckpoints: deadlineMs !== null };
    case 'trial':
      return { losesMemory: true, runsCheckpoints: withCheckpoints };
    case 'reclaim':
    case 'maintenance':
    case 'wall-time':
      return { losesMemory: true, runsCheckpoints: true };
  }
}

/** The notice that counts: of those that hold, the one that ends first. One that keeps memory counts only if alone. */
export function effectiveReclaim(reclaims: readonly Reclaim[]): Reclaim | null {
  let first: Reclaim | null = null;
  for (const reclaim of reclaims) {
    if (!reclaim.withdrawn && (first === null || isBefore(reclaim, first))) {
      first = reclaim;
    }
  }
  return first;
}

function isBefore(a: Reclaim, b: Reclaim): boolean {
  const aKeeps = a.memoryKept === true;
  const bKeeps = b.memoryKept === true;
  // One without a deadline may come any moment, which is before all others.
  return aKeeps === bKeeps ? (a.deadlineMs ?? -Infinity) < (b.deadlineMs ?? -Infinity) : bKeeps;
}
