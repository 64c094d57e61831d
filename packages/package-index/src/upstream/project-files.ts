import { isFileName } from '../file-name.js';
import type { IProjectFile } from '../project.js';
import { isHttp } from './http-get.js';

const TROUBLES = 5;
const SHOWN_CHARACTERS = 80;
/** Algorithms of Python's hashlib that are guaranteed, and their lengths in hex. */
const HASHES: Readonly<Record<string, number>> = {
  sha256: 64,
  sha384: 96,
  sha512: 128,
  sha224: 56,
  sha1: 40,
  md5: 32,
  blake2b: 128
};

/** Hands on the files of a page, in its order: what is dangerous or twice there is left out, and told. */
export class ProjectFiles {
  /** @param base - what addresses of the page are relative to. */
  constructor(
    private base: URL,
    private readonly onFile: (file: IProjectFile) => void
  ) {}

  /** In sentences; the first few, and how many more there are. */
  get troubles(): readonly string[] {
    const more = this.skipped - this.told.length;
    return more > 0 ? [...this.told, `${more} more entries were left out.`] : this.told;
  }

  /** As HTML's `<base href>` says. */
  rebase(href: string): void {
    this.base = URL.parse(href, this.base.href) ?? this.base;
  }

  /** @param file - its URL as it stands in the page, its fragment with it. */
  add(file: IProjectFile): void {
    const url = URL.parse(file.url, this.base.href);
    if (!isFileName(file.filename)) {
      return this.skip(
        `a name that cannot be a file's: ${JSON.stringify(file.filename.slice(0, SHOWN_CHARACTERS))}`
      );
    }
    if (url === null || !isHttp(url)) {
      return this.skip(`${file.filename.slice(0, SHOWN_CHARACTERS)}, which has no web address`);
    }
    if (this.names.has(file.filename)) {
      // One of the two would be checked against the other's hash.
      return this.skip(`${file.filename.slice(0, SHOWN_CHARACTERS)}, which is listed twice`);
    }
    this.names.add(copied(file.filename));
    const named = /^#?([a-z0-9]+)=([0-9a-f]+)/i.exec(url.hash);
    const [, algorithm = '', digest = ''] = named ?? [];
    url.hash = '';
    this.onFile({
      ...file,
      url: url.href,
      hashes: known(named ? { [algorithm]: digest, ...file.hashes } : file.hashes),
      coreMetadata:
        typeof file.coreMetadata === 'object' ? orTrue(known(file.coreMetadata)) : file.coreMetadata,
      provenance: this.webAddress(file.provenance)
    });
  }

  /** @param what - as in "was left out: …". */
  skip(what: string): void {
    this.skipped++;
    if (this.told.length < TROUBLES) {
      this.told.push(`An entry of the page was left out: ${what}.`);
    }
  }

  private webAddress(href: string | null): string | null {
    const url = href === null ? null : URL.parse(href, this.base.href);
    return url && isHttp(url) ? url.href : null;
  }

  private readonly names = new Set<string>();
  private readonly told: string[] = [];
  private skipped = 0;
}

/** A string that was cut out of a larger one holds the whole of that in memory; a copy does not. */
function copied(text: string): string {
  return Buffer.from(text).toString();
}

/** Hashes that can be checked. */
function known(hashes: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const kept: Record<string, string> = {};
  for (const [name, digest] of Object.entries(hashes)) {
    const algorithm = name.toLowerCase();
    if (HASHES[algorithm] === digest.length && /^[0-9a-f]+$/i.test(digest)) {
      kept[algorithm] = digest.toLowerCase();
    }
  }
  return kept;
}

function orTrue(hashes: Readonly<Record<string, string>>): true | Readonly<Record<string, string>> {
  return Object.keys(hashes).length > 0 ? hashes : true;
}
