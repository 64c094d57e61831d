import { isDeepStrictEqual } from 'node:util';
import { readKeptFeedback, type KeptFeedback, type VerdictFeedback } from '@labkeeper/protocol';
import { reasonOf } from '../failure.js';
import type { HubFolder } from '../hub/hub-folder.js';
import type { Log } from '../log.js';

/** A hundred answers with the longest notes, each character as long as JSON can make it. */
const MOST_BYTES = 2 * 1024 * 1024;
const NAME = 'feedback';

/** Keeps answers that wait for the hub on the home volume. They are a person's words, and few: they outlive the machine. */
export class FeedbackNote {
  constructor(private readonly options: { readonly folder: HubFolder; readonly log: Log }) {}

  /** What an earlier companion kept; what cannot be used is said in the log. */
  async read(): Promise<readonly VerdictFeedback[]> {
    const { folder, log } = this.options;
    try {
      const text = await folder.read(NAME, MOST_BYTES);
      const kept = text === null ? null : readKeptFeedback(text);
      if (kept !== null && isDeepStrictEqual(kept.place, folder.place)) {
        return kept.waiting;
      }
      if (text !== null) {
        log(
          `Answers that wait for the hub in ${folder.path} are damaged or another hub's: they are not sent.`
        );
      }
    } catch (error) {
      log(`Answers that wait for the hub cannot be read: ${reasonOf(error)}`);
    }
    return [];
  }

  /** Writes soon; changes that come meanwhile go together. */
  write(waiting: readonly VerdictFeedback[]): void {
    this.wanted = waiting;
    this.writing ??= this.put().finally(() => (this.writing = null));
  }

  /** Resolves when everything is written, or cannot be. */
  async settled(): Promise<void> {
    await this.writing;
  }

  private async put(): Promise<void> {
    const { folder, log } = this.options;
    try {
      while (this.wanted !== null) {
        const waiting = this.wanted;
        this.wanted = null;
        if (waiting.length === 0) {
          await folder.remove(NAME);
        } else {
          const kept: KeptFeedback = { labkeeperFeedback: 1, place: folder.place, waiting: [...waiting] };
          await folder.replace(NAME, JSON.stringify(kept), true);
        }
      }
    } catch (error) {
      this.wanted = null;
      if (!this.told) {
        this.told = true;
        log(`Answers that wait for the hub cannot be kept for the next start: ${reasonOf(error)}`);
      }
    }
  }

  private wanted: readonly VerdictFeedback[] | null = null;
  private writing: Promise<void> | null = null;
  private told = false;
}
