import { WorkAge } from './work-age.js';

/** No change may be unsafe for longer than this: the promise. */
export const BOUND_MS = 30_000;
/** A change goes to the journal at most this long after it came; what comes meanwhile goes with it. */
export const JOURNAL_MS = 6000;
/** And as soon as nothing has changed for so long: who pauses need not wait for the rest. */
export const QUIET_MS = 3000;
/** What is due is looked at this often: so much later it may be done. */
export const PULSE_MS = 1000;
/** Where the browser itself is the only place, changes go there this long after they came. */
export const BROWSER_MS = 2000;
/** While the journal holds what the file does not, the file follows this long after the first change. */
const FILE_MS = 25_000;
/** Full saves take at most this share of the time: one that took d is followed by a pause of 9 d. */
const SAVE_SHARE = 0.1;
/** The file itself is at most this old while a journal holds the rest, unless one save takes a tenth of it. */
export const FILE_BOUND_MS = 60_000;
/** Without a journal: begin this long before the bound, and as long again as a save usually takes. */
const MARGIN_MS = 3000;
/** Pauses after saves that failed in a row; the last one repeats. */
const PAUSES_MS = [2000, 5000, 10_000, 20_000] as const;

/** What is to be done now. */
export interface IDue {
  /** Collect what changed and send it to the journal. */
  readonly journal: boolean;
  /** Save the file. */
  readonly save: boolean;
}

/** How a document is to be saved. */
export interface ISchedulePolicy {
  /** `full`: the file follows by itself. `journal`: saves of the file are left to JupyterLab. */
  readonly mode: 'full' | 'journal';
  /** The journal takes records and makes them durable. */
  readonly journalWorks: boolean;
  /** There is a store in the browser that takes records. */
  readonly browserWorks: boolean;
}

/**
 * Decides when one document goes to the journal and to its file. All times are monotonic milliseconds and arguments.
 *
 * Changes are counted. A save holds what had changed when its content was taken, not when it ends: what came between
 * stays unsaved.
 */
export class SaveSchedule {
  /** Changes so far. */
  get changes(): number {
    return this.count;
  }

  /** When the oldest change came that is in no place that outlives the machine; null = all are safe. */
  get unsafeSinceMs(): number | null {
    return this.unsafe.sinceMs;
  }

  /** When the oldest change came that is not even in the browser's store; null = all are somewhere. */
  get nowhereSinceMs(): number | null {
    return this.nowhere.sinceMs;
  }

  /** When the oldest change came that is not in the file; null = the file holds everything. */
  get unsavedSinceMs(): number | null {
    return this.unsaved.sinceMs;
  }

  /** Saves that failed in a row. */
  get failures(): number {
    return this.failed;
  }

  /** Whether a save of the file is under way. */
  get isSaving(): boolean {
    return this.saves.length > 0;
  }

  /** When the oldest save under way began, monotonic ms; null = none is. */
  get savingSinceMs(): number | null {
    return this.saves[0]?.atMs ?? null;
  }

  /** The document changed. */
  changed(nowMs: number): void {
    this.count += 1;
    this.changedAtMs = nowMs;
    for (const age of [this.unsafe, this.nowhere, this.unsaved, this.unsent]) {
      age.changed(this.count, nowMs);
    }
  }

  /** Everything up to now was handed to the journal's sender. @returns the count to give back in `journaled`. */
  sent(): number {
    this.unsent.reached(this.count);
    return this.count;
  }

  /** The journal made everything up to `count` durable. */
  journaled(count: number): void {
    this.unsafe.reached(count);
    this.nowhere.reached(count);
  }

  /** The browser's own store holds everything up to `count`. */
  stored(count: number): void {
    this.nowhere.reached(count);
  }

  /** The journal lost the run, or cannot be reached: what is not in the file is unsafe again, and nowhere else. */
  journalLost(nowMs: number): void {
    this.sendAgain(nowMs);
    const since = this.unsaved.sinceMs;
    if (since !== null) {
      // The browser's store holds nothing of what was in the journal.
      this.nowhere.lost(this.count, since);
    }
  }

  /** Everything that is not in the file is to be sent to the journal anew; what the browser's store holds stays there. */
  sendAgain(nowMs: number): void {
    const since = this.unsaved.sinceMs;
    if (since !== null) {
      this.unsafe.lost(this.count, since);
      this.unsent.lost(this.count, Math.min(since, nowMs - JOURNAL_MS));
    }
  }

  /** A save of the file begins; its content is taken in this very turn. */
  saveStarted(nowMs: number): void {
    this.saves.push({ count: this.count, atMs: nowMs });
  }

  /**
   * The oldest save under way ended well.
   *
   * @returns whether the document changed since its content was taken.
   */
  saveCompleted(nowMs: number): boolean {
    const save = this.saves.shift();
    this.failed = 0;
    if (!save) {
      return this.unsaved.isBehind;
    }
    this.lastSaveMs = nowMs - save.atMs;
    this.savedAtMs = nowMs;
    for (const age of [this.unsaved, this.unsafe, this.nowhere]) {
      age.reached(save.count);
    }
    return this.count > save.count;
  }

  /** The oldest save under way failed. */
  saveFailed(nowMs: number): void {
    this.saves.shift();
    this.failed += 1;
    this.failedAtMs = nowMs;
  }

  /** The oldest save under way is to be done in another way: it neither failed nor ended well. */
  saveAbandoned(): void {
    this.saves.shift();
  }

  /** The file was read anew: it and the document are equal. */
  reverted(): void {
    for (const age of [this.unsaved, this.unsafe, this.nowhere, this.unsent]) {
      age.reached(this.count);
    }
    this.failed = 0;
  }

  /** What is due at `nowMs`. */
  due(nowMs: number, policy: ISchedulePolicy): IDue {
    return {
      journal: this.journalDue(nowMs, policy),
      save: policy.mode === 'full' && !this.isSaving && this.saveDue(nowMs, policy)
    };
  }

  /** When `due` may next say something else, monotonic ms; null = not before the next change. */
  nextDueMs(nowMs: number, policy: ISchedulePolicy): number | null {
    const times: number[] = [];
    const journalAtMs = this.journalAtMs(policy);
    if (journalAtMs !== null) {
      times.push(journalAtMs);
    }
    if (policy.mode === 'full' && !this.isSaving && this.unsaved.sinceMs !== null) {
      times.push(this.saveAtMs(this.unsaved.sinceMs, policy));
    }
    return times.length === 0 ? null : Math.max(nowMs, Math.min(...times));
  }

  private journalDue(nowMs: number, policy: ISchedulePolicy): boolean {
    const atMs = this.journalAtMs(policy);
    return atMs !== null && nowMs >= atMs;
  }

  /** When what changed is to be sent, if nothing more changes; null = there is nothing, or nobody takes it. */
  private journalAtMs({ journalWorks, browserWorks }: ISchedulePolicy): number | null {
    if (!journalWorks) {
      // Not what was not sent: what was, and has not become durable, may be nowhere.
      const since = this.nowhere.sinceMs;
      return since === null || !browserWorks ? null : since + BROWSER_MS;
    }
    const since = this.unsent.sinceMs;
    return since === null ? null : Math.min(since + JOURNAL_MS, this.changedAtMs + QUIET_MS);
  }

  private saveDue(nowMs: number, policy: ISchedulePolicy): boolean {
    const since = this.unsaved.sinceMs;
    return since !== null && nowMs >= this.saveAtMs(since, policy);
  }

  /** When the next save is to begin, if the oldest change that is not in the file came at `sinceMs`. */
  private saveAtMs(sinceMs: number, policy: ISchedulePolicy): number {
    const pauseMs = PAUSES_MS[Math.min(this.failed, PAUSES_MS.length) - 1];
    if (pauseMs !== undefined) {
      return this.failedAtMs + pauseMs;
    }
    const begin = policy.journalWorks
      ? sinceMs + Math.min(FILE_MS, FILE_BOUND_MS - 2 * this.lastSaveMs)
      : sinceMs + Math.max(0, BOUND_MS - MARGIN_MS - 2 * this.lastSaveMs);
    const rested = policy.journalWorks ? this.savedAtMs + this.lastSaveMs * (1 / SAVE_SHARE - 1) : 0;
    return Math.max(begin, rested);
  }

  private count = 0;
  /** When the last change came. */
  private changedAtMs = 0;
  private readonly unsafe = new WorkAge();
  private readonly nowhere = new WorkAge();
  private readonly unsaved = new WorkAge();
  private readonly unsent = new WorkAge();
  private saves: { readonly count: number; readonly atMs: number }[] = [];
  private lastSaveMs = 0;
  private savedAtMs = -Infinity;
  private failed = 0;
  private failedAtMs = 0;
}
