import type { IJudgedFile } from './judged-file.js';
import { listedFile } from './listed-file.js';
import type { IPageRemarks, IPageRenderer } from './page-renderer.js';

/** The page in the form of PEP 691, with PEP 592, 658, 700, 714, 740 and 792. */
export function jsonRenderer({ name, status, ...remarks }: IPageRemarks): IPageRenderer {
  const beside = JSON.stringify({
    // From 1.1 on every file must have a size, which some upstream indexes do not tell.
    meta: { 'api-version': remarks.hasSizes ? '1.4' : '1.0' },
    name,
    ...(status && {
      'project-status': { status: status.status, ...(status.reason !== null && { reason: status.reason }) }
    }),
    // Keys that begin with `_` are left to servers.
    _labkeeper: {
      policy: remarks.policyVersion,
      ...(remarks.staleSinceMs !== null && { staleSince: new Date(remarks.staleSinceMs).toISOString() })
    }
  });
  return {
    head: `${beside.slice(0, -1)},"files":[`,
    file: (judged, isFirst) => `${isFirst ? '' : ','}${JSON.stringify(entry(name, judged))}`,
    tail: versions => `],"versions":${JSON.stringify(versions)}}`
  };
}

function entry(project: string, judged: IJudgedFile): unknown {
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
