import { YFile } from '@jupyter/ydoc';
import type { DocumentRegistry } from '@jupyterlab/docregistry';
import type { LeftTo } from '@labkeeper/core';
import type { ICompanion } from '@labkeeper/labkit';
import { splitBulk, type DocumentKind, type SpliceOutcome } from '@labkeeper/protocol';
import { Signal } from '@lumino/signaling';
import type { BrowserStore } from '../src/browser-store/browser-store.js';
import type { GuardedContents } from '../src/contents/guarded-contents.js';
import type { ISaveOutcome, IWholeSave } from '../src/contents/guarded-file.js';
import type { SpliceSaves } from '../src/contents/splice-saves.js';
import { DocumentGuard } from '../src/document-guard.js';
import { JournalStatus } from '../src/journal/journal-status.js';
import { TextObserver } from '../src/observe/text-observer.js';

export const HASH = 'c'.repeat(64);

/** An open document, with a companion, a browser's store and saves that do what the test says. */
export class DocumentScene {
  constructor(kind: DocumentKind = 'text', hasRoom = false) {
    // Too long for a run to begin with the whole of it.
    this.file.setSource(`${'line\n'.repeat(8000)}text`);
    const waiting = (): number => this.waitingBytes;
    this.companion = {
      state: 'connected',
      get waitingBytes() {
        return waiting();
      },
      send: (frame: string) => {
        const goes = this.isConnected;
        if (goes) {
          this.frames.push(frame);
        }
        return goes;
      }
    };
    const companion = this.companion as ICompanion;
    const asked = (): boolean => this.isAsked;
    this.journal = new JournalStatus(companion);
    this.journal.state = { trouble: null, boundMs: 500, persistent: true };
    this.guard = new DocumentGuard({
      context: this.context as unknown as DocumentRegistry.Context,
      kind,
      observer: new TextObserver(this.file),
      companion,
      journal: this.journal,
      clock: {
        now: () => this.nowMs,
        after: (_, run) => {
          this.later.push(run);
          return { isDisposed: false, dispose: () => undefined };
        }
      },
      contents: {
        get isAsked() {
          return asked();
        },
        say: (reason: string) => `In words: ${reason}`,
        open: () => this.contentsFile
      } as unknown as GuardedContents,
      browser: {
        works: true,
        put: (run: object) => {
          this.stored.push(run);
          return Promise.resolve(true);
        },
        remove: () => Promise.resolve()
      } as unknown as BrowserStore,
      leftTo: () => this.leftTo,
      askRoom: hasRoom ? () => this.room() : null,
      splices: {
        ask: (run: string, seq: number) => {
          this.spliced.push({ run, seq });
          return Promise.resolve(this.spliceOutcomes.shift() ?? null);
        }
      } as unknown as SpliceSaves
    });
  }

  disconnect(): void {
    this.isConnected = false;
    Object.assign(this.companion, { state: 'away' });
    this.journal.state = null;
    this.guard.journalLost(null);
  }

  reconnect(): void {
    this.isConnected = true;
    Object.assign(this.companion, { state: 'connected' });
    this.journal.state = { trouble: null, boundMs: 500, persistent: true };
    this.guard.journalBack();
  }

  type(text: string): void {
    this.file.updateSource(this.file.source.length, this.file.source.length, text);
    this.context.model.dirty = true;
  }

  /** Has JupyterLab begin a save that goes on until it is told how it ended. */
  async beginSave(): Promise<(outcome: Partial<ISaveOutcome> | null) => Promise<unknown>> {
    let goOn = (): void => undefined;
    this.writing = new Promise(resolve => (goOn = resolve));
    const saves = this.wholeSaves;
    const saving = this.guard.context.save().catch((error: unknown) => error);
    while (this.wholeSaves === saves) {
      await Promise.resolve();
    }
    return async outcome => {
      if (outcome) {
        this.outcomes.push({ hash: null, failure: null, kept: null, ...outcome });
      }
      goOn();
      return saving;
    };
  }

  /** What the companion has been told, by method. */
  get methods(): string[] {
    return this.frames.map(frame => JSON.parse(splitBulk(frame)?.head ?? frame).method);
  }

  /** The batches that went to the journal. */
  get batches(): string[] {
    return this.frames.map(frame => splitBulk(frame)?.body).filter(body => body !== undefined);
  }

  get bodies(): string {
    return this.frames.map(frame => splitBulk(frame)?.body ?? '').join('\n');
  }

  private async saveWhole(save: () => Promise<void>, isQuiet: boolean): Promise<IWholeSave> {
    this.quiet.push(isQuiet);
    let error: unknown = null;
    try {
      await save();
    } catch (reason) {
      error = reason;
    }
    return { outcome: this.outcomes.shift() ?? null, error, isMoved: this.isMoved };
  }

  readonly file = new YFile();
  /** Of each whole save: whether JupyterLab was to hear of no failure. */
  readonly quiet: boolean[] = [];
  isMoved = false;
  private readonly contentsFile = {
    hash: HASH,
    cells: null,
    reread: () => undefined,
    splice: (splice: () => Promise<unknown>) => splice(),
    saveWhole: (save: () => Promise<void>, isQuiet: boolean) => this.saveWhole(save, isQuiet)
  };
  readonly frames: string[] = [];
  readonly stored: object[] = [];
  readonly outcomes: ISaveOutcome[] = [];
  readonly spliced: { readonly run: string; readonly seq: number }[] = [];
  readonly spliceOutcomes: SpliceOutcome[] = [];
  /** What is to be done after some time. */
  readonly later: (() => void)[] = [];
  wholeSaves = 0;
  set fileBytes(bytes: number) {
    Object.assign(this.contentsFile, { sizeBytes: bytes });
  }
  isAsked = false;
  waitingBytes = 0;
  readonly context = {
    path: 'a.txt',
    contentsModel: null,
    model: { dirty: false, readOnly: false, stateChanged: new Signal<object, unknown>({}) },
    saveState: new Signal<object, DocumentRegistry.SaveState>({}),
    disposed: new Signal<object, void>({}),
    isDisposed: false,
    /** JupyterLab's own. */
    save: async (): Promise<void> => {
      this.wholeSaves += 1;
      this.context.saveState.emit('started');
      await this.writing;
      this.context.model.dirty = false;
      this.context.saveState.emit('completed');
    },
    revert: (): Promise<void> => Promise.resolve()
  };
  /** What a whole save waits for. */
  writing: Promise<void> = Promise.resolve();
  nowMs = 0;
  /** What the room does when it is asked. */
  room: () => Promise<void> = () => Promise.resolve();
  leftTo: LeftTo | null = null;
  readonly guard: DocumentGuard;
  readonly journal: JournalStatus;
  private isConnected = true;
  private readonly companion: object;
}
