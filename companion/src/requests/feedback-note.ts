import { isDeepStrictEqual } from 'node:util';
import { readKeptFeedback, type KeptFeedback, type VerdictFeedback } from '@labkeeper/protocol';
import { codeOf, reasonOf } from '../failure.js';
import type { HubFolder } from '../hub/hub-folder.js';
import type { Log } from '../log.js';

/** A hundred answers with the longest notes, each character as long as JSON can make it. */
const MOST_BYTES = 2 * 1024 * 1024;
const NAME = 'feedback';

/**
 * Keeps answers that wait for the hub on the home volume. They are a person's words, and few: they outlive the machine, and
 * what is damaged is put aside, what the disk does not give now stays where it is, and neither is written over.
 */
export class FeedbackNote {
  constructor(private readonly options: { readonly folder: HubFolder; readonly log: Log }) {}

  /**
   * What an earlier companion kept, before anything is written; what cannot be used is said in the log.
   *
   * @returns null = it cannot be read now, and nothing may be written over it: to be asked again.
   */
  async read(): Promise<readonly VerdictFeedback[] | null> {
    const { folder } = this.options;
    try {
      const text = await folder.read(NAME, MOST_BYTES);
      if (text === null) {
        return [];
      }
      const kept = readKeptFeedback(text);
      if (kept !== null && isDeepStrictEqual(kept.place, folder.place)) {
        return kept.waiting;
      }
      await this.setAside("are damaged or another hub's");
    } catch (error) {
      if (codeOf(error) !== null) {
        // The disk's failure says nothing about the answers.
        this.cannotRead(error);
        return null;
      }
      await this.setAside(`cannot be read (${reasonOf(error).replace(/\.$/, '')})`);
    }
    return [];
  }

  /** Writes soon; changes that come meanwhile go together. */
  write(waiting: readonly VerdictFeedback[]): void {
    if (this.isTaken) {
      return;
    }
    this.wanted = waiting;
    this.writing ??= this.put().finally(() => (this.writing = null));
  }

  /** Resolves when everything is written, or cannot be. */
  async settled(): Promise<void> {
    await this.writing;
  }

  private cannotRead(error: unknown): void {
    if (!this.toldUnread) {
      this.toldUnread = true;
      this.options.log(
        `Answers that wait for the hub cannot be read now: they stay where they are, and new ones are only remembered until they can. ${reasonOf(error)}`
      );
    }
  }

  /** What lies there stays, under another name or, where it cannot have one, under its own. */
  private async setAside(what: string): Promise<void> {
    const { folder, log } = this.options;
    try {
      const aside = await folder.setAside(NAME);
      log(
        `Answers that wait for the hub ${what}: they are not sent${aside === null ? '' : `, and kept as ${aside}`}.`
      );
    } catch (error) {
      this.isTaken = true;
      log(
        `Answers that wait for the hub ${what}: they are not sent. They stay in ${folder.path}, and new ones are only remembered: ${reasonOf(error)}`
      );
    }
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
  private toldUnread = false;
  /** Something that could not be read has the name. */
  private isTaken = false;
}
