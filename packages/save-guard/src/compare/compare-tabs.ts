import type { JupyterFrontEnd } from '@jupyterlab/application';
import { MainAreaWidget, Notification } from '@jupyterlab/apputils';
import { PathExt } from '@jupyterlab/coreutils';
import type { IDocumentManager } from '@jupyterlab/docmanager';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { OtherVersion } from './compare-words.js';
import type { Version } from './version.js';

export interface ICompareTabsOptions {
  readonly app: JupyterFrontEnd;
  readonly documents: IDocumentManager;
  readonly trans: TranslationBundle;
  /** The next save is asked for by the user. */
  readonly asked: () => void;
  /** Whether a document that is open is a notebook or a text; null = it is not open, or not guarded. */
  readonly kindOf: (path: string) => Version['kind'] | null;
}

/** What is compared, and what to do in the end. */
export interface ICompared {
  readonly path: string;
  readonly otherPath: string;
  readonly other: OtherVersion;
  /** What becomes of the other version after the result is saved. @throws where that cannot be done. */
  readonly decide: (decision: 'keep' | 'delete') => Promise<void>;
}

/** In JupyterLab there is room for a tab beside the documents; in Notebook each document has a browser tab. */
const NOTEBOOK = 'Jupyter Notebook';

/** The tabs in which versions are compared; their content is loaded when the first is opened. */
export class CompareTabs {
  constructor(private readonly options: ICompareTabsOptions) {}

  /** Opens a comparison, or shows the one that is open. */
  async open(compared: ICompared): Promise<void> {
    const { app, trans } = this.options;
    const id = `labkeeper-compare-${encodeURIComponent(compared.otherPath)}`;
    if (app.name === NOTEBOOK) {
      this.sideBySide(compared);
      return;
    }
    const open = [...app.shell.widgets('main')].find(widget => widget.id === id);
    if (open) {
      app.shell.activateById(id);
      return;
    }
    try {
      const tab = await this.make(compared);
      tab.id = id;
      app.shell.add(tab, 'main');
      app.shell.activateById(id);
    } catch (error) {
      console.warn('Labkeeper: the view that compares could not be loaded.', error);
      Notification.warning(
        trans.__('This part of the page could not be loaded. Try again when the server is back.')
      );
    }
  }

  /** Original and other version as they are, next to one another. */
  sideBySide({ path, otherPath }: ICompared): void {
    const { documents } = this.options;
    const original = documents.openOrReveal(path);
    documents.openOrReveal(otherPath, 'default', undefined, {
      mode: 'split-right',
      ref: original?.id ?? null
    });
  }

  private async make(compared: ICompared): Promise<MainAreaWidget> {
    const { app, documents, trans, asked, kindOf } = this.options;
    const { CompareModel, CompareWidget, CompareWords, ComparedDocument, readVersion } =
      await import('./compare-parts.js');
    const { path, otherPath } = compared;
    const { contents } = app.serviceManager;
    const kind = kindOf(path) ?? (PathExt.extname(path) === '.ipynb' ? 'notebook' : 'text');
    const model = new CompareModel({
      document: new ComparedDocument({ path, kind, documents, contents, asked }),
      other: () => readVersion(contents, otherPath, kind)
    });
    const tab: MainAreaWidget = new MainAreaWidget({
      content: new CompareWidget({
        ...{ model, path, otherPath, trans },
        words: new CompareWords(trans, compared.other),
        onSideBySide: () => this.sideBySide(compared),
        onOther: decision => void this.decide(compared, decision, tab)
      })
    });
    tab.title.label = trans.__('Compare %1', PathExt.basename(path));
    tab.title.caption = `${path}\n${otherPath}`;
    tab.title.closable = true;
    void model.load();
    return tab;
  }

  private async decide(compared: ICompared, decision: 'keep' | 'delete', tab: MainAreaWidget): Promise<void> {
    const { app, trans } = this.options;
    try {
      await compared.decide(decision);
      tab.dispose();
      const document = this.options.documents.findWidget(compared.path, null);
      if (document) {
        app.shell.activateById(document.id);
      }
    } catch (error) {
      console.warn('Labkeeper: the other version stays as it is.', error);
      Notification.warning(
        trans.__('That could not be done: the other version stays as it is. Try again in the Saves panel.')
      );
    }
  }
}
