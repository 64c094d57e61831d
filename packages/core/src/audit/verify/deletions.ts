import { periodDays, type ExportHead, type SignedDigest } from '@labkeeper/protocol';
import { canonicalJson } from '../canonical-json.js';
import { actText } from '../digest.js';
import type { AnnouncedRetirement } from './announced-retirements.js';
import { ExcusedRanges, type IExcusedRange } from './excused-ranges.js';
import { recordsFrom, type Findings } from './findings.js';
import { CLOCK_MS } from './received-times.js';
import type { Signatures } from './signatures.js';
import type { IVerifyTools } from './tools.js';
import type { IDeletion, IListed } from './verify-report.js';

const DAY_MS = 86_400_000;
/** So many are listed. */
const LISTED = 1000;

type Body = SignedDigest['body'];

/** Finds the digest that a record is in, as the file tells it: one that was not signed so is a finding of its own. */
export interface IDigestPlaces {
  bodyAt(index: number): Body | null;
}

interface IKnownAct extends IDeletion {
  /** SHA-256 of the record, hexadecimal. */
  readonly hash: string;
  /** Epoch ms, as it says itself. */
  readonly atMs: number;
  isInLog: boolean;
}

/**
 * What retention deleted, as far as acts say so that hold. Whoever has the service's key could sign any act: then the act says
 * what was deleted, by which rule and when, and its place in the log is proven as every record's is. What no act excuses
 * is missing.
 */
export class Deletions {
  /** @param head - null = it cannot be read: then nothing is excused. */
  constructor(
    private readonly tools: IVerifyTools,
    private readonly signatures: Signatures,
    private readonly head: ExportHead | null,
    private readonly digests: IDigestPlaces,
    private readonly findings: Findings,
    announced: readonly AnnouncedRetirement[]
  ) {
    const ranges: IExcusedRange[] = [];
    for (const retire of announced) {
      const trouble = this.trouble(retire);
      if (trouble !== null) {
        this.tell(retire.index, `excuses nothing: ${trouble}`);
      } else if (this.acts.has(retire.index)) {
        this.tell(retire.index, 'stands twice');
      } else {
        ranges.push(...this.learn(retire));
      }
    }
    this.ranges = new ExcusedRanges(this.apart(ranges));
  }

  readonly ranges: ExcusedRanges;

  /** Whether all of these are missing for a reason. */
  excuses(firstIndex: number, count: number): boolean {
    return this.ranges.between(firstIndex, firstIndex + count) === count;
  }

  /** A record of the log that says it is such an act. @param hash - of its exact bytes, hexadecimal. */
  stands(index: number, hash: string, receivedAtMs: number): void {
    const act = this.acts.get(index);
    if (act === undefined) {
      return;
    }
    if (act.hash !== hash) {
      this.tell(index, 'is not the one that stands in the log there');
    } else if (act.atMs > receivedAtMs + CLOCK_MS) {
      this.tell(index, 'says a later time than the one at which it came: what it deleted was younger');
    } else {
      act.isInLog = true;
    }
  }

  /** No more records. */
  finish(): void {
    const { head } = this;
    for (const { act, isInLog } of this.acts.values()) {
      const isInside = head !== null && act >= head.firstIndex && act < head.endIndex;
      // With a filter only what was asked for is here.
      if (isInside && head.filter === null && !isInLog) {
        this.tell(act, 'is not in the log where it says that it is');
      }
    }
  }

  /** Whether every act that excuses something stands in the export too: only then do digests, and what anchors them, hold it. */
  get isAllInLog(): boolean {
    return [...this.acts.values()].every(({ isInLog }) => isInLog);
  }

  summary(): IListed<IDeletion> & { readonly records: number } {
    const all = [...this.acts.values()].sort((one, other) => one.first - other.first);
    return {
      count: all.length,
      records: all.reduce((sum, { records }) => sum + records, 0),
      first: all.slice(0, LISTED).map(({ act, first, end, records, name, rule, atMs, isInLog }) => ({
        ...{ act, first, end, records, name, rule, atMs, isInLog }
      }))
    };
  }

  /** Why an act cannot be believed, a part of a sentence; null = it can. */
  private trouble({ index, record }: AnnouncedRetirement): string | null {
    const { head } = this;
    const { act, action, boot, key, signature } = record;
    const { retired } = act;
    if (action !== 'retire' || act.action !== 'retire' || !retired || retired.digests === null) {
      return 'it is no act of retention';
    }
    if (head === null || retired.log !== head.log || boot !== head.log) {
      return 'it is of another log';
    }
    const holds = this.signatures.holds(key, actText(act), signature);
    if (holds !== true) {
      return holds === false
        ? 'its signature does not hold'
        : `it is signed with key ${key}, which the first line does not list`;
    }
    if (periodDays(retired.rule) !== retired.days) {
      return 'its rule and its days are not the same period';
    }
    const end = retired.ranges.reduce<number | null>(
      (before, [first, after]) => (before !== null && first >= before && after > first ? after : null),
      0
    );
    if (end === null || end > index || end === 0) {
      return 'its ranges are not in order, or not before it';
    }
    if (retired.ranges.reduce((sum, [first, after]) => sum + after - first, 0) !== retired.count) {
      return `it tells of ${retired.count} records, and its ranges of others`;
    }
    // An act behind what the file covers may be younger than the file's begin: a long export ends later.
    const writtenMs = index < head.endIndex ? head.createdAtMs : Infinity;
    const latestMs = Math.min(writtenMs, this.digests.bodyAt(index)?.closedAtMs ?? Infinity);
    if (act.atMs > latestMs + CLOCK_MS) {
      return 'it says a time that had not come yet';
    }
    for (const [first, after] of this.inside(retired.ranges)) {
      const digest = this.digests.bodyAt(first);
      if (!digest || after > digest.firstIndex + digest.count) {
        return `no one digest covers ${recordsFrom(first, after)}`;
      }
      const [low, high] = retired.digests;
      if (digest.number < low || digest.number > high) {
        return `${recordsFrom(first, after)} are in digest ${digest.number}, and it names others`;
      }
      if (digest.closedAtMs + retired.days * DAY_MS > act.atMs) {
        return `${recordsFrom(first, after)} were not ${retired.rule} old, by their digest's own time`;
      }
    }
    return null;
  }

  private learn({ index, record }: AnnouncedRetirement): readonly IExcusedRange[] {
    const { retired, atMs } = record.act;
    const ranges = this.inside(retired?.ranges ?? []);
    const [first, last] = [ranges[0], ranges.at(-1)];
    if (!retired || !first || !last) {
      return [];
    }
    this.acts.set(index, {
      act: index,
      first: first[0],
      end: last[1],
      records: ranges.reduce((sum, [from, end]) => sum + end - from, 0),
      name: retired.class,
      rule: retired.rule,
      atMs,
      isInLog: false,
      hash: this.tools.sha256Hex(this.tools.encode(canonicalJson(record)))
    });
    return ranges.map(([from, end]) => ({ first: from, end, act: index }));
  }

  /** The parts of ranges that are in the export. Its digests are here; those of the rest of the log are not. */
  private inside(ranges: readonly (readonly [number, number])[]): readonly (readonly [number, number])[] {
    const { firstIndex, endIndex } = this.head ?? { firstIndex: 0, endIndex: 0 };
    return ranges
      .map(([first, end]) => [Math.max(first, firstIndex), Math.min(end, endIndex)] as const)
      .filter(([first, end]) => end > first);
  }

  /** A record is deleted once. */
  private apart(ranges: IExcusedRange[]): readonly IExcusedRange[] {
    let end = 0;
    return ranges
      .sort((one, other) => one.first - other.first || one.act - other.act)
      .filter(range => {
        if (range.first < end) {
          this.tell(range.act, `excuses ${recordsFrom(range.first, range.end)} that another act excuses`);
          return false;
        }
        end = range.end;
        return true;
      });
  }

  private tell(index: number, what: string): void {
    this.findings.add('retired', `Act ${index} ${what}.`, { index });
  }

  private readonly acts = new Map<number, IKnownAct>();
}
