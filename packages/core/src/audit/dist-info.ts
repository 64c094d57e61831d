import { redactUrl } from './redact-url.js';

/** As long as names and installers may be in a record, in characters. */
const NAME_CHARACTERS = 256;
const VERSION_CHARACTERS = 128;

/** Name and version of a distribution. */
export interface IDistribution {
  /** Normalised as PEP 503 has it. */
  readonly name: string;
  /** null = not known. */
  readonly version: string | null;
}

/**
 * Name and version as METADATA has them, or else as the folder's name has them.
 *
 * @param metadata - the beginning of the file; '' = there is none.
 * @param folder - the name of the folder, `<name>-<version>.dist-info`.
 */
export function distributionOf(metadata: string, folder: string): IDistribution {
  // Headers end at the first empty line; below it people write what they like.
  const headers = metadata.split(/\r?\n\r?\n/, 1)[0] ?? '';
  const stem = folder.replace(/\.dist-info$/i, '');
  const dash = stem.lastIndexOf('-');
  const name = header(headers, 'Name') ?? (dash > 0 ? stem.slice(0, dash) : stem);
  const version = header(headers, 'Version') ?? (dash > 0 ? stem.slice(dash + 1) : null);
  return {
    name: normalisedName(name),
    version: version === null ? null : printable(version, VERSION_CHARACTERS)
  };
}

/** PEP 503: lower case, and every run of `-`, `_` and `.` one dash. */
export function normalisedName(name: string): string {
  return printable(name.trim(), NAME_CHARACTERS)
    .toLowerCase()
    .replace(/[-_.]+/g, '-');
}

/** What the file INSTALLER says; null = nothing. */
export function installerOf(text: string | null): string | null {
  const name = printable((text ?? '').trim(), NAME_CHARACTERS);
  return name === '' ? null : name;
}

/**
 * Whether somebody asked for it by name. Only pip writes REQUESTED for that; uv writes it for every dependency, and others
 * say nothing: null = not known.
 */
export function requestedOf(installer: string | null, hasRequested: boolean): boolean | null {
  return installer === 'pip' ? hasRequested : null;
}

/** Where a distribution came from. */
export interface IOrigin {
  readonly origin: 'index' | 'direct' | 'editable' | 'unknown';
  /** Without credentials; null = by name. */
  readonly directUrl: string | null;
}

/**
 * What direct_url.json tells (PEP 610). pip and uv write it for URLs, version control and paths, never for names; so where
 * one of them installed without it, it came from an index (or from a lock file's URL, which leaves none either).
 *
 * @param text - of the file; null = there is none.
 */
export function originOf(text: string | null, installer: string | null): IOrigin {
  if (text === null) {
    return { origin: installer === 'pip' || installer === 'uv' ? 'index' : 'unknown', directUrl: null };
  }
  let file: unknown;
  try {
    file = JSON.parse(text);
  } catch {
    // It is there, so it was no install by name; whence is not known.
    return { origin: 'direct', directUrl: null };
  }
  const url = field(file, 'url');
  return {
    origin: field(field(file, 'dir_info'), 'editable') === true ? 'editable' : 'direct',
    directUrl: typeof url === 'string' ? redactUrl(url) : null
  };
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null
    ? Object.entries(value).find(([key]) => key === name)?.[1]
    : null;
}

function header(headers: string, name: string): string | null {
  const found = new RegExp(`^${name}:[ \\t]*(.*?)[ \\t\\r]*$`, 'im').exec(headers)?.[1] ?? '';
  return found === '' ? null : found;
}

/** Names and versions are ASCII by their standards; whatever else stands there must not reach a terminal or a page. */
function printable(text: string, characters: number): string {
  return text.replace(/[^\x20-\x7e]/g, '?').slice(0, characters);
}
