import type { FlightRecord } from '@labkeeper/core';
import type { IClock, IDisposable } from '../clock.js';
import { codeOf, reasonOf } from '../failure.js';
import type { Log } from '../log.js';
import { RECORD_BYTES } from './frame.js';
import { ensureOwnFolder } from './own-folder.js';
import { Segments } from './segments.js';

/** Records that wait for a slow disk, at most: the oldest go first. */
const WAITING_RECORDS = 256;
/** After a failure of the disk it is tried again this much later, then after twice that, up to the second figure. */
const FIRST_RETRY_MS = 5000;
const LONGEST_RETRY_MS = 10 * 60_000;

export interface IFlightRecorderOptions {
  readonly home: string;
  readonly serverName: string;
  readonly serverId: string;
  readonly boot: string;
  readonly clock: IClock;
  readonly log: Log;
}

/**
 * Writes records to the home volume without ever waiting for it: one write is under way, what comes meanwhile goes
 * together into the next. Forcing them to the disk goes on beside it, because a record that is written outlives a kill,
 * and one that waits for a slow disk does not. A home that is read-only, full or away costs one line in the log, and one
 * when it can be written again; what came meanwhile is then written, as far as it was kept.
 */
export class FlightRecorder implements IDisposable {
  constructor(private readonly options: IFlightRecorderOptions) {
    const { clock, boot, serverId } = options;
    this.opening = { kind: 'start', atMs: clock.wallMs(), boot, serverId };
  }

  /** Whether records reach the disk, as far as is known. */
  get writes(): boolean {
    return this.retry === null;
  }

  /** Bytes written since the start. */
  get bytesWritten(): number {
    return this.written;
  }

  /** Takes a record; with `sync` it is forced to the disk. Returns its size in bytes. */
  note(record: FlightRecord, sync: boolean): number {
    const text = JSON.stringify(record);
    if (record.kind === 'summary') {
      this.lastSummary = text;
    }
    const bytes = Buffer.byteLength(text);
    if (!this.disposed && bytes <= RECORD_BYTES) {
      this.waiting.push(text);
      this.waiting.splice(0, this.waiting.length - WAITING_RECORDS);
      this.sync ||= sync;
      this.write();
    }
    return bytes + 8;
  }

  /** Resolves when everything noted so far is written, or cannot be. */
  async settled(): Promise<void> {
    while (this.flushing !== null || this.syncing !== null) {
      await this.flushing;
      await this.syncing;
    }
  }

  /** Writes what waits and closes the files; where the disk had failed, that is tried once more. */
  async close(): Promise<void> {
    this.tryAgain();
    await this.settled();
    this.dispose();
    await this.segments?.close();
  }

  dispose(): void {
    this.retry?.dispose();
    this.disposed = true;
  }

  private write(): void {
    if (this.retry === null && this.waiting.length > 0) {
      this.flushing ??= this.flush();
    }
  }

  private async flush(): Promise<void> {
    let texts: string[] = [];
    try {
      while (this.waiting.length > 0 && this.retry === null) {
        texts = this.waiting.splice(0);
        this.segments ??= await this.open();
        this.written += await this.segments.append(texts);
        texts = [];
        if (this.sync || this.failures > 0) {
          this.sync = true;
          this.syncing ??= this.syncAll(this.segments);
        }
      }
    } catch (error) {
      this.waiting.unshift(...texts);
      await this.fail(error);
    } finally {
      this.flushing = null;
    }
  }

  private async syncAll(segments: Segments): Promise<void> {
    try {
      while (this.sync) {
        this.sync = false;
        await segments.sync();
      }
      this.recover();
    } catch (error) {
      await this.fail(error);
    } finally {
      this.syncing = null;
    }
  }

  private async open(): Promise<Segments> {
    const folder = await ensureOwnFolder(this.options.home, 'flight', this.options.serverName);
    await this.failed?.remove();
    this.failed = null;
    const opening = JSON.stringify(this.opening);
    return new Segments(folder, `${this.options.boot}-${this.opened++}`, () =>
      this.lastSummary === null ? [opening] : [opening, this.lastSummary]
    );
  }

  private async fail(error: unknown): Promise<void> {
    if (this.retry !== null) {
      // Writing and syncing failed together: one reason is enough.
      return;
    }
    const delayMs = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** this.failures);
    this.retry = this.options.clock.after(delayMs, () => this.tryAgain());
    this.failures += 1;
    if (this.failures === 1) {
      this.options.log(
        `The flight recorder cannot write (${reasonOf(error)}); if the whole container dies, the next start cannot say why.`
      );
    }
    // After a retry a new ring begins, and this one must not stay beside it.
    this.failed = this.segments ?? this.failed;
    this.segments = null;
    try {
      await this.failed?.close();
    } catch (closing) {
      // The same disk that just failed; the first error is the one to tell.
      if (codeOf(closing) === null) {
        throw closing;
      }
    }
  }

  private tryAgain(): void {
    this.retry?.dispose();
    this.retry = null;
    this.write();
  }

  /** Something is on the disk for sure; only that ends a failure, because what is full often still takes a few bytes. */
  private recover(): void {
    if (this.failures > 0 && this.retry === null) {
      this.failures = 0;
      this.options.log('The flight recorder can write again.');
    }
  }

  private readonly opening: FlightRecord;
  private readonly waiting: string[] = [];
  private segments: Segments | null = null;
  private failed: Segments | null = null;
  /** Who held what, as it was written last: every segment begins with it. */
  private lastSummary: string | null = null;
  private opened = 0;
  private sync = false;
  private written = 0;
  private flushing: Promise<void> | null = null;
  private syncing: Promise<void> | null = null;
  private retry: IDisposable | null = null;
  /** Failures of the disk in a row. */
  private failures = 0;
  private disposed = false;
}
