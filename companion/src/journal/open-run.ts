import type { JournalState, RunId } from '@labkeeper/protocol';
import type { IRunHead, ISavedMark } from './log-record.js';

/** Somebody who sends runs: a page, or what it left behind when it closed. */
export interface IRunPeer {
  /** Everything up to batch `seq` outlives the machine. */
  durable(run: RunId, seq: number, atMs: number): void;
  /** Batch `seq` was not taken: the run must begin anew. */
  lost(run: RunId, seq: number): void;
  /** The journal's state is another one. */
  stateChanged(state: JournalState): void;
  /** It sends faster than the disk takes it: hold it back, or let it go on. */
  held(isHeld: boolean): void;
}

/** How a page opens a run: the parameters of `save/open`. */
export interface IOpening {
  readonly run: RunId;
  readonly path: string;
  readonly kind: IRunHead['document'];
  readonly replaces: RunId | null;
  readonly savedAtMs: number | null;
}

/** A run of this companion that is of use: it has, or may get, records that no file has. */
export class OpenRun {
  /** @param before - the run of the same id that this one takes the place of; null = there is none. */
  constructor(
    readonly number: number,
    private readonly opening: IOpening,
    private readonly openedAtMs: number,
    readonly before: OpenRun | null
  ) {
    this.path = opening.path;
  }

  get id(): RunId {
    return this.opening.run;
  }

  get replaces(): RunId | null {
    return this.opening.replaces;
  }

  get kind(): IRunHead['document'] {
    return this.opening.kind;
  }

  /** Whether it holds, or will in a moment, what no file does. */
  get isUnsaved(): boolean {
    return this.takenSeq > 0 && this.state !== 'ended';
  }

  /** Whether a frame of it is of use: the newest fold stands for all up to its own. */
  isOfUse(frame: number, isFold: boolean): boolean {
    return frame > this.foldedFrame || (isFold && frame === this.foldedFrame);
  }

  /** What is known of it, as it goes to the disk. */
  head(): IRunHead {
    const { run, replaces, savedAtMs } = this.opening;
    return {
      kind: 'head',
      number: this.number,
      run,
      path: this.path,
      document: this.kind,
      replaces,
      openedAtMs: this.openedAtMs,
      savedAtMs,
      saved: this.saved,
      lastFrame: this.durableFrame
    };
  }

  path: string;
  saved: ISavedMark | null = null;
  /** `lost`: a batch is missing, nothing more is taken. `ended`: the file has all of it, or nobody wants it. */
  state: 'open' | 'lost' | 'ended' = 'open';
  /** The last whole batch that was taken, and the last frame. */
  takenSeq = 0;
  takenFrame = 0;
  durableSeq = 0;
  durableFrame = 0;
  /** The last frame that a fold stands for. */
  foldedFrame = 0;
  /** Whether the runs that this one replaces have been told that they are of no use. */
  hasSuperseded = false;
  /** Who is in the middle of a batch. */
  partial: { readonly peer: IRunPeer } | null = null;
  /** Who was, when another connection began that batch again. Weak: a run may live longer than many connections. */
  readonly overtaken = new WeakSet<IRunPeer>();
  readonly peers = new Set<IRunPeer>();
  /** Since when no peer is there, by the monotonic clock; null = one is. */
  aloneSinceMs: number | null = null;
}
