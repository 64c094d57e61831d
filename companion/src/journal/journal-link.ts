import {
  batchDurable,
  documentShown,
  encode,
  journalBatch,
  journalState,
  MessageError,
  parseParams,
  runClosed,
  runLost,
  runOpened,
  runRenamed,
  runSaved,
  type JournalState,
  type Receiver,
  type RunId
} from '@labkeeper/protocol';
import type { IDisposable } from '../clock.js';
import type { ISaveWitness } from '../server-events/server-events.js';
import type { JournalStore } from './journal-store.js';
import type { IRunPeer } from './open-run.js';

/** The way to one page. */
export interface IPagePort {
  /**
   * Sends a message that the page must get; while it does not read, only the newest of each `id` is kept. `text` is
   * asked for when it is sent: at once, or a second later where it may wait.
   */
  keep(id: string, text: () => string, mayWait?: boolean): void;
  /** Reads nothing from the page for a moment, or goes on. */
  hold(isHeld: boolean): void;
}

/** What a page is told where there is no journal. */
const NO_JOURNAL: JournalState = { trouble: 'none', boundMs: 0, persistent: null };

const NEWLINE = 0x0a;

/** The head of a batch as our own page writes it: most frames of a page, read without a tree of values. */
const USUAL_HEAD =
  /^\{"method":"save\/journal","params":\{"run":"([0-9a-f-]{8,64})","seq":(0|[1-9]\d{0,14}),"more":(true|false)\}\}$/;

/** Connects one page's messages to the journal. Two pages may hold different runs of one path. */
export class JournalLink implements IRunPeer, IDisposable {
  /**
   * @param store - null = there is none: no home, or it is switched off.
   * @param saves - told what becomes of saves.
   */
  constructor(
    private readonly store: JournalStore | null,
    private readonly port: IPagePort,
    private readonly saves: ISaveWitness | null = null
  ) {
    store?.attach(this);
  }

  /** Lets `receiver` hand on what pages say about runs. */
  listen(receiver: Receiver): void {
    receiver
      .on(runOpened, opening => {
        this.toldLost.delete(opening.run);
        this.store?.open(this, opening);
      })
      .on(runSaved, ({ run, seq, hash }) => {
        this.saves?.saved(run);
        this.store?.saved(run, seq, hash);
      })
      .on(runRenamed, ({ run, path }) => this.store?.renamed(run, path))
      .on(runClosed, ({ run }) => {
        this.saves?.closed(run);
        this.store?.closed(run);
      })
      .on(documentShown, ({ run }) => run !== null && this.store?.attend(this, run));
  }

  /** Tells how the journal stands: after hello. */
  greet(): void {
    this.stateChanged(this.store?.state ?? NO_JOURNAL);
  }

  /**
   * Takes a bulk frame, as it came.
   *
   * @returns false when it is none, but a message without a body.
   * @throws MessageError when its head is not that of a batch.
   */
  takeBulk(frame: Buffer): boolean {
    const end = frame.indexOf(NEWLINE);
    if (end < 0) {
      return false;
    }
    const { run, seq, more } = parseHead(frame.toString('utf8', 0, end));
    this.saves?.changed(run);
    if (this.store) {
      this.store.append(this, run, seq, more, frame.subarray(end + 1));
    } else {
      this.lost(run, seq);
    }
    return true;
  }

  dispose(): void {
    this.store?.detach(this);
  }

  durable(run: RunId, seq: number, atMs: number): void {
    // Pages count down to the end that is near, and tell what is not safe.
    const mayWait = this.store?.isHurried === false;
    this.port.keep(`durable ${run}`, () => encode(batchDurable, { run, seq, atMs }), mayWait);
  }

  /** Once for each run: batches that are on their way say nothing new. */
  lost(run: RunId, seq: number): void {
    if (!this.toldLost.has(run)) {
      this.toldLost.add(run);
      this.saves?.refused();
      this.port.keep(`lost ${run}`, () => encode(runLost, { run, seq }));
    }
  }

  stateChanged(state: JournalState): void {
    this.port.keep('journal-state', () => encode(journalState, state));
  }

  held(isHeld: boolean): void {
    this.port.hold(isHeld);
  }

  private readonly toldLost = new Set<RunId>();
}

/** One look at the head of a frame that comes often. @throws MessageError */
function parseHead(text: string): ReturnType<typeof parseParams<typeof journalBatch.params>> {
  const [, run, seq, more] = USUAL_HEAD.exec(text) ?? [];
  if (run !== undefined && seq !== undefined) {
    return { run, seq: Number(seq), more: more === 'true' };
  }
  let head: unknown;
  try {
    head = JSON.parse(text);
  } catch {
    throw new MessageError(`the head of a bulk frame is not JSON (${text.length} characters)`);
  }
  if (
    typeof head !== 'object' ||
    head === null ||
    !('method' in head && 'params' in head) ||
    head.method !== journalBatch.method
  ) {
    throw new MessageError('a bulk frame of another kind');
  }
  return parseParams(journalBatch, head.params);
}
