import type { SaveReason } from '@labkeeper/core';
import type { Contents, ServerConnection } from '@jupyterlab/services';
import { Drive } from '@jupyterlab/services';
import { DisposableDelegate, type IDisposable } from '@lumino/disposable';
import { Signal, type ISignal } from '@lumino/signaling';
import { checkWritten } from './check-written.js';
import { compareAndWrite, type IWritten } from './compare-and-write.js';
import { GuardedFile, type IFileOwner } from './guarded-file.js';

/** The id under which the provider is registered. */
export const PROVIDER_ID = 'labkeeper';

/** Larger files are not read back. */
const READ_BACK_BYTES = 16 * 1024 * 1024;
/** From the user's command to the save that it means, at most. */
const ASKED_MS = 2000;

/** What is known about a file since it was last read or written here. */
export interface IKnown {
  readonly model: Contents.IModel;
  /** Cells in the file as it was read; null = it is no notebook, or was not read whole. */
  readonly cells: number | null;
}

/** A file that is to be written. */
export interface IWrite {
  readonly path: string;
  /** The hash that it had when the writer last saw it; null = not known, it is written as it is. */
  readonly hashBefore: string | null;
  readonly model: Partial<Contents.IModel>;
  /** Of the file before, as far as known. */
  readonly sizeBytes: number;
  /** What this one wrote itself, and never heard of, is nobody else's version. */
  readonly writer: string;
}

/**
 * Reads and writes files for the documents that Labkeeper guards: one save at a time per path, compared and written in
 * one step, and no dialog for a save that nobody asked for.
 */
export class GuardedContents {
  /** @param settings - those of the page's own requests. */
  constructor(private readonly settings: ServerConnection.ISettings) {
    // Its own drive: Lab does not hear of each request twice.
    this.drive = new Drive({ serverSettings: settings });
  }

  /** What an open document knows of its file, and how it is written for it. */
  open(owner: IFileOwner): GuardedFile {
    return new GuardedFile(this, owner);
  }

  /** What was last read or written here under this path, by whichever document. */
  latest(path: string): IKnown | null {
    return this.known.get(path) ?? null;
  }

  /** What is known of a path is this from now on. */
  learn(path: string, known: IKnown): void {
    this.known.set(path, known);
  }

  /** What a file's model says of it. */
  knownOf(model: Contents.IModel): IKnown {
    const content: unknown = model.content;
    const isNotebook =
      typeof content === 'object' && content !== null && 'cells' in content && Array.isArray(content.cells);
    return {
      model: { ...model, content: null, format: null },
      cells: isNotebook ? (content.cells as unknown[]).length : null
    };
  }

  /** Whether the user asked for a save just now. */
  get isAsked(): boolean {
    return performance.now() - this.askedAtMs <= ASKED_MS;
  }

  /**
   * The user asked for a save: what fails in the next moment is told by Lab's own dialog. All others are quiet, and told by
   * the light.
   */
  asked(): void {
    this.askedAtMs = performance.now();
  }

  /** Says to people why a save failed that they asked for; JupyterLab shows it in its dialog. */
  say: (reason: SaveReason) => string = reason => reason;

  /** Decides which paths this page writes without being asked. Default: all. */
  mayWrite: (path: string) => boolean = () => true;

  /** The answer to a save of this path did not make sense: JupyterLab reads and writes it in its own way from then on. */
  isBroken(path: string): boolean {
    return this.broken.has(path);
  }

  /** A path is left to JupyterLab from now on. */
  get broke(): ISignal<this, string> {
    return this._broke;
  }

  /** JupyterLab reads and writes this path in its own way from now on. */
  leave(path: string): void {
    this.broken.add(path);
    this._broke.emit(path);
  }

  /** Until this is disposed, what JupyterLab asks about the path is about a save of this document. */
  serve(path: string, file: GuardedFile): IDisposable {
    this.serving.set(path, file);
    return new DisposableDelegate(() => this.serving.delete(path));
  }

  /** Runs saves of one path one after the other. */
  inTurn<T>(path: string, run: () => Promise<T>): Promise<T> {
    const result = (this.chains.get(path) ?? Promise.resolve()).then(run, run);
    this.chains.set(path, result);
    return result;
  }

  /** The file has another name. */
  renamed(from: string, to: string): void {
    const known = this.known.get(from);
    if (known) {
      this.known.delete(from);
      this.known.set(to, { ...known, model: { ...known.model, path: to } });
    }
    if (this.broken.delete(from)) {
      this.broken.add(to);
    }
  }

  /** Part of Lab's content provider. */
  async get(path: string, options?: Contents.IFetchOptions): Promise<Contents.IModel> {
    const told = options?.content === false && !this.broken.has(path) ? this.serving.get(path)?.told : null;
    if (told) {
      return told;
    }
    const { contentProviderId: _, ...rest } = { ...options };
    const model = await this.drive.get(path, { ...rest, hash: true });
    if (options?.content !== false) {
      this.learn(path, this.knownOf(model));
    }
    return model;
  }

  /** Part of Lab's content provider. */
  async save(path: string, options: Partial<Contents.IModel> = {}): Promise<Contents.IModel> {
    const { contentProviderId: _, ...model } = { ...options } as Partial<Contents.IModel> & {
      contentProviderId?: string;
    };
    const file = this.broken.has(path) ? undefined : this.serving.get(path);
    // A document that is not guarded, or not yet, is saved as JupyterLab does it.
    return file ? file.write(model) : this.drive.save(path, model);
  }

  /** The server counts requests as activity, and a save was one always: who types is not idle, and not to be culled. */
  tellActivity(path: string): void {
    this.drive.get(path, { content: false }).catch(() => {
      // Nothing depends on the answer.
    });
  }

  /**
   * Writes a file, if it still has this hash; what somebody else wrote is kept.
   *
   * @throws SaveFailure, and what the way to the server throws.
   */
  async compareAndWrite({ path, hashBefore, model, sizeBytes, writer }: IWrite): Promise<IWritten> {
    const written = await compareAndWrite(this.settings, path, hashBefore, writer, model);
    if (written !== 'no-handler') {
      // Once for each document, and not for a large one: the server holds the whole file for it.
      const isFirst = !this.proven.has(path) && sizeBytes < READ_BACK_BYTES;
      const readBack = isFirst && hashBefore !== null ? () => this.hashNow(path) : null;
      await checkWritten({ path, sent: model, hashBefore, written, readBack });
      this.proven.add(path);
      return written;
    }
    // A server without our extension: as stock does it, without the comparison in one step.
    const saved = await this.drive.save(path, model);
    const { hash, hash_algorithm } = await this.drive.get(path, { content: false, hash: true });
    return { model: { ...saved, hash, hash_algorithm }, kept: null, isExact: false };
  }

  /** The file's hash as JupyterLab asks for it; null = it cannot be told now, which says nothing about a save. */
  async hashNow(path: string): Promise<string | null> {
    try {
      return (await this.drive.get(path, { content: false, hash: true })).hash ?? null;
    } catch {
      // The connection went just then: the save itself was answered.
      return null;
    }
  }

  private askedAtMs = -Infinity;
  /** Paths that are left to JupyterLab. */
  private readonly broken = new Set<string>();
  /** Paths of which one save was read back. */
  private readonly proven = new Set<string>();
  private readonly _broke = new Signal<this, string>(this);
  private readonly drive: Drive;
  private readonly known = new Map<string, IKnown>();
  /** The document that is being saved under a path. */
  private readonly serving = new Map<string, GuardedFile>();
  private readonly chains = new Map<string, Promise<unknown>>();
}
