import type { DocumentRegistry } from '@jupyterlab/docregistry';
import type { LeftTo, SaveSchedule } from '@labkeeper/core';
import type { IClock } from '@labkeeper/labkit';
import type { DocumentKind } from '@labkeeper/protocol';
import type { IDisposable } from '@lumino/disposable';
import type { GuardedContents } from './contents/guarded-contents.js';
import type { GuardedFile } from './contents/guarded-file.js';
import { SaveFailure } from './contents/save-failure.js';
import type { SpliceSaves } from './contents/splice-saves.js';
import type { DocumentJournal } from './journal/document-journal.js';
import type { IDocumentObserver } from './observe/document-observer.js';
import { SaveCourse } from './save-course.js';
import { SplicedSaving } from './spliced-saving.js';
import { writesElsewhere } from './who-saves.js';

/** Lab's question before a document is closed is answered, and what follows has been called, this long after it is gone. */
const CLOSED_MS = 1000;

export interface IDocumentSavingOptions {
  readonly context: DocumentRegistry.Context;
  readonly kind: DocumentKind;
  readonly observer: IDocumentObserver;
  readonly clock: IClock;
  readonly contents: GuardedContents;
  readonly file: GuardedFile;
  readonly splices: SpliceSaves;
  readonly schedule: SaveSchedule;
  readonly journal: DocumentJournal;
  /** Whether the journal takes records now. */
  readonly journalWorks: () => boolean;
  /** To whom the file is left; null = it follows by itself. */
  readonly leftTo: () => LeftTo | null;
  /** Asks the room that saves the document to do so now; null = there is no room. */
  readonly askRoom: (() => Promise<void>) | null;
  /** Something about the last save is another thing now. */
  readonly changed: () => void;
}

/**
 * Saves the file of one document. Whoever saves - the schedule, JupyterLab's timer, a key, a dialog - does so in turn, and
 * large notebooks are saved in place.
 */
export class DocumentSaving implements IDisposable {
  constructor(private readonly options: IDocumentSavingOptions) {
    const { context, file, splices, askRoom } = options;
    this.course = new SaveCourse({ ...options, isShared: askRoom !== null });
    this.spliced = new SplicedSaving(file, splices);
    this.saveByLab = context.save.bind(context);
    this.revertByLab = context.revert.bind(context);
    // What a room writes, and when, neither of them tells.
    if (!askRoom) {
      context.save = () => this.fromLab();
      context.revert = () => this.revert();
      context.saveState.connect(this.onSaveState, this);
      context.model.stateChanged.connect(this.onModelState, this);
    }
  }

  /** The save under way, and how the last one ended. */
  readonly course: SaveCourse;

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /**
   * Saves the file now, as far as it is this page's to save. Failures are told by `reason`.
   *
   * @param isAsked - whether the user wants it: then also where it is usually left to JupyterLab.
   */
  async save(isAsked: boolean): Promise<void> {
    const { askRoom, context, leftTo } = this.options;
    if (askRoom) {
      await this.saveByRoom(askRoom);
      return;
    }
    const others = leftTo();
    const isOurs = others === null || (isAsked && !writesElsewhere(others));
    if (this.isAsking || !isOurs || context.model.readOnly) {
      return;
    }
    this.isAsking = true;
    try {
      // By the context, as everybody: who follows its saves sees this one.
      await context.save();
    } catch (error) {
      const isTold =
        this.course.reason !== null || (error instanceof Error && error.cause instanceof SaveFailure);
      if (!isTold && !isCancelled(error)) {
        console.warn('Labkeeper: a save came to nothing.', error);
      }
    } finally {
      this.isAsking = false;
    }
  }

  /**
   * Lab asks whether a document is to be saved before it is closed. A save that follows is one that the user asked for.
   *
   * @param answered - resolves when the question is gone, or there was none.
   */
  async closing(answered: Promise<void>): Promise<void> {
    const { clock } = this.options;
    this.closings += 1;
    await answered;
    clock.after(CLOSED_MS, () => (this.closings -= 1));
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    const { context } = this.options;
    if (!context.isDisposed) {
      context.save = this.saveByLab;
      context.revert = this.revertByLab;
    }
    context.saveState.disconnect(this.onSaveState, this);
    context.model.stateChanged.disconnect(this.onModelState, this);
  }

  private async saveByRoom(askRoom: () => Promise<void>): Promise<void> {
    if (this.options.schedule.isSaving) {
      return;
    }
    // Messages to the room keep their order: what it writes holds everything up to here.
    this.begin();
    try {
      await askRoom();
      this.course.succeeded({ hash: null, kept: null });
    } catch (error) {
      this.course.failed(new SaveFailure('room-not-written', String(error)));
    }
  }

  /** Something in Lab saves. @throws where the file does not hold the document: who wants to close it does not, then. */
  private async fromLab(): Promise<void> {
    const { contents } = this.options;
    let isAsked = false;
    // Lab announces a command right after it has called this. Whether it was one is known before the turn comes.
    queueMicrotask(() => (isAsked = contents.isAsked || this.closings > 0));
    const error = await this.inTurn(() => this.once(isAsked));
    if (error !== null) {
      throw error instanceof SaveFailure ? new Error(contents.say(error.reason), { cause: error }) : error;
    }
  }

  private async revert(): Promise<void> {
    await this.revertByLab();
    // Lab says of a notebook alone that it is as the file is.
    this.options.context.model.dirty = false;
    this.reread();
  }

  private inTurn(save: () => Promise<unknown>): Promise<unknown> {
    const result = this.turn.then(save, save);
    this.turn = result;
    return result;
  }

  /** @returns what kept the document from getting into its file; null = nothing. */
  private async once(isAsked: boolean): Promise<unknown> {
    const { kind, leftTo, journalWorks } = this.options;
    if (kind === 'notebook' && leftTo() === null && this.spliced.isUseful && journalWorks()) {
      const end = await this.saveInPlace(isAsked);
      if (end !== 'whole') {
        return end;
      }
    }
    return this.saveWhole(isAsked);
  }

  /** @returns 'whole' where the whole document has to be sent; else what went wrong, or null. */
  private async saveInPlace(isAsked: boolean): Promise<SaveFailure | 'whole' | null> {
    const { context, journal, observer } = this.options;
    if (journal.isSame) {
      // What is not observed - the kernel's version in the metadata - is not worth a hundred megabytes; a user's wish is,
      // unless the save that she waited for has done it.
      if (isAsked && context.model.dirty) {
        return 'whole';
      }
      this.course.nothingToSave(observer.since());
      return null;
    }
    const mark = journal.mark();
    if (mark === 'later' && !isAsked) {
      return new SaveFailure('no-answer', 'the way to the server is busy');
    }
    if (mark === null || mark === 'later') {
      return 'whole';
    }
    this.course.begin(mark.since);
    const end = await this.spliced.save(mark, observer.isTrusted);
    if (end === 'whole' || end === 'moved' || (end instanceof SaveFailure && isAsked)) {
      this.course.abandoned();
      return end === 'moved' ? new SaveFailure('no-answer', 'the document got another name') : 'whole';
    }
    if (end instanceof SaveFailure) {
      this.course.failed(end);
      return end;
    }
    context.model.dirty = false;
    this.course.succeeded({ hash: end.hash, kept: null });
    return null;
  }

  /** By JupyterLab's own code, through our contents provider where that is chosen. */
  private async saveWhole(isAsked: boolean): Promise<unknown> {
    const { context, file } = this.options;
    this.awaitsStart = true;
    const { outcome, error, isMoved } = await file.saveWhole(this.saveByLab, !isAsked);
    this.awaitsStart = false;
    if (!this.course.isUnderWay || context.isDisposed) {
      this.course.forget();
      return error;
    }
    const failure = outcome?.failure ?? null;
    if (isMoved) {
      this.course.abandoned();
      this.course.dirty();
      return error ?? new SaveFailure('no-answer', 'the document got another name');
    }
    if (failure) {
      this.course.failed(failure);
      return error ?? failure;
    }
    if (error !== null) {
      // JupyterLab has asked or told; where the user called it off, nothing is wrong.
      this.course.failed(isCancelled(error) ? null : new SaveFailure('server-error', String(error)));
      return error;
    }
    this.course.succeeded(outcome ?? { hash: context.contentsModel?.hash ?? null, kept: null });
    this.spliced.savedWhole();
    return null;
  }

  /** The content of a save is taken in this very turn. */
  private onSaveState(_: DocumentRegistry.Context, state: DocumentRegistry.SaveState): void {
    // A save under another name ("Save As") is none of this file.
    if (state === 'started' && this.awaitsStart) {
      this.awaitsStart = false;
      this.begin();
    }
  }

  private begin(): void {
    const { journal, journalWorks } = this.options;
    // What is saved is then what the journal holds up to a batch: by that, recovery recognises a save that nobody told.
    this.course.begin(journal.snapshot(journalWorks()));
  }

  /** The document became clean by itself, without a save: the file was read anew. */
  private onModelState(_: DocumentRegistry.IModel, change: { name: string; newValue: unknown }): void {
    if (change.name === 'dirty' && change.newValue === false && !this.course.isUnderWay) {
      this.reread();
    }
  }

  private reread(): void {
    const { file } = this.options;
    file.reread();
    this.course.reread(file.hash);
  }

  private readonly spliced: SplicedSaving;
  /** JupyterLab's own ways to save and to read anew. */
  private readonly saveByLab: () => Promise<void>;
  private readonly revertByLab: () => Promise<void>;
  private turn: Promise<unknown> = Promise.resolve();
  /** JupyterLab was called, and takes the content next. */
  private awaitsStart = false;
  private isAsking = false;
  /** Questions of Lab's before closing that stand. */
  private closings = 0;
  private _isDisposed = false;
}

/** The user closed a dialog of JupyterLab's, or another one was open (`Context._save` names its errors so). */
function isCancelled(error: unknown): boolean {
  return error instanceof Error && ['ModalCancelError', 'ModalDuplicateError'].includes(error.name);
}
