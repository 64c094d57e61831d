import { NO_HASH } from '../sha256.js';
import { recordsFrom, type Findings } from './findings.js';
import type { IStreamLack } from './missing-places.js';
import type { IRecordFacts } from './record-facts.js';

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
}

interface IHead {
  index: number;
  seq: number;
  hash: string;
  /** null = no record of it could be read so far. */
  boot: string | null;
  isFromFirst: boolean;
  isClosed: boolean;
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
    private readonly deleted: IDeleted = { between: () => 0, ownBoot: null }
  ) {}

  /** Records that streams lack because they were deleted, as far as a later one shows it. */
  get excused(): number {
    return this.excusedCount;
  }

  add(record: IChained): void {
    const head = this.heads.get(record.stream);
    if (record.facts) {
      this.checkOwnWords(record, record.facts, head ?? null);
    }
    if (head === undefined) {
      this.begin(record);
    } else if (record.seq > head.seq) {
      this.follow(record, head);
    } else {
      this.tell(record, `Record ${record.seq} of stream ${record.stream} stands again, or too late`);
    }
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
      this.tell(
        record,
        `Record ${record.seq} of stream ${record.stream} calls itself record ${facts.seq}`,
        'record'
      );
    }
    if (head && head.boot !== null && head.boot !== facts.boot) {
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
      isClosed: facts?.action === 'closed'
    });
  }

  private follow(record: IChained, head: IHead): void {
    const { seq, facts, stream } = record;
    if (seq > head.seq + 1) {
      head.isFromFirst = false;
      if (this.isWhole && !this.isExcused(record, head.index + 1, seq - head.seq - 1)) {
        this.lack(record, head);
      }
    } else if (facts && facts.prev !== head.hash) {
      head.isFromFirst = false;
      this.tell(
        record,
        `Record ${head.seq} of stream ${stream} (index ${head.index}) is not the one that record ${seq} was made after`
      );
    }
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
  private excusedCount = 0;
}
