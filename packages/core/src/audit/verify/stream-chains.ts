import { NO_HASH } from '../sha256.js';
import { ChainBreaks, type DigestOutcome, type IBreak } from './chain-breaks.js';
import { recordsFrom, type Findings } from './findings.js';
import { listedBetween } from './known-indexes.js';
import type { IStreamLack } from './missing-places.js';
import type { IRecordFacts } from './record-facts.js';
import type { IListed } from './verify-report.js';

/** A record as it stands in its stream. */
export interface IChained {
  readonly index: number;
  readonly stream: string;
  /** As the hub has it. */
  readonly seq: number;
  /** SHA-256 of its exact bytes, hexadecimal. */
  readonly hash: string;
  /** null = it could not be read as a record. */
  readonly facts: IRecordFacts | null;
  /** It was altered, and that was told. */
  readonly isTold?: boolean;
}

interface IHead {
  index: number;
  seq: number;
  hash: string;
  /** null = no record of it could be read so far. */
  boot: string | null;
  isFromFirst: boolean;
  isClosed: boolean;
  /** The chain is broken right before this record; null = it is not. */
  broken: IBreak | null;
  /** The last break, from which on the chain has held so far; null = there is none, or it has not. */
  run: IBreak | null;
}

/** What the streams of an export are like. */
export interface IStreamSummary {
  readonly count: number;
  /** Begin with their first record, and none is missing up to the last that is in the export. */
  readonly unbroken: number;
  /** Of those, they end with the record of an orderly end. */
  readonly closed: number;
  /** Begin before the range, or not all of their records were asked for. */
  readonly partial: number;
}

/** What may be missing from a stream, and who is told of what may not. */
export interface IDeleted {
  /** How many records of [first, end) retention deleted. */
  between(first: number, end: number): number;
  /** What the stream calls itself from which nothing is ever deleted: the service's own. */
  readonly ownBoot: string | null;
  lacks?(lack: IStreamLack): void;
}

/** Follows each stream's own chain. Holds the head of every stream. */
export class StreamChains {
  /** @param isWhole - the export has every record of its range. @param firstIndex - of the range. */
  constructor(
    private readonly findings: Findings,
    private readonly isWhole: boolean,
    private readonly firstIndex: number,
    private readonly deleted: IDeleted = { between: () => 0, ownBoot: null },
    digestOf?: (index: number) => number | null
  ) {
    this.breaks = new ChainBreaks(findings, digestOf);
  }

  /** Records that streams lack because they were deleted, as far as a later one shows it. */
  get excused(): number {
    return this.excusedCount;
  }

  add(told: IChained): void {
    const head = this.heads.get(told.stream);
    if (told.isTold) {
      this.breaks.name(told.index);
    }
    if (told.facts) {
      this.checkOwnWords(told, told.facts, head ?? null);
    }
    // Its own number is a part of the chain, the hub's is not: what goes on as it says is not told again.
    const next = (head?.seq ?? 0) + 1;
    const isOwn = told.facts?.seq === next && told.seq !== next;
    const record = isOwn ? { ...told, seq: next } : told;
    if (head === undefined) {
      this.begin(record);
    } else if (record.seq > head.seq) {
      this.follow(record, head);
    } else {
      this.tell(record, `Record ${record.seq} of stream ${record.stream} stands again, or too late`);
    }
  }

  /** No more records. @param outcome - of the digests that the file announces. */
  settle(outcome: DigestOutcome): void {
    this.breaks.finish(outcome);
  }

  /** Which of [first, end) are known to be altered, by their index. */
  altered(first: number, end: number): IListed<number> {
    return this.breaks.altered(first, end);
  }

  /** Which of [first, end) no later record of their stream vouches for, by their index; null = that is not known. */
  unvouched(first: number, end: number): IListed<number> | null {
    if (this.loose.length === MOST_LOOSE || !this.breaks.knowsAll(first, end)) {
      return null;
    }
    this.ends ??= [...this.loose, ...[...this.heads.values()].map(({ index }) => index)].sort(byNumber);
    return listedBetween(this.ends, first, end);
  }

  summary(): IStreamSummary {
    let [unbroken, closed] = [0, 0];
    for (const head of this.heads.values()) {
      unbroken += head.isFromFirst ? 1 : 0;
      closed += head.isFromFirst && head.isClosed ? 1 : 0;
    }
    return { count: this.heads.size, unbroken, closed, partial: this.heads.size - unbroken };
  }

  private checkOwnWords(record: IChained, facts: IRecordFacts, head: IHead | null): void {
    if (facts.seq !== record.seq) {
      this.breaks.name(record.index);
      this.tell(
        record,
        `Record ${record.seq} of stream ${record.stream} calls itself record ${facts.seq}`,
        'record'
      );
    }
    if (head && head.boot !== null && head.boot !== facts.boot && facts.prev !== head.hash) {
      // It was not made after the one that is there: that is told, and which of the two names another run nobody knows.
      head.boot = facts.boot;
    } else if (head && head.boot !== null && head.boot !== facts.boot) {
      this.breaks.name(record.index);
      this.tell(
        record,
        `Record ${record.seq} of stream ${record.stream} names another run of the companion`,
        'record'
      );
    }
  }

  private begin(record: IChained): void {
    const { seq, facts, stream } = record;
    if (seq === 1 && facts && facts.prev !== NO_HASH) {
      this.tell(record, `The first record of stream ${stream} names one before it`);
    }
    if (seq > 1 && this.isWhole && this.firstIndex === 0 && !this.isExcused(record, 0, seq - 1)) {
      this.lack(record, { index: -1, seq: 0, boot: null });
    }
    this.heads.set(stream, {
      index: record.index,
      seq,
      hash: record.hash,
      boot: facts?.boot ?? null,
      isFromFirst: seq === 1,
      isClosed: facts?.action === 'closed',
      ...{ broken: null, run: null }
    });
  }

  private follow(record: IChained, head: IHead): void {
    const { seq, facts, stream } = record;
    let broken: IBreak | null = null;
    if (seq > head.seq + 1 || !facts) {
      // Nothing here holds the hash of the one before.
      if (this.loose.length < MOST_LOOSE) {
        this.loose.push(head.index);
      }
    }
    if (seq > head.seq + 1 || !facts) {
      head.run = null;
    }
    if (seq > head.seq + 1) {
      head.isFromFirst = false;
      if (this.isWhole && !this.isExcused(record, head.index + 1, seq - head.seq - 1)) {
        this.lack(record, head);
      }
    } else if (facts && facts.prev !== head.hash) {
      head.isFromFirst = false;
      broken = this.breaks.add(stream, { index: head.index, seq: head.seq }, record, head.broken);
      head.run = broken ?? head.broken;
    } else if (head.broken && facts) {
      head.broken.hasMore = true;
    }
    if (head.run) {
      this.breaks.goesOn(head.run, record.index);
    }
    head.broken = broken;
    head.index = record.index;
    head.seq = seq;
    head.hash = record.hash;
    head.boot ??= facts?.boot ?? null;
    head.isClosed = facts?.action === 'closed';
  }

  /**
   * Whether so many records before this one, from an index on, can have been deleted. Every index of the range is accounted
   * for by its place, so that a deletion of one cannot hide that another is missing.
   */
  private isExcused({ index, facts }: IChained, first: number, missing: number): boolean {
    const { between, ownBoot } = this.deleted;
    if ((facts !== null && facts.boot === ownBoot) || between(first, index) < missing) {
      return false;
    }
    this.excusedCount += missing;
    return true;
  }

  private lack(
    record: IChained,
    { index: afterIndex, seq: afterSeq, boot }: Pick<IHead, 'index' | 'seq' | 'boot'>
  ): void {
    const { stream, index, seq, facts } = record;
    this.tell(
      record,
      `Missing from stream ${stream} before its record ${seq}: ${recordsFrom(afterSeq + 1, seq)}`
    );
    this.deleted.lacks?.({ stream, boot: boot ?? facts?.boot ?? null, afterIndex, afterSeq, index, seq });
  }

  private tell({ index, stream }: IChained, what: string, kind: 'chain' | 'record' = 'chain'): void {
    this.findings.add(kind, `${what} (index ${index}).`, { index, stream });
  }

  private readonly heads = new Map<string, IHead>();
  private readonly breaks: ChainBreaks;
  /** Records that another one follows, which does not hold their hash. */
  private readonly loose: number[] = [];
  /** The same, and the last record of each stream, rising; null = not asked for so far. */
  private ends: readonly number[] | null = null;
  private excusedCount = 0;
}

/** So many records that nothing vouches for are held. */
const MOST_LOOSE = 10_000;

function byNumber(one: number, other: number): number {
  return one - other;
}
