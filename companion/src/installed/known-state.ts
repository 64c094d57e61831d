import { randomBytes } from 'node:crypto';
import type { IInstalled } from '@labkeeper/core';
import { readSmallFile } from '../audit/audit-disk.js';
import { codeOf } from '../failure.js';
import { isSpoilt } from '../audit/spoilt.js';
import type { IJournalDisk } from '../journal/journal-disk.js';
import type { ISite } from './find-sites.js';

const NAME = 'installed.json';
/** Longest list that is read, in bytes: tens of thousands of distributions. */
const MOST_BYTES = 32 * 1024 * 1024;
const VERSION = 1;
const KINDS: readonly ISite['kind'][] = ['venv', 'conda', 'user', 'system', 'unknown'];

/** A folder with what counts as installed in it. */
export interface IKnownSite {
  readonly site: ISite;
  readonly installed: readonly IInstalled[];
}

/** What was recorded as installed so far, on the disk: a restart does not record it again. */
export class KnownState {
  constructor(private readonly disk: IJournalDisk) {}

  /** Random, of this server. */
  get salt(): string {
    return this.ownSalt;
  }

  get sites(): ReadonlyMap<string, IKnownSite> {
    return this.known;
  }

  /** Reads what an earlier companion left. @returns false = it is damaged or no file of ours, so everything is new. @throws the system's error. */
  async read(): Promise<boolean> {
    let text: string;
    try {
      text = await readSmallFile(this.disk, NAME, MOST_BYTES);
    } catch (error) {
      if (codeOf(error) === 'ENOENT') {
        return true;
      }
      if (error instanceof RangeError || (await isSpoilt(this.disk, error))) {
        return false;
      }
      throw error;
    }
    const state = parse(text);
    this.ownSalt = state?.salt ?? this.ownSalt;
    state?.sites.forEach(known => this.known.set(known.site.path, known));
    return state !== null;
  }

  put(site: ISite, installed: readonly IInstalled[]): void {
    this.known.set(site.path, { site, installed });
  }

  /** @throws the system's error. */
  async save(): Promise<void> {
    const state: IState = { version: VERSION, salt: this.ownSalt, sites: [...this.known.values()] };
    await this.disk.replace(NAME, JSON.stringify(state));
  }

  private ownSalt = randomBytes(16).toString('hex');
  private readonly known = new Map<string, IKnownSite>();
}

interface IState {
  readonly version: number;
  readonly salt: string;
  readonly sites: readonly IKnownSite[];
}

function parse(text: string): IState | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // Damaged: said by what is returned.
    return null;
  }
  return isState(value) ? value : null;
}

function isState(value: unknown): value is IState {
  return (
    isRecord(value) &&
    value['version'] === VERSION &&
    typeof value['salt'] === 'string' &&
    Array.isArray(value['sites']) &&
    value['sites'].every(
      (known: unknown) =>
        isRecord(known) &&
        isSite(known['site']) &&
        Array.isArray(known['installed']) &&
        known['installed'].every(isInstalled)
    )
  );
}

function isSite(value: unknown): boolean {
  return (
    isRecord(value) &&
    ['path', 'prefix'].every(name => typeof value[name] === 'string') &&
    KINDS.some(kind => kind === value['kind']) &&
    (value['python'] === null || typeof value['python'] === 'string')
  );
}

function isInstalled(value: unknown): boolean {
  const orNull = (name: string, type: string): boolean =>
    isRecord(value) && (value[name] === null || typeof value[name] === type);
  return (
    isRecord(value) &&
    ['ecosystem', 'name', 'origin', 'folder', 'signature'].every(name => typeof value[name] === 'string') &&
    typeof value['changedAtMs'] === 'number' &&
    ['version', 'installer', 'recordDigest', 'directUrl'].every(name => orNull(name, 'string')) &&
    orNull('requested', 'boolean') &&
    orNull('files', 'number')
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
