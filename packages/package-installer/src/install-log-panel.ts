import { listIcon } from '@jupyterlab/ui-components';
import type { Message } from '@lumino/messaging';
import { PanelLayout, Widget } from '@lumino/widgets';
import type { IInstallLogViewOptions } from './install-log-view.js';

/** The right side panel with the records of this server. Its content is loaded when it is first seen. */
export class InstallLogPanel extends Widget {
  constructor(private readonly options: IInstallLogViewOptions) {
    super();
    const { trans } = options;
    this.id = 'labkeeper-install-log';
    this.addClass('lk-InstallLogPanel');
    this.title.icon = listIcon;
    this.title.caption = trans.__('Install log');
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', trans.__('Install log'));
    // There is nothing in it that takes the focus, and it must be scrolled by keys.
    this.node.tabIndex = 0;
    this.layout = new PanelLayout();
  }

  protected override onAfterShow(message: Message): void {
    super.onAfterShow(message);
    this.loading ??= this.load();
  }

  protected override onActivateRequest(message: Message): void {
    super.onActivateRequest(message);
    this.node.focus();
  }

  private async load(): Promise<void> {
    try {
      const { InstallLogView } = await import('./install-log-view.js');
      // What an earlier try said.
      this.node.replaceChildren();
      if (this.layout instanceof PanelLayout) {
        this.layout.addWidget(new InstallLogView(this.options));
      }
    } catch (error) {
      // The server went away before this part of the bundle was fetched: say so, and try again at the next look.
      console.warn('Labkeeper: the install log could not be loaded.', error);
      this.node.textContent = this.options.trans.__(
        'This part of the page could not be loaded. Open the panel again when the server is back.'
      );
      this.loading = null;
    }
  }

  private loading: Promise<void> | null = null;
}
