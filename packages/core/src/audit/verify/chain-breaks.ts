import type { Findings } from './findings.js';
import type { RootOutcome } from './digest-roots.js';

/** A record in its stream. */
export interface ILink {
  readonly index: number;
  readonly seq: number;
}

/** A record that names another one before it than the one that is there: one of the two is not what it was. */
export interface IBreak {
  readonly stream: string;
  readonly before: ILink;
  readonly after: ILink;
  /** The record behind `after` was made after just that; null = there is none. */
  isAfterVouchedFor: boolean | null;
  /** `after` does not fit the one behind it either. */
  isAfterAltered: boolean;
}

/** So many are held until the digests are known. */
const KEPT = 1000;
/** So many records that are known to be altered, or that nothing vouches for, are held. */
const NAMED = 10_000;

/** What became of the digest that a record is in; null = it is in none. */
export type DigestOutcome = (index: number) => RootOutcome | null;

/**
 * Where chains break, and which record it was that broke one. The records after it tell, or the digests of the two, as far as
 * they are there.
 */
export class ChainBreaks {
  constructor(private readonly findings: Findings) {}

  /** Indexes of records that were named. */
  get altered(): ReadonlySet<number> {
    return this.named;
  }

  /** `after` does not name `before`. @param last - the break at `before`; null = it is in order there. */
  add(stream: string, before: ILink, after: ILink, last: IBreak | null): IBreak | null {
    if (last) {
      // It fits neither side, so it is told once.
      last.isAfterAltered = true;
      return null;
    }
    const broken = { stream, before, after, isAfterVouchedFor: null, isAfterAltered: false };
    if (this.kept.length === KEPT) {
      this.tellBreak(broken);
      return null;
    }
    this.kept.push(broken);
    return broken;
  }

  /** A record was named already: what follows from that is not told. */
  name(index: number): void {
    if (this.named.size < NAMED) {
      this.named.add(index);
    }
  }

  /** No more records. @param outcome - of the digests that the file announces. */
  finish(outcome: DigestOutcome): void {
    for (const broken of this.kept.splice(0)) {
      this.settle(broken, outcome(broken.before.index), outcome(broken.after.index));
    }
  }

  private settle(broken: IBreak, before: RootOutcome | null, after: RootOutcome | null): void {
    const { isAfterAltered, isAfterVouchedFor } = broken;
    if (this.named.has(broken.before.index) || (this.named.has(broken.after.index) && before === 'same')) {
      return;
    }
    if (before === 'same' && after === 'same') {
      // So they were signed.
      this.tellBreak(broken);
    } else if (after !== 'same' && (isAfterAltered || before === 'same')) {
      this.tellAltered(broken, broken.after);
    } else if (before !== 'same' && (after === 'same' || isAfterVouchedFor)) {
      this.tellAltered(broken, broken.before);
    } else {
      const { index } = broken.before;
      const what = `Record ${index} or record ${broken.after.index} was altered: ${this.words(broken)}.`;
      this.findings.add('chain', what, { index, stream: broken.stream });
      [broken.before, broken.after].forEach(one => this.name(one.index));
    }
  }

  private tellAltered(broken: IBreak, { index }: ILink): void {
    if (this.named.has(index)) {
      return;
    }
    this.name(index);
    const what = `Record ${index} was altered: ${this.words(broken)}.`;
    this.findings.add('chain', what, { index, stream: broken.stream });
  }

  private tellBreak(broken: IBreak): void {
    const words = this.words(broken);
    const { index } = broken.after;
    this.findings.add('chain', `${words.charAt(0).toUpperCase()}${words.slice(1)}.`, {
      ...{ index, stream: broken.stream }
    });
  }

  private words({ stream, before, after, isAfterAltered }: IBreak): string {
    return isAfterAltered
      ? `record ${after.seq} of stream ${stream} (index ${after.index}) fits neither the one before it nor the one after it`
      : `record ${before.seq} of stream ${stream} (index ${before.index}) is not the one that record ${after.seq} was made after (index ${after.index})`;
  }

  private readonly kept: IBreak[] = [];
  private readonly named = new Set<number>();
}
