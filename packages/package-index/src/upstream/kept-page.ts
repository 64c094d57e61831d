import type { FileHandle } from 'node:fs/promises';
import * as v from 'valibot';
import { lineBlocks } from '../files/line-blocks.js';
import { ProjectFile, type IProjectFile } from '../project.js';
import type { IPageHead } from './page-head.js';

const Versions = v.array(v.string());

/** The list of files of a page where it is kept: nothing of it is in memory but what is being looked at. */
export class KeptPage {
  constructor(
    readonly head: IPageHead,
    private readonly source: FileHandle | Buffer
  ) {}

  /** As the upstream index told them; known once all files were read. */
  versions: readonly string[] = [];

  /** All files, many at once. */
  async *files(): AsyncGenerator<readonly IProjectFile[]> {
    for await (const block of lineBlocks(this.source)) {
      const files: IProjectFile[] = [];
      for (const line of block.toString('utf8').trimEnd().split('\n')) {
        const value: unknown = JSON.parse(line);
        if (Array.isArray(value)) {
          this.versions = v.parse(Versions, value);
        } else {
          files.push(v.parse(ProjectFile, value));
        }
      }
      yield files;
    }
  }

  /** One file; null = it is not listed. */
  async file(filename: string): Promise<IProjectFile | null> {
    const beginning = Buffer.from(`\n{"filename":${JSON.stringify(filename)},`);
    for await (const block of lineBlocks(this.source)) {
      const isFirst = block.subarray(0, beginning.length - 1).equals(beginning.subarray(1));
      const at = isFirst ? 0 : block.indexOf(beginning) + 1;
      if (isFirst || at > 0) {
        const line = block.subarray(at, block.indexOf('\n', at));
        return v.parse(ProjectFile, JSON.parse(line.toString('utf8')));
      }
    }
    return null;
  }

  async close(): Promise<void> {
    if (!Buffer.isBuffer(this.source)) {
      await this.source.close();
    }
  }
}
