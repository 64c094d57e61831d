import type { RunId } from '@labkeeper/protocol';
import type { IClock } from '../clock.js';
import { PIECE_BYTES, type IRunHead, type LogRecord } from './log-record.js';
import { OpenRun, type IOpening, type IRunPeer } from './open-run.js';

export interface IRunBookOptions {
  readonly clock: IClock;
  /**
   * Brings a record to the disk.
   *
   * @param owner - the run whose work it holds; null = it only tells something about it.
   * @param durable - called when it outlives the machine.
   */
  readonly write: (record: LogRecord, owner: number | null, durable?: () => void) => void;
  /** Takes back what waits of a run. */
  readonly drop: (owner: number) => void;
  /** Whether so many bytes more may be taken. */
  readonly hasRoom: (bytes: number) => boolean;
  /** It is known on the disk that a run is of no use: its bytes are free. */
  readonly released: (owner: number) => void;
  /** A run that is not in this book is of no use any more. */
  readonly settled: (run: RunId) => void;
}

/**
 * What becomes of records of the companion's own: they are on their way; there is no room, or a page is in the middle of
 * a batch, so they have to come again; or nothing is wanted of their run.
 */
export type OwnAnswer = 'taken' | 'later' | 'unknown';

/** The runs of this companion: what pages say of them, and what of that may be forgotten when. */
export class RunBook {
  constructor(private readonly options: IRunBookOptions) {}

  /** Runs that are of use. */
  get size(): number {
    return this.runs.size;
  }

  /** How many times a page was told that a run is lost. */
  get lost(): number {
    return this.lostCount;
  }

  /** Whether any holds what no file does. */
  get isUnsaved(): boolean {
    return [...this.runs.values()].some(run => run.isUnsaved);
  }

  all(): IterableIterator<OpenRun> {
    return this.runs.values();
  }

  /** null = it is of no use. */
  get(number: number): OpenRun | null {
    return this.runs.get(number) ?? null;
  }

  /** The newest of a page's id; null = it is of no use. */
  byRun(id: RunId): OpenRun | null {
    return this.byId.get(id) ?? null;
  }

  /** What a segment begins with. */
  heads(): IRunHead[] {
    return [...this.runs.values()].map(run => run.head());
  }

  /** A peer is gone; its runs stay. */
  detach(peer: IRunPeer): void {
    for (const run of this.runs.values()) {
      if (run.partial?.peer === peer) {
        run.partial = null;
        run.overtaken.add(peer);
      }
      if (run.peers.delete(peer) && run.peers.size === 0) {
        run.aloneSinceMs = this.options.clock.monotonicMs();
      }
    }
  }

  /** A page of this run is there again. */
  attend(peer: IRunPeer, id: RunId): void {
    const run = this.byId.get(id);
    if (run) {
      run.peers.add(peer);
      run.aloneSinceMs = null;
    }
  }

  /** A run begins. One of the same id, or that it replaces, is of no use when the first batch of this one is durable. */
  open(peer: IRunPeer, opening: IOpening): void {
    this.number += 1;
    const before = this.byId.get(opening.run) ?? null;
    if (before) {
      // Nothing more of it will come.
      this.stop(before, 'lost');
    }
    const run = new OpenRun(this.number, opening, this.options.clock.wallMs(), before);
    this.runs.set(run.number, run);
    this.byId.set(run.id, run);
    run.peers.add(peer);
    this.options.write(run.head(), null);
  }

  /** Takes a batch, or a piece of one: see `JournalStore.append`. */
  append(peer: IRunPeer, id: RunId, seq: number, more: boolean, body: Buffer): void {
    const run = this.byId.get(id);
    if (run?.state !== 'open' || run.overtaken.has(peer)) {
      // An overtaken peer sends the rest of a batch whose connection broke; it has begun again on another one.
      this.lostCount += 1;
      peer.lost(id, seq);
      return;
    }
    run.peers.add(peer);
    run.aloneSinceMs = null;
    if (seq <= run.takenSeq) {
      // Sent again, because the answer was not heard.
      if (seq <= run.durableSeq) {
        peer.durable(id, run.durableSeq, this.options.clock.wallMs());
      }
      return;
    }
    if (seq !== run.takenSeq + 1 || !this.options.hasRoom(body.length)) {
      this.lose(run, seq);
      return;
    }
    const goesOn = run.partial?.peer === peer;
    if (run.partial && !goesOn) {
      run.overtaken.add(run.partial.peer);
    }
    this.write(run, seq, body, !goesOn, !more);
    run.partial = more ? { peer } : null;
    run.takenSeq = more ? run.takenSeq : seq;
  }

  /** Adds records of the companion's own: see `JournalStore.appendOwn`. */
  appendOwn(id: RunId, body: Buffer): OwnAnswer {
    const run = this.byId.get(id);
    if (run?.state !== 'open' || run.takenSeq === 0) {
      return 'unknown';
    }
    if (run.partial || !this.options.hasRoom(body.length)) {
      return 'later';
    }
    this.write(run, run.takenSeq, body, true, true);
    return 'taken';
  }

  /** The file with this hash holds everything of the run up to batch `seq`; null = its hash is not known. */
  saved(id: RunId, seq: number, hash: string | null): void {
    const run = this.byId.get(id);
    if (!run) {
      this.options.settled(id);
      return;
    }
    const atMs = this.options.clock.wallMs();
    run.saved = { seq, hash, atMs };
    const isWhole = seq >= run.takenSeq && run.partial === null;
    if (isWhole) {
      this.stop(run, 'ended');
    }
    this.options.write({ kind: 'saved', number: run.number, seq, hash, atMs }, null, () => {
      if (isWhole) {
        this.release(run);
        this.supersede(run);
      }
    });
  }

  /** The document has another path. */
  renamed(id: RunId, path: string): void {
    const run = this.byId.get(id);
    if (run) {
      run.path = path;
      this.options.write({ kind: 'renamed', number: run.number, path }, null);
    }
  }

  /** Nobody wants the run any more. */
  closed(id: RunId): void {
    const run = this.byId.get(id);
    if (run) {
      this.retire(run);
      this.supersede(run);
    } else {
      this.options.settled(id);
    }
  }

  /** Something was committed: pages hear what is durable. */
  tell(): void {
    const runs = [...this.toTell];
    this.toTell.clear();
    const atMs = this.options.clock.wallMs();
    for (const run of runs) {
      if (this.byId.get(run.id) === run && run.state === 'open') {
        run.peers.forEach(peer => peer.durable(run.id, run.durableSeq, atMs));
      }
      this.supersede(run);
    }
  }

  /** A batch is missing: what is on the disk of the run stays, and its pages are told to begin anew. */
  lose(run: OpenRun, seq = run.takenSeq + 1): void {
    if (run.state === 'open') {
      this.lostCount += 1;
      this.stop(run, 'lost');
      for (const peer of run.peers) {
        peer.lost(run.id, seq);
      }
    }
  }

  /** Some of what was on the disk of a run is not there any more, or all of it. */
  vanished(run: OpenRun, all: boolean): void {
    this.lose(run);
    if (all) {
      this.release(run);
    }
  }

  /** Runs with unsaved work whose pages have been gone for so long, in ms. */
  unattended(forMs: number): OpenRun[] {
    const nowMs = this.options.clock.monotonicMs();
    return [...this.runs.values()].filter(({ isUnsaved, durableSeq, aloneSinceMs }) => {
      const isAlone = aloneSinceMs !== null && nowMs - aloneSinceMs >= forMs;
      return isAlone && isUnsaved && durableSeq > 0;
    });
  }

  private write(run: OpenRun, seq: number, body: Buffer, first: boolean, last: boolean): void {
    for (let at = 0; at === 0 || at < body.length; at += PIECE_BYTES) {
      const end = at + PIECE_BYTES;
      this.piece(run, seq, body.subarray(at, end), first && at === 0, last && end >= body.length);
    }
  }

  private piece(run: OpenRun, seq: number, body: Buffer, first: boolean, last: boolean): void {
    run.takenFrame += 1;
    const { number, takenFrame: frame } = run;
    const atMs = this.options.clock.wallMs();
    this.options.write({ kind: 'batch', number, frame, seq, first, last, atMs, body }, number, () => {
      run.durableFrame = frame;
      if (last) {
        run.durableSeq = seq;
        this.toTell.add(run);
      }
    });
  }

  /** Takes nothing more of a run. */
  private stop(run: OpenRun, state: 'lost' | 'ended'): void {
    run.state = state;
    run.partial = null;
    this.options.drop(run.number);
  }

  private retire(run: OpenRun): void {
    if (run.state !== 'ended') {
      this.stop(run, 'ended');
      this.options.write({ kind: 'closed', number: run.number }, null, () => this.release(run));
    }
  }

  private release(run: OpenRun): void {
    run.state = 'ended';
    this.runs.delete(run.number);
    if (this.byId.get(run.id) === run) {
      this.byId.delete(run.id);
    }
    this.options.released(run.number);
  }

  /** What a run replaces is of no use, and what that one was to replace neither: the run tells the same, or its file. */
  private supersede(run: OpenRun): void {
    if (run.hasSuperseded) {
      return;
    }
    run.hasSuperseded = true;
    if (run.before) {
      this.retire(run.before);
      this.supersede(run.before);
    }
    const replaced = run.replaces === null || run.replaces === run.id ? null : this.byId.get(run.replaces);
    if (replaced) {
      this.retire(replaced);
      this.supersede(replaced);
    } else if (run.replaces !== null) {
      this.options.settled(run.replaces);
    }
    this.options.settled(run.id);
  }

  /** By number; `byId` has the newest of each id. */
  private readonly runs = new Map<number, OpenRun>();
  private readonly byId = new Map<RunId, OpenRun>();
  /** Runs of which more is durable than their pages know. */
  private readonly toTell = new Set<OpenRun>();
  private number = 0;
  private lostCount = 0;
}
