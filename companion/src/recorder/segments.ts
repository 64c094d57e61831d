import { readdir, rm, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeFrames, encodeFrame } from './frame.js';
import { createOwnFile, readOwnFile } from './own-folder.js';

/** Size of one of the two segments, in bytes: with `PAST_BYTES` the folder stays below 1 MB. */
export const SEGMENT_BYTES = 384 * 1024;

const NAME = /^([A-Za-z0-9-]{1,64})\.(\d{1,9})\.flight$/;

/** The ring of one run: at most two files in a folder, `<boot>.<number>.flight`. */
export class Segments {
  /**
   * @param opening - records that every segment begins with, so that the newest can be read alone.
   */
  constructor(
    private readonly folder: string,
    private readonly boot: string,
    private readonly opening: () => readonly string[]
  ) {}

  /** Appends records: they outlive this process when this resolves. @returns bytes written. */
  async append(texts: readonly string[]): Promise<number> {
    let written = 0;
    let batch: Buffer[] = [];
    let batchBytes = 0;
    // What waited for a slow disk can be longer than a segment.
    for (const frame of texts.map(encodeFrame)) {
      if (this.file === null || this.sizeBytes + batchBytes + frame.length > SEGMENT_BYTES) {
        written += await this.write(batch);
        await this.begin();
        batch = this.opening().map(encodeFrame);
        batchBytes = batch.reduce((sum, { length }) => sum + length, 0);
      }
      batch.push(frame);
      batchBytes += frame.length;
    }
    return written + (await this.write(batch));
  }

  /** Forces what was appended to the disk: it outlives the machine when this resolves. */
  async sync(): Promise<void> {
    await this.file?.datasync();
  }

  async close(): Promise<void> {
    const file = this.file;
    this.file = null;
    await file?.close();
  }

  /** Removes its files. */
  async remove(): Promise<void> {
    await this.close();
    for (const number of [this.number - 1, this.number - 2]) {
      await rm(join(this.folder, segmentName(this.boot, number)), { force: true });
    }
  }

  private async write(frames: readonly Buffer[]): Promise<number> {
    if (frames.length === 0) {
      return 0;
    }
    if (this.file === null) {
      throw new Error('The segment was closed.');
    }
    const bytes = Buffer.concat(frames);
    this.sizeBytes += bytes.length;
    await this.file.appendFile(bytes);
    return bytes.length;
  }

  private async begin(): Promise<void> {
    await this.close();
    const number = this.number;
    if (number >= 2) {
      await rm(join(this.folder, segmentName(this.boot, number - 2)), { force: true });
    }
    this.file = await createOwnFile(join(this.folder, segmentName(this.boot, number)));
    this.number = number + 1;
    this.sizeBytes = 0;
  }

  private file: FileHandle | null = null;
  private number = 0;
  private sizeBytes = 0;
}

/** What one run left in the folder. */
export interface IRun {
  readonly boot: string;
  readonly paths: readonly string[];
  readonly texts: readonly string[];
  /** Size of all its files when they were read: it grows while the run lives. */
  readonly sizeBytes: number;
  readonly skippedBytes: number;
}

/**
 * The runs in a folder but those of `ownBoot`. Files that are not ours or vanish meanwhile are left out and told.
 */
export async function readRuns(
  folder: string,
  ownBoot: string,
  problem: (error: unknown) => void
): Promise<IRun[]> {
  const byBoot = new Map<string, { number: number; path: string }[]>();
  for (const name of await readdir(folder)) {
    const match = NAME.exec(name);
    const [, boot, number] = match ?? [];
    if (boot !== undefined && number !== undefined && !boot.startsWith(ownBoot)) {
      const files = byBoot.get(boot) ?? [];
      files.push({ number: Number(number), path: join(folder, name) });
      byBoot.set(boot, files);
    }
  }
  const runs: IRun[] = [];
  for (const [boot, files] of byBoot) {
    files.sort((a, b) => a.number - b.number);
    const run = {
      boot,
      paths: files.map(file => file.path),
      texts: [] as string[],
      sizeBytes: 0,
      skippedBytes: 0
    };
    for (const { path } of files) {
      try {
        const bytes = await readOwnFile(path, SEGMENT_BYTES);
        const { texts, skippedBytes } = decodeFrames(bytes);
        run.texts.push(...texts);
        run.sizeBytes += bytes.length;
        run.skippedBytes += skippedBytes;
      } catch (error) {
        problem(error);
      }
    }
    runs.push(run);
  }
  return runs;
}

/** Removes the files of a run that has been read. */
export async function removeRun(run: IRun): Promise<void> {
  for (const path of run.paths) {
    await rm(path, { force: true });
  }
}

function segmentName(boot: string, number: number): string {
  return `${boot}.${number}.flight`;
}
