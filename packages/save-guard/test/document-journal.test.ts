import { YNotebook } from '@jupyter/ydoc';
import type { DocumentRegistry } from '@jupyterlab/docregistry';
import type * as nbformat from '@jupyterlab/nbformat';
import type { ICompanion } from '@labkeeper/labkit';
import { splitBulk } from '@labkeeper/protocol';
import type { BrowserStore } from '../src/browser-store/browser-store.js';
import type { GuardedFile } from '../src/contents/guarded-file.js';
import { DocumentJournal } from '../src/journal/document-journal.js';
import { NotebookObserver } from '../src/observe/notebook-observer.js';

const HASH = 'b'.repeat(64);
const cell = (id: string, source: string): nbformat.ICodeCell => ({
  ...{ id, cell_type: 'code', source, metadata: {}, outputs: [], execution_count: null }
});

/** The journal of an open notebook with one cell, and what its companion is told. */
class Scene {
  constructor() {
    this.shared.fromJSON({ nbformat: 4, nbformat_minor: 5, metadata: {}, cells: [cell('old', 'a = 1')] });
    const waiting = (): number => this.waitingBytes;
    this.journal = new DocumentJournal({
      context: { path: 'a.ipynb', model: {}, contentsModel: null } as unknown as DocumentRegistry.Context,
      kind: 'notebook',
      observer: new NotebookObserver(this.shared),
      companion: {
        get waitingBytes() {
          return waiting();
        },
        send: (frame: string) => {
          this.frames.push(frame);
          return true;
        }
      } as unknown as ICompanion,
      file: { hash: HASH, cells: 1 } as unknown as GuardedFile,
      browser: {} as unknown as BrowserStore,
      sent: () => 1,
      savedAtMs: () => null
    });
  }

  run(cellId: string): void {
    this.journal.executing({ kernelId: 'k', msgId: `run of ${cellId}`, cellId }, true);
  }

  /** What was told, in its order: records by their kind, requests by their message. */
  get told(): string[] {
    return this.frames.flatMap(frame => {
      const bulk = splitBulk(frame);
      if (bulk) {
        return bulk.body.split('\n').map(record => String(JSON.parse(record).t));
      }
      const { method, params } = JSON.parse(frame);
      return method === 'save/executing' ? [`${params.msgId}: ${params.c}`] : [];
    });
  }

  readonly shared = new YNotebook();
  readonly frames: string[] = [];
  readonly journal: DocumentJournal;
  waitingBytes = 0;
}

describe('a cell that is run', () => {
  it('is told with the cell itself where it was made a moment before', () => {
    const scene = new Scene();
    scene.run('old');
    expect(scene.told).toEqual(['base', 'run of old: 0']);
    scene.shared.addCell(cell('new', 'b = 2'));
    scene.run('new');
    expect(scene.told).toEqual(['base', 'run of old: 0', 'put', 'order', 'run of new: 1']);
  });

  it('is told when its cell can be, where the way was busy', () => {
    const scene = new Scene();
    scene.run('old');
    scene.shared.addCell(cell('new', 'b = 2'));
    scene.waitingBytes = 2 ** 30;
    scene.run('new');
    expect(scene.told).toHaveLength(2);
    scene.waitingBytes = 0;
    scene.journal.flush();
    scene.journal.flush();
    expect(scene.told).toEqual(['base', 'run of old: 0', 'put', 'order', 'run of new: 1']);
  });

  it('is not told any more when it has been run', () => {
    const scene = new Scene();
    scene.run('old');
    scene.shared.addCell(cell('new', 'b = 2'));
    scene.waitingBytes = 2 ** 30;
    scene.run('new');
    scene.journal.executed('run of new');
    scene.waitingBytes = 0;
    scene.journal.flush();
    expect(scene.told).toEqual(['base', 'run of old: 0', 'put', 'order']);
  });
});
