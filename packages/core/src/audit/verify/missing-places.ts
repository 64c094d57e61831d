import type { IListed, IMissingPlace } from './verify-report.js';

/** A stream goes on, and records of it are not here. */
export interface IStreamLack {
  readonly stream: string;
  /** The run of the companion; null = no record of it could be read. */
  readonly boot: string | null;
  /** Index and number of its last record before; -1 and 0 = it begins with the lack. */
  readonly afterIndex: number;
  readonly afterSeq: number;
  /** Of its next record. */
  readonly index: number;
  readonly seq: number;
}

/** So many ranges and lacks are held. */
const KEPT = 200;
/** Streams that are named where it cannot be known which of them it is. */
const NAMED = 5;

/** All of its records lie on the same side of each end of each lack. */
interface IPart {
  readonly first: number;
  readonly end: number;
  of: IMissingPlace['of'];
}

/**
 * Which streams missing records are of, as far as what is left tells it. A stream that lacks as many records as are missing
 * between its two neighbours lacks exactly those, in their order: they stand nowhere else. Once they have a place, the same may
 * hold for another stream. Of the last record of a stream nothing is left that could tell. All this holds where records were
 * taken away and nothing else was done: where a stream lacks more than there is room for, something else was.
 */
export class MissingPlaces {
  /** @param deletedBetween - how many records of [first, end) retention deleted. */
  constructor(private readonly deletedBetween: (first: number, end: number) => number) {}

  /** Records [first, end) are not here, and no act excuses them. */
  missing(first: number, end: number): void {
    if (this.ranges.length < KEPT) {
      this.ranges.push({ first, end });
    } else {
      this.more += 1;
      this.known = Math.min(this.known, first);
    }
  }

  lacks(lack: IStreamLack): void {
    if (lack.index <= lack.afterIndex) {
      return;
    }
    if (this.lacking.length < KEPT) {
      this.lacking.push(lack);
    } else {
      this.moreLacks += 1;
    }
  }

  /** @param isOnlyLess - nothing was found that shows more than that records were taken away: else nothing is inferred. */
  summary(isOnlyLess: boolean): IListed<IMissingPlace> & { readonly moreLacks: number } {
    const parts = this.parts();
    const inferred = isOnlyLess ? this.inferred(parts) : new Set<IStreamLack>();
    const places = joined(parts, part => {
      const streams = this.lacking
        .filter(lack => part.of === null && !inferred.has(lack) && isIn(part, lack))
        .map(({ stream }) => stream);
      return [...new Set(streams)].slice(0, NAMED);
    });
    return { count: places.length + this.more, first: places, moreLacks: this.moreLacks };
  }

  /** Whether it was told that one of [first, end) is missing. */
  tellsOf(first: number, end: number): boolean {
    return end > this.known || this.ranges.some(range => range.first < end && range.end > first);
  }

  /** Gives parts their places. @returns what streams lack that has one now; none where what they lack contradicts itself. */
  private inferred(parts: readonly IPart[]): ReadonlySet<IStreamLack> {
    const open = new Set(this.lacking.filter(({ index }) => index <= this.known));
    const placed = new Set<IStreamLack>();
    for (let isFound = true; isFound;) {
      isFound = false;
      for (const lack of open) {
        if (this.place(lack, openIn(parts, lack))) {
          open.delete(lack);
          placed.add(lack);
          isFound = true;
        }
      }
    }
    if ([...open].some(lack => this.room(lack, openIn(parts, lack)) < lackedBy(lack))) {
      parts.forEach(part => {
        part.of = null;
      });
      return new Set();
    }
    return placed;
  }

  /** How many records are not there between the neighbours, and have no place yet. */
  private room({ afterIndex, index }: IStreamLack, parts: readonly IPart[]): number {
    const count = parts.reduce((sum, { first, end }) => sum + end - first, 0);
    return count + this.deletedBetween(afterIndex + 1, index);
  }

  /** @param parts - what is missing between the neighbours, and has no place yet. @returns whether it is exactly what the stream lacks. */
  private place(lack: IStreamLack, parts: readonly IPart[]): boolean {
    const { stream, boot, afterIndex, afterSeq } = lack;
    const isExact = this.room(lack, parts) === lackedBy(lack);
    if (
      parts.length === 0 ||
      !isExact ||
      parts.some(({ first, end }) => this.deletedBetween(first, end) > 0)
    ) {
      return false;
    }
    let before = 0;
    for (const part of parts) {
      const deleted = this.deletedBetween(afterIndex + 1, part.first);
      part.of = { stream, boot, firstSeq: afterSeq + 1 + before + deleted };
      before += part.end - part.first;
    }
    return true;
  }

  /** What is missing, in order, each index once, cut where a lack begins or ends. */
  private parts(): readonly IPart[] {
    const cuts = [...new Set(this.lacking.flatMap(({ afterIndex, index }) => [afterIndex + 1, index]))].sort(
      (one, other) => one - other
    );
    const parts: IPart[] = [];
    let reached = 0;
    for (const { first, end } of [...this.ranges].sort((one, other) => one.first - other.first)) {
      let from = Math.max(first, reached);
      for (const cut of [...cuts.filter(at => at > from && at < end), end]) {
        if (cut > from) {
          parts.push({ first: from, end: cut, of: null });
          from = cut;
        }
      }
      reached = Math.max(reached, end);
    }
    return parts;
  }

  private readonly ranges: { readonly first: number; readonly end: number }[] = [];
  private readonly lacking: IStreamLack[] = [];
  private more = 0;
  private moreLacks = 0;
  /** From here on it is not held how much is missing. */
  private known = Infinity;
}

function isIn({ first, end }: IPart, { afterIndex, index }: IStreamLack): boolean {
  return first > afterIndex && end <= index;
}

/** What has no place yet. */
function openIn(parts: readonly IPart[], lack: IStreamLack): readonly IPart[] {
  return parts.filter(part => part.of === null && isIn(part, lack));
}

function lackedBy({ afterSeq, seq }: IStreamLack): number {
  return seq - afterSeq - 1;
}

/** Neighbours of which the same is known are one. */
function joined(
  parts: readonly IPart[],
  streamsOf: (part: IPart) => readonly string[]
): readonly IMissingPlace[] {
  const places: IMissingPlace[] = [];
  for (const part of parts) {
    const { first, end, of } = part;
    const place = { first, end, of, streams: streamsOf(part) };
    const last = places.at(-1);
    if (last?.end === first && goesOn(last, place)) {
      places.splice(-1, 1, { ...last, end });
    } else {
      places.push(place);
    }
  }
  return places;
}

function goesOn(last: IMissingPlace, next: IMissingPlace): boolean {
  if (last.of === null || next.of === null) {
    return last.of === next.of && last.streams.join() === next.streams.join();
  }
  return last.of.stream === next.of.stream && last.of.firstSeq + last.end - last.first === next.of.firstSeq;
}
