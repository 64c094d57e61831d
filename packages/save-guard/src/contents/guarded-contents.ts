import type { SaveReason } from '@labkeeper/core';
import type { Contents, ServerConnection } from '@jupyterlab/services';
import { Drive } from '@jupyterlab/services';
import type { SpliceOutcome } from '@labkeeper/protocol';
import { UUID } from '@lumino/coreutils';
import { Signal, type ISignal } from '@lumino/signaling';
import { checkWritten } from './check-written.js';
import { compareAndWrite, type IWritten } from './compare-and-write.js';
import { failureOfError, SaveFailure } from './save-failure.js';

/** The id under which the provider is registered. */
export const PROVIDER_ID = 'labkeeper';

/** Larger files are not read back. */
const READ_BACK_BYTES = 16 * 1024 * 1024;
/** From the user's command to the save that it means, at most. */
const ASKED_MS = 2000;

/** How one save ended. */
export interface ISaveOutcome {
  /** The file's hash after it; null = it failed, or the server does not give one. */
  readonly hash: string | null;
  readonly failure: SaveFailure | null;
  /** Where somebody else's version of the file is kept now. */
  readonly kept: string | null;
}

/** What is known about a file since it was last read or written here. */
interface IKnown {
  readonly model: Contents.IModel;
  /** The model that Lab was given last: before a save it compares with that, and we with the other one. */
  readonly told: Contents.IModel;
  /** Cells in the file as it was read; null = it is no notebook, or was not read whole. */
  readonly cells: number | null;
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

  /** The hash of a file as it was last read or written here; null = not known. */
  hashOf(path: string): string | null {
    return this.known.get(path)?.model.hash ?? null;
  }

  /** Cells of a notebook's file as it was last read here; null = not known. */
  cellsOf(path: string): number | null {
    return this.known.get(path)?.cells ?? null;
  }

  /** Size of the file as it was last read or written here, in bytes; 0 = not known. */
  sizeOf(path: string): number {
    return this.known.get(path)?.model.size ?? 0;
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

  /** How the oldest save of this path ended that was not asked about; undefined = none went through here. */
  takeOutcome(path: string): ISaveOutcome | undefined {
    return this.outcomes.get(path)?.shift();
  }

  /** The file has another name. */
  renamed(from: string, to: string): void {
    const known = this.known.get(from);
    if (known) {
      this.known.delete(from);
      this.known.set(to, {
        ...known,
        model: { ...known.model, path: to },
        told: { ...known.told, path: to }
      });
    }
    // A save that was on its way ends under the new name.
    const outcomes = this.outcomes.get(from);
    if (outcomes) {
      this.outcomes.delete(from);
      this.outcomes.set(to, outcomes);
    }
    if (this.broken.delete(from)) {
      this.broken.add(to);
    }
  }

  /** Part of Lab's content provider. */
  async get(path: string, options?: Contents.IFetchOptions): Promise<Contents.IModel> {
    const known = this.broken.has(path) ? undefined : this.known.get(path);
    if (known && options?.content === false) {
      // Lab asks so before and after each save, to compare. That is done where it is one step with the writing.
      return known.told;
    }
    const { contentProviderId: _, ...rest } = { ...options };
    const model = await this.drive.get(path, { ...rest, hash: true });
    this.remember(path, model);
    return model;
  }

  /** Part of Lab's content provider. */
  save(path: string, options: Partial<Contents.IModel> = {}): Promise<Contents.IModel> {
    const isQuiet = !this.isAsked;
    return this.inTurn(path, () => this.write(path, options, isQuiet));
  }

  /**
   * Has the companion write a notebook's file, in its turn among the other saves of the path.
   *
   * @param splice - asks it; null = there was no answer.
   */
  splice(path: string, splice: () => Promise<SpliceOutcome | null>): Promise<SpliceOutcome | null> {
    return this.inTurn(path, async () => {
      const outcome = await splice();
      const known = this.known.get(path);
      if (outcome?.kind === 'saved' && known) {
        const { hash, sizeBytes, lastModifiedMs } = outcome;
        const last_modified = new Date(lastModifiedMs).toISOString();
        this.known.set(path, { ...known, model: { ...known.model, hash, size: sizeBytes, last_modified } });
        this.tellActivity(path);
      }
      return outcome;
    });
  }

  /** The server counts requests as activity, and a save was one always: who types is not idle, and not to be culled. */
  private tellActivity(path: string): void {
    this.drive.get(path, { content: false }).catch(() => {
      // Nothing depends on the answer.
    });
  }

  private inTurn<T>(path: string, run: () => Promise<T>): Promise<T> {
    const result = (this.chains.get(path) ?? Promise.resolve()).then(run, run);
    this.chains.set(path, result);
    return result;
  }

  private async write(
    path: string,
    options: Partial<Contents.IModel>,
    isQuiet: boolean
  ): Promise<Contents.IModel> {
    if (this.broken.has(path)) {
      const { contentProviderId: _, ...model } = { ...options } as Partial<Contents.IModel> & {
        contentProviderId?: string;
      };
      return this.drive.save(path, model);
    }
    const before = this.known.get(path);
    if (isQuiet && before && !this.mayWrite(path)) {
      const failure = new SaveFailure('other-tab-writes', 'another page of this browser writes the file');
      this.ended(path, { hash: null, failure, kept: null });
      return before.told;
    }
    try {
      const { model, kept } = await this.compareAndWrite(path, options);
      this.remember(path, { ...model, content: options.content });
      this.ended(path, { hash: model.hash ?? null, failure: null, kept });
      return model;
    } catch (error) {
      const failure = failureOfError(error);
      if (failure.reason === 'save-looked-wrong') {
        this.broken.add(path);
        this._broke.emit(path);
      }
      this.ended(path, { hash: null, failure, kept: null });
      const known = this.known.get(path);
      if (isQuiet && known) {
        return known.told;
      }
      throw new Error(this.say(failure.reason), { cause: error });
    }
  }

  private async compareAndWrite(path: string, options: Partial<Contents.IModel>): Promise<IWritten> {
    const { contentProviderId: _, ...model } = { ...options } as Contents.IModel & {
      contentProviderId?: string;
    };
    const hashBefore = this.hashOf(path);
    const written = await compareAndWrite(this.settings, path, hashBefore, this.writer, model);
    if (written !== 'no-handler') {
      // Once for each document, and not for a large one: the server holds the whole file for it.
      const isFirst = !this.proven.has(path) && this.sizeOf(path) < READ_BACK_BYTES;
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

  /** The file's hash as JupyterLab asks for it; null = it cannot be told now, which says nothing about the save. */
  private async hashNow(path: string): Promise<string | null> {
    try {
      return (await this.drive.get(path, { content: false, hash: true })).hash ?? null;
    } catch {
      // The connection went just then: the save itself was answered.
      return null;
    }
  }

  private remember(path: string, model: Contents.IModel): void {
    const content: unknown = model.content;
    const cells =
      typeof content === 'object' && content !== null && 'cells' in content && Array.isArray(content.cells)
        ? content.cells.length
        : null;
    const told = { ...model, content: null, format: null };
    this.known.set(path, { model: told, told, cells });
  }

  private ended(path: string, outcome: ISaveOutcome): void {
    const outcomes = this.outcomes.get(path) ?? [];
    outcomes.push(outcome);
    this.outcomes.set(path, outcomes);
  }

  private askedAtMs = -Infinity;
  /** Paths that are left to JupyterLab. */
  private readonly broken = new Set<string>();
  /** Paths of which one save was read back. */
  private readonly proven = new Set<string>();
  private readonly _broke = new Signal<this, string>(this);
  private readonly drive: Drive;
  private readonly writer = UUID.uuid4();
  private readonly known = new Map<string, IKnown>();
  private readonly outcomes = new Map<string, ISaveOutcome[]>();
  private readonly chains = new Map<string, Promise<unknown>>();
}
