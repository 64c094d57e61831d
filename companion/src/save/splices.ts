import type { spliceAsked, SpliceOutcome } from '@labkeeper/protocol';
import type * as v from 'valibot';
import { reasonOf } from '../failure.js';
import type { JournalStore } from '../journal/journal-store.js';
import type { Log } from '../log.js';

/** So many saves are remembered for pages that ask again. */
const REMEMBERED = 64;

/** What a page asks for. */
export type ISpliceAsked = v.InferOutput<typeof spliceAsked.params>;

export interface ISplicesOptions {
  readonly store: Pick<JournalStore, 'holdRun'>;
  /**
   * Puts a run into its file; null = the server's files are not plain ones of this machine.
   *
   * @param bytes - how much the run takes in the journal.
   */
  readonly splice: ((asked: ISpliceAsked, bytes: number) => Promise<SpliceOutcome>) | null;
  readonly log: Log;
}

const NOT_HERE: SpliceOutcome = {
  kind: 'refused',
  why: 'not-here',
  detail: 'The files of this server are not plain ones of this machine.'
};

/** Saves notebooks by putting their runs into the files, one after the other. */
export class Splices {
  constructor(private readonly options: ISplicesOptions) {}

  /** Puts everything of a run up to a batch into its file. Asked again once that is done, it answers the same. */
  ask(asked: ISpliceAsked): Promise<SpliceOutcome> {
    const key = `${asked.run} ${asked.seq}`;
    const known = this.outcomes.get(key);
    if (known) {
      return known;
    }
    // One at a time: each reads and writes a whole file.
    const outcome = this.last.then(() => this.splice(asked));
    this.last = outcome;
    this.outcomes.set(key, outcome);
    // What stood in the way may be gone the next time.
    void outcome.then(({ kind }) => kind === 'saved' || this.outcomes.delete(key));
    for (const oldest of this.outcomes.keys()) {
      if (this.outcomes.size > REMEMBERED) {
        this.outcomes.delete(oldest);
      }
    }
    return outcome;
  }

  private async splice(asked: ISpliceAsked): Promise<SpliceOutcome> {
    const { store, splice, log } = this.options;
    if (splice === null) {
      return NOT_HERE;
    }
    const held = await store.holdRun(asked.run, asked.seq);
    if (held === null) {
      return { kind: 'refused', why: 'unknown-run', detail: 'The journal does not hold so much of the run.' };
    }
    try {
      return await splice(asked, held.bytes);
    } catch (error) {
      log(`A notebook could not be saved in place: ${reasonOf(error)}`);
      return { kind: 'refused', why: 'unreadable', detail: reasonOf(error) };
    } finally {
      held.dispose();
    }
  }

  private last: Promise<unknown> = Promise.resolve();
  private readonly outcomes = new Map<string, Promise<SpliceOutcome>>();
}
