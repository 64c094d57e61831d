import type { DocumentKind, JournalState, JournalTrouble, RunId } from '@labkeeper/protocol';
import type { IClock, IDisposable } from '../clock.js';
import { codeOf } from '../failure.js';
import type { Log } from '../log.js';
import { Cleaner } from './cleaner.js';
import { ScannedRun, type IEarlierRun } from './earlier-run.js';
import { GroupCommit, WAITING_BYTES } from './group-commit.js';
import type { IJournalDisk } from './journal-disk.js';
import { LifeSigns } from './life-signs.js';
import { encodeRecord } from './log-record.js';
import type { IOpening, IRunPeer } from './open-run.js';
import { RoomLimit } from './room-limit.js';
import { RunBook, type OwnAnswer } from './run-book.js';
import { scanBoot } from './scan-boot.js';
import { SegmentLog } from './segment-log.js';
import { Shrinker, type IRunFold } from './shrinker.js';

/** The journal takes at most so much of the home, with what earlier companions left, in bytes. */
export const JOURNAL_BYTES = 256 * 1024 * 1024;

/** Above this share of what may wait in memory, in parts of 1, pages are held back. */
const CROWDED = 0.5;
/** Above this share of what unsaved work may take, in parts of 1, long runs are made smaller. */
const SCARCE = 0.5;
/** Below this share of it the journal is full no more. */
const FULL_NO_MORE = 0.9;

/** What became of runs of earlier companions. */
export interface IEarlierWork {
  /** The run is of no use any more: a newer one tells the same, or the file does. */
  settled(run: RunId): Promise<void>;
}

export interface IJournalStoreOptions {
  readonly disk: IJournalDisk;
  readonly boot: string;
  /** Of the server, see `serverId`. */
  readonly serverId: string;
  readonly clock: IClock;
  readonly log: Log;
  /** Whether the home outlives the container; null = unknown. */
  readonly persistent: boolean | null;
  /** Greatest size of all files, those of earlier companions too, in bytes. Default `JOURNAL_BYTES`. */
  readonly maxBytes?: number;
  /** Default 8 MiB: see `WAITING_BYTES`. */
  readonly maxWaitingBytes?: number;
  /** How records of a run are made fewer; without it they are not. */
  readonly fold?: (kind: DocumentKind) => IRunFold;
  readonly earlier?: IEarlierWork;
}

/** Numbers for whoever looks after the companion. */
export interface IJournalHealth extends JournalState {
  readonly runs: number;
  readonly bytes: number;
  readonly liveBytes: number;
  readonly waitingBytes: number;
  readonly syncs: number;
  readonly lost: number;
}

/**
 * The durable journal of unsaved work: takes runs of documents from pages, and says when batches outlive the machine.
 *
 * What it has acknowledged stays until the file holds it, a newer run that tells the same is durable, or somebody closes
 * the run. When unsaved work alone reaches the bound, further batches are refused: a page that is told `lost` still has
 * them, and saving the document makes room; to drop what was acknowledged, or to write beyond the bound until the home
 * is full and no file can be saved any more, would do more harm.
 */
export class JournalStore implements IDisposable {
  constructor(private readonly options: IJournalStoreOptions) {
    const { disk, boot, clock, log, serverId } = options;
    const bootAtMs = clock.wallMs();
    this.room = new RoomLimit({ disk, clock, boot, maxBytes: options.maxBytes ?? JOURNAL_BYTES });
    const segmentBytes = (): number => this.room.segmentBytes;
    this.segments = new SegmentLog({
      disk,
      boot,
      segmentBytes,
      lives: number => this.book.get(number) !== null,
      opening: () => {
        const heads = this.book.heads();
        const start = { kind: 'start', boot, serverId, bootAtMs, heads: heads.length } as const;
        return [start, ...heads].map(record => encodeRecord(record, bootAtMs));
      }
    });
    this.commit = new GroupCommit({
      disk,
      segments: this.segments,
      clock,
      log,
      changed: () => this.publish(),
      committed: () => this.afterCommit()
    });
    this.book = new RunBook({
      clock,
      write: (record, owner, durable) =>
        this.commit.add({ bytes: encodeRecord(record, bootAtMs), owner, durable }),
      drop: number => this.commit.drop(number),
      hasRoom: bytes => this.hasRoom(bytes),
      released: number => this.segments.release(number),
      settled: id => this.settle(id)
    });
    const add = this.commit.add.bind(this.commit);
    this.cleaner = new Cleaner({
      disk,
      segments: this.segments,
      add,
      segmentBytes,
      allowedBytes: () => this.room.allowedBytes(this.segments.sizeBytes),
      isOfUse: (number, frame, isFold) => this.book.get(number)?.isOfUse(frame, isFold) ?? false,
      damaged: number => {
        const run = this.book.get(number);
        if (run) {
          this.book.lose(run);
        }
      }
    });
    const { segments, cleaner } = this;
    this.shrinker = options.fold
      ? new Shrinker({
          ...options,
          fold: options.fold,
          segments,
          cleaner,
          bootAtMs,
          worthBytes: segmentBytes,
          add
        })
      : null;
    this.signs = new LifeSigns({
      disk,
      clock,
      segments,
      isUnsaved: () => this.book.isUnsaved,
      isQuiet: () => this.commit.trouble === null && !this.commit.isBusy && !this.cleaner.isBusy,
      looked: () => this.tidy(),
      vanished: numbers => this.vanished(numbers)
    });
    this.published = this.state;
  }

  /** How it stands. */
  get state(): JournalState {
    return {
      trouble: this.commit.trouble ?? this.full,
      boundMs: this.commit.boundMs,
      persistent: this.options.persistent
    };
  }

  get health(): IJournalHealth {
    return {
      ...this.state,
      runs: this.book.size,
      bytes: this.segments.sizeBytes,
      liveBytes: this.segments.liveBytes,
      waitingBytes: this.commit.waitingBytes,
      syncs: this.commit.syncs,
      lost: this.book.lost
    };
  }

  /** Looks whether the home can be written, before anybody needs it. */
  start(): void {
    this.commit.start();
    this.signs.start();
  }

  /** A page is there: it hears about its runs and the state. */
  attach(peer: IRunPeer): void {
    this.peers.add(peer);
  }

  /** It is gone; its runs stay. */
  detach(peer: IRunPeer): void {
    this.peers.delete(peer);
    this.heldPeers.delete(peer);
    this.book.detach(peer);
  }

  /** A run begins. One of the same id, or that it replaces, is of no use when the first batch of this one is durable. */
  open(peer: IRunPeer, opening: IOpening): void {
    this.book.open(peer, opening);
  }

  /**
   * Takes a batch, or a piece of one. The peer hears when it is durable, or that it is lost.
   *
   * @param more - more of this batch is to come.
   * @param body - records, exactly as they are to be kept; copied before this returns.
   */
  append(peer: IRunPeer, id: RunId, seq: number, more: boolean, body: Buffer): void {
    this.book.append(peer, id, seq, more, body);
    if (this.isCrowded && !this.heldPeers.has(peer)) {
      // To wait for the disk is quicker than to be told that all was lost.
      this.heldPeers.add(peer);
      peer.held(true);
    }
  }

  /**
   * Adds records of the companion's own to a run: outputs that came while its page was away. They are read back behind
   * the last batch of the page, and nobody is told when they are durable.
   */
  appendOwn(id: RunId, body: Buffer): OwnAnswer {
    return this.book.appendOwn(id, body);
  }

  /** The file with this hash holds everything of the run up to batch `seq`; null = its hash is not known. */
  saved(id: RunId, seq: number, hash: string | null): void {
    this.book.saved(id, seq, hash);
  }

  /** The document has another path. */
  renamed(id: RunId, path: string): void {
    this.book.renamed(id, path);
  }

  /** Nobody wants the run any more. */
  closed(id: RunId): void {
    this.book.closed(id);
  }

  /** Whether the end is near. */
  get isHurried(): boolean {
    return this.commit.hurried;
  }

  /** While true, everything is written at once, however slow the volume: the end is near. */
  hurry(hurried: boolean): void {
    this.commit.hurried = hurried;
  }

  /**
   * Writes what was taken so far, at once.
   *
   * @returns whether it is on the disk. Never, where the home hangs.
   */
  flush(): Promise<boolean> {
    return this.commit.flush();
  }

  /** Runs with unsaved work whose pages have been gone for so long, in ms: a browser that crashed, a closed lid. */
  unattended(forMs: number): readonly { readonly run: RunId; readonly path: string }[] {
    return this.book.unattended(forMs).map(({ id, path }) => ({ run: id, path }));
  }

  /** A page of this run is there again, and has everything of it. */
  attend(peer: IRunPeer, id: RunId): void {
    this.book.attend(peer, id);
  }

  /**
   * Everything that was taken is on the disk when this resolves, if the disk lets it be, and until what it gives is
   * disposed of nothing is moved there: for a process that reads it.
   */
  async hold(): Promise<IDisposable> {
    const hold = await this.cleaner.hold();
    await this.commit.flush();
    return hold;
  }

  /**
   * Reads runs of this companion back, as an earlier one's are read. Until the reader is disposed of, nothing is moved
   * on the disk. What is done with is given to `closed`.
   */
  async readBack(ids: ReadonlySet<RunId>): Promise<{ readonly runs: readonly IEarlierRun[] } & IDisposable> {
    const { disk, boot } = this.options;
    const hold = await this.cleaner.hold();
    try {
      await this.commit.flush();
      const names = this.segments.segments.map(({ name }) => name);
      const scan = await scanBoot(disk, boot, names);
      const runs = [...scan.runs.values()]
        .map(run => ScannedRun.of(disk, scan, run, true))
        .filter(run => run !== null)
        .filter(run => run.isUnsaved && ids.has(run.run));
      return { runs, dispose: () => hold.dispose() };
    } catch (error) {
      hold.dispose();
      throw error;
    }
  }

  /**
   * Makes everything of a run up to batch `seq` readable for another process: it is on the disk, and until the result is
   * disposed of nothing is moved there. null = the run is not known, or not so far, or the disk takes nothing.
   */
  async holdRun(id: RunId, seq: number): Promise<(IDisposable & { readonly bytes: number }) | null> {
    const hold = await this.cleaner.hold();
    await this.commit.flush();
    const run = this.book.byRun(id);
    if (!run || run.state !== 'open' || run.durableSeq < seq || seq === 0) {
      hold.dispose();
      return null;
    }
    let bytes = 0;
    for (const share of this.segments.bytesOf(run.number).values()) {
      bytes += share;
    }
    return { bytes, dispose: () => hold.dispose() };
  }

  /** Ends in order: everything is on the disk, or cannot be. Never, where the home hangs. */
  async close(): Promise<void> {
    this.isClosing = true;
    this.commit.hurried = true;
    this.commit.add({ bytes: encodeRecord({ kind: 'end' }, 0), owner: null });
    const isWhole = await this.commit.flush();
    this.signs.dispose();
    this.commit.dispose();
    await this.segments.close();
    if (isWhole && !this.book.isUnsaved) {
      for (const { name } of [...this.segments.segments]) {
        await this.segments.remove(name);
      }
    }
  }

  /** Ends at once, and writes nothing more. */
  dispose(): void {
    this.signs.dispose();
    this.commit.dispose();
    void this.segments.close();
  }

  /** Whether more may be taken: in memory, and in the home. */
  private hasRoom(bytes: number): boolean {
    const waitingBytes = this.commit.waitingBytes + bytes;
    const { sizeBytes, liveBytes } = this.segments;
    if (liveBytes + waitingBytes > this.room.liveBytes(sizeBytes)) {
      this.full = this.room.isShort(sizeBytes) ? 'disk-full' : 'journal-full';
      this.publish();
      return false;
    }
    return waitingBytes <= this.maxWaitingBytes;
  }

  /** Whether much waits; not where the disk takes nothing, because a page that is held back hears nothing else. */
  private get isCrowded(): boolean {
    return this.commit.trouble === null && this.commit.waitingBytes > CROWDED * this.maxWaitingBytes;
  }

  private get maxWaitingBytes(): number {
    return this.options.maxWaitingBytes ?? WAITING_BYTES;
  }

  private letGo(): void {
    if (!this.isCrowded) {
      const held = [...this.heldPeers];
      this.heldPeers.clear();
      held.forEach(peer => peer.held(false));
    }
  }

  private settle(id: RunId): void {
    this.options.earlier?.settled(id).catch((error: unknown) => {
      // The home fails: the run is told again at the next start, which loses nothing.
      if (codeOf(error) === null) {
        throw error;
      }
    });
  }

  /** Somebody removed files: pages send anew what was in them. What is left of runs whose pages are gone stays. */
  private vanished(numbers: ReadonlySet<number> | null): void {
    this.options.log('Files of the journal of unsaved work were removed; pages send what was in them again.');
    for (const run of [...this.book.all()]) {
      if (numbers === null || numbers.has(run.number)) {
        this.book.vanished(run, this.segments.bytesOf(run.number).size === 0);
      }
    }
  }

  private afterCommit(): void {
    this.book.tell();
    this.letGo();
    this.tidy();
  }

  /** Makes room, where that is due. */
  private tidy(): void {
    if (this.isClosing || this.commit.trouble !== null) {
      return;
    }
    this.room.look();
    const { sizeBytes, liveBytes } = this.segments;
    const allowedBytes = this.room.liveBytes(sizeBytes);
    if (this.full !== null && liveBytes + this.commit.waitingBytes < FULL_NO_MORE * allowedBytes) {
      this.full = null;
      this.publish();
    }
    this.cleaner.clean();
    if (liveBytes > SCARCE * allowedBytes) {
      this.shrinker?.shrink(this.book.all());
    }
  }

  private publish(): void {
    const { state, published } = this;
    if (state.trouble !== published.trouble || state.boundMs !== published.boundMs) {
      this.published = state;
      this.letGo();
      this.peers.forEach(peer => peer.stateChanged(state));
    }
  }

  private readonly room: RoomLimit;
  private readonly segments: SegmentLog;
  private readonly commit: GroupCommit;
  private readonly book: RunBook;
  private readonly cleaner: Cleaner;
  private readonly shrinker: Shrinker | null;
  private readonly signs: LifeSigns;
  private readonly peers = new Set<IRunPeer>();
  private readonly heldPeers = new Set<IRunPeer>();
  private full: JournalTrouble | null = null;
  private published: JournalState;
  private isClosing = false;
}
