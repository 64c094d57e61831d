import type { DiskUsage } from '@labkeeper/protocol';

const FULL_BYTES = 64 * 1024;

/** Whether nothing more fits on a file system: less than 64 KiB free. One without a size (not mounted) is not full. */
export function isFull(disk: DiskUsage | null): boolean {
  return disk !== null && disk.sizeBytes > 0 && disk.freeBytes < FULL_BYTES;
}

/** Whether `/dev/shm` was full: the write that did not fit may have been large, so 99 % used is full too. */
export function isShmFull(shm: DiskUsage | null): boolean {
  return isFull(shm) || (shm !== null && shm.sizeBytes > 0 && shm.usedBytes >= 0.99 * shm.sizeBytes);
}
