import type { ISessionContext } from '@jupyterlab/apputils';
import { CodeCell, type Cell } from '@jupyterlab/cells';
import type { IConsoleTracker } from '@jupyterlab/console';
import type { INotebookTracker } from '@jupyterlab/notebook';
import type { IDisposable } from '@lumino/disposable';
import { Signal, type ISignal } from '@lumino/signaling';
import type { Widget } from '@lumino/widgets';

/** An open notebook or console, as far as a death concerns it. */
export interface IOpenDocument {
  readonly widget: Widget;
  readonly sessionContext: ISessionContext;
  codeCells(): CodeCell[];
  /** Scrolls to a cell of it. */
  reveal(cell: CodeCell): Promise<void>;
}

/** The notebooks and consoles that are open in the page. A file editor's kernel belongs to its console. */
export class OpenDocuments implements IDisposable {
  constructor(notebooks: INotebookTracker | null, consoles: IConsoleTracker | null) {
    notebooks?.forEach(panel => this.addNotebook(panel));
    notebooks?.widgetAdded.connect((_, panel) => this.addNotebook(panel), this);
    consoles?.forEach(panel => this.addConsole(panel));
    consoles?.widgetAdded.connect((_, panel) => this.addConsole(panel), this);
  }

  get isDisposed(): boolean {
    return this.disposed;
  }

  /** A document was opened, or was open already. */
  get added(): ISignal<this, IOpenDocument> {
    return this.addedSignal;
  }

  get all(): readonly IOpenDocument[] {
    return [...this.documents.values()];
  }

  /** The documents that use this kernel now. */
  ofKernel(kernelId: string): IOpenDocument[] {
    return this.all.filter(document => document.sessionContext.session?.kernel?.id === kernelId);
  }

  /** The documents of this session path: they have no kernel any more after a final death. */
  ofPath(path: string): IOpenDocument[] {
    return this.all.filter(document => document.sessionContext.session?.path === path);
  }

  dispose(): void {
    this.disposed = true;
    this.documents.clear();
    Signal.clearData(this);
  }

  private addNotebook(panel: NotebookPanel): void {
    this.add({
      widget: panel,
      sessionContext: panel.sessionContext,
      codeCells: () => panel.content.widgets.filter(isCodeCell),
      reveal: async cell => {
        const index = panel.content.widgets.indexOf(cell);
        if (index >= 0) {
          panel.content.activeCellIndex = index;
          await panel.content.scrollToItem(index, 'smart');
        }
      }
    });
  }

  private addConsole(panel: ConsolePanel): void {
    this.add({
      widget: panel,
      sessionContext: panel.sessionContext,
      codeCells: () => [...panel.console.cells].filter(isCodeCell),
      reveal: cell => {
        cell.node.scrollIntoView({ block: 'nearest' });
        return Promise.resolve();
      }
    });
  }

  private add(document: IOpenDocument): void {
    if (this.documents.has(document.widget)) {
      return;
    }
    this.documents.set(document.widget, document);
    document.widget.disposed.connect(() => this.documents.delete(document.widget), this);
    this.addedSignal.emit(document);
  }

  private readonly documents = new Map<Widget, IOpenDocument>();
  private readonly addedSignal = new Signal<this, IOpenDocument>(this);
  private disposed = false;
}

type NotebookPanel = Parameters<Parameters<INotebookTracker['forEach']>[0]>[0];
type ConsolePanel = Parameters<Parameters<IConsoleTracker['forEach']>[0]>[0];

function isCodeCell(cell: Cell): cell is CodeCell {
  return cell instanceof CodeCell;
}
