import { EMPTY_TEXT, textSize, together, type ITextSize } from './text-size.js';
import { isHighHalf, isLowHalf, wellFormed } from './utf8-bytes.js';

/** How far a cut may move to fall between two lines, in UTF-16 units. */
const NEAREST_LINE = 4096;

/** What changed in a text: everything from `at` on is now `text`. */
export interface ITextChange {
  readonly at: number;
  readonly text: string;
}

/**
 * The text of one stream output as JupyterLab keeps it: a carriage return goes back to the beginning of the line, what
 * follows overwrites it, a backspace takes a character away, and a line feed always goes to the end. The same steps as
 * `processText` of @jupyterlab/outputarea 4.6 (its backspace also takes the character under the cursor), but only the
 * last line is ever worked on: no step reaches behind a line feed.
 */
export class StreamText {
  /** The whole text; half a character, which a backspace can leave, is the replacement character. */
  get text(): string {
    return wellFormed(this.done + this.line);
  }

  /** UTF-16 units. */
  get length(): number {
    return this.done.length + this.line.length;
  }

  /** Of the text; a pair of units that came in two messages counts a little more. */
  get size(): ITextSize {
    this.lineSize ??= textSize(this.line);
    return together(this.doneSize, this.lineSize);
  }

  /** In UTF-8. */
  get bytes(): number {
    return this.size.bytes;
  }

  /** Whether something changed since the last `take`. */
  get isChanged(): boolean {
    return this.changed;
  }

  /** What the kernel wrote next. */
  add(text: string): void {
    const control = /[\b\r]/g;
    let from = 0;
    for (let found = control.exec(text); found; found = control.exec(text)) {
      this.write(text.slice(from, found.index));
      if (found[0] === '\b') {
        this.backspace();
      } else {
        this.cursor = 0;
      }
      from = found.index + 1;
    }
    this.write(from === 0 ? text : text.slice(from));
  }

  /** What changed since the last call, which then counts as taken; null = nothing. */
  take(): ITextChange | null {
    const text = this.done + this.line;
    // What stands before a change decides by it whether it is half a character.
    const at = isHighHalf(text.charCodeAt(this.changedFrom - 1)) ? this.changedFrom - 1 : this.changedFrom;
    const change = this.changed ? { at, text: wellFormed(text.slice(at)) } : null;
    this.changed = false;
    this.changedFrom = text.length;
    return change;
  }

  /**
   * Keeps about the last `limitBytes`, from a line's beginning where one is near.
   *
   * @returns how many bytes went.
   */
  keepEnd(limitBytes: number): number {
    const before = this.bytes;
    if (before <= limitBytes) {
      return 0;
    }
    const text = this.done + this.line;
    const cut = this.cutNear(text, Math.ceil(text.length * (1 - limitBytes / before)));
    const intoLine = cut - this.done.length;
    this.done = this.done.slice(cut);
    this.doneSize = textSize(this.done);
    if (intoLine > 0) {
      this.line = this.line.slice(intoLine);
      this.cursor = Math.max(0, this.cursor - intoLine);
      this.lineSize = null;
    }
    this.changed = true;
    this.changedFrom = 0;
    return before - this.bytes;
  }

  private cutNear(text: string, cut: number): number {
    const lineFeed = text.indexOf('\n', cut - 1);
    if (lineFeed >= 0 && lineFeed - cut < NEAREST_LINE) {
      return lineFeed + 1;
    }
    return isLowHalf(text.charCodeAt(cut)) ? cut + 1 : cut;
  }

  private write(text: string): void {
    const first = text.indexOf('\n');
    if (first < 0) {
      this.overwrite(text);
      return;
    }
    this.overwrite(text.slice(0, first));
    this.touch(this.length);
    const last = text.lastIndexOf('\n');
    const lines = text.slice(first, last + 1);
    this.doneSize = together(this.size, textSize(lines));
    this.done += this.line + lines;
    this.line = text.slice(last + 1);
    this.lineSize = textSize(this.line);
    this.cursor = this.line.length;
  }

  private overwrite(piece: string): void {
    if (piece === '') {
      return;
    }
    this.touch(this.done.length + this.cursor);
    if (this.cursor === this.line.length) {
      this.line += piece;
      this.lineSize = this.lineSize && together(this.lineSize, textSize(piece));
    } else {
      this.line = this.line.slice(0, this.cursor) + piece + this.line.slice(this.cursor + piece.length);
      this.lineSize = null;
    }
    this.cursor += piece.length;
  }

  private backspace(): void {
    if (this.cursor === 0) {
      return;
    }
    this.line = this.line.slice(0, this.cursor - 1) + this.line.slice(this.cursor + 1);
    this.lineSize = null;
    this.cursor -= 1;
    this.touch(this.done.length + this.cursor);
  }

  private touch(at: number): void {
    this.changed = true;
    this.changedFrom = Math.min(this.changedFrom, at);
  }

  /** Up to and including the last line feed. */
  private done = '';
  private doneSize = EMPTY_TEXT;
  /** The last line. */
  private line = '';
  /** null = not known since the line was overwritten. */
  private lineSize: ITextSize | null = EMPTY_TEXT;
  /** Where the next character goes, in the last line. */
  private cursor = 0;
  private changed = false;
  private changedFrom = 0;
}
