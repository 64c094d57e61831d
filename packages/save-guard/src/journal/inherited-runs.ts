import type { RunId } from '@labkeeper/protocol';

/** The page's own run, as far as it matters here. */
export interface IOwnRun {
  readonly id: RunId;
  /** The last batch that was sent. */
  readonly lastSeq: number;
}

/**
 * Runs of pages that are gone whose work is in this page's document: each is closed when this page's own journal, or the
 * file, holds it for certain.
 */
export class InheritedRuns {
  constructor(private readonly closeRun: (run: RunId) => void) {}

  /** @param own - has sent everything; null = nothing is sent yet. */
  add(run: RunId, own: IOwnRun | null): void {
    this.runs.set(run, own && { id: own.id, seq: own.lastSeq });
  }

  /** The page's journal began anew, with everything. */
  renewed(own: IOwnRun): void {
    for (const run of this.runs.keys()) {
      this.runs.set(run, { id: own.id, seq: own.lastSeq });
    }
  }

  /** Batches of the page's run up to this one outlive the machine. */
  durable(own: RunId, seq: number): void {
    for (const [run, after] of this.runs) {
      if (after?.id === own && after.seq <= seq) {
        this.runs.delete(run);
        this.closeRun(run);
      }
    }
  }

  /** The file holds everything, or nobody wants it. */
  close(): void {
    const runs = [...this.runs.keys()];
    this.runs.clear();
    runs.forEach(run => this.closeRun(run));
  }

  /** Which batch of which run of the page holds each; null = none yet. */
  private readonly runs = new Map<RunId, { readonly id: RunId; readonly seq: number } | null>();
}
