import { Parser } from 'htmlparser2';
import type { IProject } from '../project.js';
import { ProjectFiles } from './project-files.js';
import { checkVersion } from './read-json-page.js';

type Attributes = Readonly<Record<string, string>>;

/** Reads a page in the form of PEP 503, with what later PEPs added as attributes. */
export function readHtmlPage(name: string, text: string, pageUrl: URL): IProject {
  const files = new ProjectFiles(pageUrl);
  const meta = new Map<string, string>();
  let link: Attributes | null = null;
  let label = '';
  const end = (): void => {
    if (link) {
      addFile(files, link, label.trim());
    }
    link = null;
    label = '';
  };
  const parser = new Parser({
    onopentag(tag, attributes) {
      if (tag === 'a') {
        end();
        link = attributes;
      } else if (tag === 'base' && attributes['href'] !== undefined) {
        files.rebase(attributes['href']);
      } else if (tag === 'meta' && attributes['name']?.startsWith('pypi:')) {
        meta.set(attributes['name'], attributes['content'] ?? '');
      }
    },
    ontext(part) {
      if (link) {
        label += part;
      }
    },
    onclosetag(tag) {
      if (tag === 'a') {
        end();
      }
    }
  });
  parser.end(text);
  checkVersion(meta.get('pypi:repository-version'));
  const status = meta.get('pypi:project-status');
  return {
    name,
    status: status ? { status, reason: meta.get('pypi:project-status-reason') || null } : null,
    versions: null,
    files: files.files,
    troubles: files.troubles
  };
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
