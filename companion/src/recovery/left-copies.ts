import { createHash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import type { Recovery } from '@labkeeper/protocol';
import type { IClock, IDisposable } from '../clock.js';
import { reasonOf } from '../failure.js';
import type { Log } from '../log.js';
import { documentPath, siblingPath } from './document-path.js';
import { findLeftCopies, FORGOTTEN_MS, isEmptyNotebook, type ILeftCopy } from './find-left-copies.js';
import { hashOfFile } from './plain-file.js';
import { RecoveryError } from './recovery-error.js';
import type { Decision } from './recovery-state.js';
import { CopyRestorer } from './restore-copy.js';
import { showLeftCopy } from './show-left-copy.js';

export interface ILeftCopiesOptions {
  /** jupyter_server's root folder, absolute. */
  readonly rootDir: string;
  readonly clock: IClock;
  readonly log: Log;
  /** The local date and time as it stands in names. */
  readonly localTime: () => string;
  /** Whether the journal has more of this document: then it is recovered from there, with what was left. */
  readonly isInJournal: (path: string) => boolean;
  /** Resolves when the journal's recoveries are known: nothing is looked for before. */
  readonly after: Promise<void>;
  /** The list is another one. */
  readonly changed: () => void;
}

interface IItem {
  readonly left: ILeftCopy;
  readonly told: Recovery;
  /** The document's own file when the copy was found; null = there was none. */
  readonly originalHash: string | null;
}

/**
 * What a crash left beside documents without a journal: the copy `.~name` that jupyter_server makes before it writes a
 * file, and the checkpoint of a notebook that is empty. Looked for in the root folder at the start, and in the folder of
 * each document that is opened; offered as recovered work is. Nothing of it is removed before the user decides.
 */
export class LeftCopies implements IDisposable {
  constructor(private readonly options: ILeftCopiesOptions) {
    const { rootDir, localTime, after } = options;
    this.turn = after;
    // Should the companion end in the middle of it, what was left is still there and is found again.
    this.restorer = new CopyRestorer({ rootDir, localTime, state: { put: () => Promise.resolve() } });
  }

  get all(): readonly Recovery[] {
    return [...this.items.values()].map(({ told }) => told);
  }

  has(id: string): boolean {
    return this.items.has(id);
  }

  /** Looks beside documents, in the background; once for each folder, and for each document that is empty. */
  look(paths: readonly string[]): void {
    for (const path of paths) {
      const folder = path.split('/').slice(0, -1).join('/');
      if (!this.seen.has(`${folder}/`)) {
        this.seen.add(`${folder}/`);
        void this.inTurn(`in ${folder === '' ? 'the root folder' : folder}`, () => this.lookIn(folder));
      }
      if (path.endsWith('.ipynb') && !this.seen.has(path)) {
        this.seen.add(path);
        void this.inTurn(`of ${path}`, () => this.lookAt(path));
      }
    }
  }

  /** Looks in the root folder. */
  start(): void {
    this.look(['']);
  }

  /** Does what the user decided. */
  async decide(id: string, decision: Decision): Promise<void> {
    const item = this.items.get(id);
    if (item) {
      await this.inTurn(`of ${item.told.path}`, async () => {
        if (decision !== 'restore' || (await this.restore(id, item))) {
          await this.end(item, decision);
          this.items.delete(id);
        }
        this.options.changed();
      });
    }
  }

  /** Resolves when all that was asked for is done. Never, where the home hangs. */
  settled(): Promise<void> {
    return this.turn;
  }

  dispose(): void {
    this.isDisposed = true;
    this.timers.forEach(timer => timer.dispose());
  }

  private async lookIn(folder: string): Promise<void> {
    const { rootDir, clock } = this.options;
    const { left, isEarly } = await findLeftCopies(rootDir, folder, clock.wallMs());
    for (const one of left) {
      await this.offer(one);
    }
    if (isEarly && !this.isDisposed) {
      this.lookAgain(folder);
    }
  }

  private lookAgain(folder: string): void {
    const timer = this.options.clock.after(FORGOTTEN_MS, () => {
      this.timers.delete(timer);
      void this.inTurn(`in ${folder === '' ? 'the root folder' : folder}`, () => this.lookIn(folder));
    });
    this.timers.add(timer);
  }

  private async lookAt(path: string): Promise<void> {
    const left = await isEmptyNotebook(this.options.rootDir, path);
    if (left) {
      await this.offer(left);
    }
  }

  private async offer(left: ILeftCopy): Promise<void> {
    const { rootDir, localTime, isInJournal, changed } = this.options;
    const original = documentPath(rootDir, left.path);
    const id = idOf(left.path);
    if (original === null || this.items.has(id) || isInJournal(left.path)) {
      return;
    }
    const [hash, originalHash] = [await hashOfFile(left.place), await hashOfFile(original)];
    if (hash === null || hash === originalHash) {
      return;
    }
    const copy = await showLeftCopy(left, original, hash, localTime());
    this.items.set(id, {
      left,
      originalHash,
      told: {
        id,
        path: left.path,
        kind: left.path.endsWith('.ipynb') ? 'notebook' : 'text',
        lastAtMs: left.modifiedAtMs,
        savedAtMs: null,
        copyPath: siblingPath(left.path, copy),
        changedCells: 0,
        bytes: left.sizeBytes,
        sameServer: false,
        problem: null,
        origin: left.origin
      }
    });
    changed();
  }

  /** @returns whether the copy has taken the original's place. */
  private async restore(id: string, item: IItem): Promise<boolean> {
    const { told, originalHash } = item;
    const done = await this.restorer.restore(told.path, {
      ...{ boot: 'left', run: id, copyPath: told.copyPath ?? '', hash: '', sizeBytes: told.bytes },
      ...{ isMade: true, changedCells: 0, basis: 'left-copy', originalHash, problem: null, decision: null },
      restoring: null
    });
    if (done === 'done' || done === 'copy-missing') {
      return true;
    }
    // Asked again, she knows that it is another one.
    this.items.set(id, { ...item, originalHash: done.changedTo, told: { ...told, problem: 'file-changed' } });
    return false;
  }

  private async end({ left, told }: IItem, decision: Decision): Promise<void> {
    const copy = documentPath(this.options.rootDir, told.copyPath ?? '');
    if (decision === 'discard' && copy !== null) {
      await rm(copy, { force: true });
    }
    if (left.origin === 'left-copy') {
      await rm(left.place, { force: true });
    }
  }

  private inTurn(what: string, task: () => Promise<void>): Promise<void> {
    this.turn = this.turn.then(async () => {
      try {
        await task();
      } catch (error) {
        // It lies where it was; why nothing was done is for whoever looks.
        const why = error instanceof RecoveryError ? error.problem : 'unexpected';
        this.options.log(`What a crash left ${what} is not offered (${why}): ${reasonOf(error)}`);
      }
    });
    return this.turn;
  }

  private readonly restorer: CopyRestorer;
  private readonly items = new Map<string, IItem>();
  private readonly seen = new Set<string>();
  private readonly timers = new Set<IDisposable>();
  private isDisposed = false;
  private turn: Promise<void>;
}

function idOf(path: string): string {
  return `left/${createHash('sha256').update(path).digest('hex').slice(0, 32)}`;
}
