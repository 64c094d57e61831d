import type { SpliceOutcome } from '@labkeeper/protocol';
import type { GuardedFile } from './contents/guarded-file.js';
import { SaveFailure } from './contents/save-failure.js';
import type { SpliceSaves } from './contents/splice-saves.js';
import type { IJournalMark } from './journal/document-journal.js';

/** Smaller notebooks are sent whole, as JupyterLab does it: that takes no time, and the server signs them. */
const SPLICE_BYTES = 1024 * 1024;

/**
 * How it ended. `whole`: the document has to be sent whole, the file is as it was. `moved`: the document got another name
 * meanwhile, and what became of the file is open.
 */
export type SplicedEnd = { readonly hash: string } | 'whole' | 'moved' | SaveFailure;

/** Refusals that will be the same next time, until the file has been written whole. */
const LASTING = new Set(['not-plain', 'doubt', 'not-here', 'unreadable']);

/**
 * Saves of one large notebook in which no body of its size is built, sent or parsed: the companion puts what the journal
 * holds into the file.
 */
export class SplicedSaving {
  constructor(
    private readonly file: GuardedFile,
    private readonly splices: SpliceSaves
  ) {}

  /** Whether the file is worth it, and nothing is known to stand in the way. */
  get isUseful(): boolean {
    return !this.isRefused && this.file.sizeBytes >= SPLICE_BYTES;
  }

  /** The file was written whole: what stood in the way may be gone. */
  savedWhole(): void {
    this.isRefused = false;
  }

  /**
   * Saves everything up to the mark.
   *
   * @param trusted - all outputs are trusted.
   */
  async save({ run, seq }: IJournalMark, trusted: boolean): Promise<SplicedEnd> {
    const outcome = await this.file.splice(() => this.splices.ask(run, seq, trusted));
    if (outcome === 'moved') {
      return outcome;
    }
    if (outcome?.kind === 'saved') {
      return { hash: outcome.hash };
    }
    this.isRefused = outcome !== null && LASTING.has(outcome.why);
    return outcome === null
      ? new SaveFailure('no-answer', 'the companion did not say what became of the file')
      : (failureOf(outcome) ?? 'whole');
  }

  private isRefused = false;
}

/** null = it may go another way. */
function failureOf({ why, detail }: Extract<SpliceOutcome, { kind: 'refused' }>): SaveFailure | null {
  switch (why) {
    case 'disk-full':
      return new SaveFailure('disk-full', detail);
    case 'not-writable':
      return new SaveFailure('read-only', detail);
    default:
      return null;
  }
}
