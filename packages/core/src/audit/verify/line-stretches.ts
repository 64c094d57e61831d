import { DigestLine, GoneLine, parseShape } from '@labkeeper/protocol';
import { isAnchorLine } from './announced-anchors.js';
import { isDigestLine } from './announced-digests.js';
import { isGoneLine, isRetireLine } from './announced-retirements.js';
import { ascii, ByteReader } from './byte-reader.js';
import { isEntryLine, parseEntryLine } from './entry-line.js';
import { countUpTo } from './in-order.js';
import { LineCutter } from './line-cutter.js';
import type { IVerifyTools } from './tools.js';

/** Places of digests come after those of all records: an index is a safe integer, and none is so large. */
export const DIGEST_PLACES = 2 ** 52;
/** With more pieces than these a file is in no order that could be told. */
const MOST_PIECES = 20_000;

/** Bytes of a file, in whole lines. */
export interface ILinePart {
  /** Number of its first line, from 1. */
  readonly line: number;
  lines: number;
  readonly from: number;
  to: number;
}

/** Lines that follow one another in the order of the log, or in the opposite one. */
export interface IStretch extends ILinePart {
  /** Lowest place: an index, or that of a digest. */
  first: number;
  /** After the highest. */
  end: number;
  step: 1 | -1;
  /** Its first line is that of a record. */
  readonly isRecord: boolean;
  /** One line over many places, where others begin or end too: they need not tell of the same places, and it cannot be cut. */
  readonly isContested: boolean;
  /** Lines behind it that have no place of their own, and stay where they are. */
  readonly others: ILinePart[];
}

/** A place of a line among others. */
export interface ILinePlace {
  readonly first: number;
  readonly count: number;
  readonly isRecord: boolean;
}

/** What a line is by what it says itself. `tail`: it belongs behind all digests, and among its like it stays where it is. */
export type LinePlace = ILinePlace | 'tail' | null;

/** A file as it lies there. */
export interface IStretches {
  /** What stands before the first line that has a place. */
  readonly head: readonly ILinePart[];
  readonly list: readonly IStretch[];
  readonly tail: readonly ILinePart[];
  /** Lines of it that end. */
  readonly lines: number;
  /** Bytes of it in lines that end. */
  readonly bytes: number;
}

const END = ascii('{"end":');

/** Gives the place of a line; null = it has none. */
export type PlaceOf = (line: Uint8Array) => LinePlace;

/** Where each line of an export belongs, by what it says itself. */
export function placeOf(tools: Pick<IVerifyTools, 'decode'>): PlaceOf {
  return line => {
    if (isEntryLine(line)) {
      const entry = parseEntryLine(line);
      return entry && entry.index < DIGEST_PLACES ? { first: entry.index, count: 1, isRecord: true } : null;
    }
    if (isGoneLine(line)) {
      const gone = parseShape(GoneLine, tools.decode(line))?.gone;
      return gone && gone.firstIndex + gone.count < DIGEST_PLACES
        ? { first: gone.firstIndex, count: gone.count, isRecord: false }
        : null;
    }
    if (isRetireLine(line) || isAnchorLine(line) || new ByteReader(line).has(END)) {
      return 'tail';
    }
    const digest = isDigestLine(line) ? parseShape(DigestLine, tools.decode(line))?.digest : undefined;
    return digest && digest.body.number < DIGEST_PLACES
      ? { first: DIGEST_PLACES + digest.body.number, count: 1, isRecord: false }
      : null;
  };
}

/**
 * Looks through a file and says in which order its lines stand. Holds no line, but one stretch for each break in the order.
 *
 * @param cuts - no stretch reaches over one of these places.
 * @returns null when the file has too many pieces, or a line that is none of an export's.
 */
export function lineStretches(
  blocks: Iterable<Uint8Array>,
  place: PlaceOf,
  cuts: ReadonlySet<number> = new Set()
): IStretches | null {
  const scan = new Scan(place, cuts);
  const cutter = new LineCutter(NO_HASH_AT_ALL, scan);
  for (const block of blocks) {
    cutter.push(block);
    if (scan.isHopeless) {
      return null;
    }
  }
  return { head: scan.head, list: scan.list, tail: scan.tail, lines: scan.number, bytes: scan.at };
}

const NO_HASH_AT_ALL = { update: () => undefined, hexSoFar: () => '' };

class Scan {
  constructor(
    private readonly place: PlaceOf,
    private readonly cuts: ReadonlySet<number>
  ) {
    this.risingCuts = Float64Array.from(cuts).sort();
  }

  readonly head: ILinePart[] = [];
  readonly list: IStretch[] = [];
  readonly tail: ILinePart[] = [];
  at = 0;
  number = 0;

  get isHopeless(): boolean {
    return this.pieces > MOST_PIECES;
  }

  line(line: Uint8Array): void {
    const from = this.at;
    this.number += 1;
    this.at += line.length + 1;
    const place = this.place(line);
    const last = this.list.at(-1);
    const part = { line: this.number, lines: 1, from, to: this.at };
    if (place === null || place === 'tail') {
      this.add(place === 'tail' ? this.tail : (last?.others ?? this.head), part);
      return;
    }
    const isContested = place.count > 1 && this.meetsCut(place);
    if (last?.to === from && !isContested && !last.isContested && this.goesOn(last, place)) {
      last.lines += 1;
      last.to = this.at;
    } else {
      const { first, count, isRecord } = place;
      this.list.push({ ...part, first, end: first + count, step: 1, isRecord, isContested, others: [] });
      this.pieces += 1;
    }
  }

  longLine(): void {
    this.pieces = Infinity;
  }

  private meetsCut({ first, count }: ILinePlace): boolean {
    return countUpTo(this.risingCuts, first - 1) < countUpTo(this.risingCuts, first + count);
  }

  /** Neighbours are one part. */
  private add(parts: ILinePart[], part: ILinePart): void {
    const last = parts.at(-1);
    if (last?.to === part.from) {
      last.lines += 1;
      last.to = part.to;
    } else {
      parts.push(part);
      this.pieces += 1;
    }
  }

  /** Whether the line goes on with the stretch, which is longer then. */
  private goesOn(last: IStretch, { first, count }: ILinePlace): boolean {
    const isSingle = last.lines === 1;
    if (first === last.end && (isSingle || last.step === 1) && !this.cuts.has(first)) {
      last.end += count;
      last.step = 1;
      return true;
    }
    if (first + count === last.first && (isSingle || last.step === -1) && !this.cuts.has(last.first)) {
      last.first = first;
      last.step = -1;
      return true;
    }
    return false;
  }

  private readonly risingCuts: Float64Array;
  /** Stretches, and parts of lines without a place. */
  private pieces = 0;
}
