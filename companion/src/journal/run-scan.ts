import type { IBatchFrame, IFoldFrame, IRunHead, ISavedMark, LogRecord } from './log-record.js';

/** Where a frame lies. */
export interface IPlace {
  readonly segment: string;
  readonly at: number;
  readonly end: number;
}

/** Frames of a run that follow one another in one segment, others' frames among them. */
export interface IPart extends IPlace {
  readonly from: number;
  readonly to: number;
}

/** What of a run can be read, in its order. */
export interface IReadable {
  /** Stands for all frames up to `frame`; null = there is none. */
  readonly fold: (IPlace & { readonly frame: number; readonly seq: number }) | null;
  readonly parts: readonly IPart[];
  /** The last whole batch, 0 = none. */
  readonly lastSeq: number;
  /** The frame with which that batch is whole. */
  readonly lastFrame: number;
  readonly lastAtMs: number;
  /** Whether a batch after `lastSeq` was there for sure, or may have been: something is damaged since. */
  readonly damaged: boolean;
}

/** The base record at the beginning of a run, as far as it tells the file. */
export interface IBase {
  readonly hash: string | null;
  readonly cells: number;
}

/** Longest base record, in bytes: it is the same few fields always. */
const BASE_BYTES = 1024;

/** What one run's frames say, while the segments of its companion are read in their order. */
export class RunScan {
  constructor(readonly number: number) {}

  /** The newest head; null = it is damaged. */
  get newestHead(): IRunHead | null {
    return this.known;
  }

  /** With what was saved after the newest head. */
  get saved(): ISavedMark | null {
    return this.savedMark;
  }

  get path(): string | null {
    return this.newPath ?? this.known?.path ?? null;
  }

  /** null = it cannot be read. */
  get base(): IBase | null {
    return this.firstRecord;
  }

  /** Bytes of its frames; those that were moved count twice until the old ones are removed. */
  get bytes(): number {
    return this.frameBytes;
  }

  /** @param damages - damaged places seen so far. */
  head(head: IRunHead, damages: number): void {
    this.known = head;
    this.newPath = null;
    this.savedMark = head.saved ?? this.savedMark;
    this.promised = Math.max(this.promised, head.lastFrame);
    this.soundAt = damages;
  }

  take(record: Exclude<LogRecord, { kind: 'start' | 'head' | 'end' }>, place: IPlace, damages: number): void {
    switch (record.kind) {
      case 'batch':
        this.frameBytes += place.end - place.at;
        this.batch(record, place, damages);
        break;
      case 'fold':
        this.frameBytes += place.end - place.at;
        this.fold(record, place);
        break;
      case 'saved':
        this.savedMark = { seq: record.seq, hash: record.hash, atMs: record.atMs };
        break;
      case 'renamed':
        this.newPath = record.path;
        break;
      case 'closed':
        this.isClosed = true;
    }
  }

  /** Puts the parts in order: frames that lie twice are taken once, and nothing behind a gap. */
  readable(damages: number): IReadable {
    const parts: IPart[] = [];
    let reached = this.newestFold?.frame ?? 0;
    let lastSeq = this.newestFold?.seq ?? 0;
    let lastFrame = reached;
    let lastAtMs = this.newestFold?.atMs ?? 0;
    for (const part of [...this.parts].sort((a, b) => a.from - b.from)) {
      if (part.from <= reached + 1 && part.to > reached) {
        parts.push({ ...part, from: reached + 1 });
        reached = part.to;
        lastSeq = part.whole?.seq ?? lastSeq;
        lastFrame = part.whole?.frame ?? lastFrame;
        lastAtMs = Math.max(lastAtMs, part.lastAtMs);
      }
    }
    return {
      fold: this.newestFold,
      parts,
      lastSeq,
      lastFrame,
      lastAtMs,
      damaged: reached < Math.max(this.highest, this.promised) || this.soundAt < damages
    };
  }

  private batch(frame: IBatchFrame, place: IPlace, damages: number): void {
    if (frame.frame === 1) {
      this.firstRecord ??= parseBase(frame.body);
    }
    if (frame.frame > this.highest) {
      if (frame.frame === this.highest + 1) {
        // Nothing is missing up to here, whatever was damaged before.
        this.soundAt = damages;
      }
      this.highest = frame.frame;
    }
    const whole = frame.last ? { seq: frame.seq, frame: frame.frame } : null;
    const last = this.parts.at(-1);
    if (last?.segment === place.segment && last.to + 1 === frame.frame) {
      last.end = place.end;
      last.to = frame.frame;
      last.whole = whole ?? last.whole;
      last.lastAtMs = frame.atMs;
    } else {
      this.parts.push({
        ...place,
        from: frame.frame,
        to: frame.frame,
        whole,
        lastAtMs: frame.atMs
      });
    }
  }

  private fold(fold: IFoldFrame, place: IPlace): void {
    this.highest = Math.max(this.highest, fold.frame);
    if (fold.frame > (this.newestFold?.frame ?? 0)) {
      const { frame, seq, atMs } = fold;
      this.newestFold = { ...place, frame, seq, atMs };
      this.firstRecord = parseBase(fold.body) ?? this.firstRecord;
    }
  }

  isClosed = false;
  private known: IRunHead | null = null;
  private newPath: string | null = null;
  private savedMark: ISavedMark | null = null;
  private firstRecord: IBase | null = null;
  private frameBytes = 0;
  private newestFold:
    (IPlace & { readonly frame: number; readonly seq: number; readonly atMs: number }) | null = null;
  private readonly parts: {
    readonly segment: string;
    readonly at: number;
    end: number;
    readonly from: number;
    to: number;
    /** The last batch that is whole with one of its frames. */
    whole: { readonly seq: number; readonly frame: number } | null;
    lastAtMs: number;
  }[] = [];
  /** The highest frame that was seen, and the highest that was durable according to a head. */
  private highest = 0;
  private promised = 0;
  /** Damaged places that are known not to have cost this run anything. */
  private soundAt = 0;
}

/** The file that the run's first record names; null = the record is damaged, or no base. */
function parseBase(body: Buffer): IBase | null {
  const line = body.toString('utf8', 0, BASE_BYTES).split('\n', 1)[0] ?? '';
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    // Not a base record: whoever folds the run says what is wrong with it.
    return null;
  }
  if (typeof value !== 'object' || value === null) {
    return null;
  }
  const { t, hash, cells }: { readonly [name: string]: unknown } = { ...value };
  return t === 'base' && (hash === null || typeof hash === 'string') && typeof cells === 'number'
    ? { hash, cells }
    : null;
}
