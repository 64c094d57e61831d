import { bestHash } from '../files/file-hash.js';
import type { IProjectFile } from '../project.js';
import type { IWheelFile } from '../wheels/metadata-source.js';
import type { HttpGet, IHttpAnswer } from './http-get.js';
import type { Upstream } from './upstream.js';

/** What attests where a file comes from, asked of its index; null = the index has none (PEP 740). */
export async function fetchProvenance(
  { provenance }: IProjectFile,
  upstream: Upstream,
  get: HttpGet
): Promise<IHttpAnswer | null> {
  if (provenance === null) {
    return null;
  }
  const url = new URL(provenance);
  const accept = 'application/vnd.pypi.integrity.v1+json, application/json;q=0.5';
  return get({ url, headers: { accept, 'accept-encoding': 'gzip', ...upstream.headersFor(url) } });
}

/** The file that a page lists, ready to be fetched. */
export function remoteFile(
  project: string,
  file: IProjectFile,
  upstream: Upstream,
  get: HttpGet
): IWheelFile {
  const { filename, hashes, sizeBytes, coreMetadata } = file;
  return {
    index: upstream.id,
    project,
    filename,
    hash: bestHash(hashes),
    sizeBytes,
    coreMetadata,
    fetch: ({ range, suffix, signal } = {}) => {
      const url = new URL(file.url);
      url.pathname += suffix ?? '';
      return get({
        url,
        headers: {
          // Bytes as they lie there: the hash is of them.
          'accept-encoding': 'identity',
          ...upstream.headersFor(url),
          ...(range !== undefined && { range })
        },
        ...(signal && { signal })
      });
    }
  };
}
