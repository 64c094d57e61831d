import type { DiskUsage } from '@labkeeper/protocol';

/** What somebody's small file that was removed meanwhile leaves: a database's journal, a part of the flight recorder. */
const FULL_BYTES = 256 * 1024;

/** Whether hardly anything fits on a file system: less than 256 KiB free. One without a size (not mounted) is not full. */
export function isFull(disk: DiskUsage | null): boolean {
  return disk !== null && disk.sizeBytes > 0 && disk.freeBytes < FULL_BYTES;
}

/** Whether `/dev/shm` was full: the write that did not fit may have been large, so 99 % used is full too. */
export function isShmFull(shm: DiskUsage | null): boolean {
  return isFull(shm) || (shm !== null && shm.sizeBytes > 0 && shm.usedBytes >= 0.99 * shm.sizeBytes);
}
