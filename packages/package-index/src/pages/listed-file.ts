import { isRefused } from '../decision.js';
import { bestHash } from '../files/file-hash.js';
import { blockedMark } from './blocked-mark.js';
import type { IJudgedFile } from './judged-project.js';

/** A file as our own pages list it, in whatever form. */
export interface IListedFile {
  readonly filename: string;
  /** Relative to the page. */
  readonly url: string;
  readonly hashes: Readonly<Record<string, string>>;
  readonly requiresPython: string | null;
  readonly yanked: string | null;
  readonly sizeBytes: number | null;
  readonly uploadTime: string | null;
  readonly coreMetadata: boolean | Readonly<Record<string, string>>;
  /** Relative to the page. */
  readonly provenance: string | null;
}

/** @param project - normalised. */
export function listedFile(project: string, { file, decision }: IJudgedFile): IListedFile {
  // Relative, because only who asks knows by which address we were reached.
  const url = `../../files/${project}/${encodeURIComponent(file.filename)}`;
  const mark = isRefused(decision) ? blockedMark(decision) : file;
  return {
    ...file,
    url,
    requiresPython: mark.requiresPython,
    yanked: mark.yanked,
    // Where the upstream index has none it is made from the wheel, which without a hash cannot be kept for that.
    coreMetadata: file.coreMetadata || (file.filename.endsWith('.whl') && bestHash(file.hashes) !== null),
    provenance: file.provenance === null ? null : `${url}.provenance`
  };
}
