import type { IAsker, IDecision, IFileFacts } from '../decision.js';
import { versionOf } from '../file-name.js';
import type { IProjectFile } from '../project.js';

/** A file with what policy says to somebody of it. */
export interface IJudgedFile {
  readonly file: IProjectFile;
  readonly version: string | null;
  readonly decision: IDecision;
}

/** @param name - of the project, normalised. @param index - id of the upstream index. */
export function judgeFile(name: string, file: IProjectFile, index: string, asker: IAsker): IJudgedFile {
  const version = versionOf(file.filename, name);
  return { file, version, decision: asker.decide(factsOf(name, version, file, index)) };
}

function factsOf(name: string, version: string | null, file: IProjectFile, index: string): IFileFacts {
  const uploadedAtMs = Date.parse(file.uploadTime ?? '');
  return {
    ecosystem: 'pypi',
    name,
    version,
    filename: file.filename,
    uploadedAtMs: Number.isNaN(uploadedAtMs) ? null : uploadedAtMs,
    sizeBytes: file.sizeBytes,
    yanked: file.yanked,
    requiresPython: file.requiresPython,
    sha256: file.hashes['sha256'] ?? null,
    index
  };
}
