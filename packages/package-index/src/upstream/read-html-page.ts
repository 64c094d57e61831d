import { StringDecoder } from 'node:string_decoder';
import { Parser } from 'htmlparser2';
import type { IPageRest } from '../project.js';
import { checkVersion, type IPageReader } from './page-reader.js';
import type { ProjectFiles } from './project-files.js';

type Attributes = Readonly<Record<string, string>>;

/** Reads a page in the form of PEP 503, with what later PEPs added as attributes. */
export class HtmlPage implements IPageReader {
  constructor(private readonly files: ProjectFiles) {}

  write(chunk: Buffer): void {
    this.parser.write(this.decoder.write(chunk));
  }

  end(): IPageRest {
    this.parser.end(this.decoder.end());
    const { meta } = this;
    checkVersion(meta.get('pypi:repository-version'));
    const status = meta.get('pypi:project-status');
    return {
      status: status ? { status, reason: meta.get('pypi:project-status-reason') || null } : null,
      versions: null
    };
  }

  private begin(tag: string, attributes: Attributes): void {
    if (tag === 'a') {
      this.endLink();
      this.link = attributes;
    } else if (tag === 'base' && attributes['href'] !== undefined) {
      this.files.rebase(attributes['href']);
    } else if (tag === 'meta' && attributes['name']?.startsWith('pypi:')) {
      this.meta.set(attributes['name'], attributes['content'] ?? '');
    }
  }

  private endLink(): void {
    if (this.link) {
      addFile(this.files, this.link, this.label.trim());
    }
    this.link = null;
    this.label = '';
  }

  private readonly decoder = new StringDecoder('utf8');
  private readonly meta = new Map<string, string>();
  private link: Attributes | null = null;
  private label = '';
  private readonly parser = new Parser({
    onopentag: (tag, attributes) => this.begin(tag, attributes),
    ontext: part => {
      if (this.link) {
        this.label += part;
      }
    },
    onclosetag: tag => {
      if (tag === 'a') {
        this.endLink();
      }
    }
  });
}

function addFile(files: ProjectFiles, link: Attributes, label: string): void {
  const { href } = link;
  if (href === undefined) {
    return;
  }
  const metadata = link['data-core-metadata'] ?? link['data-dist-info-metadata'];
  const size = Number(link['data-size'] ?? Number.NaN);
  files.add({
    filename: nameIn(href) ?? label,
    url: href,
    hashes: {},
    requiresPython: link['data-requires-python'] || null,
    yanked: link['data-yanked'] ?? null,
    sizeBytes: Number.isSafeInteger(size) && size >= 0 ? size : null,
    uploadTime: link['data-upload-time'] || null,
    coreMetadata: metadata === undefined ? false : metadataOf(metadata),
    provenance: link['data-provenance'] || null
  });
}

/** The last part of an address, which is the file's name; its label may be shortened. */
function nameIn(href: string): string | null {
  const path = href.replace(/[?#].*$/s, '');
  try {
    return decodeURIComponent(path.slice(path.lastIndexOf('/') + 1)) || null;
  } catch {
    // No escapes: it is told as a name that cannot be a file's.
    return null;
  }
}

/** `true`, or `sha256=…`. */
function metadataOf(value: string): boolean | Readonly<Record<string, string>> {
  const [algorithm, digest] = value.split('=');
  return algorithm && digest ? { [algorithm]: digest } : value.trim().toLowerCase() !== 'false';
}
