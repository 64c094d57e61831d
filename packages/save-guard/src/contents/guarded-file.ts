import type { DocumentRegistry } from '@jupyterlab/docregistry';
import type { Contents } from '@jupyterlab/services';
import type { SpliceOutcome } from '@labkeeper/protocol';
import { UUID } from '@lumino/coreutils';
import type { GuardedContents, IKnown } from './guarded-contents.js';
import { failureOfError, SaveFailure } from './save-failure.js';

/** What of a document's context its file is asked about. */
export type IFileOwner = Pick<DocumentRegistry.Context, 'path' | 'contentsModel'>;

/** How one save ended, as far as the file is concerned. */
export interface ISaveOutcome {
  /** The file's hash after it; null = it failed, or the server does not give one. */
  readonly hash: string | null;
  readonly failure: SaveFailure | null;
  /** Where somebody else's version of the file is kept now. */
  readonly kept: string | null;
}

/** How a save by JupyterLab's own code ended. */
export interface IWholeSave {
  /** null = JupyterLab did not come to the writing, or wrote in its own way. */
  readonly outcome: ISaveOutcome | null;
  /** What JupyterLab threw; null = it takes the document for saved. */
  readonly error: unknown;
  /** The document got another name while it was written: which name the file has, and whether with this content, is open. */
  readonly isMoved: boolean;
}

/**
 * The file of one open document, as that document knows it: two documents may have the same file open, and each knows
 * only what it has read and written itself.
 */
export class GuardedFile {
  constructor(
    private readonly contents: GuardedContents,
    private readonly owner: IFileOwner
  ) {
    this.known = contents.latest(owner.path);
  }

  get path(): string {
    return this.owner.path;
  }

  /** The file's hash as it was last read or written by this document; null = not known. */
  get hash(): string | null {
    return this.known?.model.hash ?? null;
  }

  /** Cells of a notebook's file as it was last read here; null = not known. */
  get cells(): number | null {
    return this.known?.cells ?? null;
  }

  /** Size of the file as it was last read or written here, in bytes; 0 = not known. */
  get sizeBytes(): number {
    return this.known?.model.size ?? 0;
  }

  /** What JupyterLab is told of the file during a save: what it knows already. The comparison is one step with the writing. */
  get told(): Contents.IModel | null {
    const { contentsModel } = this.owner;
    const model = contentsModel ?? this.known?.model;
    return model ? { ...model, path: this.path, content: null, format: null } : null;
  }

  /** The document was read anew from the file. */
  reread(): void {
    this.known = this.contents.latest(this.path);
  }

  /**
   * Has JupyterLab save the document, in its turn among the other saves of the path. Never rejects.
   *
   * @param isQuiet - nobody asked: JupyterLab hears of no failure.
   */
  saveWhole(save: () => Promise<void>, isQuiet: boolean): Promise<IWholeSave> {
    const { path } = this;
    return this.contents.inTurn(path, async () => {
      this.isQuiet = isQuiet;
      this.outcome = null;
      let error: unknown = null;
      const served = this.contents.serve(path, this);
      try {
        await save();
      } catch (reason) {
        error = reason ?? new Error('without a reason');
      } finally {
        served.dispose();
      }
      const { outcome } = this;
      return { outcome, error, isMoved: await this.settle(path) };
    });
  }

  /**
   * Has the companion write a notebook's file, in its turn among the other saves of the path.
   *
   * @param ask - asks it; null = there was no answer.
   * @returns what it answers; 'moved' where the document got another name meanwhile, see `IWholeSave`.
   */
  splice(ask: () => Promise<SpliceOutcome | null>): Promise<SpliceOutcome | 'moved' | null> {
    const { path } = this;
    return this.contents.inTurn(path, async () => {
      const outcome = await ask();
      if (outcome?.kind === 'saved') {
        const { hash, sizeBytes, lastModifiedMs } = outcome;
        this.writtenHash = hash;
        if (path === this.path && this.known) {
          const last_modified = new Date(lastModifiedMs).toISOString();
          this.know({ ...this.known, model: { ...this.known.model, hash, size: sizeBytes, last_modified } });
        }
        this.contents.tellActivity(this.path);
      }
      return (await this.settle(path)) ? 'moved' : outcome;
    });
  }

  /** JupyterLab's content provider is asked to write it, in `saveWhole`. */
  async write(model: Partial<Contents.IModel>): Promise<Contents.IModel> {
    const { contents, isQuiet, path } = this;
    const before = this.told;
    if (isQuiet && before && !contents.mayWrite(path)) {
      const failure = new SaveFailure('other-tab-writes', 'another page of this browser writes the file');
      this.outcome = { hash: null, failure, kept: null };
      return before;
    }
    try {
      const written = await contents.compareAndWrite({
        ...{ path, model, hashBefore: this.hash, sizeBytes: this.sizeBytes, writer: this.writer }
      });
      const hash = written.model.hash ?? null;
      this.outcome = { hash, failure: null, kept: written.kept };
      this.writtenHash = hash;
      if (path === this.path) {
        this.know(contents.knownOf({ ...written.model, content: model.content }));
      }
      return written.model;
    } catch (error) {
      const failure = failureOfError(error);
      this.outcome = { hash: null, failure, kept: null };
      if (failure.reason === 'save-looked-wrong') {
        contents.leave(path);
      }
      if (isQuiet && before) {
        return before;
      }
      throw new Error(contents.say(failure.reason), { cause: error });
    }
  }

  private know(known: IKnown): void {
    this.known = known;
    this.contents.learn(this.path, known);
  }

  /**
   * The document may have got another name while the file was written under `path`: then the file either took what was
   * written along, or the old name was written anew.
   *
   * @returns whether it got another name.
   */
  private async settle(path: string): Promise<boolean> {
    const { writtenHash, known } = this;
    this.writtenHash = null;
    if (path === this.path) {
      return false;
    }
    if (writtenHash !== null && known && (await this.contents.hashNow(this.path)) === writtenHash) {
      this.know({ ...known, model: { ...known.model, path: this.path, hash: writtenHash } });
    }
    return true;
  }

  private readonly writer = UUID.uuid4();
  private known: IKnown | null;
  private isQuiet = true;
  private outcome: ISaveOutcome | null = null;
  /** Of what was just written; null = nothing. */
  private writtenHash: string | null = null;
}
