import { codeOf } from '../failure.js';
import type { IJournalDisk, IJournalFile } from './journal-disk.js';

const NAME = /^([A-Za-z0-9-]{1,64})\.(\d{1,9})\.journal$/;

/** The file name of a segment. */
export function segmentName(boot: string, number: number): string {
  return `${boot}.${number}.journal`;
}

/** What a file name says; null = it is no segment's. */
export function parseSegmentName(name: string): { readonly boot: string; readonly number: number } | null {
  const [, boot, number] = NAME.exec(name) ?? [];
  return boot === undefined || number === undefined ? null : { boot, number: Number(number) };
}

/** One frame on its way to the disk. */
export interface IEntry {
  readonly bytes: Buffer;
  /** The run whose records these are; null = no records: never moved on to another segment. */
  readonly owner: number | null;
  /** It is on the disk already, and only changes its place: never to be taken back. */
  readonly isMoved?: boolean;
  /** Called when it outlives the machine. */
  readonly durable?: (() => void) | undefined;
}

/** A segment on the disk. */
export interface ISegment {
  readonly name: string;
  readonly sizeBytes: number;
  /** Bytes of runs that live, by run. */
  readonly liveBytes: ReadonlyMap<number, number>;
}

export interface ISegmentLogOptions {
  readonly disk: IJournalDisk;
  readonly boot: string;
  /** What a new segment begins with. */
  readonly opening: () => readonly Buffer[];
  /** A segment that is as long as this is followed by another one, in bytes. */
  readonly segmentBytes: () => number;
  /** Whether a run is of use. */
  readonly lives: (owner: number) => boolean;
}

/**
 * The files of one companion: `<boot>.<number>.journal`, written one after the other, one call at a time. A segment in
 * which writing failed is never written again: how much of it is there, nobody knows.
 */
export class SegmentLog {
  constructor(private readonly options: ISegmentLogOptions) {}

  /** All segments with something in them, the one that is written last. */
  get segments(): readonly ISegment[] {
    return this.all;
  }

  /** Bytes of all files. */
  get sizeBytes(): number {
    return this.all.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  }

  /** Bytes of runs that live. */
  get liveBytes(): number {
    return this.live;
  }

  /** The name of the segment that is written; null = the next write begins one. */
  get currentName(): string | null {
    return this.current?.name ?? null;
  }

  /**
   * Appends entries, and forces them to the disk.
   *
   * @returns how many times something was forced to the disk.
   */
  async append(entries: readonly IEntry[]): Promise<number> {
    const { disk, opening, segmentBytes } = this.options;
    const current = this.current;
    const parts = entries.map(({ bytes }) => bytes);
    if (current !== null && !this.mustBegin && current.sizeBytes < segmentBytes()) {
      if (parts.length > 0) {
        await write(current.file, parts);
        this.account(current, parts, entries);
      }
      return 1;
    }
    const segment = await this.begin();
    parts.unshift(...opening());
    await write(segment.file, parts);
    await disk.syncFolder();
    // It is there for sure: the one before is complete.
    this.begun = null;
    this.current = segment;
    this.mustBegin = false;
    this.all.push(segment);
    this.account(segment, parts, entries);
    await closeQuietly(current?.file ?? null);
    return 2;
  }

  /** After `append` failed: the next one begins a new segment. */
  async abandon(): Promise<void> {
    const { current, begun } = this;
    this.current = null;
    this.begun = null;
    await closeQuietly(begun?.file ?? null);
    await closeQuietly(current?.file ?? null);
    if (begun) {
      await this.removeQuietly(begun.name);
    }
  }

  /** The next `append` begins a new segment. */
  renew(): void {
    this.mustBegin = true;
  }

  /** The run is of no use any more. */
  release(owner: number): void {
    for (const segment of this.all) {
      this.setLive(segment, owner, 0);
    }
  }

  /** So many bytes of the run in these segments are of no use any more. */
  releaseBytes(owner: number, bytesBySegment: ReadonlyMap<string, number>): void {
    for (const segment of this.all) {
      const bytes = segment.liveBytes.get(owner) ?? 0;
      this.setLive(segment, owner, Math.max(0, bytes - (bytesBySegment.get(segment.name) ?? 0)));
    }
  }

  /** Whether a segment is there, as far as is known. */
  has(name: string): boolean {
    return this.all.some(segment => segment.name === name);
  }

  /** Bytes of one run by the name of the segment. */
  bytesOf(owner: number): Map<string, number> {
    return new Map(
      this.all.flatMap(({ name, liveBytes }) => {
        const bytes = liveBytes.get(owner);
        return bytes === undefined ? [] : [[name, bytes]];
      })
    );
  }

  /** Removes a segment that is not written any more. */
  async remove(name: string): Promise<void> {
    await this.options.disk.remove(name);
    this.forget(name);
  }

  /** A segment is gone. */
  forget(name: string): void {
    for (const segment of this.all.filter(segment => segment.name === name)) {
      [...segment.liveBytes.keys()].forEach(owner => this.setLive(segment, owner, 0));
    }
    this.all = this.all.filter(segment => segment.name !== name);
  }

  async touch(wallMs: number): Promise<void> {
    await this.current?.file.touch(wallMs);
  }

  /** Closes the file that is written; all in it was forced to the disk. */
  async close(): Promise<void> {
    const { current } = this;
    this.current = null;
    await closeQuietly(current?.file ?? null);
  }

  private async begin(): Promise<IOpenSegment> {
    const name = segmentName(this.options.boot, this.number);
    this.number += 1;
    const file = await this.options.disk.create(name);
    this.begun = { name, file, sizeBytes: 0, liveBytes: new Map() };
    return this.begun;
  }

  /** Nothing in it was ever acknowledged: where it cannot be removed it does no harm. */
  private async removeQuietly(name: string): Promise<void> {
    try {
      await this.options.disk.remove(name);
    } catch (error) {
      if (codeOf(error) === null) {
        throw error;
      }
    }
  }

  private account(segment: IOpenSegment, parts: readonly Buffer[], entries: readonly IEntry[]): void {
    for (const { length } of parts) {
      segment.sizeBytes += length;
    }
    for (const { owner, bytes } of entries) {
      // Where the segment was removed meanwhile, nothing of it counts.
      if (owner !== null && this.options.lives(owner) && this.has(segment.name)) {
        this.setLive(segment, owner, (segment.liveBytes.get(owner) ?? 0) + bytes.length);
      }
    }
  }

  private setLive({ liveBytes }: IOpenSegment, owner: number, bytes: number): void {
    this.live += bytes - (liveBytes.get(owner) ?? 0);
    if (bytes > 0) {
      liveBytes.set(owner, bytes);
    } else {
      liveBytes.delete(owner);
    }
  }

  private all: IOpenSegment[] = [];
  private live = 0;
  private current: IOpenSegment | null = null;
  /** A segment that was made and is not forced to the disk yet. */
  private begun: IOpenSegment | null = null;
  private mustBegin = false;
  private number = 0;
}

interface IOpenSegment {
  readonly name: string;
  readonly file: IJournalFile;
  sizeBytes: number;
  readonly liveBytes: Map<number, number>;
}

function write(file: IJournalFile, parts: readonly Buffer[]): Promise<void> {
  return file.append(parts.length === 1 && parts[0] ? parts[0] : Buffer.concat(parts));
}

/** What was in it is on the disk, or has failed already; an error here tells nothing new. */
async function closeQuietly(file: IJournalFile | null): Promise<void> {
  try {
    await file?.close();
  } catch (error) {
    if (codeOf(error) === null) {
      throw error;
    }
  }
}
