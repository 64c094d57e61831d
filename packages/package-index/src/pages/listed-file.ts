import { isRefused } from '../decision.js';
import { bestHash } from '../files/file-hash.js';
import type { IProjectFile } from '../project.js';
import { blockedMark } from './blocked-mark.js';
import type { IJudgedFile } from './judged-file.js';

/** A file as our own pages list it, in whatever form. @param project - normalised. */
export function listedFile(project: string, { file, decision }: IJudgedFile): IProjectFile {
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
