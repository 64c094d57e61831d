import { closeSync, openSync, readSync } from 'node:fs';
import { reasonOf } from '../log.js';

/** How many reads are skipped after a failed one: an absent file costs an exception (10 µs) only now and then. */
const SKIPPED_READS = 20;

/**
 * A small file of the kernel that is opened once and read again and again from its start. All of them share one
 * buffer, so that a read makes nothing for the collector of garbage: look at `OpenFile.bytes` before the next read.
 */
export class OpenFile {
  /** What the last read of any file left, from 0 up to the length it returned. 64 KiB; longer files are cut. */
  static readonly bytes = Buffer.alloc(64 * 1024);

  /**
   * @param path - the file; it need not exist.
   */
  constructor(readonly path: string) {}

  /** Why the last read gave nothing; null = it gave something. */
  get reason(): string | null {
    return this.failure;
  }

  /**
   * Reads a file that its kernel code prints in one piece (`/proc/<pid>/stat`, `memory.stat`).
   *
   * @returns the number of bytes in `OpenFile.bytes`, or -1 when it cannot be read.
   */
  read(): number {
    return this.readFrom(0);
  }

  /** The same for a list that the kernel hands out in pieces of a page (`cgroup.procs`, `/proc/vmstat`). */
  readAll(): number {
    let length = 0;
    while (length < OpenFile.bytes.length) {
      const more = this.readFrom(length);
      if (more === -1) {
        return -1;
      }
      if (more === 0) {
        break;
      }
      length += more;
    }
    return length;
  }

  /** Closes the file; a later read opens it again. */
  close(): void {
    if (this.descriptor !== -1) {
      const descriptor = this.descriptor;
      this.descriptor = -1;
      closeSync(descriptor);
    }
  }

  private readFrom(offset: number): number {
    if (this.descriptor === -1 && this.skip > 0) {
      this.skip -= 1;
      return -1;
    }
    try {
      if (this.descriptor === -1) {
        this.descriptor = openSync(this.path, 'r');
      }
      const length = readSync(
        this.descriptor,
        OpenFile.bytes,
        offset,
        OpenFile.bytes.length - offset,
        offset
      );
      this.failure = null;
      return length;
    } catch (error) {
      // Vanished (ENOENT, ENODEV, ESRCH) or not for us (EACCES): the caller gets null, and the reason on demand.
      this.failure = reasonOf(error);
      this.close();
      this.skip = SKIPPED_READS;
      return -1;
    }
  }

  private descriptor = -1;
  private skip = 0;
  private failure: string | null = null;
}
