import { offlineBoltIcon } from '@jupyterlab/ui-components';
import type { Message } from '@lumino/messaging';
import { PanelLayout, Widget } from '@lumino/widgets';
import type { ILossesViewOptions } from './losses-view.js';

/** The side panel about what will be lost; it is there while a notice holds. Its content is loaded when it is opened. */
export class LossesPanel extends Widget {
  constructor(private readonly options: ILossesViewOptions) {
    super();
    const { trans } = options;
    this.id = 'labkeeper-losses';
    this.addClass('lk-LossesPanel');
    this.title.icon = offlineBoltIcon;
    this.title.caption = trans.__('What will be lost');
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', trans.__('What will be lost'));
    // A region that scrolls is reached by the keyboard.
    this.node.tabIndex = 0;
    this.layout = new PanelLayout();
    void this.load();
  }

  protected override onActivateRequest(message: Message): void {
    super.onActivateRequest(message);
    this.node.focus();
  }

  private async load(): Promise<void> {
    try {
      const { LossesView } = await import('./losses-view.js');
      if (this.layout instanceof PanelLayout) {
        this.layout.addWidget(new LossesView(this.options));
      }
    } catch (error) {
      // The server went away before this part of the bundle was fetched.
      console.warn('Labkeeper: the list of what will be lost could not be loaded.', error);
      this.node.textContent = this.options.words.summary(this.options.model.losses, this.options.model.nowMs);
    }
  }
}
