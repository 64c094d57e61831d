import type { IClock } from '../../src/clock.js';
import type { IJournalDisk, IJournalFile } from '../../src/journal/journal-disk.js';

interface IContent {
  bytes: Buffer;
  /** How many of them outlive the machine. */
  durableBytes: number;
  /** Its name outlives the machine. */
  isNamed: boolean;
  changedAtMs: number;
}

/** A number from 0 up to below 1. */
export type Random = () => number;

/**
 * A folder in memory that can lose its power at any step: what was not forced to the disk is then there, or in part, or
 * not at all, and so are names and removals.
 */
export class MemoryDisk implements IJournalDisk {
  constructor(
    private readonly options: { readonly clock?: IClock; readonly syncMs?: number | (() => number) } = {}
  ) {}

  /** What the file system takes for the time. */
  nowMs = 0;
  /** After so many steps nothing ever answers any more. */
  stepsLeft = Infinity;
  /** Steps so far: reads, writes, syncs, and whatever else asks the disk. */
  steps = 0;
  syncs = 0;
  /** Thrown by all that writes. */
  failure: { readonly code: string } | null = null;
  /** What every write waits for; null = nothing. */
  wait: (() => Promise<void>) | null = null;
  /** Bytes that still fit. */
  roomBytes = Infinity;
  readonly files = new Map<string, IContent>();

  prepare(): Promise<void> {
    return this.write();
  }

  async create(name: string): Promise<IJournalFile> {
    await this.write();
    if (this.files.has(name)) {
      throw Object.assign(new Error('It exists.'), { code: 'EEXIST' });
    }
    const content: IContent = {
      bytes: Buffer.alloc(0),
      durableBytes: 0,
      isNamed: false,
      changedAtMs: this.nowMs
    };
    this.files.set(name, content);
    return {
      append: async bytes => {
        if (this.stepsLeft <= 1) {
          this.put(content, bytes.subarray(0, Math.floor(bytes.length / 2)));
        }
        await this.write();
        const fits = bytes.subarray(0, this.roomBytes);
        this.put(content, fits);
        this.roomBytes -= fits.length;
        if (fits.length < bytes.length) {
          throw Object.assign(new Error('No room.'), { code: 'ENOSPC' });
        }
        const { length } = content.bytes;
        await this.sync();
        content.durableBytes = length;
      },
      touch: () => this.write(),
      close: () => this.step()
    };
  }

  async syncFolder(): Promise<void> {
    await this.sync();
    this.removed.clear();
    this.files.forEach(content => (content.isNamed = true));
  }

  async remove(name: string): Promise<void> {
    await this.write();
    const content = this.files.get(name);
    if (content) {
      this.files.delete(name);
      this.removed.set(name, content);
      this.roomBytes += content.bytes.length;
    }
  }

  async names(): Promise<string[]> {
    await this.step();
    return [...this.files.keys()];
  }

  async *read(name: string, from: number, to: number): AsyncIterable<Buffer> {
    for (let at = from; at < to; at += 5000) {
      await this.step();
      // In pieces, and never the bytes that are still written to.
      yield Buffer.from(this.content(name).bytes.subarray(at, Math.min(to, at + 5000)));
    }
  }

  async state(name: string): Promise<{ sizeBytes: number; changedAtMs: number }> {
    await this.step();
    const { bytes, changedAtMs } = this.content(name);
    return { sizeBytes: bytes.length, changedAtMs };
  }

  async replace(name: string, text: string): Promise<void> {
    await this.sync();
    const bytes = Buffer.from(text);
    this.files.set(name, { bytes, durableBytes: bytes.length, isNamed: true, changedAtMs: this.nowMs });
  }

  async freeBytes(): Promise<number> {
    await this.step();
    return this.roomBytes;
  }

  /** The folder after this process was killed: all that was written is there. */
  afterKill(): MemoryDisk {
    const disk = new MemoryDisk();
    this.files.forEach((content, name) => disk.files.set(name, { ...content }));
    return disk;
  }

  /** The folder after the machine lost its power. */
  afterPowerLoss(random: Random): MemoryDisk {
    const disk = new MemoryDisk();
    const all = [...this.removed, ...this.files];
    for (const [name, { bytes, durableBytes, isNamed }] of all) {
      const isThere = this.removed.has(name) ? random() < 0.5 : isNamed || random() < 0.5;
      if (isThere) {
        const kept = durableBytes + Math.floor(random() * (bytes.length - durableBytes + 1));
        const length = kept + Math.floor(random() * (bytes.length - kept + 1));
        const left = Buffer.alloc(length);
        bytes.copy(left, 0, 0, kept);
        disk.files.set(name, { bytes: left, durableBytes: length, isNamed: true, changedAtMs: 0 });
      }
    }
    return disk;
  }

  private put(content: IContent, bytes: Buffer): void {
    content.bytes = Buffer.concat([content.bytes, bytes]);
    content.changedAtMs = this.nowMs;
  }

  private content(name: string): IContent {
    const content = this.files.get(name);
    if (!content) {
      throw Object.assign(new Error('There is none.'), { code: 'ENOENT' });
    }
    return content;
  }

  private async sync(): Promise<void> {
    this.syncs += 1;
    const { clock, syncMs = 0 } = this.options;
    const ms = typeof syncMs === 'function' ? syncMs() : syncMs;
    if (clock && ms > 0) {
      await new Promise<void>(resolve => void clock.after(ms, resolve));
    }
    await this.write();
  }

  private async write(): Promise<void> {
    await this.step();
    await this.wait?.();
    if (this.failure) {
      throw Object.assign(new Error('It was made to fail.'), this.failure);
    }
  }

  private async step(): Promise<void> {
    this.steps += 1;
    this.stepsLeft -= 1;
    await (this.stepsLeft <= 0 ? new Promise(() => undefined) : Promise.resolve());
  }

  private readonly removed = new Map<string, IContent>();
}
