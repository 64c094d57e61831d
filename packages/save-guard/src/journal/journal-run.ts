import {
  encode,
  encodeBulk,
  executing,
  journalBatch,
  runClosed,
  runOpened,
  runRenamed,
  runSaved,
  type DocumentKind,
  type JournalRecord,
  type RunId
} from '@labkeeper/protocol';
import type { ICompanion } from '@labkeeper/labkit';

/** Longest body of one frame, in UTF-16 units: at most three times as many bytes, below what the server takes. */
const PIECE_LENGTH = 256 * 1024;

export interface IJournalRunOptions {
  readonly companion: ICompanion;
  readonly run: RunId;
  readonly path: string;
  readonly kind: DocumentKind;
  /** The run of this document that came before and is not closed. */
  readonly replaces: RunId | null;
  readonly savedAtMs: number | null;
}

/** A request to a kernel, and the number of its cell in the run. */
export interface IAskedCell {
  readonly kernelId: string;
  readonly msgId: string;
  readonly c: number;
  /** Another page asked, which is gone. */
  readonly adopted: boolean;
}

/** The page's end of one run of the journal: numbers batches and knows which of them are durable. */
export class JournalRun {
  constructor(private readonly options: IJournalRunOptions) {
    const { companion, run, path, kind, replaces, savedAtMs } = options;
    this.sends = companion.send(encode(runOpened, { run, path, kind, replaces, savedAtMs }));
  }

  get id(): RunId {
    return this.options.run;
  }

  /** The number of the last batch; 0 = there is none. */
  get lastSeq(): number {
    return this.seq;
  }

  /** Whether every frame so far could be sent. A run that could not is of no use: begin another one. */
  get isWhole(): boolean {
    return this.sends;
  }

  /** Whether batches wait for their acknowledgement. */
  get isWaiting(): boolean {
    return this.counts.size > 0;
  }

  /**
   * Sends records as one batch.
   *
   * @param count - the document's changes that the journal holds with it.
   */
  append(records: readonly JournalRecord[], count: number): void {
    this.seq += 1;
    this.counts.set(this.seq, count);
    const { companion, run } = this.options;
    const body = records.map(record => JSON.stringify(record)).join('\n');
    for (const { piece, more } of pieces(body)) {
      const frame = encodeBulk(journalBatch, { run, seq: this.seq, more }, piece);
      this.sends = companion.send(frame) && this.sends;
    }
  }

  /** A batch is durable. @returns the document's changes that are; null = nothing new. */
  durable(seq: number): number | null {
    let reached: number | null = null;
    for (const [waiting, count] of this.counts) {
      if (waiting <= seq) {
        reached = Math.max(reached ?? 0, count);
        this.counts.delete(waiting);
      }
    }
    return reached;
  }

  /** The file holds everything that was sent: the companion may forget the run. */
  saved(hash: string | null): void {
    const { companion, run } = this.options;
    companion.send(encode(runSaved, { run, seq: this.seq, hash }));
  }

  /** A request of the page to a kernel belongs to this cell. */
  executing(request: IAskedCell): void {
    const { companion, run } = this.options;
    companion.send(encode(executing, { run, ...request }));
  }

  /** The document has another path. */
  renamed(path: string): void {
    const { companion, run } = this.options;
    companion.send(encode(runRenamed, { run, path }));
  }

  /** The document is gone, or gives the run up. */
  close(): void {
    closeRun(this.options.companion, this.options.run);
  }

  private seq = 0;
  private sends: boolean;
  private readonly counts = new Map<number, number>();
}

/** Tells the companion that a run is of no use any more. @returns whether it could be told. */
export function closeRun(companion: ICompanion, run: RunId): boolean {
  return companion.send(encode(runClosed, { run }));
}

/** Cuts a body into pieces for frames, never through a character of two units: half of one cannot be sent. */
function* pieces(body: string): Generator<{ readonly piece: string; readonly more: boolean }> {
  let from = 0;
  do {
    let to = Math.min(body.length, from + PIECE_LENGTH);
    if (to < body.length && /[\ud800-\udbff]/.test(body.charAt(to - 1))) {
      to -= 1;
    }
    yield { piece: body.slice(from, to), more: to < body.length };
    from = to;
  } while (from < body.length);
}
