import { createHash } from 'node:crypto';
import { JournalError, type IEdit, type SourceChange } from '@labkeeper/core';
import type { NewFile } from './new-file.js';
import type { PlainFile } from './plain-file.js';
import { PageText, TextSum, type LineEnd } from './text-facts.js';

/** A part of a new text: units of the old one from `from` up to `to`, or new ones. */
export type TextPiece = string | { readonly from: number; readonly to: number };

/**
 * The text after edits, as pieces of the one before. Its length is not known here, so the last piece may end at
 * Infinity, and edits beyond the end are found by their checksum.
 */
export function piecesOf(change: SourceChange): TextPiece[] {
  if (change.kind === 'whole') {
    return [change.text];
  }
  let pieces: TextPiece[] = [{ from: 0, to: Infinity }];
  for (const edit of change.edits) {
    pieces = edited(pieces, edit);
  }
  return pieces;
}

function edited(pieces: readonly TextPiece[], { at, del, ins }: IEdit): TextPiece[] {
  return [...cut(pieces, 0, at), ins, ...cut(pieces, at + del, Infinity)].filter(piece => piece !== '');
}

/** The pieces from one place up to another. */
function cut(pieces: readonly TextPiece[], from: number, to: number): TextPiece[] {
  let begin = 0;
  return pieces.flatMap((piece): TextPiece[] => {
    const length = typeof piece === 'string' ? piece.length : piece.to - piece.from;
    const part = { from: Math.max(0, from - begin), to: Math.min(length, to - begin) };
    begin += length;
    if (part.from >= part.to) {
      return [];
    }
    return typeof piece === 'string'
      ? [piece.slice(part.from, part.to)]
      : [{ from: piece.from + part.from, to: piece.from + part.to }];
  });
}

/**
 * Writes a text file with what a run changed in it, in one pass and with memory in proportion to what changed: with
 * the line ends and the byte order mark of the old one. It gives what `applyText` gives of the whole.
 *
 * @param file - the old text, UTF-8; null = there is none.
 * @returns whether the new text is another one.
 * @throws JournalError 'sum-mismatch', RecoveryError.
 */
export async function writeText(
  file: PlainFile | null,
  lineEnd: LineEnd,
  change: SourceChange,
  into: NewFile
): Promise<boolean> {
  const out = new TextWriter(lineEnd, into);
  const before = createHash('sha256');
  const pieces = piecesOf(change);
  let place = 0;
  let next = 0;
  const take = async (text: string): Promise<void> => {
    before.update(text, 'utf16le');
    const end = place + text.length;
    for (let piece = pieces[next]; piece !== undefined; piece = pieces[next]) {
      if (typeof piece === 'string') {
        await out.write(piece);
      } else {
        await out.write(text.slice(Math.max(0, piece.from - place), Math.max(0, piece.to - place)));
        if (piece.to > end) {
          break;
        }
      }
      next += 1;
    }
    place = end;
  };
  if (file) {
    const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
    const page = new PageText(lineEnd);
    for await (const bytes of file.pieces()) {
      await take(page.push(decoder.decode(bytes, { stream: true })));
    }
    await take(page.push(decoder.decode()) + page.left);
  }
  // What is added at the end, and the whole of a text that was not there.
  for (const piece of pieces.slice(next)) {
    await out.write(typeof piece === 'string' ? piece : '');
  }
  const { sum, digest } = await out.end();
  const last = change.kind === 'edits' ? change.edits.at(-1) : null;
  if (last && last.sum !== sum) {
    throw new JournalError('sum-mismatch', 0);
  }
  return digest !== before.digest('hex');
}

/** Writes a page's text to a file. */
class TextWriter {
  constructor(
    private readonly lineEnd: LineEnd,
    private readonly into: NewFile
  ) {}

  async write(text: string): Promise<void> {
    this.sum.push(text);
    this.hash.update(text, 'utf16le');
    const whole = this.half + text;
    // Half a character waits for its other half.
    const isSplit = /[\ud800-\udbff]$/.test(whole);
    this.half = isSplit ? whole.slice(-1) : '';
    await this.put(isSplit ? whole.slice(0, -1) : whole);
  }

  async end(): Promise<{ readonly sum: number; readonly digest: string }> {
    await this.put(this.half);
    return { sum: this.sum.value, digest: this.hash.digest('hex') };
  }

  private async put(text: string): Promise<void> {
    if (text !== '') {
      const lines = this.lineEnd === '\n' ? text : text.replaceAll('\n', this.lineEnd);
      await this.into.write(Buffer.from(lines, 'utf8'));
    }
  }

  private readonly sum = new TextSum();
  private readonly hash = createHash('sha256');
  private half = '';
}
