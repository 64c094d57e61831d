import type { IByteRange } from './scan-notebook.js';

/** A part of a new file: bytes of the old one, or new bytes. */
export type Piece = IByteRange | Uint8Array;

/** In a file, the bytes of a range give way to pieces; an empty range is a place between two bytes. */
export interface IReplacement extends IByteRange {
  readonly by: readonly Piece[];
}

/** The bytes of a range of the file. They are used up before the next call, so one buffer may serve all. */
export type ReadRange = (range: IByteRange) => Promise<Uint8Array>;

/** A range of the file with some of it replaced. @param replacements - apart from one another, in order. */
export function replaced(range: IByteRange, replacements: readonly IReplacement[]): Piece[] {
  const pieces: Piece[] = [];
  let { from } = range;
  for (const replacement of replacements) {
    pieces.push({ from, to: replacement.from }, ...replacement.by);
    from = replacement.to;
  }
  return joined([...pieces, { from, to: range.to }]);
}

/** The same pieces, ranges that touch made one and empty ones left out. */
export function joined(pieces: readonly Piece[]): Piece[] {
  const result: Piece[] = [];
  for (const piece of pieces) {
    const last = result.at(-1);
    if (last && isRange(last) && isRange(piece) && last.to === piece.from) {
      result[result.length - 1] = { from: last.from, to: piece.to };
    } else if (lengthOf(piece) > 0) {
      result.push(piece);
    }
  }
  return result;
}

/** The bytes that pieces have together. */
export function sizeOf(pieces: readonly Piece[]): number {
  return pieces.reduce((sum, piece) => sum + lengthOf(piece), 0);
}

/** Reads what pieces make together, as if it were a file. */
export function reader(pieces: readonly Piece[], read: ReadRange): ReadRange {
  let room = new Uint8Array(0);
  return async ({ from, to }) => {
    room = room.length < to - from ? new Uint8Array(to - from) : room;
    const result = room.subarray(0, to - from);
    let begin = 0;
    for (const piece of pieces) {
      const end = begin + lengthOf(piece);
      const part = { from: Math.max(from, begin) - begin, to: Math.min(to, end) - begin };
      if (part.from < part.to) {
        const bytes = isRange(piece)
          ? await read({ from: piece.from + part.from, to: piece.from + part.to })
          : piece.subarray(part.from, part.to);
        result.set(bytes, begin + part.from - from);
      }
      begin = end;
    }
    return result;
  };
}

export function isRange(piece: Piece): piece is IByteRange {
  return 'to' in piece;
}

function lengthOf(piece: Piece): number {
  return isRange(piece) ? piece.to - piece.from : piece.length;
}
