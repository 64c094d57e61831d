import {
  encode,
  encodeBulk,
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

/** The page's end of one run of the journal: numbers batches and knows which of them are durable. */
export class JournalRun {
  constructor(private readonly options: IJournalRunOptions) {
    const { companion, run, path, kind, replaces, savedAtMs } = options;
    this.sends = companion.send(encode(runOpened, { run, path, kind, replaces, savedAtMs }));
  }

  get id(): RunId {
    return this.options.run;
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
    for (let at = 0; at === 0 || at < body.length; at += PIECE_LENGTH) {
      const more = at + PIECE_LENGTH < body.length;
      const piece = body.slice(at, at + PIECE_LENGTH);
      this.sends =
        companion.send(encodeBulk(journalBatch, { run, seq: this.seq, more }, piece)) && this.sends;
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

  /** The document has another path. */
  renamed(path: string): void {
    const { companion, run } = this.options;
    companion.send(encode(runRenamed, { run, path }));
  }

  /** The document is gone, or gives the run up. */
  close(): void {
    this.options.companion.send(encode(runClosed, { run: this.options.run }));
  }

  private seq = 0;
  private sends: boolean;
  private readonly counts = new Map<number, number>();
}
