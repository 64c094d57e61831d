import type { ITranslator, TranslationBundle } from '@jupyterlab/translation';
import { Quantities, type IPageVisibility } from '@labkeeper/labkit';
import type { OutgoingModel } from './outgoing-model.js';
import { OutgoingPage } from './outgoing-page.js';
import { outgoingWords, type IOutgoingWords } from './outgoing-words.js';
import { SeenWidget } from '../seen-widget.js';

export interface IOutgoingViewOptions {
  readonly model: OutgoingModel;
  readonly visibility: IPageVisibility;
  readonly translator: ITranslator;
  readonly trans: TranslationBundle;
}

/** The content of the page; the companion is asked only while it is seen. */
export class OutgoingView extends SeenWidget {
  constructor(private readonly options: IOutgoingViewOptions) {
    super(options);
    const { translator, trans } = options;
    this.id = 'labkeeper-outgoing';
    this.addClass('lk-Outgoing');
    // It must be scrolled by keys.
    this.node.tabIndex = 0;
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', trans.__('What leaves this container'));
    this.say = new Quantities(translator);
    this.words = new Map(Object.entries(outgoingWords(trans)));
  }

  protected override onActivateRequest(): void {
    this.node.focus();
  }

  protected override render(): JSX.Element {
    const { model, trans } = this.options;
    const { companion, known } = model;
    return (
      <OutgoingPage
        link={companion.state}
        reason={companion.reason}
        nowMs={Date.now() - companion.clockAheadMs}
        wordsOf={what => this.words.get(what) ?? null}
        say={this.say}
        {...{ known, trans }}
      />
    );
  }

  private readonly say: Quantities;
  private readonly words: ReadonlyMap<string, IOutgoingWords>;
}
