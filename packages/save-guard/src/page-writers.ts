import type { IClock, ICompanion } from '@labkeeper/labkit';
import { documentsOpen, encode, MOST_DOCUMENTS } from '@labkeeper/protocol';
import type { IDisposable } from '@lumino/disposable';
import { lockPath, type IPathLock } from './path-locks.js';

/** Documents are often opened together: they are told together, after this long. */
const TOGETHER_MS = 100;

export interface IPageWritersOptions {
  readonly companion: ICompanion;
  readonly clock: IClock;
  /** Base URL of the server. */
  readonly server: string;
  /** Who writes a path has changed. */
  readonly changed: () => void;
}

interface IOpenPath {
  /** Documents of this page that have the path. */
  count: number;
  readonly lock: IPathLock;
}

/**
 * One page writes a path. Of the tabs of one browser that is the first one to get the browser's lock, of the browsers
 * the first one whose tab told the companion. Only who has the lock tells, so that no two pages wait for each other.
 */
export class PageWriters implements IDisposable {
  constructor(private readonly options: IPageWritersOptions) {}

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** Who writes the path. */
  writer(path: string): 'this-page' | 'other-tab-writes' | 'other-page-writes' {
    if (!(this.paths.get(path)?.lock.isHeld ?? true)) {
      return 'other-tab-writes';
    }
    return this.elsewhere.has(path) ? 'other-page-writes' : 'this-page';
  }

  /** A document with this path was opened. */
  opened(path: string): void {
    const known = this.paths.get(path);
    if (known) {
      known.count += 1;
      return;
    }
    const { server, changed } = this.options;
    const taken = (): void => {
      this.tell();
      changed();
    };
    this.paths.set(path, { count: 1, lock: lockPath(server, path, taken) });
    this.tell();
  }

  /** One of the path's documents was closed, or has another path now. */
  closed(path: string): void {
    const known = this.paths.get(path);
    if (known && (known.count -= 1) === 0) {
      this.paths.delete(path);
      known.lock.dispose();
      this.tell();
    }
  }

  /** A document could not be read: the companion hears of it once, and looks for what a crash left beside it. */
  failedToOpen(path: string): void {
    if (!this.paths.has(path)) {
      this.failed.add(path);
      this.tell();
    }
  }

  /** The companion says which paths of this page another page writes. */
  heard(elsewhere: readonly string[]): void {
    this.elsewhere = new Set(elsewhere);
    this.options.changed();
  }

  /** The connection is new, or gone: then every page that has the lock writes, and the server compares. */
  reconnected(isConnected: boolean): void {
    this.elsewhere.clear();
    if (isConnected) {
      this.tell();
    }
  }

  dispose(): void {
    this._isDisposed = true;
    this.timer?.dispose();
    this.paths.forEach(({ lock }) => lock.dispose());
    this.paths.clear();
  }

  private tell(): void {
    this.timer ??= this.options.clock.after(TOGETHER_MS, () => {
      this.timer = null;
      const open = [...this.paths].map(([path, { lock }]) => ({ path, writes: lock.isHeld }));
      const failed = [...this.failed].map(path => ({ path, writes: false }));
      const documents = [...failed, ...open].slice(0, MOST_DOCUMENTS);
      // Not sent = not connected: told when it is again.
      if (this.options.companion.send(encode(documentsOpen, { documents })) && failed.length > 0) {
        this.failed.clear();
        this.tell();
      }
    });
  }

  private readonly paths = new Map<string, IOpenPath>();
  /** Paths that could not be opened, and are not told yet. */
  private readonly failed = new Set<string>();
  private elsewhere = new Set<string>();
  private timer: IDisposable | null = null;
  private _isDisposed = false;
}
