import { randomUUID } from 'node:crypto';
import { chainRecord, type IRecordEvent } from '@labkeeper/core';
import type { StreamHead } from '@labkeeper/protocol';
import type { IClock } from '../clock.js';
import { codeOf, reasonOf } from '../failure.js';
import type { IJournalDisk, IJournalFile } from '../journal/journal-disk.js';
import type { Log } from '../log.js';
import { encodeHeader, encodeRecord, segmentName, sha256Hex } from './segment.js';
import { SpooledStream } from './spooled-stream.js';

/** A segment is closed when it is longer than this, in bytes: what was acknowledged can then be removed. */
const SEGMENT_BYTES = 1024 * 1024;

export interface IStreamWriterOptions {
  readonly disk: IJournalDisk;
  /** The stream's name, a UUID. */
  readonly boot: string;
  readonly serverId: string;
  readonly clock: IClock;
  readonly log: Log;
  /** The stream has a new file, and nothing in that yet. Never throws. */
  readonly begun?: (boot: string, openedAtMs: number) => Promise<void>;
}

interface IWaiting {
  readonly events: readonly IRecordEvent[];
  readonly done: (recorded: boolean) => void;
}

/**
 * Writes the stream of this companion: events get their place in the chain and are forced to the disk together, one write
 * at a time. Where that fails, the chain is as it was before, and the next write begins a new file.
 */
export class StreamWriter {
  constructor(private readonly options: IStreamWriterOptions) {
    this.openedAtMs = options.clock.wallMs();
    this.stream = new SpooledStream(options.disk, options.boot, this.openedAtMs);
  }

  /** What is on the disk. */
  readonly stream: SpooledStream;

  /** The file that is written to; null = none. */
  get writing(): string | null {
    return this.file?.name ?? null;
  }

  /** Why nothing can be written, a sentence; null = it can, as far as is known. */
  get trouble(): string | null {
    return this.failure;
  }

  /**
   * Records events in their order, all or none.
   *
   * @returns whether they are on the disk and outlive the machine. Never, where the home hangs.
   */
  record(events: readonly IRecordEvent[]): Promise<boolean> {
    return new Promise(done => {
      this.waiting.push({ events, done });
      this.writingAll ??= this.writeAll().finally(() => (this.writingAll = null));
    });
  }

  /** What is recorded next goes into a new file. */
  leave(): void {
    this.isLeaving = true;
  }

  /** Ends the file; what waits is written before. */
  async close(): Promise<void> {
    await this.writingAll;
    await this.leaveFile();
  }

  private async writeAll(): Promise<void> {
    // Lets the caller finish: what comes in one turn goes together.
    await Promise.resolve();
    while (this.waiting.length > 0) {
      const group = this.waiting.splice(0);
      const recorded = await this.write(group.flatMap(({ events }) => events));
      // What came meanwhile must not get before what failed.
      const failed = recorded ? [] : this.waiting.splice(0);
      [...group, ...failed].forEach(({ done }) => done(recorded));
    }
  }

  private async write(events: readonly IRecordEvent[]): Promise<boolean> {
    const { boot, disk, serverId } = this.options;
    const after = this.stream.head;
    let head = after;
    const pieces = events.map(event => {
      const record = chainRecord(sha256Hex, boot, head, event, randomUUID());
      head = record.head;
      return encodeRecord(record);
    });
    try {
      if (this.file !== null && (this.isLeaving || this.file.sizeBytes > SEGMENT_BYTES)) {
        await this.leaveFile();
      }
      if (this.file === null) {
        await disk.prepare();
        const name = segmentName(boot, this.number++);
        this.file = { name, file: await disk.create(name), after, sizeBytes: 0 };
        await disk.syncFolder();
        await this.options.begun?.(boot, this.openedAtMs);
        pieces.unshift(encodeHeader({ after, serverId, openedAtMs: this.openedAtMs }));
      }
      const bytes = Buffer.concat(pieces);
      await this.file.file.append(bytes);
      this.file.sizeBytes += bytes.length;
      this.stream.grew({
        name: this.file.name,
        after: this.file.after,
        head,
        sizeBytes: this.file.sizeBytes
      });
      this.succeeded();
      return true;
    } catch (error) {
      await this.failed(error);
      return false;
    }
  }

  private succeeded(): void {
    if (this.failure !== null) {
      this.failure = null;
      this.options.log('The audited log can be written again.');
    }
  }

  private async failed(error: unknown): Promise<void> {
    if (this.failure === null) {
      this.failure = `What is installed cannot be recorded on the disk: ${reasonOf(error)}`;
      this.options.log(this.failure);
    }
    try {
      await this.leaveFile();
    } catch (closing) {
      // The same disk that just failed; the first error is the one to tell.
      if (codeOf(closing) === null) {
        throw closing;
      }
    }
  }

  private async leaveFile(): Promise<void> {
    const { file } = this;
    this.file = null;
    this.isLeaving = false;
    await file?.file.close();
  }

  private readonly openedAtMs: number;
  private readonly waiting: IWaiting[] = [];
  private writingAll: Promise<void> | null = null;
  private file: {
    readonly name: string;
    readonly file: IJournalFile;
    readonly after: StreamHead;
    sizeBytes: number;
  } | null = null;
  /** The file that is written to is not to be written to any more. */
  private isLeaving = false;
  private number = 0;
  private failure: string | null = null;
}
