import type { IJudgedFile, IJudgedProject } from './judged-project.js';
import { listedFile } from './listed-file.js';
import type { IPageRemarks } from './render-json.js';

/** The page in the form of PEP 503, frozen at version 1.4 (PEP 833), for tools that do not read JSON. */
export function renderHtml({ project, files }: IJudgedProject, remarks: IPageRemarks): string {
  const { name, status } = project;
  const meta = [
    ['pypi:repository-version', '1.4'],
    ...(status ? [['pypi:project-status', status.status]] : []),
    ...(status && status.reason !== null ? [['pypi:project-status-reason', status.reason]] : []),
    ['labkeeper:policy', remarks.policyVersion],
    ...(remarks.staleSinceMs === null
      ? []
      : [['labkeeper:stale-since', new Date(remarks.staleSinceMs).toISOString()]])
  ];
  return [
    '<!DOCTYPE html>',
    '<html lang="en"><head><meta charset="utf-8">',
    ...meta.map(([key = '', value = '']) => `<meta name="${key}" content="${escaped(value)}">`),
    `<title>Links for ${escaped(name)}</title></head><body><h1>Links for ${escaped(name)}</h1>`,
    ...files.map(file => link(name, file)),
    '</body></html>',
    ''
  ].join('\n');
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
    value === null ? [] : [`${key}="${escaped(value)}"`]
  );
  return `<a ${written.join(' ')}>${escaped(file.filename)}</a><br>`;
}

function hashOf(hashes: Readonly<Record<string, string>>): string | null {
  const [first] = Object.entries(hashes);
  return first ? first.join('=') : null;
}

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, character => `&#${character.charCodeAt(0)};`);
}
