import type { ITranslator, TranslationBundle } from '@jupyterlab/translation';

/** What JupyterLab's own dialog about a death says in the language of the page, to recognise it. */
export class StockWords {
  constructor(translator: ITranslator) {
    this.trans = translator.load('jupyterlab');
  }

  get title(): string {
    return this.trans.__('Kernel Restarting');
  }

  /** @param path - the session's. */
  body(path: string): string {
    return this.trans.__('The kernel for %1 appears to have died. It will restart automatically.', path);
  }

  private readonly trans: TranslationBundle;
}
