/** One process below a kernel, from `/proc/<pid>/statm`. */
export interface IProcessMemory {
  /** The kernel it belongs to; null = to none (the server): its memory is counted, but not given to anyone. */
  readonly kernelId: string | null;
  /** `resident`: anonymous, file and shared memory that is in RAM. */
  readonly rssBytes: number;
  /** `shared`: the part of it that is file or shared memory. */
  readonly sharedBytes: number;
  /** RssShmem of `/proc/<pid>/status`, where the caller read it (worth it for a large `sharedBytes`). */
  readonly shmemBytes?: number | null;
  /** The kernel's own process, not a worker of it. */
  readonly isRoot: boolean;
}

/**
 * What a process maps of its program and libraries: pages of files, which can be freed and are not the user's.
 * An idle ipykernel maps 20 to 30 MB of them.
 */
const LIBRARY_BYTES = 32 * 1024 * 1024;

/**
 * How much memory each kernel holds, from figures that cost one read per process.
 *
 * - Anonymous memory (resident − shared) counts in full.
 * - Shared memory counts once per kernel, as the largest of its processes: they map the same segments. `statm` does
 *   not tell shared memory from files; where `shmemBytes` is not given, what goes beyond the libraries counts, but
 *   never more than the container's unreclaimable memory leaves for it, so a mapped data file does not count.
 * - Forked workers show their parent's pages as their own. That shows when all processes together claim more than the
 *   container holds; the surplus is then taken from workers, in proportion, because a kernel's own process shares
 *   with nobody but them.
 *
 * @param cgroupUnreclaimable - anonymous + shared + kernel memory of the container; null = not known, nothing is capped.
 * @returns bytes by kernel id; their sum is never more than `cgroupUnreclaimable`.
 */
export function attributeMemory(
  processes: readonly IProcessMemory[],
  cgroupUnreclaimable: number | null
): ReadonlyMap<string, number> {
  const roots = new Map<string | null, number>();
  const workers = new Map<string | null, number>();
  const shared = new Map<string | null, number>();
  for (const process of processes) {
    const anonBytes = Math.max(0, process.rssBytes - process.sharedBytes);
    const side = process.isRoot ? roots : workers;
    side.set(process.kernelId, (side.get(process.kernelId) ?? 0) + anonBytes);
    const shmBytes = process.shmemBytes ?? Math.max(0, process.sharedBytes - LIBRARY_BYTES);
    shared.set(process.kernelId, Math.max(shared.get(process.kernelId) ?? 0, shmBytes));
  }
  const bound = cgroupUnreclaimable ?? Infinity;
  const rootShare = fit(total(roots), bound);
  const workerShare = fit(total(workers), bound - total(roots) * rootShare);
  const sharedShare = fit(total(shared), bound - total(roots) * rootShare - total(workers) * workerShare);
  const held = new Map<string, number>();
  for (const kernelId of shared.keys()) {
    if (kernelId !== null) {
      held.set(
        kernelId,
        Math.floor(
          (roots.get(kernelId) ?? 0) * rootShare +
            (workers.get(kernelId) ?? 0) * workerShare +
            (shared.get(kernelId) ?? 0) * sharedShare
        )
      );
    }
  }
  return held;
}

function total(bytes: ReadonlyMap<unknown, number>): number {
  return [...bytes.values()].reduce((sum, value) => sum + value, 0);
}

/** By what `wanted` must be multiplied to be at most `room`. */
function fit(wanted: number, room: number): number {
  return wanted <= Math.max(0, room) ? 1 : Math.max(0, room) / wanted;
}
