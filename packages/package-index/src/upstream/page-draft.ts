import type { DiskCache } from '../files/disk-cache.js';
import { LineDraft, type IKeptLines } from '../files/line-draft.js';
import type { IPageRest, IProjectFile } from '../project.js';

/** Takes what comes of a page. */
export interface IPageDraft {
  add(file: IProjectFile): void;
  /** Waits until there is room for more. @throws when there is none. */
  settle(): Promise<void>;
}

/** A page on its way to the disk: a line for each file, and a last one with the versions. */
export class PageDraft implements IPageDraft {
  constructor(disk: DiskCache) {
    this.lines = new LineDraft(disk);
  }

  /** Whether each file so far has a size. */
  hasSizes = true;

  add(file: IProjectFile): void {
    this.hasSizes &&= file.sizeBytes !== null;
    const { filename, ...rest } = file;
    // Its name comes first, by which it is found.
    this.lines.add(JSON.stringify({ filename, ...rest }));
  }

  settle(): Promise<void> {
    return this.lines.settle();
  }

  finish({ versions }: IPageRest, keyOf: (digest: string) => string): Promise<IKeptLines> {
    this.lines.add(JSON.stringify(versions ?? []));
    return this.lines.finish(keyOf);
  }

  drop(): Promise<void> {
    return this.lines.drop();
  }

  private readonly lines: LineDraft;
}
