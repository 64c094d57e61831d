import type { JournalTrouble } from '@labkeeper/protocol';
import type { IClock, IDisposable } from '../clock.js';
import { reasonOf } from '../failure.js';
import type { Log } from '../log.js';
import type { IJournalDisk } from './journal-disk.js';
import type { IEntry, SegmentLog } from './segment-log.js';
import { SyncPace } from './sync-pace.js';
import { troubleOf } from './trouble.js';

/** What waits in memory for the disk, at most, in bytes. */
export const WAITING_BYTES = 8 * 1024 * 1024;
/** A write that takes longer than this is told. */
export const SLOW_MS = 5000;
/** After a failure it is tried again this much later, then after twice that, up to the second figure. */
const FIRST_RETRY_MS = 1000;
const LONGEST_RETRY_MS = 10_000;
/** A full disk is full until so much is free: a few bytes nearly always are. */
const FREE_BYTES = 256 * 1024;
/** So long after the last failure the next one is a first one again: trouble that comes and goes is not told each second. */
const CALM_MS = 60_000;

/** So much is worth a sync of its own, whatever the pace says, in bytes: a large paste, not typing. */
const BULK_BYTES = 2 * 1024 * 1024;

const NOTHING = Buffer.alloc(0);

export interface IGroupCommitOptions {
  readonly disk: IJournalDisk;
  readonly segments: SegmentLog;
  readonly clock: IClock;
  readonly log: Log;
  /** `trouble` or `boundMs` may be others now. */
  readonly changed: () => void;
  /** Something was committed. */
  readonly committed: () => void;
}

/**
 * Brings entries to the disk: one write with one sync is under way, what comes meanwhile goes with the next. A volume
 * that is slow is written seldom (`SyncPace`). What could not be written stays in front of the queue, and is tried
 * again by itself.
 */
export class GroupCommit implements IDisposable {
  constructor(private readonly options: IGroupCommitOptions) {}

  /** Why nothing can be written; null = it can, as far as is known. */
  get trouble(): JournalTrouble | null {
    return this.isSlow ? 'slow' : this.failure;
  }

  /** The longest that an entry waits until it is on the disk, in ms. */
  get boundMs(): number {
    return this.pace.boundMs;
  }

  /** Bytes that are not on the disk yet. */
  get waitingBytes(): number {
    return this.queuedBytes + this.flyingBytes;
  }

  /** Whether something is on its way. */
  get isBusy(): boolean {
    return this.flying !== null;
  }

  /** How many times something was forced to the disk. */
  get syncs(): number {
    return this.syncCount;
  }

  /** While true, nothing waits for the pace: the end is near. */
  get hurried(): boolean {
    return this.isHurried;
  }
  set hurried(hurried: boolean) {
    this.isHurried = hurried;
    this.plan();
  }

  /** Prepares the folder and begins a segment, so that trouble is known before anything is to be written. */
  start(): void {
    this.isProbing = true;
    this.plan();
  }

  add(entry: IEntry): void {
    this.queue.push(entry);
    this.queuedBytes += entry.bytes.length;
    this.plan();
  }

  /** Takes back what waits of one run, but for what is on its way, or on the disk already and moved. */
  drop(owner: number): void {
    this.queue = this.queue.filter(entry => entry.owner !== owner || entry.isMoved);
    this.queuedBytes = this.queue.reduce((sum, { bytes }) => sum + bytes.length, 0);
  }

  /**
   * Writes what waits, without a pause; after a failure that is tried at once, once.
   *
   * @returns whether everything that was added before is on the disk. Never, where the home hangs.
   */
  async flush(): Promise<boolean> {
    if (this.flying === null && this.queue.length === 0) {
      return this.failure === null;
    }
    let isDurable = false;
    this.queue.push({ bytes: NOTHING, owner: null, durable: () => (isDurable = true) });
    // What is on its way left before.
    for (let round = 0; round < 2 && !isDurable; round += 1) {
      await (this.flying ?? this.begin());
    }
    return isDurable;
  }

  dispose(): void {
    this.disposed = true;
    this.pause?.dispose();
    this.retry?.dispose();
  }

  private plan(): void {
    const idle = this.queue.length === 0 && !this.isProbing;
    if (idle || this.disposed || this.flying !== null || this.retry !== null) {
      return;
    }
    const { clock } = this.options;
    const isDue = this.isHurried || this.queuedBytes >= BULK_BYTES;
    const waitMs = isDue ? 0 : this.beganAtMs + this.pace.pauseMs - clock.monotonicMs();
    this.pause?.dispose();
    this.pause = null;
    if (waitMs <= 0) {
      void this.begin();
    } else {
      this.pause = clock.after(waitMs, () => void this.begin());
    }
  }

  private begin(): Promise<void> {
    this.pause?.dispose();
    this.retry?.dispose();
    this.pause = null;
    this.retry = null;
    this.flying ??= this.commit().finally(() => {
      this.flying = null;
      this.plan();
    });
    return this.flying;
  }

  private async commit(): Promise<void> {
    // Lets the caller finish: what comes in one turn goes together.
    await Promise.resolve();
    const { clock, segments } = this.options;
    const entries = this.queue;
    this.queue = [];
    this.flyingBytes = this.queuedBytes;
    this.queuedBytes = 0;
    this.isProbing = false;
    this.beganAtMs = clock.monotonicMs();
    const slow = clock.after(SLOW_MS, () => this.slow(true));
    let written: readonly IEntry[] = [];
    try {
      if (!this.isPrepared || this.failure !== null) {
        await this.prepare();
      }
      const writesAtMs = clock.monotonicMs();
      const syncs = await segments.append(entries);
      // What begins the journal is not part of its pace: the first records need not wait longer for it.
      const counted = this.syncCount === 0 ? 1 : syncs;
      this.pace.ended((clock.monotonicMs() - writesAtMs) / syncs, counted);
      this.syncCount += syncs;
      this.flyingBytes = 0;
      written = entries;
      this.succeed();
    } catch (error) {
      this.queue = [...entries, ...this.queue];
      this.queuedBytes += this.flyingBytes;
      this.flyingBytes = 0;
      await this.fail(error);
    } finally {
      slow.dispose();
      this.slow(false);
    }
    written.forEach(entry => entry.durable?.());
    this.options.committed();
  }

  private async prepare(): Promise<void> {
    const { disk } = this.options;
    if (!this.isPrepared) {
      await disk.prepare();
      this.isPrepared = true;
    }
    if (this.failure === 'disk-full' && (await disk.freeBytes()) < FREE_BYTES) {
      throw Object.assign(new Error('The disk is still full.'), { code: 'ENOSPC' });
    }
  }

  private succeed(): void {
    const wasFailed = this.failure !== null;
    this.failure = null;
    if (wasFailed) {
      this.options.log('The journal of unsaved work can be written again.');
    }
    this.options.changed();
  }

  private async fail(error: unknown): Promise<void> {
    const { clock, log, segments, changed } = this.options;
    const nowMs = clock.monotonicMs();
    this.failures = nowMs - this.failedAtMs > CALM_MS ? 0 : this.failures + 1;
    this.failedAtMs = nowMs;
    const before = this.failure;
    this.failure = troubleOf(error);
    if (before !== this.failure) {
      log(`The journal of unsaved work cannot be written: ${reasonOf(error)}`);
    }
    changed();
    await segments.abandon();
    // The folder may be gone, or another one.
    this.isPrepared = false;
    if (!this.disposed) {
      const delayMs = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** this.failures);
      this.isProbing = true;
      this.retry = clock.after(delayMs, () => void this.begin());
    }
  }

  private slow(isSlow: boolean): void {
    if (isSlow !== this.isSlow) {
      this.isSlow = isSlow;
      this.options.changed();
    }
  }

  private readonly pace = new SyncPace();
  private queue: IEntry[] = [];
  private queuedBytes = 0;
  private flyingBytes = 0;
  private flying: Promise<void> | null = null;
  private pause: IDisposable | null = null;
  private retry: IDisposable | null = null;
  private beganAtMs = -Infinity;
  private isHurried = false;
  private isProbing = false;
  private isPrepared = false;
  private isSlow = false;
  private failure: JournalTrouble | null = null;
  private failures = -1;
  private failedAtMs = -Infinity;
  private syncCount = 0;
  private disposed = false;
}
