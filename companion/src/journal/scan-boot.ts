import { FrameScanner, type Scanned } from './frame-scanner.js';
import type { IJournalDisk } from './journal-disk.js';
import { FRAME_BYTES, parseRecord, type LogRecord } from './log-record.js';
import { RunScan, type IPlace } from './run-scan.js';

/** What the segments of one companion hold. */
export interface IBootScan {
  readonly boot: string;
  /** Of the server whose companion it was; null = no segment says. */
  readonly serverId: string | null;
  readonly bootAtMs: number;
  /** It ended in order. */
  readonly ended: boolean;
  /** By number. */
  readonly runs: ReadonlyMap<number, RunScan>;
  /** Bytes at the very end that are the beginning of a frame: a write that nobody was told of. */
  readonly tornBytes: number;
  /** Places where bytes are no frame, but for the torn end. */
  readonly damages: number;
  /** Frames of which it is not known whose they are: the head of their run is damaged. */
  readonly strayFrames: number;
}

/**
 * Reads all segments of one companion, once and in pieces, and notes where what lies.
 *
 * @param names - its segments in their order.
 * @param see - is shown each record and where it lies; its bytes are valid until it returns.
 */
export async function scanBoot(
  disk: IJournalDisk,
  boot: string,
  names: readonly string[],
  see: (record: LogRecord, place: IPlace) => void = () => undefined
): Promise<IBootScan> {
  const scan = new BootScanner(boot, see);
  for (const name of names) {
    const { sizeBytes } = await disk.state(name);
    const frames = new FrameScanner(FRAME_BYTES, 0);
    scan.begin(name);
    for await (const piece of disk.read(name, 0, sizeBytes)) {
      scan.take(frames.push(piece));
    }
    scan.take(frames.end());
    scan.finish(frames.tail.torn ? 'torn' : frames.tail.bytes > 0 ? 'damaged' : 'whole', frames.tail.bytes);
  }
  return scan;
}

class BootScanner implements IBootScan {
  constructor(
    readonly boot: string,
    private readonly see: (record: LogRecord, place: IPlace) => void
  ) {}

  get strayFrames(): number {
    return this.damages > 0 ? this.strays : 0;
  }

  begin(name: string): void {
    this.segment = name;
    this.listed = null;
    this.tornBytes = 0;
  }

  take(scanned: Iterable<Scanned>): void {
    for (const item of scanned) {
      if (item.kind === 'damage') {
        this.damages += 1;
      } else {
        const record = parseRecord(item.body, this.bootAtMs);
        if (record) {
          this.see(record, { segment: this.segment, at: item.at, end: item.end });
          this.record(record, item.at, item.end);
        } else {
          this.damages += 1;
        }
      }
    }
  }

  finish(tail: 'whole' | 'torn' | 'damaged', bytes: number): void {
    this.damages += tail === 'damaged' ? 1 : 0;
    this.tornBytes = tail === 'torn' ? bytes : 0;
  }

  private record(record: LogRecord, at: number, end: number): void {
    switch (record.kind) {
      case 'start':
        this.serverId = record.serverId;
        this.bootAtMs = record.bootAtMs;
        this.listed = new Set();
        this.headsToCome = record.heads;
        this.closeUnlisted();
        break;
      case 'head':
        this.head(record);
        break;
      case 'end':
        this.ended = true;
        break;
      default:
        this.ofRun(record, at, end);
    }
  }

  private head(head: Extract<LogRecord, { kind: 'head' }>): void {
    const run = this.runs.get(head.number) ?? new RunScan(head.number);
    this.runs.set(head.number, run);
    run.head(head, this.damages);
    if (this.listed && this.headsToCome > 0) {
      this.listed.add(head.number);
      this.headsToCome -= 1;
      this.closeUnlisted();
    }
  }

  /** A segment begins with the heads of all runs that live: once they are read, the others are of no use. */
  private closeUnlisted(): void {
    if (this.listed && this.headsToCome === 0) {
      for (const run of this.runs.values()) {
        if (!this.listed.has(run.number)) {
          run.isClosed = true;
        }
      }
      this.listed = null;
    }
  }

  private ofRun(
    record: Exclude<LogRecord, { kind: 'start' | 'head' | 'end' }>,
    at: number,
    end: number
  ): void {
    // The heads at the segment's start are over, though not all were readable: none is closed for that.
    this.listed = null;
    const run = this.runs.get(record.number);
    if (!run) {
      // Its head is damaged, and may come again; or it was of no use when this segment began, and these were on their way.
      this.strays += 1;
      const stray = new RunScan(record.number);
      this.runs.set(record.number, stray);
      stray.take(record, { segment: this.segment, at, end }, this.damages);
      return;
    }
    run.take(record, { segment: this.segment, at, end }, this.damages);
  }

  serverId: string | null = null;
  bootAtMs = 0;
  ended = false;
  tornBytes = 0;
  damages = 0;
  readonly runs = new Map<number, RunScan>();
  private strays = 0;
  private segment = '';
  private listed: Set<number> | null = null;
  private headsToCome = 0;
}
