import type { IProject, IProjectStatus } from '../project.js';
import { ProjectFiles } from './project-files.js';

/** An upstream page cannot be read. Its message is a sentence. */
export class UnreadablePageError extends Error {
  override readonly name = 'UnreadablePageError';
}

type JsonObject = Readonly<Record<string, unknown>>;

/** Reads a page in the form of PEP 691. Unknown keys are passed over, entries that cannot be read are told. */
export function readJsonPage(name: string, text: string, pageUrl: URL): IProject {
  const page = parse(text);
  const meta = isObject(page['meta']) ? page['meta'] : {};
  checkVersion(meta['api-version']);
  if (!Array.isArray(page['files'])) {
    throw new UnreadablePageError('The page has no list of files.');
  }
  const files = new ProjectFiles(pageUrl);
  for (const entry of page['files'] as readonly unknown[]) {
    if (isObject(entry)) {
      addFile(files, entry);
    } else {
      files.skip('an entry that is no object');
    }
  }
  const versions = page['versions'];
  return {
    name,
    status: statusOf(page['project-status']),
    versions: Array.isArray(versions) ? versions.filter(isString) : null,
    files: files.files,
    troubles: files.troubles
  };
}

/** Later minor versions only add; another major version may mean anything. @throws UnreadablePageError */
export function checkVersion(version: unknown): void {
  if (typeof version === 'string' && !/^1(?:\.|$)/.test(version)) {
    throw new UnreadablePageError(
      `The page is of version ${version.slice(0, 20)}, which is not understood here.`
    );
  }
}

function parse(text: string): JsonObject {
  let page: unknown;
  try {
    page = JSON.parse(text);
  } catch (cause) {
    throw new UnreadablePageError('The page is not valid JSON.', { cause });
  }
  if (!isObject(page)) {
    throw new UnreadablePageError('The page is not a JSON object.');
  }
  return page;
}

function addFile(files: ProjectFiles, entry: JsonObject): void {
  const metadata = entry['core-metadata'] ?? entry['data-dist-info-metadata'] ?? entry['dist-info-metadata'];
  const { yanked } = entry;
  files.add({
    filename: stringOf(entry['filename']) ?? '',
    url: stringOf(entry['url']) ?? '',
    hashes: hashesOf(entry['hashes']),
    requiresPython: stringOf(entry['requires-python']),
    yanked: yanked === true ? '' : stringOf(yanked),
    sizeBytes: sizeOf(entry['size']),
    uploadTime: stringOf(entry['upload-time']),
    coreMetadata: isObject(metadata) ? hashesOf(metadata) : metadata === true,
    provenance: stringOf(entry['provenance'])
  });
}

function statusOf(value: unknown): IProjectStatus | null {
  if (!isObject(value)) {
    return null;
  }
  const status = stringOf(value['status']);
  return status === null ? null : { status, reason: stringOf(value['reason']) };
}

function hashesOf(value: unknown): Readonly<Record<string, string>> {
  return isObject(value)
    ? Object.fromEntries(Object.entries(value).filter((hash): hash is [string, string] => isString(hash[1])))
    : {};
}

function sizeOf(value: unknown): number | null {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : null;
}

function stringOf(value: unknown): string | null {
  return isString(value) ? value : null;
}

function isString(value: unknown): value is string {
  return typeof value === 'string';
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
