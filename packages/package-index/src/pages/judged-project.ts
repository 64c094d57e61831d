import { isRefused, type IAsker, type IDecision, type IFileFacts } from '../decision.js';
import { versionOf } from '../file-name.js';
import type { IBlockedFile } from '../index-event.js';
import type { IProject, IProjectFile } from '../project.js';

export interface IJudgedFile {
  readonly file: IProjectFile;
  readonly version: string | null;
  readonly decision: IDecision;
}

/** A page with what policy says to somebody of each file. */
export interface IJudgedProject {
  readonly project: IProject;
  readonly files: readonly IJudgedFile[];
  readonly blocked: readonly IBlockedFile[];
  /** Epoch ms from which it is to be judged anew; null = while the policy holds. */
  readonly untilMs: number | null;
}

/** @param index - id of the upstream index. */
export function judgeProject(project: IProject, index: string, asker: IAsker): IJudgedProject {
  const files = project.files.map(file => judgeFile(project.name, file, index, asker));
  const untils = files.flatMap(({ decision }) => (decision.untilMs === null ? [] : [decision.untilMs]));
  return {
    project,
    files,
    blocked: files
      .filter(({ decision }) => isRefused(decision))
      .map(({ file, version, decision }) => ({
        filename: file.filename,
        version,
        decision: decision.decision,
        rule: decision.rule
      })),
    untilMs: untils.length > 0 ? untils.reduce((first, next) => Math.min(first, next)) : null
  };
}

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
