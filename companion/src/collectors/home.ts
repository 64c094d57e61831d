import type { DiskUsage } from '@labkeeper/protocol';
import { readSpace } from '../adapters/file-system-usage.js';
import { reasonOf } from '../log.js';
import type { ICollector } from './collector.js';

/** A sample shows a figure at most this old. */
const SAMPLE_AGE_MS = 10_000;
/** Nor is it asked for more often by samples: with each of them, while something runs. */
const OFTEN_AGE_MS = 900;
/** No faster does a home fill up, in bytes per millisecond (1 GiB a second): less free space is looked at more often. */
const FILLING_BYTES_PER_MS = 1024 ** 3 / 1000;
/** "Fresh" means: asked for within this time. */
const FRESH_AGE_MS = 500;
/** Without an answer for this long the file system is said to hang. */
const HANGS_MS = 30_000;

/**
 * Space on the home's file system, whose size is the user's quota where there is one.
 *
 * Homes are on networks, and a `statfs` of a server that does not answer blocks its thread for minutes. So it runs
 * in Node's thread pool, one at a time, and what is given is always the last answer: `collect` renews it before the
 * free space could have been filled, every 1 to 10 s; `fresh` asks again at once and the answer is there at the next
 * call some milliseconds later.
 */
export class HomeCollector implements ICollector<DiskUsage> {
  readonly name = 'home';

  /**
   * @param path - the home folder; null = there is none.
   * @param monotonicMs - a clock that only grows.
   * @param read - how to read the space, replaced in tests.
   */
  constructor(
    private readonly path: string | null,
    private readonly monotonicMs: () => number,
    private readonly read: (path: string) => Promise<DiskUsage> = readSpace
  ) {
    this.renew(0);
  }

  get reason(): string | null {
    if (this.path === null) {
      return 'there is no home folder';
    }
    if (this.asking && this.monotonicMs() - this.askedAtMs > HANGS_MS) {
      return `the file system of ${this.path} does not answer`;
    }
    return this.failure;
  }

  collect(): DiskUsage | null {
    const untilFullMs = (this.last?.freeBytes ?? Infinity) / FILLING_BYTES_PER_MS;
    this.renew(Math.min(SAMPLE_AGE_MS, Math.max(OFTEN_AGE_MS, untilFullMs)));
    return this.last;
  }

  /** The last answer, which is renewed now. */
  fresh(): DiskUsage | null {
    this.renew(FRESH_AGE_MS);
    return this.last;
  }

  close(): void {
    this.closed = true;
  }

  private renew(ageMs: number): void {
    const nowMs = this.monotonicMs();
    if (this.path === null || this.closed || this.asking || nowMs - this.askedAtMs < ageMs) {
      return;
    }
    this.asking = true;
    this.askedAtMs = nowMs;
    this.read(this.path).then(
      usage => {
        this.asking = false;
        this.last = usage;
        this.failure = null;
      },
      (error: unknown) => {
        this.asking = false;
        this.last = null;
        this.failure = reasonOf(error);
      }
    );
  }

  private asking = false;
  private askedAtMs = -Infinity;
  private last: DiskUsage | null = null;
  private failure: string | null = null;
  private closed = false;
}
