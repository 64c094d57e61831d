import type { IProjectStatus } from '../project.js';
import type { IJudgedFile } from './judged-file.js';

/** What our pages say beside the files. */
export interface IPageRemarks {
  /** Of the project, normalised. */
  readonly name: string;
  readonly status: IProjectStatus | null;
  /** Whether each file has a size. */
  readonly hasSizes: boolean;
  readonly policyVersion: string;
  /** Epoch ms; null = the upstream index answered lately. */
  readonly staleSinceMs: number | null;
}

/** Writes a page from its beginning to its end. */
export interface IPageRenderer {
  /** What comes before the files. */
  readonly head: string;
  /** @param isFirst - whether no file came before it. */
  file(judged: IJudgedFile, isFirst: boolean): string;
  /** What comes after the files. */
  tail(versions: readonly string[]): string;
}
