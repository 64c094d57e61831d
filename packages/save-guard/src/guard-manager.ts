import type { DocumentRegistry } from '@jupyterlab/docregistry';
import type { IClock, ICompanion } from '@labkeeper/labkit';
import {
  batchDurable,
  encode,
  journalState,
  Receiver,
  reclaimsKnown,
  recoveriesKnown,
  recoveryDecided,
  runLost,
  tick,
  type DocumentKind,
  type Reclaim,
  type Recovery
} from '@labkeeper/protocol';
import { Token } from '@lumino/coreutils';
import type { IDisposable } from '@lumino/disposable';
import { Signal, type ISignal } from '@lumino/signaling';
import type { BrowserStore } from './browser-store/browser-store.js';
import { sendLeftBehind } from './browser-store/send-left-behind.js';
import type { GuardedContents } from './contents/guarded-contents.js';
import { SpliceSaves } from './contents/splice-saves.js';
import { DocumentGuard } from './document-guard.js';
import { JournalStatus } from './journal/journal-status.js';
import type { IDocumentObserver } from './observe/document-observer.js';
import type { PagePulse } from './page-pulse.js';
import { HandedOutputs } from './outputs/handed-outputs.js';
import { ShownDocuments } from './outputs/shown-documents.js';
import { lockPath, type IPathLock } from './path-locks.js';

/** The guarded documents of this page, for other plugins. */
export interface IGuards {
  /** null = the save guard is switched off. */
  readonly manager: GuardManager | null;
  /** Shows the list of documents. */
  show(): void;
}

export const IGuards = new Token<IGuards>(
  '@labkeeper/labextension:IGuards',
  'The documents that Labkeeper keeps safe in this page.'
);

export interface IGuardManagerOptions {
  readonly companion: ICompanion;
  readonly contents: GuardedContents;
  readonly clock: IClock;
  readonly browser: BrowserStore;
  /** Base URL of the server. */
  readonly server: string;
  readonly pulse: PagePulse;
}

/** All documents that are guarded in this page. */
export class GuardManager implements IDisposable {
  constructor(private readonly options: IGuardManagerOptions) {
    const { companion, pulse } = options;
    this.journal = new JournalStatus(companion);
    this.splices = new SpliceSaves(companion);
    this.shown = new ShownDocuments(companion);
    this.handed = new HandedOutputs({ companion, guards: () => this.guards });
    options.contents.mayWrite = path => this.mayWrite(path);
    companion.stateChanged.connect(this.onCompanion, this);
    pulse.beat.connect(this.tend, this);
    this.listening = companion.listen(
      new Receiver()
        .on(journalState, state => {
          const worked = this.journal.works;
          this.journal.state = state;
          if (this.journal.works && !worked) {
            this.shown.tellAll();
            this.each(guard => guard.journalBack());
            void sendLeftBehind(companion, options.browser);
          }
          this._changed.emit();
        })
        .on(batchDurable, ({ run, seq }) => this.each(guard => guard.durable(run, seq)))
        .on(runLost, ({ run }) => this.each(guard => guard.journalLost(run)))
        .on(tick, () => pulse.nudge())
        .on(recoveriesKnown, ({ recoveries }) => {
          this._recoveries = recoveries;
          this._recovered.emit(recoveries);
          this._changed.emit();
        })
        .on(reclaimsKnown, ({ reclaims }) => {
          this._reclaims = reclaims;
          this._reclaimed.emit(reclaims);
        })
    );
    this.handedOver = companion.listen(this.handed.receiver);
  }

  readonly journal: JournalStatus;

  /** What the companion knows of open documents. */
  readonly shown: ShownDocuments;

  /** `full` or `journal`; the user's setting or the administrator's. */
  get mode(): 'full' | 'journal' {
    return this._mode;
  }
  set mode(mode: 'full' | 'journal') {
    this._mode = mode;
    this.tend();
  }

  /** The documents, in the order in which they were opened. */
  get guards(): readonly DocumentGuard[] {
    return [...this.byContext.values()];
  }

  /** Documents of earlier runs that hold more than their files. */
  get recoveries(): readonly Recovery[] {
    return this._recoveries;
  }

  /** Notices that the end is near. */
  get reclaims(): readonly Reclaim[] {
    return this._reclaims;
  }

  /** The list of documents, the light of one, or what is known of the past changed. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Documents of earlier runs were found, or decided about. */
  get recovered(): ISignal<this, readonly Recovery[]> {
    return this._recovered;
  }

  /** Notices that the end is near came or went. */
  get reclaimed(): ISignal<this, readonly Reclaim[]> {
    return this._reclaimed;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** Begins to guard a document that has been read. One that is guarded already stays as it is. */
  add(
    context: DocumentRegistry.Context,
    kind: DocumentKind,
    observer: () => IDocumentObserver
  ): DocumentGuard {
    const known = this.byContext.get(context);
    if (known) {
      return known;
    }
    const { companion, contents, clock, browser } = this.options;
    const guard = new DocumentGuard({
      context,
      kind,
      observer: observer(),
      companion,
      contents,
      clock,
      browser,
      splices: this.splices,
      journal: this.journal,
      mode: () => this._mode,
      mayWrite: () => this.mayWrite(context.path)
    });
    this.lock(context.path);
    this.byContext.set(context, guard);
    this.shown.add(guard);
    guard.changed.connect(this.onGuard, this);
    context.pathChanged.connect((_, path) => this.onPath(context, path));
    this.paths.set(context, context.path);
    context.disposed.connect(() => {
      guard.dispose();
      this.shown.remove(guard);
      this.byContext.delete(context);
      const path = this.paths.get(context);
      this.paths.delete(context);
      this.unlock(path);
      this.onGuard();
    });
    this._changed.emit();
    return guard;
  }

  /** The guard of a document; undefined = it is not guarded. */
  of(context: DocumentRegistry.Context): DocumentGuard | undefined {
    return this.byContext.get(context);
  }

  /** Tells the companion what the user decided about a recovered copy. @returns whether it could be told. */
  decide(id: string, decision: 'restore' | 'keep-both' | 'discard'): boolean {
    return this.options.companion.send(encode(recoveryDecided, { id, decision }));
  }

  /** Hands everything to the journal, and saves all files that are not saved. */
  async saveAll(): Promise<void> {
    this.each(guard => guard.flush());
    await Promise.all(this.guards.filter(guard => guard.needsTending).map(guard => guard.save()));
  }

  /** Hands everything to the journal now: the page goes away, or the machine does. */
  flush(): void {
    this.each(guard => guard.flush());
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    this.listening.dispose();
    this.splices.dispose();
    this.handedOver.dispose();
    this.held?.dispose();
    this.options.companion.stateChanged.disconnect(this.onCompanion, this);
    this.options.pulse.beat.disconnect(this.tend, this);
    this.each(guard => guard.dispose());
    Signal.clearData(this);
  }

  private each(act: (guard: DocumentGuard) => void): void {
    this.byContext.forEach(act);
  }

  private mayWrite(path: string): boolean {
    return this.locks.get(path)?.isHeld ?? true;
  }

  private lock(path: string): void {
    if (!this.locks.has(path)) {
      this.locks.set(
        path,
        lockPath(this.options.server, path, () => this.onGuard())
      );
    }
  }

  private unlock(path: string | undefined): void {
    if (path !== undefined && ![...this.paths.values()].includes(path)) {
      this.locks.get(path)?.dispose();
      this.locks.delete(path);
    }
  }

  private onPath(context: DocumentRegistry.Context, path: string): void {
    const before = this.paths.get(context);
    if (before !== undefined && before !== path) {
      this.options.contents.renamed(before, path);
      const guard = this.byContext.get(context);
      guard?.renamed(path);
      if (guard) {
        this.shown.renamed(guard);
      }
    }
    this.paths.set(context, path);
    this.lock(path);
    this.unlock(before);
  }

  private onCompanion(): void {
    if (this.options.companion.state !== 'connected') {
      this.journal.state = null;
      // Whatever was on its way may not have arrived.
      this.handed.forget();
      this.each(guard => guard.journalLost(null));
    }
    this._changed.emit();
  }

  private onGuard(): void {
    const needed = this.guards.some(guard => guard.needsTending);
    this.options.pulse.needed = needed;
    if (needed) {
      this.held ??= this.options.companion.hold();
    } else {
      this.held?.dispose();
      this.held = null;
    }
    this._changed.emit();
  }

  private tend(): void {
    this.each(guard => guard.tend());
  }

  private readonly byContext = new Map<DocumentRegistry.Context, DocumentGuard>();
  private readonly locks = new Map<string, IPathLock>();
  private readonly paths = new Map<DocumentRegistry.Context, string>();
  private readonly splices: SpliceSaves;
  private readonly listening: IDisposable;
  private readonly handed: HandedOutputs;
  private readonly handedOver: IDisposable;
  private held: IDisposable | null = null;
  private _mode: 'full' | 'journal' = 'full';
  private _recoveries: readonly Recovery[] = [];
  private _reclaims: readonly Reclaim[] = [];
  private _isDisposed = false;
  private readonly _changed = new Signal<this, void>(this);
  private readonly _recovered = new Signal<this, readonly Recovery[]>(this);
  private readonly _reclaimed = new Signal<this, readonly Reclaim[]>(this);
}
