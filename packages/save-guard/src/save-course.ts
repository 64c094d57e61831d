import type { DocumentRegistry } from '@jupyterlab/docregistry';
import type { SaveReason, SaveSchedule } from '@labkeeper/core';
import type { IClock } from '@labkeeper/labkit';
import type { ISaveOutcome } from './contents/guarded-file.js';
import type { SaveFailure } from './contents/save-failure.js';
import type { DocumentJournal } from './journal/document-journal.js';
import type { ISince } from './observe/document-observer.js';

export interface ISaveCourseOptions {
  readonly context: DocumentRegistry.Context;
  readonly clock: IClock;
  readonly schedule: SaveSchedule;
  readonly journal: DocumentJournal;
  /** Whether the document is saved by a room, which knows itself what it has written. */
  readonly isShared: boolean;
  /** Something about the last save is another thing now. */
  readonly changed: () => void;
}

/** The save of one document that is under way, and how the last one ended: told to the schedule, the journal and the model. */
export class SaveCourse {
  constructor(private readonly options: ISaveCourseOptions) {}

  /** Why the last save failed; null = it did not. */
  get reason(): SaveReason | null {
    return this._reason;
  }

  /** What the server said when the last save failed; null = it did not. */
  get detail(): string | null {
    return this._detail;
  }

  /** When the file was last saved, by the wall clock; null = not since it was opened. */
  get savedAtMs(): number | null {
    return this._savedAtMs;
  }

  /** Where the version that somebody else wrote is kept; null = there was none. */
  get kept(): string | null {
    return this._kept;
  }

  /** Whether a save is under way whose content was taken. */
  get isUnderWay(): boolean {
    return this.since !== null;
  }

  /** The user has decided what becomes of the versions that are kept. */
  forgetKept(): void {
    this._kept = null;
    this.options.changed();
  }

  /** A save began: its content is what the document was at `since`, which is this very moment or a moment ago. */
  begin(since: ISince): void {
    const { clock, schedule, changed } = this.options;
    this.since = since;
    schedule.saveStarted(clock.now());
    changed();
  }

  /** Nothing belongs into the file that is not there. */
  nothingToSave(since: ISince): void {
    const { context, schedule } = this.options;
    // So that the model's word for it is not taken for a file that was read anew.
    this.since = since;
    context.model.dirty = false;
    this.end()?.dispose();
    schedule.reverted();
  }

  /** The document is gone, and with it who wants to know. */
  forget(): void {
    this.end()?.dispose();
  }

  /** The save is to be done in another way: it neither failed nor ended well. */
  abandoned(): void {
    const { journal, schedule, changed } = this.options;
    this.end()?.dispose();
    journal.saveFailed();
    schedule.saveAbandoned();
    changed();
  }

  /** @param failure - null = nothing is wrong, but the file does not hold the document. */
  failed(failure: SaveFailure | null): void {
    const { clock, journal, schedule, changed } = this.options;
    this.end()?.dispose();
    journal.saveFailed();
    schedule.saveFailed(clock.now());
    if (failure && failure.reason !== 'other-tab-writes') {
      this._reason = failure.reason;
    }
    this._detail = failure?.detail ?? null;
    this.dirty();
    changed();
  }

  succeeded({ hash, kept }: Pick<ISaveOutcome, 'hash' | 'kept'>): void {
    const { clock, journal, schedule, changed } = this.options;
    this._reason = null;
    this._detail = null;
    this._savedAtMs = Date.now();
    this._kept = kept ?? this._kept;
    const changedMeanwhile = schedule.saveCompleted(clock.now());
    const since = this.end();
    if (since) {
      journal.rebase(since, hash);
    }
    if (changedMeanwhile) {
      this.dirty();
    }
    changed();
  }

  /** The document was read anew from a file with this hash. */
  reread(hash: string | null): void {
    const { journal, schedule, changed } = this.options;
    schedule.reverted();
    journal.reread(hash);
    this._reason = null;
    changed();
  }

  /** A quiet save that failed, or that an edit overtook, looks to Lab as if all were in the file. Rooms know better. */
  dirty(): void {
    if (!this.options.isShared) {
      this.options.context.model.dirty = true;
    }
  }

  private end(): ISince | null {
    const { since } = this;
    this.since = null;
    return since;
  }

  /** The moment at which the content of the save under way was taken. */
  private since: ISince | null = null;
  private _reason: SaveReason | null = null;
  private _detail: string | null = null;
  private _savedAtMs: number | null = null;
  private _kept: string | null = null;
}
