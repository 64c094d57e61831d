import type { DocumentRegistry } from '@jupyterlab/docregistry';
import {
  JOURNAL_MS,
  SaveSchedule,
  slowHomeMs,
  type ILight,
  type ISchedulePolicy,
  type LeftTo,
  type SaveReason
} from '@labkeeper/core';
import type { IClock, ICompanion } from '@labkeeper/labkit';
import type { DocumentKind } from '@labkeeper/protocol';
import type { IDisposable } from '@lumino/disposable';
import { Signal, type ISignal } from '@lumino/signaling';
import type { BrowserStore } from './browser-store/browser-store.js';
import type { GuardedContents, ISaveOutcome } from './contents/guarded-contents.js';
import { SaveFailure } from './contents/save-failure.js';
import type { SpliceSaves } from './contents/splice-saves.js';
import { documentLight } from './document-light.js';
import { DocumentJournal } from './journal/document-journal.js';
import type { JournalStatus } from './journal/journal-status.js';
import type { IRunningCell } from './running-cells.js';
import { writesElsewhere } from './who-saves.js';
import type { IDocumentObserver, ISince } from './observe/document-observer.js';
import { SplicedSaving } from './spliced-saving.js';

/**
 * Work that waits for longer than this, beyond what the companion says is usual, does not count as under way: first until
 * it is sent, then for an answer.
 */
const LATE_MS = JOURNAL_MS + 5000;

export interface IDocumentGuardOptions {
  readonly context: DocumentRegistry.Context;
  readonly kind: DocumentKind;
  readonly observer: IDocumentObserver;
  readonly companion: ICompanion;
  readonly journal: JournalStatus;
  readonly clock: IClock;
  readonly contents: GuardedContents;
  readonly splices: SpliceSaves;
  readonly browser: BrowserStore;
  /** To whom the file is left; null = it follows by itself. */
  readonly leftTo: () => LeftTo | null;
  /** Asks the room that saves the document to do so now; null = there is no room. */
  readonly askRoom: (() => Promise<void>) | null;
}

/** Keeps one open document safe: knows what is where, tells the journal what changed, and saves the file in time. */
export class DocumentGuard implements IDisposable {
  constructor(private readonly options: IDocumentGuardOptions) {
    const { context, observer, clock } = options;
    this.documentJournal = new DocumentJournal({
      ...options,
      sent: () => this.schedule.sent(),
      savedAtMs: () => this._savedAtMs
    });
    this.spliced = new SplicedSaving(options.contents, options.splices);
    this.saveWhole = context.save.bind(context);
    observer.changed.connect(() => {
      this.schedule.changed(clock.now());
      this._changed.emit();
    });
    // What a room writes, and when, neither of them tells.
    if (!options.askRoom) {
      // Whoever saves - JupyterLab's timer, a key, a dialog - saves in turn, and large notebooks in place.
      context.save = () => this.inTurn();
      context.saveState.connect(this.onSaveState, this);
      context.model.stateChanged.connect(this.onModelState, this);
    }
    context.disposed.connect(() => this.dispose());
  }

  get context(): DocumentRegistry.Context {
    return this.options.context;
  }

  get kind(): DocumentKind {
    return this.options.kind;
  }

  /** The journal's run that is not brought to its end; null = there is none. */
  get run(): string | null {
    return this.documentJournal.lastRun;
  }

  /** Something about the light may have changed, other than by time. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** Whether there is work that is not in a place which outlives the machine. */
  get isUnsafe(): boolean {
    return this.schedule.unsafeSinceMs !== null;
  }

  /** Whether `tend` has anything to do before the document changes again. */
  get needsTending(): boolean {
    return this.schedule.unsafeSinceMs !== null || this.schedule.unsavedSinceMs !== null;
  }

  /** When the file was last saved, by the wall clock; null = not since it was opened. */
  get savedAtMs(): number | null {
    return this._savedAtMs;
  }

  /** Where the version that somebody else wrote is kept; null = there was none. */
  get kept(): string | null {
    return this._kept;
  }

  /** What the server said when the last save failed; null = it did not. For "Copy details". */
  get failureDetail(): string | null {
    return this._detail;
  }

  /** The user has decided what becomes of the versions that are kept. */
  forgetKept(): void {
    this._kept = null;
    this._changed.emit();
  }

  get light(): ILight {
    const { clock, journal, leftTo } = this.options;
    return documentLight({
      nowMs: clock.now(),
      schedule: this.schedule,
      failure: this.reason,
      leftTo: leftTo(),
      journal: journal.reason,
      slowHomeMs: journal.works ? slowHomeMs(journal.boundMs) : null,
      conflict: this._kept !== null
    });
  }

  /** Does what is due. Called about once a second while there is anything. */
  tend(): void {
    const nowMs = this.options.clock.now();
    const policy = this.policy(nowMs);
    const due = this.schedule.due(nowMs, policy);
    if (due.journal) {
      this.flush();
    }
    if (due.save) {
      void this.save();
    }
  }

  /** Hands what changed to the journal now, or to the browser's store where the journal takes nothing. */
  flush(): void {
    if (this.policy(this.options.clock.now()).journalWorks) {
      this.documentJournal.flush();
    } else if (this.needsTending) {
      void this.store();
    }
  }

  /**
   * Saves the file now, as far as it is this page's to save.
   *
   * @param isAsked - whether the user wants it: then also where it is usually left to JupyterLab.
   */
  async save(isAsked = false): Promise<void> {
    const { context, leftTo } = this.options;
    const others = leftTo();
    if (this.options.askRoom) {
      await this.saveByRoom(this.options.askRoom);
      return;
    }
    const isOurs = others === null || (isAsked && !writesElsewhere(others));
    if (this.isAsking || !isOurs || context.model.readOnly) {
      return;
    }
    this.isAsking = true;
    try {
      await context.save();
    } catch {
      // Told by the outcome: `onSaveState` has noted it.
    } finally {
      this.isAsking = false;
    }
  }

  /** A cell is being run: what it puts out belongs to this document, also when the page is gone. */
  executing(cell: IRunningCell): void {
    if (cell.adopted === true) {
      this.ranHere.delete(cell.cellId);
    } else {
      this.ranHere.add(cell.cellId);
    }
    this.documentJournal.executing(cell, this.policy(this.options.clock.now()).journalWorks);
  }

  /** A cell has been run. */
  executed(msgId: string): void {
    this.documentJournal.executed(msgId);
  }

  /** The kernel ended: nothing that was asked of it is answered. */
  kernelEnded(): void {
    this.documentJournal.kernelEnded();
  }

  /** Whether this page has run the cell. */
  ran(cellId: string): boolean {
    return this.ranHere.has(cellId);
  }

  /** The id of the cell with this number in the file of that hash; null = that is not the file which is open here. */
  cellAt(hash: string, number: number): string | null {
    return this.documentJournal.cellAt(hash, number);
  }

  /** What a page that is gone left in this run is in the document: the run is closed when that is safe. */
  inherit(run: string): void {
    this.flush();
    this.documentJournal.inherit(run);
  }

  /** A batch of this document's run is durable. */
  durable(run: string, seq: number): void {
    const count = this.documentJournal.durable(run, seq);
    if (count !== null) {
      this.schedule.journaled(count);
      this._changed.emit();
    }
  }

  /** The companion does not have the run, or is another one than before: what the file lacks is sent anew. */
  journalLost(run: string | null): void {
    if (this.documentJournal.lost(run)) {
      this.schedule.journalLost(this.options.clock.now());
      this._changed.emit();
    }
  }

  /** The journal takes records again: what the browser's store took meanwhile is sent. */
  journalBack(): void {
    this.schedule.journalLost(this.options.clock.now());
    this.documentJournal.back();
  }

  /** The document has another path. */
  renamed(path: string): void {
    this.documentJournal.renamed(path);
    this._changed.emit();
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    // Saved, or given up at Lab's question: a page that goes away does not come here. Where saving failed, nobody gave up.
    // A shared document is closed without a question: its room may not have written it yet.
    const isKept = this.options.askRoom !== null && this.schedule.unsavedSinceMs !== null;
    if (this.reason === null && !isKept) {
      this.documentJournal.giveUp();
    }
    if (!this.context.isDisposed) {
      this.context.save = this.saveWhole;
    }
    this.context.saveState.disconnect(this.onSaveState, this);
    this.context.model.stateChanged.disconnect(this.onModelState, this);
    this.options.observer.dispose();
    Signal.clearData(this);
  }

  private policy(nowMs: number): ISchedulePolicy {
    const { companion, journal, leftTo } = this.options;
    const waitsMs = this.documentJournal.isWaiting ? nowMs - (this.schedule.unsafeSinceMs ?? nowMs) : 0;
    return {
      mode: this.options.askRoom || leftTo() === null ? 'full' : 'journal',
      journalWorks: companion.state === 'connected' && journal.works && waitsMs < journal.boundMs + LATE_MS,
      browserWorks: this.options.browser.works
    };
  }

  private async saveByRoom(askRoom: () => Promise<void>): Promise<void> {
    if (this.schedule.isSaving) {
      return;
    }
    // Messages to the room keep their order: what it writes holds everything up to here.
    this.onSaveState(this.context, 'started');
    let failure: SaveFailure | null = null;
    try {
      await askRoom();
    } catch (error) {
      failure = new SaveFailure('room-not-written', String(error));
    }
    this.saveEnded(failure === null, { hash: null, failure, kept: null });
    this._changed.emit();
  }

  /** A quiet save that failed, or that an edit overtook, looks to Lab as if all were in the file. Rooms know better. */
  private dirty(): void {
    if (!this.options.askRoom) {
      this.context.model.dirty = true;
    }
  }

  private async store(): Promise<void> {
    const count = await this.documentJournal.store();
    if (count !== null) {
      this.schedule.stored(count);
      this._changed.emit();
    }
  }

  private inTurn(): Promise<void> {
    const { contents } = this.options;
    let isAsked = false;
    // Lab announces a command right after it has called this. Whether it was one is known before the turn comes.
    queueMicrotask(() => (isAsked = contents.isAsked));
    const save = (): Promise<void> => this.saveInPlaceOrWhole(isAsked);
    const result = this.turn.then(save, save);
    this.turn = result;
    return result;
  }

  private async saveInPlaceOrWhole(isAsked: boolean): Promise<void> {
    const { context, contents, kind, leftTo } = this.options;
    const isInPlace =
      kind === 'notebook' &&
      leftTo() === null &&
      this.spliced.isFor(context.path) &&
      this.policy(this.options.clock.now()).journalWorks;
    if (!isInPlace || !(await this.saveInPlace(isAsked))) {
      if (isAsked) {
        // It may have waited for its turn.
        contents.asked();
      }
      await this.saveWhole();
    }
  }

  /** @returns false where the whole document has to be sent. */
  private async saveInPlace(isAsked: boolean): Promise<boolean> {
    const { context, clock } = this.options;
    if (this.documentJournal.isSame) {
      // What is not observed - the kernel's version in the metadata - is not worth a hundred megabytes; a user's wish is,
      // unless the save that she waited for has done it.
      return !(isAsked && context.model.dirty) && this.nothingToSave();
    }
    const mark = this.documentJournal.mark();
    if (mark === null || mark === 'later') {
      return mark === 'later' && !isAsked;
    }
    this.schedule.saveStarted(clock.now());
    this.saves.push(mark.since);
    this._changed.emit();
    const end = await this.spliced.save(context.path, mark, this.options.observer.isTrusted);
    if (end === 'whole' || (end instanceof SaveFailure && isAsked)) {
      this.saves.shift()?.dispose();
      this.documentJournal.saveFailed();
      this.schedule.saveAbandoned();
      return false;
    }
    const isSaved = !(end instanceof SaveFailure);
    if (isSaved) {
      context.model.dirty = false;
    }
    this.saveEnded(
      isSaved,
      isSaved ? { hash: end.hash, failure: null, kept: null } : { hash: null, failure: end, kept: null }
    );
    this._changed.emit();
    return true;
  }

  private nothingToSave(): boolean {
    this.saves.push(this.options.observer.since());
    this.options.context.model.dirty = false;
    this.saves.pop()?.dispose();
    this.schedule.reverted();
    return true;
  }

  private onSaveState(_: DocumentRegistry.Context, state: DocumentRegistry.SaveState): void {
    const nowMs = this.options.clock.now();
    if (state === 'started') {
      // What is saved is then what the journal holds up to a batch: by that, recovery recognises a save that nobody told.
      const since = this.documentJournal.snapshot(this.policy(nowMs).journalWorks);
      this.schedule.saveStarted(nowMs);
      this.saves.push(since);
    } else {
      const completed = state === 'completed';
      this.saveEnded(completed, this.options.contents.takeOutcome(this.options.context.path));
      if (completed) {
        this.spliced.savedWhole();
      }
    }
    this._changed.emit();
  }

  /** The document became clean by itself, without a save: the file was read anew. */
  private onModelState(_: DocumentRegistry.IModel, change: { name: string; newValue: unknown }): void {
    if (change.name === 'dirty' && change.newValue === false && this.saves.length === 0) {
      const { contents, context } = this.options;
      this.schedule.reverted();
      this.documentJournal.reread(contents.hashOf(context.path));
      this.reason = null;
      this._changed.emit();
    }
  }

  private saveEnded(completed: boolean, outcome: ISaveOutcome | undefined): void {
    const { context, clock } = this.options;
    const nowMs = clock.now();
    const since = this.saves.shift();
    const failure = outcome?.failure ?? null;
    if (!completed || failure) {
      since?.dispose();
      this.documentJournal.saveFailed();
      this.schedule.saveFailed(nowMs);
      if (failure?.reason !== 'other-tab-writes') {
        this.reason = failure?.reason ?? 'server-error';
      }
      this._detail = failure?.detail ?? null;
      this.dirty();
      return;
    }
    this.reason = null;
    this._detail = null;
    this._savedAtMs = Date.now();
    this._kept = outcome?.kept ?? this._kept;
    const changedMeanwhile = this.schedule.saveCompleted(nowMs);
    if (since) {
      const hash = outcome ? outcome.hash : (context.contentsModel?.hash ?? null);
      this.documentJournal.rebase(since, hash);
    }
    if (changedMeanwhile) {
      this.dirty();
    }
  }

  private readonly documentJournal: DocumentJournal;
  private readonly spliced: SplicedSaving;
  /** JupyterLab's own way to save. */
  private readonly saveWhole: () => Promise<void>;
  private turn: Promise<void> = Promise.resolve();
  private readonly ranHere = new Set<string>();
  private saves: ISince[] = [];
  private reason: SaveReason | null = null;
  private isAsking = false;
  private _savedAtMs: number | null = null;
  private _kept: string | null = null;
  private _detail: string | null = null;
  private _isDisposed = false;
  private readonly schedule = new SaveSchedule();
  private readonly _changed = new Signal<this, void>(this);
}
