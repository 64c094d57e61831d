import { PathExt } from '@jupyterlab/coreutils';
import type { Contents } from '@jupyterlab/services';
import { Signal, type ISignal } from '@lumino/signaling';
import { keptBeside } from './kept-name.js';

/** Under which key the browser remembers, for each server, where copies were, and which are to stay. */
const KEY = 'labkeeper:kept-copies';
/** Folders and decisions that are remembered; the oldest are forgotten, and such a copy is listed once more. */
const MOST = 200;

/** Another's version of a document, kept beside it. */
export interface IKeptCopy {
  /** The document. */
  readonly path: string;
  readonly copyPath: string;
  /** When the other one wrote it, in ms since the Unix epoch; null = not known. */
  readonly changedAtMs: number | null;
}

interface IMemory {
  /** Folders in which copies were. */
  readonly folders: readonly string[];
  /** Copies of which the user decided that they stay. */
  readonly decided: readonly string[];
}

/**
 * Versions that others wrote and that were kept: listed until the user decides about them, also by the next page. The
 * folders tell which there are; looked at are those of open documents and those where there was one before.
 */
export class KeptCopies {
  /**
   * @param server - base URL of the server.
   * @param memory - the browser's `localStorage`: what is decided is known at once, also to a page that is loaded anew.
   */
  constructor(
    private readonly contents: Contents.IManager,
    server: string,
    private readonly memory: Pick<Storage, 'getItem' | 'setItem'>
  ) {
    this.key = `${KEY} ${server}`;
    read(memory.getItem(this.key)).decided.forEach(copy => this.decided.add(copy));
  }

  /** All that are not decided about. */
  get all(): readonly IKeptCopy[] {
    return [...this.byFolder.values()].flat().filter(({ copyPath }) => !this.decided.has(copyPath));
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Whether a copy was there and is no more, or is decided about: by this page, another one, or in the file browser. */
  isSettled(copyPath: string): boolean {
    return (
      this.decided.has(copyPath) ||
      (this.listed.has(copyPath) && !this.all.some(copy => copy.copyPath === copyPath))
    );
  }

  /** Another tab of this browser may have decided. */
  reread(): void {
    const { size } = this.decided;
    read(this.memory.getItem(this.key)).decided.forEach(copy => this.decided.add(copy));
    if (this.decided.size > size) {
      this._changed.emit();
    }
  }

  /** Looks where copies were when the last page looked. */
  async restore(): Promise<void> {
    const { folders } = read(this.memory.getItem(this.key));
    await Promise.all(folders.map(folder => this.look(folder)));
  }

  /** Looks beside a document, once. */
  async beside(path: string): Promise<void> {
    const folder = PathExt.dirname(path);
    if (!this.looked.has(folder)) {
      await this.look(folder);
    }
  }

  /** Looks into a folder again: a copy was kept there, or removed. */
  async look(folder: string): Promise<void> {
    this.looked.add(folder);
    let found: IKeptCopy[] = [];
    try {
      const { content } = await this.contents.get(folder, { type: 'directory', content: true });
      const items: readonly Contents.IModel[] = Array.isArray(content) ? content : [];
      found = copiesIn(folder, items);
    } catch (error) {
      // A folder that is gone, or no connection: it is looked at again with the next page.
      console.warn('Labkeeper: a folder could not be looked at for kept versions.', error);
      this.looked.delete(folder);
      return;
    }
    const before = this.byFolder.get(folder) ?? [];
    this.byFolder.set(folder, found);
    found.forEach(({ copyPath }) => this.listed.add(copyPath));
    if (JSON.stringify(before) !== JSON.stringify(found)) {
      this.remember();
      this._changed.emit();
    }
  }

  /** The copy stays beside the document, and is not listed any more. */
  keep(copyPath: string): void {
    this.decided.add(copyPath);
    this.remember();
    this._changed.emit();
  }

  /** Removes a copy, as the file browser does. @throws the server's error. */
  async remove(copyPath: string): Promise<void> {
    await this.contents.delete(copyPath);
    await this.look(PathExt.dirname(copyPath));
  }

  /** What other tabs remembered meanwhile stays, and so do folders at which this page has not looked yet. */
  private remember(): void {
    const others = read(this.memory.getItem(this.key));
    const unseen = others.folders.filter(folder => !this.byFolder.has(folder));
    const seen = [...this.byFolder].filter(([, copies]) => copies.length > 0).map(([folder]) => folder);
    const decided = new Set([...others.decided, ...this.decided]);
    decided.forEach(copy => this.decided.add(copy));
    const memory: IMemory = {
      folders: [...unseen, ...seen].slice(-MOST),
      decided: [...decided].slice(-MOST)
    };
    try {
      this.memory.setItem(this.key, JSON.stringify(memory));
    } catch (error) {
      // Its store is full or forbidden. Nothing is lost: the copies are listed once more.
      console.warn('Labkeeper: a decision about a kept version could not be remembered.', error);
    }
  }

  private readonly byFolder = new Map<string, readonly IKeptCopy[]>();
  private readonly looked = new Set<string>();
  /** Every copy that was ever seen. */
  private readonly listed = new Set<string>();
  private readonly decided = new Set<string>();
  private readonly key: string;
  private readonly _changed = new Signal<this, void>(this);
}

function copiesIn(folder: string, items: readonly Contents.IModel[]): IKeptCopy[] {
  const names = new Set(items.map(({ name }) => name));
  return items.flatMap(({ name, type, last_modified }) => {
    const beside = type === 'directory' ? null : keptBeside(name);
    const changedAtMs = Date.parse(last_modified);
    return beside !== null && names.has(beside)
      ? [
          {
            path: PathExt.join(folder, beside),
            copyPath: PathExt.join(folder, name),
            changedAtMs: Number.isNaN(changedAtMs) ? null : changedAtMs
          }
        ]
      : [];
  });
}

function read(text: string | null): IMemory {
  try {
    const value: unknown = JSON.parse(text ?? 'null');
    const { folders, decided }: Readonly<Record<string, unknown>> =
      typeof value === 'object' && value !== null ? { ...value } : {};
    return { folders: texts(folders), decided: texts(decided) };
  } catch {
    // Not ours: as if nothing were remembered.
    return { folders: [], decided: [] };
  }
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.filter(item => typeof item === 'string').slice(-MOST) : [];
}
