import { YFile } from '@jupyter/ydoc';
import type { DocumentRegistry } from '@jupyterlab/docregistry';
import type { ICompanion } from '@labkeeper/labkit';
import { splitBulk } from '@labkeeper/protocol';
import { Signal } from '@lumino/signaling';
import type { BrowserStore } from '../src/browser-store/browser-store.js';
import type { GuardedContents, ISaveOutcome } from '../src/contents/guarded-contents.js';
import { DocumentGuard } from '../src/document-guard.js';
import { JournalStatus } from '../src/journal/journal-status.js';
import { TextObserver } from '../src/observe/text-observer.js';

const HASH = 'c'.repeat(64);
const settled = () => new Promise(resolve => setTimeout(resolve));

/** An open text file, with a companion, a browser's store and saves that do what the test says. */
class Scene {
  constructor() {
    this.file.setSource('text');
    this.companion = {
      state: 'connected',
      waitingBytes: 0,
      send: (frame: string) => {
        const goes = this.isConnected;
        if (goes) {
          this.frames.push(frame);
        }
        return goes;
      }
    };
    const companion = this.companion as ICompanion;
    this.journal = new JournalStatus(companion);
    this.journal.state = { trouble: null, boundMs: 500, persistent: true };
    this.guard = new DocumentGuard({
      context: this.context as unknown as DocumentRegistry.Context,
      kind: 'text',
      observer: new TextObserver(this.file),
      companion,
      journal: this.journal,
      clock: { now: () => this.nowMs, after: () => ({ isDisposed: false, dispose: () => undefined }) },
      contents: {
        hashOf: () => HASH,
        cellsOf: () => null,
        takeOutcome: () => this.outcomes.shift()
      } as unknown as GuardedContents,
      browser: {
        works: true,
        put: (run: object) => {
          this.stored.push(run);
          return Promise.resolve(true);
        },
        remove: () => Promise.resolve()
      } as unknown as BrowserStore,
      mode: () => 'full',
      save: () => Promise.resolve(),
      mayWrite: () => true
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

  /** What the companion has been told, by method. */
  get methods(): string[] {
    return this.frames.map(frame => JSON.parse(splitBulk(frame)?.head ?? frame).method);
  }

  get bodies(): string {
    return this.frames.map(frame => splitBulk(frame)?.body ?? '').join('\n');
  }

  readonly file = new YFile();
  readonly frames: string[] = [];
  readonly stored: object[] = [];
  readonly outcomes: ISaveOutcome[] = [];
  readonly context = {
    path: 'a.txt',
    contentsModel: null,
    model: { dirty: false, readOnly: false, stateChanged: new Signal<object, unknown>({}) },
    saveState: new Signal<object, DocumentRegistry.SaveState>({}),
    disposed: new Signal<object, void>({})
  };
  nowMs = 0;
  readonly guard: DocumentGuard;
  readonly journal: JournalStatus;
  private isConnected = true;
  private readonly companion: object;
}

describe('DocumentGuard', () => {
  let scene: Scene;
  beforeEach(() => {
    scene = new Scene();
  });

  it('sends what was typed after three seconds, and is safe when that is durable', () => {
    scene.type(' typed');
    scene.nowMs = 2999;
    scene.guard.tend();
    expect(scene.frames).toEqual([]);
    scene.nowMs = 3000;
    scene.guard.tend();
    expect(scene.methods).toEqual(['save/open', 'save/journal']);
    expect(scene.bodies).toContain('"ins":" typed"');
    expect(scene.guard.isUnsafe).toBe(true);
    scene.guard.durable(JSON.parse(scene.frames[0] ?? '').params.run, 1);
    expect(scene.guard).toMatchObject({ isUnsafe: false, needsTending: true });
  });

  it('puts what it is asked to flush while nobody listens into the browser, and sends it on return', async () => {
    scene.disconnect();
    scene.type(' offline');
    scene.guard.flush();
    await settled();
    expect(JSON.stringify(scene.stored)).toContain(' offline');
    expect(scene.frames).toEqual([]);
    scene.reconnect();
    scene.guard.tend();
    expect(scene.bodies).toContain(' offline');
  });

  it('sends again what was on its way when the connection was lost', () => {
    scene.type(' lost');
    scene.nowMs = 3000;
    scene.guard.tend();
    scene.disconnect();
    scene.frames.length = 0;
    scene.reconnect();
    scene.guard.tend();
    expect(scene.methods).toEqual(['save/open', 'save/journal']);
    expect(scene.bodies).toContain(' lost');
  });

  it('keeps an edit during a save unsaved, and begins the journal of the new file with it', () => {
    scene.type(' one');
    scene.guard.flush();
    scene.context.saveState.emit('started');
    scene.type(' two');
    scene.context.model.dirty = false;
    scene.outcomes.push({ hash: 'd'.repeat(64), failure: null, kept: null });
    scene.context.saveState.emit('completed');
    expect(scene.context.model.dirty).toBe(true);
    const last = splitBulk(scene.frames.at(-1) ?? '')?.body ?? '';
    expect(last).toContain('d'.repeat(64));
    expect(last).toContain('"ins":" two"');
    expect(last).not.toContain(' one');
  });

  it('gives up the journal of a document that is closed', () => {
    scene.type(' given up');
    scene.guard.flush();
    scene.context.disposed.emit();
    expect(scene.methods.at(-1)).toBe('save/closed');
  });

  it('gives up what the journal held when the file is read anew', () => {
    scene.type(' reverted');
    scene.guard.flush();
    scene.context.model.stateChanged.emit({ name: 'dirty', oldValue: true, newValue: false });
    expect(scene.methods.at(-1)).toBe('save/closed');
    expect(scene.guard).toMatchObject({ isUnsafe: false, needsTending: false });
  });
});
