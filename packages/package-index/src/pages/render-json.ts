import type { IJudgedFile, IJudgedProject } from './judged-project.js';
import { listedFile } from './listed-file.js';

/** What our pages say beside the files. Its keys begin with `_`, which the standard leaves to servers. */
export interface IPageRemarks {
  readonly policyVersion: string;
  readonly staleSinceMs: number | null;
}

/** The page in the form of PEP 691, with PEP 592, 658, 700, 714, 740 and 792. */
export function renderJson({ project, files }: IJudgedProject, remarks: IPageRemarks): string {
  const { name, status } = project;
  const hasSizes = files.every(({ file }) => file.sizeBytes !== null);
  return JSON.stringify({
    // From 1.1 on every file must have a size, which some upstream indexes do not tell.
    meta: { 'api-version': hasSizes ? '1.4' : '1.0' },
    name,
    ...(status && {
      'project-status': { status: status.status, ...(status.reason !== null && { reason: status.reason }) }
    }),
    versions: project.versions ?? versionsOf(files),
    files: files.map(judged => renderFile(name, judged)),
    _labkeeper: {
      policy: remarks.policyVersion,
      ...(remarks.staleSinceMs !== null && { staleSince: new Date(remarks.staleSinceMs).toISOString() })
    }
  });
}

function renderFile(project: string, judged: IJudgedFile): unknown {
  const file = listedFile(project, judged);
  const { decision, rule, reason, whatNext } = judged.decision;
  return {
    filename: file.filename,
    url: file.url,
    hashes: file.hashes,
    ...(file.requiresPython !== null && { 'requires-python': file.requiresPython }),
    ...(file.sizeBytes !== null && { size: file.sizeBytes }),
    ...(file.uploadTime !== null && { 'upload-time': file.uploadTime }),
    yanked: file.yanked === null ? false : file.yanked || true,
    'core-metadata': file.coreMetadata,
    ...(file.provenance !== null && { provenance: file.provenance }),
    ...(decision !== 'allow' && { _labkeeper: { decision, rule, reason, whatNext } })
  };
}

function versionsOf(files: readonly IJudgedFile[]): readonly string[] {
  return [...new Set(files.flatMap(({ version }) => (version === null ? [] : [version])))];
}
