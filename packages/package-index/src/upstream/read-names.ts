import { StringDecoder } from 'node:string_decoder';
import { Parser } from 'htmlparser2';
import { JsonPieces } from './json-pieces.js';
import { checkVersion, UnreadablePageError } from './page-reader.js';

type OnName = (name: string) => void;

/** Reads the list of all projects in the form of PEP 691. */
export class JsonNames {
  constructor(onName: OnName) {
    this.pieces = new JsonPieces({
      list: 'projects',
      members: new Set(['meta']),
      onEntry: entry => {
        if (hasText(entry, 'name')) {
          onName(entry.name);
        }
      }
    });
  }

  /** @throws UnreadablePageError */
  write(chunk: Buffer): void {
    this.pieces.write(chunk);
  }

  /** @throws UnreadablePageError */
  end(): void {
    this.pieces.end();
    const meta = this.pieces.members.get('meta');
    checkVersion(hasText(meta, 'api-version') ? meta['api-version'] : undefined);
    if (!this.pieces.hasList) {
      throw new UnreadablePageError('The page has no list of projects.');
    }
  }

  private readonly pieces: JsonPieces;
}

/** Reads the list of all projects in the form of PEP 503, where the text of each link is a name. */
export class HtmlNames {
  constructor(onName: OnName) {
    let label: string | null = null;
    const end = (): void => {
      if (label !== null) {
        onName(label.trim());
      }
      label = null;
    };
    this.parser = new Parser({
      onopentag: tag => {
        if (tag === 'a') {
          end();
          label = '';
        }
      },
      ontext: part => {
        label = label === null ? null : label + part;
      },
      onclosetag: tag => {
        if (tag === 'a') {
          end();
        }
      }
    });
  }

  write(chunk: Buffer): void {
    this.parser.write(this.decoder.write(chunk));
  }

  end(): void {
    this.parser.end(this.decoder.end());
  }

  private readonly decoder = new StringDecoder('utf8');
  private readonly parser: Parser;
}

function hasText<K extends string>(value: unknown, key: K): value is Readonly<Record<K, string>> {
  if (typeof value !== 'object' || value === null) {
    return false;
  }
  const found: unknown = Object.entries(value).find(([name]) => name === key)?.[1];
  return typeof found === 'string';
}
