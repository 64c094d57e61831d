import type { RootOutcome } from './digest-roots.js';
import type { Findings } from './findings.js';
import { KnownIndexes } from './known-indexes.js';
import type { IListed } from './verify-report.js';

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
  /** A record behind `after` was made after just that. */
  hasMore: boolean;
  /** `after` does not fit the one behind it either. */
  isAfterAltered: boolean;
  /**
   * Records that were made one after the other from `after` on, or from the one behind it where `after` does not fit that either:
   * by their index, one of each digest. A digest that holds for one of them vouches for those before it.
   */
  witnesses: readonly number[];
  lastDigest: number | null;
}

/** So many are held until the digests are known. */
const KEPT = 1000;
/** So many records that are known to be altered, or that nothing vouches for, are held. */
const NAMED = 10_000;
/** So many digests of one break are asked. */
const WITNESSES = 20;

/** What became of the digest that a record is in; null = it is in none, or in one that was not signed. */
export type DigestOutcome = (index: number) => RootOutcome | null;

/**
 * Where chains break, and which record it was that broke one. A digest that holds tells, of the two or of a record that was made
 * after them; a record alone does not, because it can have been made anew together with those before it.
 */
export class ChainBreaks {
  /** @param digestOf - number of the digest that a record is in; null = of none. */
  constructor(
    private readonly findings: Findings,
    private readonly digestOf: (index: number) => number | null = () => null
  ) {}

  /** Which of [first, end) were altered, by their index. */
  altered(first: number, end: number): IListed<number> {
    return this.named.between(first, end);
  }

  /** Whether every record of [first, end) that breaks a chain is known by itself. */
  knowsAll(first: number, end: number): boolean {
    return !this.named.isFull && !this.isOverfull && this.doubtful.between(first, end).count === 0;
  }

  /** `after` does not name `before`. @param last - the break at `before`; null = it is in order there. */
  add(stream: string, before: ILink, after: ILink, last: IBreak | null): IBreak | null {
    if (last) {
      // It fits neither side, so it is told once.
      Object.assign(last, { isAfterAltered: true, witnesses: [], lastDigest: null });
      return null;
    }
    const broken: IBreak = {
      ...{ stream, before, after, hasMore: false, isAfterAltered: false, witnesses: [], lastDigest: null }
    };
    if (this.kept.length === KEPT) {
      this.isOverfull = true;
      this.tellBreak(broken);
      return null;
    }
    this.kept.push(broken);
    return broken;
  }

  /** The chain goes on to a record from where it was broken. */
  goesOn(broken: IBreak, index: number): void {
    const digest = this.digestOf(index);
    if (digest !== null && digest !== broken.lastDigest && broken.witnesses.length < WITNESSES) {
      broken.witnesses = [...broken.witnesses, index];
      broken.lastDigest = digest;
    }
  }

  /** A record was named already: what follows from that is not told. */
  name(index: number): void {
    this.named.add(index);
  }

  /** No more records. @param outcome - of the digests that the file announces. */
  finish(outcome: DigestOutcome): void {
    for (const broken of this.kept.splice(0)) {
      this.settle(broken, outcome);
    }
  }

  private settle(broken: IBreak, outcome: DigestOutcome): void {
    const { isAfterAltered, witnesses } = broken;
    const [before, after] = [broken.before, broken.after].map(({ index }) => outcome(index) === 'same');
    if (this.named.has(broken.before.index) || (this.named.has(broken.after.index) && before)) {
      return;
    }
    const isVouchedFor = witnesses.some(index => outcome(index) === 'same');
    if (before && after) {
      // Both are what was signed.
      this.tellBreak(broken);
    } else if (before || (isAfterAltered && isVouchedFor && !after)) {
      this.tellAltered(broken, broken.after);
    } else if (after || (!isAfterAltered && isVouchedFor)) {
      this.tellAltered(broken, broken.before);
    } else {
      this.tellDoubt(broken);
    }
  }

  /** Nothing tells which of them it was. */
  private tellDoubt(broken: IBreak): void {
    const { stream, isAfterAltered, hasMore } = broken;
    const [before, after] = [`record ${broken.before.index}`, `record ${broken.after.index}`];
    let what = `R${before.slice(1)} or ${after} was altered: ${this.words(broken)}.`;
    if (isAfterAltered) {
      what = `Altered: ${after}, or those before and after it in its stream: ${this.words(broken)}.`;
    } else if (hasMore) {
      what = `Altered: ${before}, or ${after} and those after it in its stream: ${this.words(broken)}.`;
    }
    const { index } = isAfterAltered ? broken.after : broken.before;
    this.findings.add('chain', what, { index, stream });
    [broken.before, broken.after].forEach(one => this.doubtful.add(one.index));
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
  private isOverfull = false;
  private readonly named = new KnownIndexes(NAMED);
  /** Records of which one was altered, and nobody knows which. */
  private readonly doubtful = new KnownIndexes(2 * KEPT + 1);
}
