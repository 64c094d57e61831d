import { escapedHtml } from './escaped-html.js';
import type { IJudgedFile } from './judged-file.js';
import { listedFile } from './listed-file.js';
import type { IPageRemarks, IPageRenderer } from './page-renderer.js';

/** The page in the form of PEP 503, frozen at version 1.4 (PEP 833), for tools that do not read JSON. */
export function htmlRenderer({ name, status, policyVersion, staleSinceMs }: IPageRemarks): IPageRenderer {
  const meta = [
    ['pypi:repository-version', '1.4'],
    ...(status ? [['pypi:project-status', status.status]] : []),
    ...(status && status.reason !== null ? [['pypi:project-status-reason', status.reason]] : []),
    ['labkeeper:policy', policyVersion],
    ...(staleSinceMs === null ? [] : [['labkeeper:stale-since', new Date(staleSinceMs).toISOString()]])
  ];
  const title = `Links for ${escapedHtml(name)}`;
  const head = [
    '<!DOCTYPE html>',
    '<html lang="en"><head><meta charset="utf-8">',
    ...meta.map(([key = '', value = '']) => `<meta name="${key}" content="${escapedHtml(value)}">`),
    `<title>${title}</title></head><body><h1>${title}</h1>\n`
  ];
  return {
    head: head.join('\n'),
    file: judged => link(name, judged),
    tail: () => '</body></html>\n'
  };
}

function link(project: string, judged: IJudgedFile): string {
  const file = listedFile(project, judged);
  const hash = ['sha256', ...Object.keys(file.hashes)].find(algorithm => file.hashes[algorithm]);
  const metadata = file.coreMetadata;
  const metadataValue =
    typeof metadata === 'object' ? (hashOf(metadata) ?? 'true') : metadata ? 'true' : null;
  const attributes: readonly (readonly [string, string | null])[] = [
    ['href', `${file.url}${hash ? `#${hash}=${file.hashes[hash]}` : ''}`],
    ['data-requires-python', file.requiresPython],
    ['data-yanked', file.yanked],
    ['data-core-metadata', metadataValue],
    ['data-dist-info-metadata', metadataValue],
    ['data-provenance', file.provenance],
    // Not in the standard; some tools read it.
    ['data-upload-time', file.uploadTime]
  ];
  const written = attributes.flatMap(([key, value]) =>
    value === null ? [] : [`${key}="${escapedHtml(value)}"`]
  );
  return `<a ${written.join(' ')}>${escapedHtml(file.filename)}</a><br>\n`;
}

function hashOf(hashes: Readonly<Record<string, string>>): string | null {
  const [first] = Object.entries(hashes);
  return first ? first.join('=') : null;
}
