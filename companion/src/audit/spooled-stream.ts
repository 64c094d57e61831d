import { NOTHING_YET } from '@labkeeper/core';
import { BATCH_BYTES, HUB_PROTOCOL, type BatchHead, type StreamHead } from '@labkeeper/protocol';
import type { IJournalDisk } from '../journal/journal-disk.js';
import { codeOf, reasonOf } from '../failure.js';
import { readSegment, type ISegment, type ISpooledRecord } from './segment.js';
import { isSpoilt } from './spoilt.js';

/** Longest segment that is read, in bytes: ours are a good deal shorter. */
const READ_BYTES = 8 * 1024 * 1024;
/** So much of a batch is left for its first line, in bytes. */
const HEAD_BYTES = 512;

/** Stands for the files of a stream that are all gone. */
const NO_FILE = '';
/** What is read of a file that somebody removed, or made something else of. */
const SPOILT: ISegment = { header: null, records: [], isDamaged: true };

/** A file of a stream cannot be read now, and perhaps later: as where the home is on a network. */
export class StreamAwayError extends Error {
  override readonly name = 'StreamAwayError';

  constructor(
    readonly boot: string,
    override readonly cause: unknown
  ) {
    super(reasonOf(cause));
  }
}

/** One file of a stream, as far as it is on the disk for sure. */
export interface ISegmentFacts {
  readonly name: string;
  /** The head of the stream before it, and with all of it. */
  readonly after: StreamHead;
  readonly head: StreamHead;
  readonly sizeBytes: number;
}

/** Records that travel together. */
export interface IBatch {
  /** What is sent. */
  readonly body: Buffer;
  readonly count: number;
  /** The head of the stream with them. */
  readonly head: StreamHead;
}

/** The records of one stream that lie in the spool: those that nobody acknowledged, and some that somebody did. */
export class SpooledStream {
  constructor(
    private readonly disk: IJournalDisk,
    readonly boot: string,
    readonly openedAtMs: number,
    private segments: readonly ISegmentFacts[] = []
  ) {}

  /** The head as far as it is on the disk. */
  get head(): StreamHead {
    return this.segments.at(-1)?.head ?? NOTHING_YET;
  }

  /** Bytes of its files. */
  get sizeBytes(): number {
    return this.segments.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  }

  /** The names of its files. */
  get names(): readonly string[] {
    return this.segments.map(({ name }) => name).filter(name => name !== NO_FILE);
  }

  /** A segment is on the disk as far as these facts say. */
  grew(facts: ISegmentFacts): void {
    const others = this.segments.filter(({ name }) => name !== facts.name && name !== NO_FILE);
    // What the one before could not finish is written again in this one, so what that one holds of it does not count.
    this.segments = [...others.map(other => clipped(other, facts.after)), facts];
  }

  /** Bytes of one of its files, as far as they are on the disk for sure. */
  sizeOf(file: string): number {
    return this.segments.find(({ name }) => name === file)?.sizeBytes ?? 0;
  }

  /** The hash of a record; null = it is no longer here, or was never. @throws StreamAwayError */
  async hashAt(seq: number): Promise<string | null> {
    if (seq === 0) {
      return NOTHING_YET.hash;
    }
    for (const { after, head } of this.segments) {
      const known = [after, head].find(one => one.seq === seq);
      if (known) {
        return known.hash;
      }
    }
    const segment = this.segmentOf(seq);
    const record = segment && (await this.read(segment)).records.find(({ head }) => head.seq === seq);
    return record?.head.hash ?? null;
  }

  /** The records behind `after`, as many as fit; null = they cannot be read. @throws StreamAwayError */
  async batch(after: StreamHead, mostRecords: number): Promise<IBatch | null> {
    const segment = this.segmentOf(after.seq + 1);
    if (!segment) {
      return null;
    }
    const { header, records } = await this.read(segment);
    const before = records.find(({ head }) => head.seq === after.seq)?.head ?? header?.after;
    if (before?.seq !== after.seq || before.hash !== after.hash) {
      return null;
    }
    const chosen: Buffer[] = [];
    let sizeBytes = HEAD_BYTES;
    let head = after;
    for (const record of records) {
      const isNext = record.head.seq === head.seq + 1 && record.head.seq <= segment.head.seq;
      if (isNext && chosen.length < mostRecords && sizeBytes + record.bytes.length <= BATCH_BYTES) {
        chosen.push(record.bytes);
        sizeBytes += record.bytes.length;
        head = record.head;
      } else if (record.head.seq > after.seq) {
        break;
      }
    }
    if (chosen.length === 0) {
      return null;
    }
    const first: BatchHead = {
      protocol: HUB_PROTOCOL,
      boot: this.boot,
      first: after.seq + 1,
      count: chosen.length,
      prev: after.hash
    };
    return {
      body: Buffer.concat([Buffer.from(`${JSON.stringify(first)}\n`), ...chosen]),
      count: chosen.length,
      head
    };
  }

  /** Its last records that still lie here, newest first, at most so many. @throws StreamAwayError */
  async newest(most: number): Promise<ISpooledRecord[]> {
    const found: ISpooledRecord[] = [];
    for (const facts of [...this.segments].reverse()) {
      if (found.length >= most || facts.name === NO_FILE) {
        break;
      }
      const { records } = await this.read(facts);
      const { after, head: last } = facts;
      found.push(...records.filter(({ head }) => head.seq > after.seq && head.seq <= last.seq).reverse());
    }
    return found.slice(0, Math.max(0, most));
  }

  /** Removes the files whose records were all acknowledged, but those that are still written to. */
  async acknowledged(seq: number, writing: string | null): Promise<void> {
    const done = this.segments.filter(({ head, name }) => head.seq <= seq && name !== writing);
    for (const { name } of done) {
      await this.disk.remove(name);
    }
    const last = this.segments.at(-1);
    this.segments = this.segments.filter(segment => !done.includes(segment));
    if (this.segments.length === 0 && last) {
      // Its head stays known: a stream that is written to goes on from there.
      this.segments = [{ name: NO_FILE, after: last.head, head: last.head, sizeBytes: 0 }];
    }
  }

  private segmentOf(seq: number): ISegmentFacts | undefined {
    return this.segments.find(({ after, head }) => after.seq < seq && seq <= head.seq);
  }

  private async read(facts: ISegmentFacts): Promise<ISegment> {
    try {
      return readSegment(await readWhole(this.disk, facts.name, facts.sizeBytes), this.boot);
    } catch (error) {
      if (await isSpoilt(this.disk, error)) {
        return SPOILT;
      }
      throw new StreamAwayError(this.boot, error);
    }
  }
}

/** What the scan of one stream's files gave. */
export interface IScannedStream {
  readonly stream: SpooledStream;
  /** Names the server process whose companion wrote it; '' = not known. */
  readonly serverId: string;
  /** All of its files, also those that cannot be read. */
  readonly names: readonly string[];
  /** Records are missing, or their chain is broken: what comes after that is not in the stream. */
  readonly isDamaged: boolean;
}

/**
 * Reads the files of an earlier companion's stream.
 *
 * @param names - of its segments, in their order.
 * @throws the system's error.
 */
export async function scanStream(
  disk: IJournalDisk,
  boot: string,
  names: readonly string[]
): Promise<IScannedStream> {
  let facts: ISegmentFacts[] = [];
  let [serverId, openedAtMs, isDamaged] = ['', 0, false];
  for (const name of names) {
    const { sizeBytes, segment } = await scanFile(disk, boot, name);
    const { header, records, isDamaged: broken } = segment;
    if (header === null) {
      isDamaged ||= broken;
      continue;
    }
    serverId = header.serverId;
    openedAtMs = header.openedAtMs;
    const known = facts.at(-1)?.head;
    if (known && (header.after.seq > known.seq || disagrees(header.after, known))) {
      isDamaged = true;
      break;
    }
    facts = facts.map(earlier => clipped(earlier, header.after));
    facts.push({ name, after: header.after, head: records.at(-1)?.head ?? header.after, sizeBytes });
    if (broken) {
      isDamaged = true;
      break;
    }
  }
  return { stream: new SpooledStream(disk, boot, openedAtMs, facts), serverId, names, isDamaged };
}

async function scanFile(
  disk: IJournalDisk,
  boot: string,
  name: string
): Promise<{ readonly sizeBytes: number; readonly segment: ISegment }> {
  try {
    const { sizeBytes } = await disk.state(name);
    return { sizeBytes, segment: readSegment(await readWhole(disk, name, sizeBytes), boot) };
  } catch (error) {
    // One that was just removed may have been brought to the hub by another companion: the next look tells.
    if (codeOf(error) !== 'ENOENT' && (await isSpoilt(disk, error))) {
      return { sizeBytes: 0, segment: SPOILT };
    }
    throw error;
  }
}

/** Two segments meet at a record that is another one in each. */
function disagrees(after: StreamHead, known: StreamHead): boolean {
  return after.seq === known.seq && after.hash !== known.hash;
}

/** A segment as far as a later one does not begin before its end. */
function clipped(facts: ISegmentFacts, end: StreamHead): ISegmentFacts {
  return facts.head.seq <= end.seq || facts.after.seq > end.seq ? facts : { ...facts, head: end };
}

async function readWhole(disk: IJournalDisk, name: string, sizeBytes: number): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of disk.read(name, 0, Math.min(sizeBytes, READ_BYTES))) {
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}
