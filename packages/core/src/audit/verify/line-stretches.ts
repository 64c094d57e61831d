import { DigestLine, GoneLine, parseShape, type SignedDigest } from '@labkeeper/protocol';
import { isAnchorLine } from './announced-anchors.js';
import { isDigestLine } from './announced-digests.js';
import { isGoneLine, isRetireLine } from './announced-retirements.js';
import { ascii, ByteReader } from './byte-reader.js';
import { isEntryLine, parseEntryLine } from './entry-line.js';
import { LineCutter } from './line-cutter.js';
import type { IVerifyTools } from './tools.js';

/** Places of digests come after those of all records: an index is a safe integer, and none is so large. */
export const DIGEST_PLACES = 2 ** 52;
/** With more stretches than these a file is in no order that could be told. */
export const MOST_STRETCHES = 20_000;

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
  /** Lines behind it that have no place of their own, and stay where they are. */
  readonly others: ILinePart[];
}

/** What a line is by what it says itself. `tail`: it belongs behind all digests, and among its like it stays where it is. */
export type LinePlace = { readonly first: number; readonly count: number } | 'tail' | null;

/** A file as it lies there. */
export interface IStretches {
  /** What stands before the first line that has a place. */
  readonly head: readonly ILinePart[];
  readonly list: readonly IStretch[];
  readonly tail: readonly ILinePart[];
  /** Bytes of it in lines that end. */
  readonly bytes: number;
}

const END = ascii('{"end":');

/** Gives the place of a line; null = it has none. */
export type PlaceOf = (line: Uint8Array) => LinePlace;

/** Where each line of an export belongs, by what it says itself. @param digests - gets those that are met. */
export function placeOf(tools: Pick<IVerifyTools, 'decode'>, digests: Map<number, SignedDigest>): PlaceOf {
  return line => {
    if (isEntryLine(line)) {
      const entry = parseEntryLine(line);
      return entry && { first: entry.index, count: 1 };
    }
    if (isGoneLine(line)) {
      const gone = parseShape(GoneLine, tools.decode(line))?.gone;
      return gone ? { first: gone.firstIndex, count: gone.count } : null;
    }
    if (isRetireLine(line) || isAnchorLine(line) || new ByteReader(line).has(END)) {
      return 'tail';
    }
    const digest = isDigestLine(line) ? parseShape(DigestLine, tools.decode(line))?.digest : undefined;
    if (!digest) {
      return null;
    }
    digests.set(digest.body.number, digest);
    return { first: DIGEST_PLACES + digest.body.number, count: 1 };
  };
}

/**
 * Looks through a file and says in which order its lines stand. Holds no line, but one stretch for each break in the order.
 *
 * @param cuts - no stretch reaches over one of these places.
 * @returns null when the file has too many breaks, or a line that is none of an export's.
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
  return { head: scan.head, list: scan.list, tail: scan.tail, bytes: scan.at };
}

const NO_HASH_AT_ALL = { update: () => undefined, hexSoFar: () => '' };

class Scan {
  constructor(
    private readonly place: PlaceOf,
    private readonly cuts: ReadonlySet<number>
  ) {}

  readonly head: ILinePart[] = [];
  readonly list: IStretch[] = [];
  readonly tail: ILinePart[] = [];
  at = 0;
  isHopeless = false;

  line(line: Uint8Array): void {
    const from = this.at;
    this.number += 1;
    this.at += line.length + 1;
    const place = this.place(line);
    const last = this.list.at(-1);
    if (place === null || place === 'tail') {
      const parts = place === 'tail' ? this.tail : (last?.others ?? this.head);
      add(parts, { line: this.number, lines: 1, from, to: this.at });
    } else if (last?.to === from && this.goesOn(last, place)) {
      last.lines += 1;
      last.to = this.at;
    } else {
      const { first, count } = place;
      const part = { line: this.number, lines: 1, from, to: this.at };
      this.list.push({ ...part, first, end: first + count, step: 1, others: [] });
      this.isHopeless ||= this.list.length > MOST_STRETCHES;
    }
  }

  longLine(): void {
    this.isHopeless = true;
  }

  /** Whether the line goes on with the stretch, which is longer then. */
  private goesOn(
    last: IStretch,
    { first, count }: { readonly first: number; readonly count: number }
  ): boolean {
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

  private number = 0;
}

/** Neighbours are one part. */
function add(parts: ILinePart[], part: ILinePart): void {
  const last = parts.at(-1);
  if (last?.to === part.from) {
    last.lines += 1;
    last.to = part.to;
  } else {
    parts.push(part);
  }
}
