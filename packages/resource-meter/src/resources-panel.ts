import { runIcon } from '@jupyterlab/ui-components';
import type { Message } from '@lumino/messaging';
import { PanelLayout, Widget } from '@lumino/widgets';
import type { IResourcesViewOptions, ResourcesView } from './resources-view.js';

/** The right side panel. Its content, with the charts, is loaded when it is first seen. */
export class ResourcesPanel extends Widget {
  constructor(private readonly options: IResourcesViewOptions) {
    super();
    const { trans } = options;
    this.id = 'labkeeper-resources';
    this.addClass('lk-ResourcesPanel');
    this.title.icon = runIcon;
    this.title.caption = trans.__('Resources');
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', trans.__('Resources'));
    this.layout = new PanelLayout();
  }

  /** Reads the colours of the theme again. */
  readTheme(): void {
    this.view?.readTheme();
  }

  protected override onAfterShow(message: Message): void {
    super.onAfterShow(message);
    this.loading ??= this.load();
  }

  protected override onActivateRequest(message: Message): void {
    super.onActivateRequest(message);
    this.node.tabIndex = -1;
    this.node.focus();
  }

  private async load(): Promise<void> {
    try {
      const { ResourcesView } = await import('./resources-view.js');
      this.view = new ResourcesView(this.options);
      // What an earlier try said.
      this.node.replaceChildren();
      if (this.layout instanceof PanelLayout) {
        this.layout.addWidget(this.view);
      }
    } catch (error) {
      // The server went away before this part of the bundle was fetched: say so, and try again at the next look.
      console.warn('Labkeeper: the Resources panel could not be loaded.', error);
      this.node.textContent = this.options.trans.__(
        'This part of the page could not be loaded. Open the panel again when the server is back.'
      );
      this.loading = null;
    }
  }

  private view: ResourcesView | null = null;
  private loading: Promise<void> | null = null;
}
