import { statfsSync, type StatsFs } from 'node:fs';
import { statfs } from 'node:fs/promises';
import type { DiskUsage } from '@labkeeper/protocol';

/** Space of the file system that holds `path`, in bytes, counted as df(1) does: free is what this user may still fill. */
function usageOf(path: string, space: StatsFs): DiskUsage {
  return {
    path,
    usedBytes: Math.max(0, space.blocks - space.bfree) * space.bsize,
    sizeBytes: space.blocks * space.bsize,
    freeBytes: Math.max(0, space.bavail) * space.bsize
  };
}

/** At once; only for file systems in memory, because a network's may never answer. @throws when there is none. */
export function readSpaceSync(path: string): DiskUsage {
  return usageOf(path, statfsSync(path));
}

/** Rejects when there is none, and may take for ever where a server does not answer. */
export async function readSpace(path: string): Promise<DiskUsage> {
  return usageOf(path, await statfs(path));
}
