import { recordsFrom, type Findings } from './findings.js';

/** An index that is not the one that was waited for: what follows it tells which of the two is wrong. */
interface ILeap {
  readonly expected: number;
  readonly index: number;
}

/**
 * Follows the index that each line tells, so that a line which is missing, in the wrong place or too much is named and
 * those after it are still in order.
 */
export class IndexOrder {
  /**
   * @param expected - the first index; null = whatever comes first.
   * @param isWhole - every index of the range has to be there; otherwise they only have to rise.
   * @param missing - told of what is not there.
   */
  constructor(
    private expected: number | null,
    private readonly isWhole: boolean,
    private readonly findings: Findings,
    private readonly missing: (first: number, end: number) => void = () => undefined
  ) {}

  next(index: number): void {
    const { expected } = this;
    if (expected === null) {
      this.expected = index + 1;
    } else if (!this.isWhole) {
      this.rise(index, expected);
    } else if (this.leap) {
      this.land(index, this.leap);
    } else {
      this.step(index, expected);
    }
  }

  /** No more lines. @param end - the first index that is no longer in the range; null = not known. */
  finish(end: number | null): void {
    if (this.leap) {
      this.accept(this.leap);
    }
    const expected = this.expected ?? 0;
    if (this.isWhole && end !== null && expected < end) {
      this.miss('The end of the range is missing', expected, end);
    }
  }

  private rise(index: number, expected: number): void {
    if (index < expected) {
      this.displaced(index, `after record ${expected - 1}`);
    } else {
      this.expected = index + 1;
    }
  }

  private step(index: number, expected: number): void {
    if (index === expected) {
      this.expected = expected + 1;
    } else if (index > expected) {
      this.leap = { expected, index };
    } else {
      this.displaced(index, `after record ${expected - 1}`);
    }
  }

  /** The line after a leap shows what it was. */
  private land(index: number, leap: ILeap): void {
    this.leap = null;
    if (index === leap.index + 1) {
      this.accept(leap);
      this.expected = index + 1;
    } else if (index === leap.expected && leap.index === leap.expected + 1) {
      this.findings.add('order', `Records ${index} and ${leap.index} are swapped.`, { index });
      this.expected = leap.index + 1;
    } else if (index === leap.expected) {
      this.displaced(leap.index, `before record ${index}`);
      this.expected = index + 1;
    } else if (index === leap.expected + 1) {
      this.findings.add(
        'order',
        `Where record ${leap.expected} belongs stands one that says ${leap.index}.`,
        {
          index: leap.expected
        }
      );
      this.expected = index + 1;
    } else {
      this.accept(leap);
      this.step(index, leap.index + 1);
    }
  }

  private accept(leap: ILeap): void {
    this.miss('Missing from the log', leap.expected, leap.index);
    this.expected = leap.index + 1;
  }

  private miss(what: string, first: number, end: number): void {
    this.missing(first, end);
    this.findings.add('missing', `${what}: ${recordsFrom(first, end)}.`, { index: first });
  }

  private displaced(index: number, where: string): void {
    this.findings.add('order', `Record ${index} stands ${where}, where it does not belong.`, { index });
  }

  private leap: ILeap | null = null;
}
