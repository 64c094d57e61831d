import type { DocumentRegistry } from '@jupyterlab/docregistry';
import { lightOf, SaveSchedule, type ILight, type ISchedulePolicy, type SaveReason } from '@labkeeper/core';
import type { IClock, ICompanion } from '@labkeeper/labkit';
import type { DocumentKind, JournalRecord } from '@labkeeper/protocol';
import type { IDisposable } from '@lumino/disposable';
import { UUID } from '@lumino/coreutils';
import { Signal, type ISignal } from '@lumino/signaling';
import type { BrowserStore } from './browser-store/browser-store.js';
import type { GuardedContents } from './contents/guarded-contents.js';
import { closeRun, JournalRun } from './journal/journal-run.js';
import type { JournalStatus } from './journal/journal-status.js';
import type { IRunningCell } from './running-cells.js';
import type { IDocumentObserver, INumbering, ISince } from './observe/document-observer.js';

/** Batches that wait for longer than this, beyond what the companion says is usual, do not count as under way. */
const LATE_MS = 8000;
/** While this much waits in the browser for the network, no more is put behind it. */
const BUSY_BYTES = 1024 * 1024;

export interface IDocumentGuardOptions {
  readonly context: DocumentRegistry.Context;
  readonly kind: DocumentKind;
  readonly observer: IDocumentObserver;
  readonly companion: ICompanion;
  readonly journal: JournalStatus;
  readonly clock: IClock;
  readonly contents: GuardedContents;
  readonly browser: BrowserStore;
  /** `full`: the file follows by itself. `journal`: saves of the file are left to JupyterLab. */
  readonly mode: () => 'full' | 'journal';
  /** Saves the document; not asked for by the user. */
  readonly save: () => Promise<void>;
  /** Another tab or browser writes this path. */
  readonly mayWrite: () => boolean;
}

/** Keeps one open document safe: knows what is where, tells the journal what changed, and saves the file in time. */
export class DocumentGuard implements IDisposable {
  constructor(private readonly options: IDocumentGuardOptions) {
    const { context, observer, clock } = options;
    this.base = observer.since();
    this.pending = observer.since();
    this.openedHash = options.contents.hashOf(context.path) ?? context.contentsModel?.hash ?? null;
    this.baseHash = this.openedHash;
    observer.changed.connect(() => {
      this.schedule.changed(clock.now());
      this._changed.emit();
    });
    context.saveState.connect(this.onSaveState, this);
    context.model.stateChanged.connect(this.onModelState, this);
    context.disposed.connect(() => this.dispose());
  }

  get context(): DocumentRegistry.Context {
    return this.options.context;
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

  /** The user has seen that two versions are kept. */
  forgetKept(): void {
    this._kept = null;
    this._changed.emit();
  }

  get light(): ILight {
    const { clock, journal } = this.options;
    return lightOf({
      nowMs: clock.now(),
      unsafeSinceMs: this.schedule.unsafeSinceMs,
      nowhereSinceMs: this.schedule.nowhereSinceMs,
      unsavedSinceMs: this.schedule.unsavedSinceMs,
      isSaving: this.schedule.isSaving,
      reason: this.reason ?? (this.options.mayWrite() ? journal.reason : 'other-tab-writes'),
      failing: this.reason !== null,
      conflict: this._kept !== null,
      boundMs: 30_000
    });
  }

  /** Does what is due. Called about once a second while there is anything. */
  tend(): void {
    const nowMs = this.options.clock.now();
    const policy = this.policy(nowMs);
    const due = this.schedule.due(nowMs, policy);
    if (due.journal && policy.journalWorks) {
      this.flush();
    } else if (due.journal) {
      void this.store();
    }
    if (due.save) {
      void this.save();
    }
  }

  /** Sends what changed to the journal now. */
  flush(): void {
    if (this.options.companion.waitingBytes > BUSY_BYTES) {
      return;
    }
    if (!this.run?.isWhole || !this.numbering) {
      if (!this.base.isEmpty) {
        this.begin();
      }
    } else if (!this.pending.isEmpty) {
      this.run.append(this.options.observer.records(this.pending, this.numbering), this.schedule.sent());
      this.renewPending();
    }
  }

  /** Saves the file now, without being asked for by the user. */
  async save(): Promise<void> {
    const { context, mayWrite } = this.options;
    if (this.isAsking || !mayWrite() || context.model.readOnly) {
      return;
    }
    this.isAsking = true;
    try {
      await this.options.save();
    } catch {
      // Told by the outcome: `onSaveState` has noted it.
    } finally {
      this.isAsking = false;
    }
  }

  /** A cell is being run: what it puts out belongs to this document, also when the page is gone. */
  executing(cell: IRunningCell): void {
    this.running.set(cell.msgId, cell);
    if (this.policy(this.options.clock.now()).journalWorks) {
      if (!this.run?.isWhole || !this.numbering) {
        this.begin();
      }
      this.announce(cell);
    }
  }

  /** A cell has been run. */
  executed(msgId: string): void {
    this.running.delete(msgId);
  }

  /** A batch of this document's run is durable. */
  durable(run: string, seq: number): void {
    const count = this.run?.id === run ? this.run.durable(seq) : null;
    if (count !== null) {
      this.unstore();
      this.schedule.journaled(count);
      this._changed.emit();
    }
  }

  /** The companion does not have the run, or is another one than before: what the file lacks is sent anew. */
  journalLost(run: string | null): void {
    if (run === null || this.run?.id === run) {
      this.lostRun = this.run?.id ?? this.lostRun;
      this.run = null;
      this.schedule.journalLost(this.options.clock.now());
      this._changed.emit();
    }
  }

  /** The journal takes records again: what lies in the browser's store is sent. */
  journalBack(): void {
    if (this.storedRun !== null) {
      this.schedule.journalLost(this.options.clock.now());
    }
  }

  /** The document has another path. */
  renamed(path: string): void {
    this.run?.renamed(path);
    this._changed.emit();
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    if (this.schedule.unsavedSinceMs === null || !this.context.model.dirty) {
      this.run?.close();
    }
    this.context.saveState.disconnect(this.onSaveState, this);
    this.context.model.stateChanged.disconnect(this.onModelState, this);
    this.options.observer.dispose();
    Signal.clearData(this);
  }

  private policy(nowMs: number): ISchedulePolicy {
    const { companion, journal, mode } = this.options;
    const waitsMs = this.run?.isWaiting ? nowMs - (this.schedule.unsafeSinceMs ?? nowMs) : 0;
    return {
      mode: mode(),
      journalWorks: companion.state === 'connected' && journal.works && waitsMs < journal.boundMs + LATE_MS,
      browserWorks: this.options.browser.works
    };
  }

  /** Begins a run: everything since the file's hash goes to the journal. */
  private begin(): void {
    const { records, numbering } = this.everything();
    this.numbering = numbering;
    this.open().append(records, this.schedule.sent());
    this.renewPending();
    this.running.forEach(cell => this.announce(cell));
  }

  private announce({ kernelId, msgId, cellId }: IRunningCell): void {
    const c = this.numbering && this.options.observer.numberOf(cellId, this.numbering);
    if (this.run && c !== null) {
      this.run.executing(kernelId, msgId, c);
    }
  }

  /** A run that tells everything since the file. */
  private everything(): { records: JournalRecord[]; numbering: INumbering } {
    const { observer } = this.options;
    if (this.baseHash === null || !this.baseFits) {
      const { records, numbering } = observer.whole();
      return { records: [{ t: 'base', hash: null, cells: 0 }, ...records], numbering };
    }
    const numbering = observer.numbering(this.base);
    const records = observer.records(this.base, numbering);
    return { records: [{ t: 'base', hash: this.baseHash, cells: numbering.base }, ...records], numbering };
  }

  /** Puts everything since the file into the browser's store: there is no other place at the moment. */
  private async store(): Promise<void> {
    const { browser, context, kind } = this.options;
    if (this.isStoring) {
      return;
    }
    this.isStoring = true;
    this.storedRun ??= UUID.uuid4();
    const { records } = this.everything();
    const count = this.schedule.sent();
    if (await browser.put({ run: this.storedRun, path: context.path, kind, records, atMs: Date.now() })) {
      this.schedule.stored(count);
    }
    this.isStoring = false;
    this._changed.emit();
  }

  /** The work is in a better place. */
  private unstore(): void {
    if (this.storedRun !== null) {
      void this.options.browser.remove(this.storedRun);
      this.storedRun = null;
    }
  }

  private renewPending(): void {
    this.pending.dispose();
    this.pending = this.options.observer.since();
  }

  /** A notebook in which the page put a first cell is not what the file is. */
  private get baseFits(): boolean {
    const { kind, contents, context } = this.options;
    if (kind === 'text' || this.baseHash !== this.openedHash) {
      return true;
    }
    const cells = contents.cellsOf(context.path);
    return cells === null || cells === this.options.observer.numbering(this.base).base;
  }

  private open(): JournalRun {
    const { companion, context, kind } = this.options;
    this.run = new JournalRun({
      companion,
      run: UUID.uuid4(),
      path: context.path,
      kind,
      replaces: this.run?.id ?? this.lostRun,
      savedAtMs: this._savedAtMs
    });
    this.lostRun = null;
    return this.run;
  }

  private onSaveState(_: DocumentRegistry.Context, state: DocumentRegistry.SaveState): void {
    const nowMs = this.options.clock.now();
    if (state === 'started') {
      // What is saved is then what the journal holds up to a batch: recovery finds out by that what a save held of which
      // nobody told.
      if (this.run?.isWhole) {
        this.flush();
      }
      this.schedule.saveStarted(nowMs);
      this.saves.push(this.options.observer.since());
    } else {
      this.saveEnded(state === 'completed', nowMs);
    }
    this._changed.emit();
  }

  /** The document became clean by itself, without a save: the file was read anew. */
  private onModelState(_: DocumentRegistry.IModel, change: { name: string; newValue: unknown }): void {
    if (change.name === 'dirty' && change.newValue === false && this.saves.length === 0) {
      const { contents, context, observer } = this.options;
      this.run?.close();
      this.run = null;
      this.schedule.reverted();
      this.rebase(observer.since(), contents.hashOf(context.path));
      this.openedHash = this.baseHash;
      this.reason = null;
      this._changed.emit();
    }
  }

  private saveEnded(completed: boolean, nowMs: number): void {
    const { contents, context } = this.options;
    const since = this.saves.shift();
    const outcome = contents.takeOutcome(context.path);
    const failure = outcome?.failure ?? null;
    if (!completed || failure) {
      since?.dispose();
      this.schedule.saveFailed(nowMs);
      if (failure?.reason !== 'other-tab-writes') {
        this.reason = failure?.reason ?? 'server-error';
      }
      this._detail = failure?.detail ?? null;
      // A quiet save that failed looks to Lab as if it had gone well.
      context.model.dirty = true;
      return;
    }
    this.reason = null;
    this._detail = null;
    this._savedAtMs = Date.now();
    this._kept = outcome?.kept ?? this._kept;
    const changedMeanwhile = this.schedule.saveCompleted(nowMs);
    if (since) {
      this.rebase(since, outcome?.hash ?? context.contentsModel?.hash ?? null);
    }
    if (changedMeanwhile) {
      context.model.dirty = true;
    }
  }

  /** The file now holds what the document was at `since`. */
  private rebase(since: ISince, hash: string | null): void {
    this.base.dispose();
    this.base = since;
    this.baseHash = hash;
    this.openedHash = null;
    if (since.isEmpty && this.running.size === 0) {
      this.run?.saved(hash);
      if (this.lostRun !== null) {
        // Its connection was lost; it must not be offered for recovery.
        closeRun(this.options.companion, this.lostRun);
        this.lostRun = null;
      }
      this.run = null;
      this.unstore();
      this.renewPending();
    } else if (this.run || this.running.size > 0) {
      // The journal goes on from the new file.
      this.begin();
    }
  }

  private base: ISince;
  private pending: ISince;
  private baseHash: string | null;
  /** The hash that the file had when it was opened, as long as that is the base. */
  private openedHash: string | null;
  private run: JournalRun | null = null;
  /** The last run that the companion did not take to its end. */
  private lostRun: string | null = null;
  private numbering: INumbering | null = null;
  private saves: ISince[] = [];
  private readonly running = new Map<string, IRunningCell>();
  private reason: SaveReason | null = null;
  private isAsking = false;
  private isStoring = false;
  /** Under which id the work is in the browser's store; null = it is not. */
  private storedRun: string | null = null;
  private _savedAtMs: number | null = null;
  private _kept: string | null = null;
  private _detail: string | null = null;
  private _isDisposed = false;
  private readonly schedule = new SaveSchedule();
  private readonly _changed = new Signal<this, void>(this);
}
