import type { IEditorTracker } from '@jupyterlab/fileeditor';
import type { IClock } from '@labkeeper/labkit';
import { PromiseDelegate } from '@lumino/coreutils';
import { DisposableDelegate, type IDisposable } from '@lumino/disposable';
import { Signal } from '@lumino/signaling';
import type { GuardManager } from '../src/guard-manager.js';
import { guardOpenDocuments } from '../src/open-documents.js';
import type { RunningCells } from '../src/resume/running-in-documents.js';

/** A document that JupyterLab is opening. It resolves `ready`, or only disposes of the context. */
class OpeningContext {
  readonly path = 'a.py';
  readonly model = { sharedModel: {} };
  readonly disposed = new Signal<this, void>(this);
  isDisposed = false;
  isReady = false;
  readonly read = new PromiseDelegate<void>();
  readonly ready = this.read.promise.then(() => {
    this.isReady = true;
  });

  dispose(): void {
    this.isDisposed = true;
    this.disposed.emit();
  }
}

const settled = () => new Promise(resolve => setTimeout(resolve));

describe('A document that is opened', () => {
  let failed: string[];
  const timers = new Map<IDisposable, () => void>();
  const open = (): OpeningContext => {
    const context = new OpeningContext();
    const tracker = {
      forEach: (visit: (widget: object) => void) => visit({ context }),
      widgetAdded: { connect: () => true }
    } as unknown as IEditorTracker;
    const clock: IClock = {
      now: () => 0,
      after: (_, callback) => {
        const timer = new DisposableDelegate(() => timers.delete(timer));
        timers.set(timer, callback);
        return timer;
      }
    };
    const manager = { clock, failedToOpen: (path: string) => failed.push(path) } as unknown as GuardManager;
    guardOpenDocuments(manager, null, tracker, {} as unknown as RunningCells);
    return context;
  };

  beforeEach(() => {
    failed = [];
    timers.clear();
  });

  it('and closed before it was read could not be read', async () => {
    const context = open();
    await settled();
    expect(failed).toEqual([]);
    context.dispose();
    await settled();
    expect(failed).toEqual(['a.py']);
  });

  it('and closed after it was read could', async () => {
    const context = open();
    context.read.resolve();
    await settled();
    context.dispose();
    await settled();
    expect(failed).toEqual([]);
    expect(timers.size).toBe(0);
  });

  it('and not read after a while may never be, though JupyterLab has not closed it', async () => {
    open();
    await settled();
    timers.forEach(callback => callback());
    expect(failed).toEqual(['a.py']);
  });
});
