import type { IDocumentManager } from '@jupyterlab/docmanager';
import type { DocumentRegistry } from '@jupyterlab/docregistry';
import type { Contents } from '@jupyterlab/services';
import { isFile, isNotebook } from '../shared-kinds.js';
import { applyToNotebook, applyToText } from './apply-choices.js';
import type { Choices, Comparison } from './comparison.js';
import { readVersion } from './read-version.js';
import { notebookVersion, type Refusal, type Version } from './version.js';

/** The page draws and listens at least this often while a large notebook is read, in ms. */
const BREATH_MS = 12;

export interface IComparedDocumentOptions {
  readonly path: string;
  readonly kind: Version['kind'];
  readonly documents: IDocumentManager;
  readonly contents: Contents.IManager;
  /** The next save is asked for by the user. */
  readonly asked: () => void;
}

/** The document that is compared with another version, as the user sees it where it is open, else as its file is. */
export class ComparedDocument {
  constructor(private readonly options: IComparedDocumentOptions) {}

  /** What it holds now, edits that are not saved included. */
  async read(): Promise<Version | Refusal> {
    const { contents, path, kind } = this.options;
    const context = this.context;
    if (context?.isReady) {
      return (await slowVersion(context)) ?? 'another-kind';
    }
    return readVersion(contents, path, kind);
  }

  /** Opens it where it is not open, behind the comparison. @returns null when it cannot be opened. */
  async open(): Promise<IOpenDocument | null> {
    const { documents, path, asked } = this.options;
    const context =
      this.context ??
      contextOf(documents, documents.openOrReveal(path, 'default', undefined, { activate: false }) ?? null);
    if (!context) {
      return null;
    }
    await context.ready;
    return new OpenDocument(context, asked);
  }

  private get context(): DocumentRegistry.Context | null {
    const { documents, path } = this.options;
    return contextOf(documents, documents.findWidget(path, null) ?? null);
  }
}

/** A document that is open. */
export interface IOpenDocument {
  /** What it holds now; null = it is neither a notebook nor a text. */
  read(): Version | null;
  /** Makes it what was chosen, in one step that can be undone. `comparison` is of what `read` gave just now. */
  apply(comparison: Comparison, choices: Choices): void;
  /** @returns whether the file holds it now. */
  save(): Promise<boolean>;
}

class OpenDocument implements IOpenDocument {
  constructor(
    private readonly context: DocumentRegistry.Context,
    private readonly asked: () => void
  ) {}

  read(): Version | null {
    const shared: unknown = this.context.model.sharedModel;
    if (isNotebook(shared)) {
      return notebookVersion({
        cells: shared.cells.map(cell => cell.toJSON()),
        metadata: shared.getMetadata()
      });
    }
    return isFile(shared) ? { kind: 'text', text: shared.source } : null;
  }

  apply(comparison: Comparison, choices: Choices): void {
    const shared: unknown = this.context.model.sharedModel;
    if (comparison.kind === 'notebook' && isNotebook(shared)) {
      applyToNotebook(shared, comparison, choices);
    } else if (comparison.kind === 'text' && isFile(shared)) {
      applyToText(shared, comparison.rows, choices);
    }
  }

  async save(): Promise<boolean> {
    this.asked();
    try {
      await this.context.save();
    } catch {
      // Lab has said why in a dialog, because the user asked for this save.
      return false;
    }
    return !this.context.model.dirty;
  }
}

function contextOf(
  documents: IDocumentManager,
  widget: Parameters<IDocumentManager['contextForWidget']>[0] | null
): DocumentRegistry.Context | null {
  return (widget && documents.contextForWidget(widget)) ?? null;
}

/** As `OpenDocument.read`, but with breaks: what changes meanwhile is found when the result is saved. */
async function slowVersion({ model }: DocumentRegistry.Context): Promise<Version | null> {
  const shared: unknown = model.sharedModel;
  if (!isNotebook(shared)) {
    return isFile(shared) ? { kind: 'text', text: shared.source } : null;
  }
  const cells: unknown[] = [];
  let atMs = performance.now();
  for (const cell of [...shared.cells]) {
    cells.push(cell.toJSON());
    if (performance.now() - atMs > BREATH_MS) {
      await new Promise(resolve => setTimeout(resolve));
      atMs = performance.now();
    }
  }
  return notebookVersion({ cells, metadata: shared.getMetadata() });
}
