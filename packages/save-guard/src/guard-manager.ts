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
  writersKnown,
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
import { PageWriters } from './page-writers.js';
import { WhoSaves, type IWhoSavesOptions } from './who-saves.js';

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
  /** What JupyterLab has to say about who saves. */
  readonly lab: Pick<IWhoSavesOptions, 'driveOf' | 'autosaves'>;
  /** Asks the room of a shared document to write it. */
  readonly askRoom: (context: DocumentRegistry.Context) => Promise<void>;
}

/** All documents that are guarded in this page. */
export class GuardManager implements IDisposable {
  constructor(private readonly options: IGuardManagerOptions) {
    const { companion, contents, clock, server, pulse, lab } = options;
    this.journal = new JournalStatus(companion);
    this.splices = new SpliceSaves(companion);
    this.shown = new ShownDocuments(companion);
    this.handed = new HandedOutputs({ companion, guards: () => this.guards });
    this.writers = new PageWriters({ companion, clock, server, changed: () => this.onGuard() });
    this.whoSaves = new WhoSaves({
      ...lab,
      mode: () => this.mode,
      writer: path => this.writers.writer(path),
      isBroken: path => contents.isBroken(path)
    });
    contents.mayWrite = path => this.writers.writer(path) === 'this-page';
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
        .on(writersKnown, ({ elsewhere }) => this.writers.heard(elsewhere))
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

  /** The page's clock. */
  get clock(): IClock {
    return this.options.clock;
  }

  readonly journal: JournalStatus;

  /** What the companion knows of open documents. */
  readonly shown: ShownDocuments;

  /** `full` or `journal`; the user's setting or the administrator's, who may also switch the save guard off by policy. */
  get mode(): 'full' | 'journal' {
    return this.options.companion.info?.disabled.includes('save-guard') ? 'journal' : this._mode;
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
      leftTo: () => this.whoSaves.leftTo(context),
      askRoom: context.model.collaborative ? () => this.options.askRoom(context) : null
    });
    const hasWriter = this.hasWriter(context);
    if (hasWriter) {
      this.writers.opened(context.path);
    }
    this.byContext.set(context, guard);
    // What came while nobody looked is the room's to have.
    if (!context.model.collaborative) {
      this.shown.add(guard);
    }
    guard.changed.connect(this.onGuard, this);
    context.pathChanged.connect((_, path) => this.onPath(context, path));
    this.paths.set(context, context.path);
    context.disposed.connect(() => {
      guard.dispose();
      this.shown.remove(guard);
      this.handed.closed(guard);
      this.byContext.delete(context);
      const path = this.paths.get(context);
      this.paths.delete(context);
      if (path !== undefined && hasWriter) {
        this.writers.closed(path);
      }
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

  /**
   * Hands everything to the journal, and saves all files that are not saved.
   *
   * @param isAsked - the user wants it: also files that are usually left to JupyterLab.
   */
  async saveAll(isAsked: boolean): Promise<void> {
    this.each(guard => guard.flush());
    await Promise.all(this.guards.filter(guard => guard.needsTending).map(guard => guard.save(isAsked)));
  }

  /** Who saves may have changed: autosave was switched on or off. */
  refresh(): void {
    this.onGuard();
  }

  /** A document could not be read: what a crash left of it is looked for. */
  failedToOpen(path: string): void {
    if (this.options.lab.driveOf(path) === '') {
      this.writers.failedToOpen(path);
    }
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
    this.writers.dispose();
    Signal.clearData(this);
  }

  private each(act: (guard: DocumentGuard) => void): void {
    this.byContext.forEach(act);
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
    if (before !== undefined && this.hasWriter(context)) {
      this.writers.opened(path);
      this.writers.closed(before);
    }
  }

  /** Whether pages have to agree on who saves the document: not where a room does, nor on drives that we do not know. */
  private hasWriter({ path, model }: DocumentRegistry.Context): boolean {
    return !model.collaborative && this.options.lab.driveOf(path) === '';
  }

  private onCompanion(): void {
    const isConnected = this.options.companion.state === 'connected';
    this.writers.reconnected(isConnected);
    if (!isConnected) {
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
  private readonly writers: PageWriters;
  private readonly whoSaves: WhoSaves;
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
