import type { IPageRest, IProjectStatus } from '../project.js';
import { JsonPieces } from './json-pieces.js';
import { checkVersion, UnreadablePageError, type IPageReader } from './page-reader.js';
import type { ProjectFiles } from './project-files.js';

type JsonObject = Readonly<Record<string, unknown>>;

const MEMBERS = new Set(['meta', 'versions', 'project-status']);

/** Reads a page in the form of PEP 691. Unknown keys are passed over, entries that cannot be read are told. */
export class JsonPage implements IPageReader {
  constructor(files: ProjectFiles) {
    this.pieces = new JsonPieces({
      list: 'files',
      members: MEMBERS,
      onEntry: entry => (isObject(entry) ? addFile(files, entry) : files.skip('an entry that is no object'))
    });
  }

  write(chunk: Buffer): void {
    this.pieces.write(chunk);
  }

  end(): IPageRest {
    this.pieces.end();
    const { members, hasList } = this.pieces;
    const meta = members.get('meta');
    checkVersion(isObject(meta) ? meta['api-version'] : undefined);
    if (!hasList) {
      throw new UnreadablePageError('The page has no list of files.');
    }
    const versions = members.get('versions');
    return {
      status: statusOf(members.get('project-status')),
      versions: Array.isArray(versions) ? versions.filter(isString) : null
    };
  }

  private readonly pieces: JsonPieces;
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
