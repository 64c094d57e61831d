import { UnreadablePageError } from './page-reader.js';

/** One entry or one member that is wanted; the largest there are, lists of versions, take some hundred kilobytes. */
const PIECE_BYTES = 16 * 1024 * 1024;

const SPACE = 0x20;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

export interface IJsonPiecesOptions {
  /** Name of the member that is a list, whose entries are handed on one by one. */
  readonly list: string;
  readonly onEntry: (entry: unknown) => void;
  /** Names of the other members that are wanted; the rest is passed over. */
  readonly members: ReadonlySet<string>;
}

/** Where in the object we are. `list` = in the list, `after` = behind the list or a member, `done` = behind the object. */
type Place = 'before' | 'key' | 'value' | 'list' | 'after' | 'done';

/**
 * Cuts a JSON object that comes in chunks into its members, and one of them into its entries. It only looks for the cuts;
 * what lies between them is read by `JSON.parse`.
 */
export class JsonPieces {
  constructor(private readonly options: IJsonPiecesOptions) {}

  /** Members that were wanted and there. */
  readonly members = new Map<string, unknown>();
  /** Whether the member that must be a list was one. */
  hasList = false;

  /** @throws UnreadablePageError */
  write(chunk: Buffer): void {
    this.from = 0;
    for (let at = this.isInString ? this.stringEnd(chunk, 0) + 1 : 0; at < chunk.length; at++) {
      const byte = chunk[at] ?? 0;
      if (byte === QUOTE) {
        this.expectContent();
        at = this.stringEnd(chunk, at + 1);
      } else if (byte === COMMA) {
        this.comma(chunk, at);
      } else if (byte === OPEN_OBJECT || byte === OPEN_LIST) {
        this.open(chunk, at, byte);
      } else if (byte === CLOSE_OBJECT || byte === CLOSE_LIST) {
        this.close(chunk, at, byte);
      } else if (byte === COLON && this.depth === 1) {
        this.colon(chunk, at);
      } else if (byte > SPACE) {
        this.expectContent();
      }
    }
    if (this.isKept) {
      this.carry(chunk.subarray(this.from));
    }
  }

  /** @throws UnreadablePageError when the object is not whole. */
  end(): void {
    if (this.place !== 'done') {
      throw notJson();
    }
  }

  /** Where the string ends that goes on at `from`; what is in it is of no interest. Past the chunk = it goes on after it. */
  private stringEnd(chunk: Buffer, from: number): number {
    let at = this.isEscaped ? from + 1 : from;
    for (; at < chunk.length; at++) {
      const byte = chunk[at];
      if (byte === QUOTE) {
        this.isInString = false;
        this.isEscaped = false;
        return at;
      }
      if (byte === BACKSLASH) {
        at++;
      }
    }
    this.isInString = true;
    this.isEscaped = at > chunk.length;
    return chunk.length;
  }

  private open(chunk: Buffer, at: number, byte: number): void {
    if (this.place === 'before') {
      if (byte !== OPEN_OBJECT) {
        throw new UnreadablePageError('The page is not a JSON object.');
      }
      this.begin('key', at);
    } else if (this.place === 'value' && this.depth === 1 && byte === OPEN_LIST && this.isList(chunk, at)) {
      this.hasList = true;
      this.begin('list', at);
    } else {
      this.expectContent();
    }
    this.depth++;
  }

  private close(chunk: Buffer, at: number, byte: number): void {
    this.depth--;
    if (this.depth === 1 && this.place === 'list') {
      if (byte !== CLOSE_LIST) {
        throw notJson();
      }
      const text = this.piece(chunk, at);
      if (text.trim() !== '' || this.entries > 0) {
        this.entry(text);
      }
      this.begin('after', at);
    } else if (this.depth === 0) {
      if (byte !== CLOSE_OBJECT || (this.place === 'key' && this.piece(chunk, at).trim() !== '')) {
        throw notJson();
      }
      this.member(chunk, at);
      this.begin('done', at);
    } else if (this.depth < 0) {
      throw notJson();
    }
  }

  private comma(chunk: Buffer, at: number): void {
    if (this.depth === 2 && this.place === 'list') {
      this.entry(this.piece(chunk, at));
      this.from = at + 1;
    } else if (this.depth === 1) {
      if (this.place === 'key') {
        throw notJson();
      }
      this.member(chunk, at);
      this.begin('key', at);
    } else if (this.depth === 0) {
      throw notJson();
    }
  }

  private colon(chunk: Buffer, at: number): void {
    const key = this.place === 'key' ? parsed(this.piece(chunk, at)) : null;
    if (typeof key !== 'string') {
      throw notJson();
    }
    this.key = key;
    this.begin('value', at);
  }

  /** Ends the value of a member, if it is one that is wanted. */
  private member(chunk: Buffer, at: number): void {
    if (this.place === 'value' && this.isKept) {
      this.members.set(this.key, parsed(this.piece(chunk, at)));
    }
  }

  private entry(text: string): void {
    this.entries++;
    this.options.onEntry(parsed(text));
  }

  /** Whether what opens here is the list, and not something within another value. */
  private isList(chunk: Buffer, at: number): boolean {
    return this.key === this.options.list && !this.hasList && this.piece(chunk, at).trim() === '';
  }

  /** Beside the object and its members there is nothing but space. */
  private expectContent(): void {
    if (this.place === 'before') {
      throw new UnreadablePageError('The page is not a JSON object.');
    }
    if (this.place === 'after' || this.place === 'done') {
      throw notJson();
    }
  }

  private begin(place: Place, at: number): void {
    this.place = place;
    this.from = at + 1;
  }

  /** Whether what comes now is read in the end. */
  private get isKept(): boolean {
    const { list, members } = this.options;
    switch (this.place) {
      case 'key':
      case 'list':
        return true;
      case 'value':
        return members.has(this.key) || this.key === list;
      default:
        return false;
    }
  }

  /** What came since the last cut. */
  private piece(chunk: Buffer, at: number): string {
    const last = chunk.subarray(this.from, at);
    if (this.carried.length === 0) {
      return last.toString('utf8');
    }
    this.carry(last);
    const text = Buffer.concat(this.carried, this.carriedBytes).toString('utf8');
    this.carried.length = 0;
    this.carriedBytes = 0;
    return text;
  }

  private carry(bytes: Buffer): void {
    this.carriedBytes += bytes.length;
    if (this.carriedBytes > PIECE_BYTES) {
      throw new UnreadablePageError('The page has an entry that is larger than any that is of use.');
    }
    this.carried.push(bytes);
  }

  private place: Place = 'before';
  private depth = 0;
  private key = '';
  private entries = 0;
  private isInString = false;
  private isEscaped = false;
  /** Where in the chunk the piece begins. */
  private from = 0;
  private readonly carried: Buffer[] = [];
  private carriedBytes = 0;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new UnreadablePageError('The page is not valid JSON.', { cause });
  }
}

function notJson(): UnreadablePageError {
  return new UnreadablePageError('The page is not valid JSON.');
}
