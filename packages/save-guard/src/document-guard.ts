import type { DocumentRegistry } from '@jupyterlab/docregistry';
import {
  JOURNAL_MS,
  SaveSchedule,
  slowHomeMs,
  type ILight,
  type ISchedulePolicy,
  type LeftTo
} from '@labkeeper/core';
import type { IClock, ICompanion } from '@labkeeper/labkit';
import type { DocumentKind } from '@labkeeper/protocol';
import type { IDisposable } from '@lumino/disposable';
import { Signal, type ISignal } from '@lumino/signaling';
import type { BrowserStore } from './browser-store/browser-store.js';
import type { GuardedContents } from './contents/guarded-contents.js';
import type { SpliceSaves } from './contents/splice-saves.js';
import { documentLight } from './document-light.js';
import { DocumentSaving } from './document-saving.js';
import { DocumentJournal } from './journal/document-journal.js';
import type { JournalStatus } from './journal/journal-status.js';
import type { IDocumentObserver } from './observe/document-observer.js';
import type { IRunningCell } from './running-cells.js';

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
    const { context, contents, observer, clock } = options;
    const file = contents.open(context);
    this.documentJournal = new DocumentJournal({
      ...options,
      file,
      sent: () => this.schedule.sent(),
      savedAtMs: () => this.savedAtMs
    });
    this.saving = new DocumentSaving({
      ...options,
      file,
      schedule: this.schedule,
      journal: this.documentJournal,
      journalWorks: () => this.policy(clock.now()).journalWorks,
      changed: () => this._changed.emit()
    });
    observer.changed.connect(() => {
      this.schedule.changed(clock.now());
      this._changed.emit();
    });
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
    return this.saving.course.savedAtMs;
  }

  /** Where the version that somebody else wrote is kept; null = there was none. */
  get kept(): string | null {
    return this.saving.course.kept;
  }

  /** What the server said when the last save failed; null = it did not. For "Copy details". */
  get failureDetail(): string | null {
    return this.saving.course.detail;
  }

  /** The user has decided what becomes of the versions that are kept. */
  forgetKept(): void {
    this.saving.course.forgetKept();
  }

  get light(): ILight {
    const { clock, journal, leftTo } = this.options;
    return documentLight({
      nowMs: clock.now(),
      schedule: this.schedule,
      failure: this.saving.course.reason,
      leftTo: leftTo(),
      journal: journal.reason,
      slowHomeMs: journal.works ? slowHomeMs(journal.boundMs) : null,
      conflict: this.kept !== null
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
  save(isAsked = false): Promise<void> {
    return this.saving.save(isAsked);
  }

  /** Lab asks whether the document is to be saved before it is closed, see `DocumentSaving.closing`. */
  closing(answered: Promise<void>): void {
    void this.saving.closing(answered);
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
    this.schedule.sendAgain(this.options.clock.now());
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
    if (this.saving.course.reason === null && !isKept) {
      this.documentJournal.giveUp();
    }
    this.saving.dispose();
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

  private async store(): Promise<void> {
    const count = await this.documentJournal.store();
    if (count !== null) {
      this.schedule.stored(count);
      this._changed.emit();
    }
  }

  private readonly schedule = new SaveSchedule();
  private readonly documentJournal: DocumentJournal;
  private readonly saving: DocumentSaving;
  private readonly ranHere = new Set<string>();
  private _isDisposed = false;
  private readonly _changed = new Signal<this, void>(this);
}
